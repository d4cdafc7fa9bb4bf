#pragma once
// The words of a filter: one pass over the text, positions kept for errors and completion.
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "filter/filter.h"

namespace sp3ctra {

enum class TokenType : uint8_t {
  kEnd,
  kWord,
  kString,
  kChar,  // kString and kChar carry their unescaped bytes in `value`
  kAnd,
  kOr,
  kXor,
  kNot,
  kIn,
  kContains,
  kMatches,
  kAnyEq,
  kAllNe,
  kAllEq,
  kAnyNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kBitAnd,
  kOpen,
  kClose,
  kSetOpen,
  kSetClose,
  kComma,
  kRange,
  kSlice,
  kLayer,
};

struct Token {
  TokenType type = TokenType::kEnd;
  uint32_t position = 0, length = 0;
  std::string value;  ///< word as typed, unescaped string, inside of [ ], layer number
};

/// All tokens, kEnd last. Fails on characters that mean nothing and on unclosed strings.
tl::expected<std::vector<Token>, FilterParseError> tokenize(std::string_view text);

}  // namespace sp3ctra
