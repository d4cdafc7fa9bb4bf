#include "filter/short_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "filter/literals.h"

namespace sp3ctra {
namespace {

using Made = tl::expected<Test, FilterParseError>;

bool add_fields(Operand& o, std::string_view name, const FieldLookup& lookup) {
  const auto found = lookup.find(name);
  for (const FieldDef* f : found) {
    if (!o.fields.empty() && kind_of(f->type) != o.field_kind) continue;
    o.field_kind = o.kind = kind_of(f->type);
    o.fields.push_back(f);
  }
  o.is_field = true;
  return !found.empty();
}

Made address(const Token& word, const FieldLookup& lookup, bool demanded) {
  Test t{.relation = Relation::kEq,
         .left = {},
         .right = {},
         .set = {},
         .regex = nullptr,
         .short_form = ShortForm::kAddress,
         .word = word.value};
  struct Form {
    Literal (*parse)(std::string_view);
    const char* field;
  };
  constexpr Form kForms[] = {
      {parse_ipv4, "ip.addr"}, {parse_ipv6, "ipv6.addr"}, {parse_ether, "eth.addr"}};
  for (const Form& form : kForms) {
    Literal l = form.parse(word.value);
    if (l.kind == Kind::kNone || !add_fields(t.left, form.field, lookup)) continue;
    t.left.name = form.field;
    t.right.kind = l.kind;
    t.right.name = word.value;
    t.right.literal = std::move(l);
    return t;
  }
  if (demanded)
    return tl::unexpected(error_at(word, fmt::format("“{}” is no address.", word.value)));
  t.short_form = ShortForm::kNone;
  return t;
}

Made port(const Token& number, const FieldLookup& lookup) {
  Test t{.relation = Relation::kEq,
         .left = {},
         .right = {},
         .set = {},
         .regex = nullptr,
         .short_form = ShortForm::kPort,
         .word = number.value};
  add_fields(t.left, "tcp.port", lookup);
  add_fields(t.left, "udp.port", lookup);
  t.left.name = "port";
  if (t.left.fields.empty()) return tl::unexpected(error_at(number, "No protocol here has ports."));
  auto made = make_literal(number, t.left.kind, t.left.fields);
  if (!made) return tl::unexpected(error_at(number, made.error()));
  t.right.kind = t.left.kind;
  t.right.name = number.value;
  t.right.literal = std::move(*made);
  return t;
}

/// The word as a pattern; a dot also stands for the length bytes between the labels of DNS names.
std::string pattern_of(std::string_view word) {
  std::string p;
  for (char c : word) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == '.') {
      p += "[.\\x01-\\x3f]";
    } else if (plain) {
      p += c;
    } else {
      p += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return p;
}

Made word_search(const Token& word, const FieldLookup& lookup) {
  Test t{.relation = Relation::kMatches,
         .left = {},
         .right = {},
         .set = {},
         .regex = nullptr,
         .short_form = ShortForm::kWord,
         .word = word.value};
  if (!add_fields(t.left, "frame", lookup)) return tl::unexpected(unknown_field(word, lookup));
  t.left.name = "frame";
  t.right.name = word.value;
  auto regex = compile_regex(pattern_of(word.value));
  if (!regex) return tl::unexpected(error_at(word, "This cannot be searched for."));
  t.regex = std::move(*regex);
  return t;
}

/// ip.scr, TCP.port: meant as a field, so a search for it as text would only mislead.
bool looks_like_field(std::string_view word, const FieldLookup& lookup) {
  const size_t dot = word.find('.');
  std::string head(word.substr(0, dot));
  std::transform(head.begin(), head.end(), head.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (dot != word.npos) return !lookup.find(head).empty();
  return head != word && !lookup.find(head).empty();
}

}  // namespace

FilterParseError unknown_field(const Token& word, const FieldLookup& lookup) {
  std::string message = fmt::format("There is no field “{}”", word.value);
  const std::string_view near = nearest_name(word.value, lookup);
  message += near.empty() ? "." : fmt::format("; did you mean {}?", near);
  return error_at(word, std::move(message));
}

tl::expected<Test, FilterParseError> short_form(TokenCursor& cursor, const FieldLookup& lookup) {
  const Token word = cursor.take();
  if (word.value.empty()) return tl::unexpected(error_at(word, "An empty text finds nothing."));
  if (word.type != TokenType::kWord) return word_search(word, lookup);
  const Token next = cursor.peek();
  if (word.value == "port" && next.type == TokenType::kWord) return port(cursor.take(), lookup);
  if ((word.value == "host" || word.value == "net") && next.type == TokenType::kWord)
    return address(cursor.take(), lookup, true);
  auto made = address(word, lookup, false);
  if (made && made->short_form == ShortForm::kAddress) return made;
  if (looks_like_field(word.value, lookup)) return tl::unexpected(unknown_field(word, lookup));
  const bool number = word.value.find_first_not_of("0123456789") == word.value.npos;
  if (number && word.value.size() <= 5) {
    return tl::unexpected(error_at(
        word, fmt::format(
                  "A number alone says too little; did you mean “port {}” or “frame.number == {}”?",
                  word.value, word.value)));
  }
  return word_search(word, lookup);
}

}  // namespace sp3ctra
