#include "filter/literals.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sp3ctra {
namespace {

using Made = tl::expected<Literal, std::string>;
tl::unexpected<std::string> no(std::string why) { return tl::unexpected(std::move(why)); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

template <class T>
bool whole_number(std::string_view s, T& out, int base) {
  const auto [end, code] = std::from_chars(s.data(), s.data() + s.size(), out, base);
  return !s.empty() && code == std::errc{} && end == s.data() + s.size();
}

/// Decimal, 0x hexadecimal, 0b binary, 0 octal. False when it is no number at all.
bool unsigned_number(std::string_view s, uint64_t& out) {
  if (s.size() > 2 && s[0] == '0' && lower(s[1]) == 'x') return whole_number(s.substr(2), out, 16);
  if (s.size() > 2 && s[0] == '0' && lower(s[1]) == 'b') return whole_number(s.substr(2), out, 2);
  if (s.size() > 1 && s[0] == '0') return whole_number(s.substr(1), out, 8);
  return whole_number(s, out, 10);
}

uint64_t largest(std::span<const FieldDef* const> fields) {
  uint64_t max = 0;
  for (const FieldDef* f : fields) {
    switch (f->type) {
      case FieldType::kUint8:
        max = std::max<uint64_t>(max, 0xff);
        break;
      case FieldType::kUint16:
        max = std::max<uint64_t>(max, 0xffff);
        break;
      case FieldType::kUint24:
        max = std::max<uint64_t>(max, 0xffffff);
        break;
      case FieldType::kUint32:
      case FieldType::kFrameNum:
        max = std::max<uint64_t>(max, 0xffffffff);
        break;
      case FieldType::kInt32:
        max = std::max<uint64_t>(max, 0x7fffffff);
        break;
      case FieldType::kInt64:
        max = std::max<uint64_t>(max, INT64_MAX);
        break;
      default:
        max = UINT64_MAX;
    }
  }
  return fields.empty() ? UINT64_MAX : max;
}

bool named_value(std::string_view word, std::span<const FieldDef* const> fields, uint64_t& out) {
  for (const FieldDef* f : fields)
    for (const ValueName& n : f->names)
      if (same_word(n.name, word)) return out = n.value, true;
  return false;
}

Made number(const Token& t, Kind kind, std::span<const FieldDef* const> fields) {
  Literal l{.kind = kind, .number = 0, .bytes = {}, .shown = t.value};
  if (t.type == TokenType::kChar) {
    l.number = static_cast<unsigned char>(t.value[0]);
    return l;
  }
  if (named_value(t.value, fields, l.number)) return l;
  if (t.type == TokenType::kString)
    return no(fmt::format("“{}” is no value of this field; it takes a number.", t.value));
  std::string_view word = t.value;
  const bool negative = word.size() > 1 && word[0] == '-';
  if (negative || (word.size() > 1 && word[0] == '+')) word.remove_prefix(1);
  uint64_t v = 0;
  if (!unsigned_number(word, v)) {
    const bool digits = word.find_first_not_of("0123456789") == word.npos;
    return no(digits ? fmt::format("{} is too large a number.", t.value)
                     : fmt::format("“{}” is no number; this field takes numbers.", t.value));
  }
  const uint64_t max = largest(fields);
  if (kind == Kind::kSigned) {
    if (v > std::min<uint64_t>(max, INT64_MAX) + (negative ? 1 : 0))
      return no(fmt::format("{} is too large for this field (at most {}).", t.value, max));
    l.number = negative ? 0 - v : v;
    return l;
  }
  if (negative && v != 0) return no("This field has no negative values.");
  if (v > max) return no(fmt::format("{} is too large for this field (at most {}).", t.value, max));
  l.number = v;
  return l;
}

Made boolean(const Token& t, std::span<const FieldDef* const> fields) {
  Literal l{.kind = Kind::kBool, .bytes = {}, .shown = t.value};
  if (same_word(t.value, "true")) return l.number = 1, l;
  if (same_word(t.value, "false")) return l.number = 0, l;
  auto made = number(t, Kind::kUnsigned, fields);
  if (!made) return no(fmt::format("“{}” does not fit: this field is 1 (yes) or 0 (no).", t.value));
  l.number = made->number != 0;
  return l;
}

/// aa:bb, aa-bb, aa.bb, 0xaabb or one byte "ff".
bool hex_bytes(std::string_view s, std::string& out) {
  out.clear();
  if (s.size() > 2 && s[0] == '0' && lower(s[1]) == 'x') {
    s.remove_prefix(2);
    if (s.size() % 2) return false;
    for (size_t i = 0; i < s.size(); i += 2) {
      if (hex_digit(s[i]) < 0 || hex_digit(s[i + 1]) < 0) return false;
      out += static_cast<char>(hex_digit(s[i]) * 16 + hex_digit(s[i + 1]));
    }
    return true;
  }
  if (!s.empty() && s[0] == ':') s.remove_prefix(1);
  size_t i = 0;
  char separator = 0;
  while (i < s.size()) {
    if (hex_digit(s[i]) < 0) return false;
    int v = hex_digit(s[i++]);
    if (i < s.size() && hex_digit(s[i]) >= 0) v = v * 16 + hex_digit(s[i++]);
    out += static_cast<char>(v);
    if (i == s.size()) break;
    if (s[i] != ':' && s[i] != '-' && s[i] != '.') return false;
    if (separator != 0 && s[i] != separator) return false;
    separator = s[i++];
    if (i == s.size()) return false;
  }
  return !out.empty();
}

Made bytes(const Token& t, Kind kind) {
  Literal l{.kind = kind, .bytes = {}, .shown = t.value};
  // An unquoted word that is no list of bytes is taken as its text, as Wireshark does.
  if (t.type == TokenType::kWord && hex_bytes(t.value, l.bytes)) return l;
  l.bytes = t.value;
  return l;
}

// ---- times ----

struct TextReader {
  std::string_view s;
  bool digits(size_t least, size_t most, int64_t& out) {
    size_t n = 0;
    while (n < s.size() && n < most && s[n] >= '0' && s[n] <= '9') ++n;
    if (n < least || !whole_number(s.substr(0, n), out, 10)) return false;
    s.remove_prefix(n);
    return true;
  }
  bool sign(char c) {
    if (s.empty() || s[0] != c) return false;
    s.remove_prefix(1);
    return true;
  }
  void blanks() {
    while (sign(' ')) {
    }
  }
};

/// .5 → 500,000,000; digits beyond nine are dropped.
bool fraction(TextReader& r, int64_t& ns) {
  ns = 0;
  if (!r.sign('.')) return true;
  int64_t unit = 100'000'000;
  size_t n = 0;
  for (; n < r.s.size() && r.s[n] >= '0' && r.s[n] <= '9'; ++n, unit /= 10)
    ns += (r.s[n] - '0') * unit;
  r.s.remove_prefix(n);
  return n > 0;
}

/// Days from 1970-01-01 in the Gregorian calendar.
int64_t days_of(int64_t y, int64_t m, int64_t d) {
  y -= m <= 2;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t yoe = y - era * 400;
  const int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146'097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719'468;
}

bool zone(TextReader& r, int64_t& offset_s) {
  offset_s = 0;
  r.blanks();
  if (r.s.empty() || same_word(r.s, "Z") || same_word(r.s, "UTC") || same_word(r.s, "GMT")) {
    r.s = {};
    return true;
  }
  const bool minus = r.s[0] == '-';
  if (!r.sign('-') && !r.sign('+')) return false;
  int64_t h = 0, m = 0;
  if (!r.digits(2, 2, h)) return false;
  r.sign(':');
  if (!r.s.empty() && !r.digits(2, 2, m)) return false;
  offset_s = (h * 3600 + m * 60) * (minus ? -1 : 1);
  return r.s.empty();
}

bool date(TextReader& r, int64_t& y, int64_t& m, int64_t& d) {
  constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
  if (!r.s.empty() && !(r.s[0] >= '0' && r.s[0] <= '9')) {  // Nov 14, 2023
    if (r.s.size() < 4) return false;
    const char month[3] = {lower(r.s[0]), lower(r.s[1]), lower(r.s[2])};
    const size_t at = kMonths.find(std::string_view(month, 3));
    if (at == kMonths.npos || at % 3) return false;
    m = static_cast<int64_t>(at / 3) + 1;
    r.s.remove_prefix(3);
    r.blanks();
    if (!r.digits(1, 2, d)) return false;
    r.sign(',');
    r.blanks();
    return r.digits(4, 4, y);
  }
  return r.digits(4, 4, y) && (r.sign('-') || r.sign('/')) && r.digits(1, 2, m) &&
         (r.sign('-') || r.sign('/')) && r.digits(1, 2, d);
}

bool absolute(std::string_view text, int64_t& ns) {
  TextReader r{text};
  int64_t y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, part = 0, offset = 0;
  r.blanks();
  if (!date(r, y, mo, d)) return false;
  if (y < 1678 || y > 2261 || mo < 1 || mo > 12 || d < 1 || d > 31) return false;
  if (r.sign('T') || r.sign(' ')) {
    r.blanks();
    if (!r.s.empty() && r.s[0] >= '0' && r.s[0] <= '9') {
      if (!r.digits(1, 2, h) || !r.sign(':') || !r.digits(2, 2, mi)) return false;
      if (r.sign(':') && (!r.digits(2, 2, s) || !fraction(r, part))) return false;
    }
  }
  if (h > 23 || mi > 59 || s > 60 || !zone(r, offset)) return false;
  ns = (days_of(y, mo, d) * 86'400 + h * 3600 + mi * 60 + s - offset) * 1'000'000'000 + part;
  return true;
}

/// Seconds with a fraction, and an optional unit.
bool seconds(std::string_view text, int64_t& ns) {
  TextReader r{text};
  const bool minus = r.sign('-');
  int64_t whole = 0, part = 0;
  if (r.s.empty() || (r.s[0] != '.' && !r.digits(1, 10, whole)) || !fraction(r, part)) return false;
  struct Unit {
    std::string_view name;
    int64_t divide, times;
  };
  constexpr Unit kUnits[] = {
      {"", 1, 1},   {"s", 1, 1},    {"ms", 1000, 1}, {"us", 1'000'000, 1}, {"ns", 1'000'000'000, 1},
      {"m", 1, 60}, {"min", 1, 60}, {"h", 1, 3600}};
  for (const Unit& u : kUnits) {
    if (u.name != r.s) continue;
    if (whole > INT64_MAX / 1'000'000'000 / u.times - 1) return false;
    ns = whole * (1'000'000'000 / u.divide) * u.times + part * u.times / u.divide;
    if (minus) ns = -ns;
    return true;
  }
  return false;
}

Made time(const Token& t, Kind kind) {
  Literal l{.kind = kind, .bytes = {}, .shown = t.value};
  int64_t ns = 0;
  // Seconds since 1970 and dates name the same moments: both forms serve both kinds of field.
  const bool ok = kind == Kind::kAbsTime ? absolute(t.value, ns) || seconds(t.value, ns)
                                         : seconds(t.value, ns) || absolute(t.value, ns);
  if (!ok) {
    return no(kind == Kind::kAbsTime
                  ? "A moment is written \"2026-01-31 12:00:00\" (UTC unless a zone follows)."
                  : "A span of time is a number of seconds, like 0.5.");
  }
  l.number = static_cast<uint64_t>(ns);
  return l;
}

Made address(const Token& t, Kind kind) {
  Literal v4 = parse_ipv4(t.value), v6 = parse_ipv6(t.value);
  Literal& wanted = kind == Kind::kIpv4 ? v4 : v6;
  const Literal& other = kind == Kind::kIpv4 ? v6 : v4;
  wanted.shown = t.value;
  if (wanted.kind == kind) return wanted;
  if (other.kind != Kind::kNone) {
    return no(
        kind == Kind::kIpv4
            ? fmt::format("{} is an IPv6 address; this field holds IPv4. Use ipv6.addr.", t.value)
            : fmt::format("{} is an IPv4 address; this field holds IPv6. Use ip.addr.", t.value));
  }
  return no(fmt::format("“{}” is no {} address.", t.value, kind == Kind::kIpv4 ? "IPv4" : "IPv6"));
}

/// Splits off /bits; false when it is there but wrong.
bool split_prefix(std::string_view& word, uint8_t most, uint8_t& prefix) {
  prefix = most;
  const size_t slash = word.find('/');
  if (slash == word.npos) return true;
  unsigned bits = 0;
  if (!whole_number(word.substr(slash + 1), bits, 10) || bits > most) return false;
  prefix = static_cast<uint8_t>(bits);
  word = word.substr(0, slash);
  return true;
}

}  // namespace

Literal parse_ipv4(std::string_view word) {
  Literal l{.bytes = {}, .shown = std::string(word)};
  uint8_t prefix = 0;
  if (!split_prefix(word, 32, prefix)) return l;
  const auto ip = IpAddress::parse(word);
  if (!ip || ip->version != 4) return l;
  l.kind = Kind::kIpv4;
  l.prefix = prefix;
  l.number = ip->v4_host_order();
  l.bytes = as_text(ip->bytes());
  return l;
}

Literal parse_ipv6(std::string_view word) {
  Literal l{.bytes = {}, .shown = std::string(word)};
  uint8_t prefix = 0;
  if (!split_prefix(word, 128, prefix)) return l;
  const auto ip = IpAddress::parse(word);
  if (!ip || ip->version != 6) return l;
  l.kind = Kind::kIpv6;
  l.prefix = prefix;
  l.bytes = as_text(ip->bytes());
  return l;
}

Literal parse_ether(std::string_view word) {
  Literal l{.bytes = {}, .shown = std::string(word)};
  std::string b;
  if (word.size() == 14 && word[4] == '.' && word[9] == '.') {  // aabb.ccdd.eeff
    std::string plain = "0x";
    for (char c : word)
      if (c != '.') plain += c;
    if (!hex_bytes(plain, b)) return l;
  } else if (word.size() < 11 || word.starts_with(':') || !hex_bytes(word, b)) {
    return l;
  }
  if (b.size() != 6) return l;
  l.kind = Kind::kEther;
  for (char c : b) l.number = l.number << 8 | static_cast<unsigned char>(c);
  return l;
}

tl::expected<Literal, std::string> make_literal(const Token& t, Kind kind,
                                                std::span<const FieldDef* const> fields) {
  switch (kind) {
    case Kind::kBool:
      return boolean(t, fields);
    case Kind::kUnsigned:
    case Kind::kSigned:
      return number(t, kind, fields);
    case Kind::kString:
      return Literal{.kind = kind, .bytes = t.value, .shown = t.value};
    case Kind::kBytes:
    case Kind::kProtocol:
      return bytes(t, kind);
    case Kind::kAbsTime:
    case Kind::kRelTime:
      return time(t, kind);
    case Kind::kIpv4:
    case Kind::kIpv6:
      return address(t, kind);
    case Kind::kEther: {
      Literal l = parse_ether(t.value);
      if (l.kind == Kind::kNone)
        return no(
            fmt::format("“{}” is no MAC address, which looks like aa:bb:cc:dd:ee:ff.", t.value));
      return l;
    }
    case Kind::kNone:
      break;
  }
  return no("This field has no value to compare; use its name alone.");
}

}  // namespace sp3ctra
