// What may be typed next: names, relations, values a field is known to take, joints.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/limits.h"
#include "filter/program.h"
#include "filter/tokens.h"

namespace sp3ctra {
namespace {

constexpr size_t kOptionsMax = 40;
using Counts = std::span<const std::pair<std::string, uint64_t>>;

uint64_t count_of(std::string_view name, Counts counts) {
  for (const auto& [n, c] : counts)
    if (n == name) return c;
  return 0;
}

void add(Completions& out, std::string_view text, std::string_view words, uint64_t count = 0) {
  out.options.push_back({std::string(text), std::string(words), count});
}

void names(Completions& out, std::string_view prefix, Counts counts, const FieldLookup& lookup) {
  for (std::string_view name : lookup.names()) {
    if (!name.starts_with(prefix)) continue;
    const auto found = lookup.find(name);
    if (found.empty()) continue;
    // A field is at most as frequent as its protocol.
    uint64_t count = count_of(name, counts);
    if (count == 0) count = count_of(name.substr(0, name.find('.')), counts);
    add(out, name, found[0]->words, count);
  }
  const auto dots = [](const Completion& c) {
    return std::count(c.text.begin(), c.text.end(), '.');
  };
  std::stable_sort(out.options.begin(), out.options.end(), [&](const auto& a, const auto& b) {
    if (a.count != b.count) return a.count > b.count;
    if (dots(a) != dots(b)) return dots(a) < dots(b);
    return a.text.size() < b.text.size();
  });
}

void relations(Completions& out, const FieldDef& f) {
  const Kind k = kind_of(f.type);
  const bool text = k == Kind::kString || k == Kind::kBytes || k == Kind::kProtocol;
  if (k != Kind::kProtocol && k != Kind::kNone) {
    add(out, "==", "is equal to");
    add(out, "!=", "is different from");
    if (k != Kind::kBool) add(out, "in", "is one of { … }");
  }
  if (text) {
    add(out, "contains", "has this text or these bytes inside");
    add(out, "matches", "fits a pattern (regular expression)");
  } else if (k != Kind::kBool && k != Kind::kNone) {
    for (const char* sign : {">", "<", ">=", "<="})
      add(out, sign, sign[0] == '>' ? "is above" : "is below");
  }
}

void joints(Completions& out) {
  add(out, "and", "both must hold");
  add(out, "or", "one of them must hold");
}

void values(Completions& out, std::string_view prefix, std::span<const FieldDef* const> fields) {
  for (const FieldDef* f : fields) {
    if (f->type == FieldType::kBool) {
      if (std::string_view("1").starts_with(prefix)) add(out, "1", "set");
      if (std::string_view("0").starts_with(prefix)) add(out, "0", "not set");
      return;
    }
    for (const ValueName& n : f->names) {
      const std::string number =
          f->base == FieldBase::kHex ? fmt::format("{:#x}", n.value) : fmt::format("{}", n.value);
      // Typing either the number or the beginning of the name finds it.
      if (number.starts_with(prefix) || n.name.starts_with(prefix)) add(out, number, n.name);
      if (out.options.size() >= kOptionsMax) return;
    }
  }
}

bool is_comparison(TokenType t) {
  switch (t) {
    case TokenType::kAnyEq:
    case TokenType::kAllNe:
    case TokenType::kAllEq:
    case TokenType::kAnyNe:
    case TokenType::kLt:
    case TokenType::kLe:
    case TokenType::kGt:
    case TokenType::kGe:
    case TokenType::kContains:
    case TokenType::kMatches:
    case TokenType::kIn:
      return true;
    default:
      return false;
  }
}

bool is_value(TokenType t) { return t == TokenType::kWord || t == TokenType::kString; }

/// The field whose value is being typed after tokens[0 … n): `field ==`, `field in {1,`.
std::string_view field_before(const std::vector<Token>& tokens, size_t n) {
  while (n > 0) {
    const TokenType t = tokens[n - 1].type;
    if (is_comparison(t)) break;
    const bool in_list =
        t == TokenType::kComma || t == TokenType::kSetOpen || t == TokenType::kRange || is_value(t);
    if (!in_list) return {};
    --n;
  }
  if (n < 2 || tokens[n - 2].type != TokenType::kWord) return {};
  return tokens[n - 2].value;
}

bool starts_test(const std::vector<Token>& tokens, size_t n) {
  if (n == 0) return true;
  switch (tokens[n - 1].type) {
    case TokenType::kAnd:
    case TokenType::kOr:
    case TokenType::kXor:
    case TokenType::kNot:
    case TokenType::kOpen:
      return true;
    default:
      return false;
  }
}

}  // namespace

Completions complete(std::string_view text, size_t pos, Counts counts, const FieldLookup& lookup) {
  Completions out;
  text = text.substr(0, std::min<size_t>(text.size(), limits::kFilterBytesMax));
  pos = std::min(pos, text.size());
  out.from = out.to = static_cast<uint32_t>(pos);
  auto tokens = tokenize(text.substr(0, pos));
  if (!tokens) return out;  // inside an unclosed text
  size_t n = tokens->size() - 1;
  std::string prefix;
  // The word being typed touches the cursor; keywords too, since "in" may become "info.x".
  if (n > 0) {
    const Token& last = (*tokens)[n - 1];
    const bool letters =
        !last.value.empty() && std::isalpha(static_cast<unsigned char>(last.value[0]));
    if (last.position + last.length == pos && (last.type == TokenType::kWord || letters)) {
      prefix = last.value;
      out.from = last.position;
      --n;
    }
  }
  if (starts_test(*tokens, n)) {
    names(out, prefix, counts, lookup);
  } else if (const auto field = field_before(*tokens, n);
             !field.empty() && !is_value((*tokens)[n - 1].type)) {
    values(out, prefix, lookup.find(field));
  } else {
    const Token& last = (*tokens)[n - 1];
    const auto found = last.type == TokenType::kWord ? lookup.find(last.value)
                                                     : std::span<const FieldDef* const>{};
    if (!found.empty()) relations(out, *found[0]);
    joints(out);
    std::erase_if(out.options, [&](const Completion& c) { return !c.text.starts_with(prefix); });
  }
  if (out.options.size() > kOptionsMax) out.options.resize(kOptionsMax);
  return out;
}

}  // namespace sp3ctra
