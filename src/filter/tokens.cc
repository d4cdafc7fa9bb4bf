#include "filter/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sp3ctra {
namespace {

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_word_char(char c) {
  return is_alnum(c) || c == '_' || c == '.' || c == ':' || c == '-' || c == '/' || c == '+';
}
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct Keyword {
  std::string_view text;
  TokenType type;
};
constexpr Keyword kKeywords[] = {
    {"and", TokenType::kAnd},
    {"or", TokenType::kOr},
    {"xor", TokenType::kXor},
    {"not", TokenType::kNot},
    {"in", TokenType::kIn},
    {"contains", TokenType::kContains},
    {"matches", TokenType::kMatches},
    {"eq", TokenType::kAnyEq},
    {"any_eq", TokenType::kAnyEq},
    {"ne", TokenType::kAllNe},
    {"all_ne", TokenType::kAllNe},
    {"all_eq", TokenType::kAllEq},
    {"any_ne", TokenType::kAnyNe},
    {"gt", TokenType::kGt},
    {"ge", TokenType::kGe},
    {"lt", TokenType::kLt},
    {"le", TokenType::kLe},
    {"bitand", TokenType::kBitAnd},
    {"bitwise_and", TokenType::kBitAnd},
};
// Longest first: the first that fits is taken.
constexpr Keyword kSigns[] = {
    {"===", TokenType::kAllEq}, {"!==", TokenType::kAnyNe},  {"==", TokenType::kAnyEq},
    {"!=", TokenType::kAllNe},  {"~=", TokenType::kAnyNe},   {">=", TokenType::kGe},
    {"<=", TokenType::kLe},     {"&&", TokenType::kAnd},     {"||", TokenType::kOr},
    {"^^", TokenType::kXor},    {"..", TokenType::kRange},   {">", TokenType::kGt},
    {"<", TokenType::kLt},      {"!", TokenType::kNot},      {"~", TokenType::kMatches},
    {"&", TokenType::kBitAnd},  {"(", TokenType::kOpen},     {")", TokenType::kClose},
    {"{", TokenType::kSetOpen}, {"}", TokenType::kSetClose}, {",", TokenType::kComma},
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  tl::expected<std::vector<Token>, FilterParseError> run() {
    while (true) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      start_ = at_;
      if (at_ == text_.size()) break;
      if (!next()) return tl::unexpected(error_);
    }
    add(TokenType::kEnd, {});
    return std::move(tokens_);
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  void add(TokenType type, std::string value) {
    tokens_.push_back({type, static_cast<uint32_t>(start_), static_cast<uint32_t>(at_ - start_),
                       std::move(value)});
  }
  bool fail(size_t position, size_t length, std::string message) {
    error_ = {std::move(message), static_cast<uint32_t>(position), static_cast<uint32_t>(length)};
    return false;
  }

  bool next() {
    const char c = text_[at_];
    const bool raw = (c == 'r' || c == 'R') && at_ + 1 < text_.size() && text_[at_ + 1] == '"';
    if (raw) return ++at_, quoted('"', true);
    if (c == '"' || c == '\'') return quoted(c, false);
    if (c == '[') return slice();
    if (c == '#') return layer();
    for (const Keyword& k : kSigns) {
      if (text_.substr(at_, k.text.size()) != k.text) continue;
      at_ += k.text.size();
      add(k.type, std::string(k.text));
      return true;
    }
    if (is_word_char(c)) return word();
    if (c == '=') return fail(at_, 1, "A single = means nothing here; write == for “is equal to”.");
    if (c == '|') return fail(at_, 1, "A single | means nothing here; write || or “or”.");
    if (static_cast<unsigned char>(c) < 0x20)
      return fail(at_, 1, "A control character is in the way.");
    return fail(at_, 1, fmt::format("“{}” means nothing in a filter.", c));
  }

  bool word() {
    while (at_ < text_.size() && is_word_char(text_[at_])) {
      if (text_[at_] == '.' && at_ + 1 < text_.size() && text_[at_ + 1] == '.') break;
      ++at_;
    }
    std::string w(text_.substr(start_, at_ - start_));
    std::string low = w;
    std::transform(low.begin(), low.end(), low.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    for (const Keyword& k : kKeywords)
      if (k.text == low) return add(k.type, std::move(w)), true;
    add(TokenType::kWord, std::move(w));
    return true;
  }

  bool quoted(char quote, bool raw) {
    std::string value;
    ++at_;
    while (true) {
      if (at_ >= text_.size())
        return fail(start_, text_.size() - start_,
                    fmt::format("The text that begins here has no closing {}.", quote));
      const char c = text_[at_++];
      if (c == quote) break;
      if (c != '\\') {
        value += c;
      } else if (raw) {
        // In r"…" a backslash stays; \" does not end the text.
        value += c;
        if (at_ < text_.size()) value += text_[at_++];
      } else if (!escape(value)) {
        return false;
      }
    }
    if (quote == '\'' && value.size() != 1)
      return fail(start_, at_ - start_,
                  "Single quotes hold exactly one character; use \"…\" around longer text.");
    add(quote == '"' ? TokenType::kString : TokenType::kChar, std::move(value));
    return true;
  }

  bool escape(std::string& value) {
    if (at_ >= text_.size()) return true;  // the caller reports the missing quote
    const size_t from = at_ - 1;
    const char c = text_[at_++];
    constexpr std::string_view kLetters = "abfnrtv\\\"'";
    constexpr std::string_view kBytes = "\a\b\f\n\r\t\v\\\"'";
    if (const size_t i = kLetters.find(c); i != kLetters.npos) return value += kBytes[i], true;
    if (c == 'x') {
      int v = 0, n = 0;
      for (; n < 2 && at_ < text_.size() && hex_digit(text_[at_]) >= 0; ++n)
        v = v * 16 + hex_digit(text_[at_++]);
      if (n == 0) return fail(from, 2, "\\x needs one or two hexadecimal digits after it.");
      value += static_cast<char>(v);
      return true;
    }
    if (c >= '0' && c <= '7') {
      int v = c - '0';
      for (int n = 1; n < 3 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7'; ++n)
        v = v * 8 + (text_[at_++] - '0');
      if (v > 255) return fail(from, at_ - from, "An octal escape goes up to \\377.");
      value += static_cast<char>(v);
      return true;
    }
    // In a pattern "\." means what its writer thinks; Wireshark wants "\\." or r"\.".
    if (!tokens_.empty() && tokens_.back().type == TokenType::kMatches)
      return value += '\\', value += c, true;
    return fail(from, 2, fmt::format("\\{} is no escape; write \\\\ for a backslash.", c));
  }

  bool slice() {
    const size_t end = text_.find(']', at_);
    if (end == text_.npos) return fail(at_, text_.size() - at_, "This [ has no closing ].");
    std::string inside(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    add(TokenType::kSlice, std::move(inside));
    return true;
  }

  bool layer() {
    ++at_;
    const bool bracket = at_ < text_.size() && text_[at_] == '[';
    if (bracket) ++at_;
    const size_t from = at_;
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    std::string number(text_.substr(from, at_ - from));
    if (bracket && (at_ >= text_.size() || text_[at_++] != ']'))
      return fail(start_, at_ - start_, "This #[ has no closing ].");
    if (number.empty() || number == "-" || number.size() > 4)
      return fail(start_, std::max<size_t>(at_ - start_, 1),
                  "# is followed by the number of a layer, like ip.src#2.");
    add(TokenType::kLayer, std::move(number));
    return true;
  }

  std::string_view text_;
  size_t at_ = 0, start_ = 0;
  std::vector<Token> tokens_;
  FilterParseError error_;
};

}  // namespace

tl::expected<std::vector<Token>, FilterParseError> tokenize(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace sp3ctra
