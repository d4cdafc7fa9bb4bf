#include "filter/test_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "filter/literals.h"
#include "filter/short_forms.h"

namespace sp3ctra {
namespace {

template <class T>
using Parsed_ = tl::expected<T, FilterParseError>;
using Done = tl::expected<void, FilterParseError>;

tl::unexpected<FilterParseError> error(const Token& t, std::string message) {
  return tl::unexpected(error_at(t, std::move(message)));
}

bool is_value(const Token& t) {
  return t.type == TokenType::kWord || t.type == TokenType::kString || t.type == TokenType::kChar;
}
bool is_integer(Kind k) { return k == Kind::kUnsigned || k == Kind::kSigned; }
bool has_bytes(Kind k) { return k == Kind::kString || k == Kind::kBytes || k == Kind::kProtocol; }
bool can_be_cut(Kind k) {
  return has_bytes(k) || k == Kind::kEther || k == Kind::kIpv4 || k == Kind::kIpv6;
}

struct Comparison {
  TokenType token;
  Relation relation;
  bool all;
  Relation mirrored;
};
constexpr Comparison kComparisons[] = {
    {TokenType::kAnyEq, Relation::kEq, false, Relation::kEq},
    {TokenType::kAllEq, Relation::kEq, true, Relation::kEq},
    {TokenType::kAllNe, Relation::kNe, true, Relation::kNe},
    {TokenType::kAnyNe, Relation::kNe, false, Relation::kNe},
    {TokenType::kLt, Relation::kLt, false, Relation::kGt},
    {TokenType::kLe, Relation::kLe, false, Relation::kGe},
    {TokenType::kGt, Relation::kGt, false, Relation::kLt},
    {TokenType::kGe, Relation::kGe, false, Relation::kLe},
};
const Comparison* comparison(TokenType t) {
  for (const Comparison& c : kComparisons)
    if (c.token == t) return &c;
  return nullptr;
}
bool is_relation(TokenType t) {
  return comparison(t) || t == TokenType::kIn || t == TokenType::kContains ||
         t == TokenType::kMatches || t == TokenType::kBitAnd;
}

bool mix(Kind a, Kind b) {
  return a == b || (is_integer(a) && is_integer(b)) || (has_bytes(a) && has_bytes(b)) ||
         ((a == Kind::kAbsTime || a == Kind::kRelTime) &&
          (b == Kind::kAbsTime || b == Kind::kRelTime));
}

class TestParser {
 public:
  TestParser(TokenCursor& cursor, FilterProgram& program) : cursor_(cursor), program_(program) {}

  Parsed_<ParsedTest> run() {
    const Token first = cursor_.peek();
    if (first.type == TokenType::kEnd) return missing(first);
    if (!is_value(first))
      return error(first,
                   fmt::format("“{}” cannot stand here; a field name is expected.", shown(first)));
    bool quantified = false;
    if (first.type == TokenType::kWord && (first.value == "any" || first.value == "all") &&
        cursor_.peek(1).type == TokenType::kWord) {
      cursor_.take();
      quantified = true;
      parsed_.test.all = first.value == "all";
    }
    if (!quantified && literal_first()) return mirrored();
    if (!quantified && !names_field(cursor_.peek()) && !function_next()) {
      if (is_relation(cursor_.peek(1).type) || cursor_.peek(1).type == TokenType::kSlice)
        return tl::unexpected(unknown_field(cursor_.peek(), *program_.lookup));
      auto made = short_form(cursor_, *program_.lookup);
      if (!made) return tl::unexpected(made.error());
      parsed_.test = std::move(*made);
      return std::move(parsed_);
    }
    auto left = operand();
    if (!left) return tl::unexpected(left.error());
    parsed_.test.left = std::move(*left);
    if (auto done = relation(quantified); !done) return tl::unexpected(done.error());
    return std::move(parsed_);
  }

 private:
  std::string shown(const Token& t) const { return program_.text.substr(t.position, t.length); }

  Parsed_<ParsedTest> missing(const Token& end) const {
    if (cursor_.at == 0) return error(end, "A test is missing here.");
    return error(end, fmt::format("Something must follow “{}”.", shown(cursor_.previous())));
  }

