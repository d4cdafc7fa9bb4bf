// From tokens to a checked program: or < xor < and < not < test, as Wireshark 4.0 binds them.
#include <fmt/format.h>

#include <charconv>

#include "base/limits.h"
#include "filter/header_filter.h"
#include "filter/literals.h"
#include "filter/program.h"
#include "filter/test_parser.h"
#include "filter/tokens.h"

namespace sp3ctra {
namespace {

using Index = tl::expected<uint32_t, FilterParseError>;

class Parser {
 public:
  Parser(FilterProgram& program, std::vector<Token> tokens)
      : program_(program), cursor_{std::move(tokens), 0} {}

  tl::expected<void, FilterParseError> run() {
    if (cursor_.peek().type == TokenType::kEnd) return {};
    Index root = chain(0);
    if (!root) return tl::unexpected(root.error());
    const Token& rest = cursor_.peek();
    if (rest.type == TokenType::kEnd) return {};
    if (rest.type == TokenType::kClose)
      return tl::unexpected(error_at(rest, "This ) closes nothing; one ( is missing before it."));
    return tl::unexpected(
        error_at(rest, fmt::format("Put “and” or “or” before “{}”.", shown(rest))));
  }

 private:
  struct Level {
    Op op;
    TokenType token;
  };
  static constexpr Level kLevels[] = {
      {Op::kOr, TokenType::kOr}, {Op::kXor, TokenType::kXor}, {Op::kAnd, TokenType::kAnd}};

  std::string shown(const Token& t) const { return program_.text.substr(t.position, t.length); }
  uint32_t add(Expr e) {
    const Token& last = cursor_.previous();
    e.length = last.position + last.length - e.position;
    program_.exprs.push_back(std::move(e));
    return program_.root();
  }

  /// One level of binary operators, weakest first.
  Index chain(size_t level) {
    if (level == std::size(kLevels)) return negation();
    Expr e{.op = kLevels[level].op, .children = {}};
    e.position = cursor_.peek().position;
    Index first = chain(level + 1);
    if (!first) return first;
    e.children.push_back(*first);
    while (cursor_.peek().type == kLevels[level].token) {
      cursor_.take();
      Index next = chain(level + 1);
      if (!next) return next;
      e.children.push_back(*next);
    }
    if (e.children.size() == 1) return first;
    warn_if_mixed(e);
    return add(std::move(e));
  }

  void warn_if_mixed(const Expr& e) {
    if (e.op == Op::kAnd) return;
    bool mixed = false;
    std::string understood;
    for (uint32_t c : e.children) {
      const Expr& child = program_.exprs[c];
      const bool inner = !child.parens && (child.op == Op::kAnd || child.op == Op::kXor);
      mixed |= inner;
      if (!understood.empty()) understood += e.op == Op::kOr ? " or " : " xor ";
      const std::string text = program_.text.substr(child.position, child.length);
      understood += inner ? "(" + text + ")" : text;
    }
    if (!mixed) return;
    program_.warnings.push_back(
        fmt::format("“and” is done before “{}”, so this was read as {}. Use ( ) to choose.",
                    e.op == Op::kOr ? "or" : "xor", understood));
  }

  Index negation() {
    const Token first = cursor_.peek();
    if (first.type != TokenType::kNot) return primary();
    if (depth_ >= limits::kFilterDepthMax) return tl::unexpected(too_deep(first));
    cursor_.take();
    ++depth_;
    Index inner = negation();
    --depth_;
    if (!inner) return inner;
    Expr e{.op = Op::kNot, .children = {*inner}};
    e.position = first.position;
    return add(std::move(e));
  }

  FilterParseError too_deep(const Token& t) const {
    return error_at(t, fmt::format("More than {} things inside each other; make it simpler.",
                                   limits::kFilterDepthMax));
  }

  Index primary() {
    const Token first = cursor_.peek();
    if (first.type != TokenType::kOpen) return test();
    if (depth_ >= limits::kFilterDepthMax) return tl::unexpected(too_deep(first));
    cursor_.take();
    ++depth_;
    Index inner = chain(0);
    --depth_;
    if (!inner) return inner;
    if (cursor_.peek().type != TokenType::kClose) {
      if (cursor_.peek().type == TokenType::kEnd)
        return tl::unexpected(error_at(first, "This ( has no closing )."));
      return tl::unexpected(error_at(
          cursor_.peek(), fmt::format("Put “and”, “or” or ) before “{}”.", shown(cursor_.peek()))));
    }
    cursor_.take();
    program_.exprs[*inner].parens = true;
    return inner;
  }

  Index test() {
    const uint32_t from = cursor_.peek().position;
    auto parsed = parse_test(cursor_, program_);
    if (!parsed) return tl::unexpected(parsed.error());
    program_.tests.push_back(std::move(parsed->test));
    Expr e{.op = Op::kTest, .children = {}};
    e.test = static_cast<uint32_t>(program_.tests.size() - 1);
    e.position = from;
    const uint32_t index = add(std::move(e));
    if (!parsed->negated) return index;
    Expr no{.op = Op::kNot, .children = {index}};
    no.position = from;
    return add(std::move(no));
  }

  FilterProgram& program_;
  TokenCursor cursor_;
  uint32_t depth_ = 0;
};

}  // namespace

tl::expected<Filter, FilterParseError> parse_filter(std::string_view text,
                                                    const FieldLookup& lookup) {
  if (text.size() > limits::kFilterBytesMax) {
    return tl::unexpected(FilterParseError{
        fmt::format("A filter has at most {} bytes.", limits::kFilterBytesMax),
        limits::kFilterBytesMax, static_cast<uint32_t>(text.size()) - limits::kFilterBytesMax});
  }
  auto tokens = tokenize(text);
  if (!tokens) return tl::unexpected(tokens.error());
  auto program = std::make_shared<FilterProgram>();
  program->text = text;
  program->lookup = &lookup;
  if (auto done = Parser(*program, std::move(*tokens)).run(); !done)
    return tl::unexpected(done.error());
  for (const Test& t : program->tests) program->header_only &= in_header(t);
  return Filter(std::move(program));
}

Filter::Filter() : program_(std::make_shared<const FilterProgram>()) {}
std::string Filter::reading() const { return reading_of(*program_); }
const std::vector<std::string>& Filter::warnings() const { return program_->warnings; }
bool Filter::header_only() const { return program_->header_only; }
bool Filter::everything() const { return program_->exprs.empty(); }
const std::string& Filter::text() const { return program_->text; }

}  // namespace sp3ctra
