#include "decode/value_text.h"

#include <fmt/format.h>

#include <ctime>
#include <iterator>

namespace sp3ctra {
namespace {

int hex_width(FieldType t) {
  switch (t) {
    case FieldType::kUint8:
      return 2;
    case FieldType::kUint16:
      return 4;
    case FieldType::kUint24:
      return 6;
    case FieldType::kUint64:
      return 16;
    default:
      return 8;
  }
}

void append_hex(std::string& out, std::string_view raw, char separator) {
  for (size_t i = 0; i < raw.size(); ++i) {
    if (i > 0 && separator) out += separator;
    fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<uint8_t>(raw[i]));
  }
}

void append_date(std::string& out, int64_t ns) {
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Timestamp t{ns};
  const std::time_t s = t.seconds();
  std::tm tm{};
  gmtime_r(&s, &tm);
  fmt::format_to(std::back_inserter(out), "{} {:2}, {} {:02}:{:02}:{:02}.{:09} UTC",
                 kMonths[tm.tm_mon], tm.tm_mday, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                 tm.tm_sec, t.nanos());
}

std::string ip_text(std::string_view raw) {
  if (raw.size() == 4) return IpAddress::v4(as_bytes(raw)).text();
  if (raw.size() == 16) return IpAddress::v6(as_bytes(raw)).text();
  return {};
}

/// Length of the well-formed UTF-8 character at the start of s, 0 when it is not one (RFC 3629).
size_t utf8_length(std::string_view s) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(s[i]); };
  const uint8_t c = at(0);
  const size_t n = c < 0x80                ? 1
                   : c >= 0xc2 && c < 0xe0 ? 2
                   : c >= 0xe0 && c < 0xf0 ? 3
                   : c >= 0xf0 && c < 0xf5 ? 4
                                           : 0;
  if (n == 0 || n > s.size()) return 0;
  for (size_t i = 1; i < n; ++i)
    if ((at(i) & 0xc0) != 0x80) return 0;
  if (n == 3 && ((c == 0xe0 && at(1) < 0xa0) || (c == 0xed && at(1) >= 0xa0))) return 0;
  if (n == 4 && ((c == 0xf0 && at(1) < 0x90) || (c == 0xf4 && at(1) >= 0x90))) return 0;
  return n;
}

/// The C1 controls (U+0080–U+009F), which some terminals obey.
bool is_c1(std::string_view c) {
  return c.size() == 2 && static_cast<uint8_t>(c[0]) == 0xc2 && static_cast<uint8_t>(c[1]) < 0xa0;
}

/// Marks that turn the direction of text around or break lines (U+200E/F, 202A–202E, 2066–2069,
/// 2028/9): they can make a name look like another.
bool is_direction_mark(std::string_view c) {
  if (c.size() != 3 || static_cast<uint8_t>(c[0]) != 0xe2) return false;
  const auto b = static_cast<uint8_t>(c[1]), l = static_cast<uint8_t>(c[2]);
  return (b == 0x80 && (l == 0x8e || l == 0x8f || (l >= 0xa8 && l <= 0xae))) ||
         (b == 0x81 && l >= 0xa6 && l <= 0xa9);
}

void append_escaped(std::string& out, std::string_view raw) {
  while (!raw.empty()) {
    const size_t n = utf8_length(raw);
    const auto c = static_cast<uint8_t>(raw[0]);
    const std::string_view named = "\a\b\f\n\r\t\v";
    const size_t k = named.find(raw[0]);
    if (n == 1 && k != std::string_view::npos) {
      out += '\\';
      out += "abfnrtv"[k];
    } else if (n == 0 || c < 0x20 || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", c);
    } else if (is_direction_mark(raw.substr(0, n))) {
      fmt::format_to(std::back_inserter(out), "\\u20{:02x}",
                     (static_cast<uint8_t>(raw[1]) & 1) << 6 | (static_cast<uint8_t>(raw[2]) & 63));
    } else if (is_c1(raw.substr(0, n))) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<uint8_t>(raw[1]));
    } else {
      out += raw.substr(0, n);
    }
    raw.remove_prefix(n == 0 ? 1 : n);
  }
}

void append_rel_time(std::string& out, int64_t ns) { out += epoch_text(Timestamp{ns}); }

}  // namespace

std::string escape_text(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  append_escaped(out, raw);
  return out;
}

void append_value(std::string& out, const Tree& tree, const Node& n) {
  const FieldDef& f = *n.field;
  auto it = std::back_inserter(out);
  switch (f.type) {
    case FieldType::kProtocol:
      out += f.label;
      return;
    case FieldType::kLabel:
      append_escaped(out, tree.text_of(n));
      return;
    case FieldType::kBool:
      out += n.number ? '1' : '0';
      return;
    case FieldType::kUint8:
    case FieldType::kUint16:
    case FieldType::kUint24:
    case FieldType::kUint32:
    case FieldType::kUint64:
      if (f.base == FieldBase::kHex)
        fmt::format_to(it, "0x{:0{}x}", n.number, hex_width(f.type));
      else
        fmt::format_to(it, "{}", n.number);
      return;
    case FieldType::kInt32:
      fmt::format_to(it, "{}", static_cast<int32_t>(n.number));
      return;
    case FieldType::kInt64:
      fmt::format_to(it, "{}", static_cast<int64_t>(n.number));
      return;
    case FieldType::kString:
      append_escaped(out, tree.text_of(n));
      return;
    case FieldType::kBytes:
      append_hex(out, tree.text_of(n), 0);
      return;
    case FieldType::kEther:
      out += mac_text(n.number);
      return;
    case FieldType::kIpv4:
    case FieldType::kIpv6:
      out += ip_text(tree.text_of(n));
      return;
    case FieldType::kAbsTime:
      append_date(out, static_cast<int64_t>(n.number));
      return;
    case FieldType::kRelTime:
      append_rel_time(out, static_cast<int64_t>(n.number));
      return;
    case FieldType::kFrameNum:
      fmt::format_to(it, "{}", n.number);
      return;
  }
}

std::string plain_value(const Tree& tree, const Node& n) {
  if (n.note_size > 0) return escape_text(tree.note_of(n));
  if (n.anomaly) return std::string(n.anomaly->words);
  const FieldDef& f = *n.field;
  if (f.type == FieldType::kProtocol) return {};
  if (f.type == FieldType::kBool) return n.number ? "yes" : "no";
  if (f.type == FieldType::kBytes && n.text_size == 0) return "nothing";
  std::string value;
  append_value(value, tree, n);
  if (f.type == FieldType::kBytes && n.text_size > 64) {
    value.resize(128);
    value += fmt::format("… ({} bytes)", n.text_size);
  }
  for (const ValueName& v : f.names)
    if (v.value == n.number) return fmt::format("{} ({})", v.name, value);
  if (f.type == FieldType::kRelTime) value += " s";
  return value;
}

std::string filter_value(const Tree& tree, const Node& n) {
  switch (n.field->type) {
    case FieldType::kProtocol:
    case FieldType::kLabel:
      return {};
    case FieldType::kString: {
      std::string out = "\"";
      for (const char c : escape_text(tree.text_of(n))) {
        if (c == '"') out += '\\';
        out += c;
      }
      return out + '"';
    }
    case FieldType::kBytes: {
      std::string out;
      append_hex(out, tree.text_of(n), ':');
      return out;
    }
    case FieldType::kAbsTime: {
      std::string out = "\"";
      append_value(out, tree, n);
      return out + '"';
    }
    default: {
      std::string out;
      append_value(out, tree, n);
      return out;
    }
  }
}

}  // namespace sp3ctra