  bool names_field(const Token& t) const {
    return t.type == TokenType::kWord && !program_.lookup->find(t.value).empty();
  }
  static Function function_named(std::string_view w) {
    if (w == "len") return Function::kLen;
    if (w == "count") return Function::kCount;
    if (w == "lower") return Function::kLower;
    if (w == "upper") return Function::kUpper;
    return Function::kNone;
  }
  bool function_next() const {
    return cursor_.peek().type == TokenType::kWord && cursor_.peek(1).type == TokenType::kOpen;
  }
  /// `80 == tcp.port`
  bool literal_first() const {
    return !names_field(cursor_.peek()) && comparison(cursor_.peek(1).type) &&
           names_field(cursor_.peek(2));
  }

  Parsed_<ParsedTest> mirrored() {
    const Token literal = cursor_.take();
    const Comparison* c = comparison(cursor_.take().type);
    auto left = operand();
    if (!left) return tl::unexpected(left.error());
    parsed_.test.left = std::move(*left);
    parsed_.test.relation = c->mirrored;
    parsed_.test.all = c->all;
    if (auto done = right_literal(literal); !done) return tl::unexpected(done.error());
    return std::move(parsed_);
  }

  /// field, function(field), each with #layer, [slice] and & mask.
  Parsed_<Operand> operand() {
    const Token first = cursor_.take();
    if (first.type != TokenType::kWord) return error(first, "A field name is expected here.");
    Operand o;
    o.position = first.position;
    Token name = first;
    const bool call = cursor_.peek().type == TokenType::kOpen;
    if (call) {
      o.function = function_named(first.value);
      if (o.function == Function::kNone)
        return error(
            first, fmt::format("There is no function “{}”; there are len, count, lower and upper.",
                               first.value));
      cursor_.take();
      name = cursor_.take();
    }
    if (!names_field(name)) {
      if (name.type != TokenType::kWord) return error(name, "A field name is expected here.");
      return tl::unexpected(unknown_field(name, *program_.lookup));
    }
    set_field(o, name.value);
    if (auto done = cuts(o); !done) return tl::unexpected(done.error());
    if (call) {
      if (cursor_.peek().type != TokenType::kClose)
        return error(cursor_.peek(), fmt::format("{}( … needs a closing ) here.", first.value));
      cursor_.take();
      if (auto done = result_kind(o, first); !done) return tl::unexpected(done.error());
    }
    if (auto done = mask(o); !done) return tl::unexpected(done.error());
    const Token& last = cursor_.previous();
    o.length = last.position + last.length - o.position;
    return o;
  }

  void set_field(Operand& o, const std::string& name) const {
    o.is_field = true;
    o.name = name;
    const auto found = program_.lookup->find(name);
    o.fields.assign(found.begin(), found.end());
    o.field_kind = o.kind = kind_of(o.fields[0]->type);
  }

  Done cuts(Operand& o) {
    if (cursor_.peek().type == TokenType::kLayer) {
      const Token t = cursor_.take();
      std::from_chars(t.value.data(), t.value.data() + t.value.size(), o.layer);
      if (o.layer == 0) return error(t, "Layers count from 1.");
    }
    if (cursor_.peek().type != TokenType::kSlice) return {};
    const Token t = cursor_.take();
    if (!can_be_cut(o.kind))
      return error(t, fmt::format("{} has no bytes to cut out of; only text, bytes, addresses and "
                                  "protocols have.",
                                  o.name));
    if (!slices(t.value, o.slices))
      return error(
          t, "Parts are written [first:length], [first-last], [first], [first:] or [:length].");
    o.kind = Kind::kBytes;
    return {};
  }

  static bool slices(std::string_view s, std::vector<Slice>& out) {
    while (out.size() < 16) {
      const size_t comma = std::min(s.find(','), s.size());
      Slice slice;
      if (!one_slice(s.substr(0, comma), slice)) return false;
      out.push_back(slice);
      if (comma == s.size()) return true;
      s.remove_prefix(comma + 1);
    }
    return false;
  }

  static bool take_number(std::string_view& s, int32_t& out) {
    while (s.starts_with(' ')) s.remove_prefix(1);
    const auto [end, code] = std::from_chars(s.data(), s.data() + s.size(), out);
    if (code != std::errc{} || out > 1'000'000 || out < -1'000'000) return false;
    s.remove_prefix(static_cast<size_t>(end - s.data()));
    while (s.starts_with(' ')) s.remove_prefix(1);
    return true;
  }

