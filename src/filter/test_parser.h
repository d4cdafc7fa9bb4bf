#pragma once
// One test of a filter: `field`, `field == value`, `field in {…}`, or a short form for beginners.
#include <tl/expected.hpp>
#include <vector>

#include "filter/program.h"
#include "filter/tokens.h"

namespace sp3ctra {

/// A place in the tokens; never moves past kEnd.
struct TokenCursor {
  std::vector<Token> tokens;
  size_t at = 0;
  const Token& peek(size_t ahead = 0) const {
    return tokens[at + ahead < tokens.size() ? at + ahead : tokens.size() - 1];
  }
  Token take() {
    Token t = peek();
    if (at + 1 < tokens.size()) ++at;
    return t;
  }
  const Token& previous() const { return tokens[at > 0 ? at - 1 : 0]; }
};

struct ParsedTest {
  Test test;
  bool negated = false;  ///< `not in`
};

inline FilterParseError error_at(const Token& t, std::string message) {
  return {std::move(message), t.position, t.length};
}

/// Takes one test from the cursor. May add to program.warnings.
tl::expected<ParsedTest, FilterParseError> parse_test(TokenCursor& cursor, FilterProgram& program);

}  // namespace sp3ctra