  static bool one_slice(std::string_view s, Slice& out) {
    while (s.starts_with(' ')) s.remove_prefix(1);
    if (s.starts_with(':')) {
      s.remove_prefix(1);
      out.form = Slice::kLength;
      return take_number(s, out.to) && out.to > 0 && s.empty();
    }
    if (!take_number(s, out.from)) return false;
    if (s.empty()) return out.form = Slice::kLength, out.to = 1, true;
    const char sign = s[0];
    s.remove_prefix(1);
    if (sign == ':') {
      if (s.empty()) return out.form = Slice::kToEnd, true;
      out.form = Slice::kLength;
      return take_number(s, out.to) && out.to > 0 && s.empty();
    }
    out.form = Slice::kInclusive;
    return sign == '-' && take_number(s, out.to) && s.empty();
  }

  static Done result_kind(Operand& o, const Token& function) {
    const bool text = o.function == Function::kLower || o.function == Function::kUpper;
    if (text && o.kind != Kind::kString)
      return error(function,
                   fmt::format("{}() works on text; {} is none.", function.value, o.name));
    if (o.function == Function::kLen && !can_be_cut(o.kind))
      return error(function, fmt::format("len() works on text and bytes; {} is neither.", o.name));
    if (o.function == Function::kCount && !o.slices.empty())
      return error(function, "count() counts whole fields; leave the [ ] out.");
    if (!text) o.kind = Kind::kUnsigned;
    return {};
  }

  Done mask(Operand& o) {
    if (cursor_.peek().type != TokenType::kBitAnd) return {};
    const Token sign = cursor_.take();
    if (!is_integer(o.kind))
      return error(sign, fmt::format("& picks bits out of numbers; {} is no number.", o.name));
    const Token value = cursor_.take();
    if (value.type != TokenType::kWord) return error(value, "A number must follow &.");
    auto made = make_literal(value, Kind::kUnsigned, {});
    if (!made) return error(value, made.error());
    o.mask = made->number;
    return {};
  }

  Done relation(bool quantified) {
    const Token sign = cursor_.peek();
    Test& t = parsed_.test;
    const bool not_in = sign.type == TokenType::kNot && cursor_.peek(1).type == TokenType::kIn;
    if (!is_relation(sign.type) && !not_in) return presence(quantified, sign);
    cursor_.take();
    if (not_in) cursor_.take();
    parsed_.negated = not_in;
    if (sign.type == TokenType::kIn || not_in) {
      t.relation = Relation::kIn;
      return set();
    }
    if (const Comparison* c = comparison(sign.type)) {
      t.relation = c->relation;
      if (!quantified) t.all = c->all;
    } else {
      t.relation = sign.type == TokenType::kContains ? Relation::kContains : Relation::kMatches;
    }
    const Token value = cursor_.peek();
    if (!is_value(value)) {
      return error(value, value.type == TokenType::kEnd
                              ? fmt::format("A value must follow “{}”.", shown(sign))
                              : fmt::format("“{}” is no value.", shown(value)));
    }
    if (t.relation == Relation::kMatches) return pattern(cursor_.take(), sign);
    if (t.relation == Relation::kContains && !has_bytes(t.left.kind) && !t.left.slices.empty())
      return error(sign, "contains looks inside text and bytes.");
    if (t.relation == Relation::kContains && t.left.kind == Kind::kEther)
      t.left.kind = Kind::kBytes;
    if (t.relation == Relation::kContains && !has_bytes(t.left.kind))
      return error(
          sign, fmt::format("contains looks inside text and bytes; {} is neither.", t.left.name));
    if (names_field(value) || (value.type == TokenType::kWord && function_next())) {
      if (auto done = right_field(); done || !names_field(value)) return done;
    }
    auto done = right_literal(cursor_.take());
    if (done) warn_not_equal(sign);
    return done;
  }

  Done presence(bool quantified, const Token& next) {
    Test& t = parsed_.test;
    if (quantified) return error(next, "any and all need a comparison after the field.");
    if (t.left.function != Function::kNone)
      return error(next, "A function needs a comparison after it, like len(…) > 5.");
    t.relation = t.left.mask ? Relation::kNonZero : Relation::kExists;
    return {};
  }

  Done right_field() {
    const size_t back = cursor_.at;
    auto right = operand();
    if (!right) return tl::unexpected(right.error());
    if (!mix(parsed_.test.left.kind, right->kind)) {
      const Token first = cursor_.tokens[back];
      cursor_.at = back;
      return error(first, fmt::format("{} and {} hold different kinds of values.",
                                      parsed_.test.left.name, right->name));
    }
    parsed_.test.right = std::move(*right);
    return {};
  }

  Parsed_<Literal> literal_for(const Token& value) {
    Operand& left = parsed_.test.left;
    auto made = make_literal(value, left.kind, value_fields(left));
    if (made) return std::move(*made);
    // One name may stand for fields of several kinds (ip.host …): the first kind that fits counts.
    for (const FieldDef* f : left.fields) {
      const Kind kind = kind_of(f->type);
      if (left.function != Function::kNone || !left.slices.empty() || kind == left.kind) continue;
      const FieldDef* const one[] = {f};
      auto other = make_literal(value, kind, one);
      if (!other) continue;
      left.kind = left.field_kind = kind;
      std::erase_if(left.fields, [&](const FieldDef* d) { return kind_of(d->type) != kind; });
      return std::move(*other);
    }
    return error(value, made.error());
  }

  static std::span<const FieldDef* const> value_fields(const Operand& o) {
    if (o.function == Function::kLen || o.function == Function::kCount) return {};
    return o.fields;
  }

  Done right_literal(const Token& value) {
    auto made = literal_for(value);
    if (!made) return tl::unexpected(made.error());
    Operand& right = parsed_.test.right;
    right.kind = made->kind;
    right.name = shown(value);
    right.literal = std::move(*made);
    right.position = value.position;
    right.length = value.length;
    return {};
  }

  Done pattern(const Token& value, const Token& sign) {
    if (!has_bytes(parsed_.test.left.kind))
      return error(sign, fmt::format("matches looks inside text and bytes; {} is neither.",
                                     parsed_.test.left.name));
    auto regex = compile_regex(value.value);
    if (!regex) {
      return error(value, fmt::format("The pattern cannot be used: {} (at its character {}).",
                                      regex.error().message, regex.error().position + 1));
    }
    parsed_.test.regex = std::move(*regex);
    parsed_.test.right.literal.shown = value.value;
    parsed_.test.right.name = shown(value);
    return {};
  }

  Done set() {
    const Token open = cursor_.take();
    if (open.type != TokenType::kSetOpen)
      return error(open, "A list in { } must follow “in”, like {80, 443, 8000..8080}.");
    while (cursor_.peek().type != TokenType::kSetClose) {
      const Token value = cursor_.take();
      if (value.type == TokenType::kEnd) return error(open, "This { has no closing }.");
      if (!is_value(value)) return error(value, fmt::format("“{}” is no value.", shown(value)));
      auto low = literal_for(value);
      if (!low) return tl::unexpected(low.error());
      LiteralRange r{*low, *low, false};
      if (cursor_.peek().type == TokenType::kRange) {
        cursor_.take();
        const Token end = cursor_.take();
        if (!is_value(end)) return error(end, "A range needs a value after “..”.");
        auto high = literal_for(end);
        if (!high) return tl::unexpected(high.error());
        r = {std::move(*low), std::move(*high), true};
        if (compare(r.low.value(), r.high.value()) > 0)
          return error(end, "This range ends before it begins.");
      }
      parsed_.test.set.push_back(std::move(r));
      if (cursor_.peek().type == TokenType::kComma) cursor_.take();
    }
    const Token close = cursor_.take();
    if (parsed_.test.set.empty()) return error(close, "The list is empty.");
    return {};
  }

  void warn_not_equal(const Token& sign) {
    const Test& t = parsed_.test;
    if (sign.type != TokenType::kAllNe || t.left.fields.size() < 2) return;
    program_.warnings.push_back(
        fmt::format("“{} {} {}” keeps packets in which none of the values is {}; write ~= for “at "
                    "least one differs”.",
                    t.left.name, shown(sign), t.right.name, t.right.name));
  }

  TokenCursor& cursor_;
  FilterProgram& program_;
  ParsedTest parsed_;
};

}  // namespace

tl::expected<ParsedTest, FilterParseError> parse_test(TokenCursor& cursor, FilterProgram& program) {
  return TestParser(cursor, program).run();
}

}  // namespace sp3ctra
