#include "detect/intel.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <charconv>

#include "detect/intel_tables.h"
#include "detect/thresholds.h"

namespace sp3ctra {
namespace {

constexpr size_t kNameBytesMax = 253;
constexpr size_t kLabelBytesMax = 63;
constexpr uint64_t kWidestRange = 1u << 24;  // a /8: wider is a mistake
constexpr std::string_view kSpaces = " \t\r";

std::string_view trimmed(std::string_view s) {
  const size_t a = s.find_first_not_of(kSpaces);
  return a == std::string_view::npos ? std::string_view{}
                                     : s.substr(a, s.find_last_not_of(kSpaces) + 1 - a);
}

std::string_view without_comment(std::string_view line) {
  line = trimmed(line.substr(0, line.find_first_of("#;")));
  return line.starts_with("//") || line.starts_with("!") ? std::string_view{} : line;
}

/// Takes the next word off `line`.
std::string_view next_word(std::string_view& line) {
  const size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view word = line.substr(0, end);
  line = trimmed(line.substr(end));
  return word;
}

/// What hosts files put before a name that is to lead nowhere.
bool nowhere(const IpAddress& a) {
  if (a.version == 4) return a.v4_host_order() == 0 || a.octets[0] == 127;
  return std::all_of(a.octets.begin(), a.octets.end() - 1, [](uint8_t o) { return o == 0; }) &&
         a.octets[15] <= 1;
}

/// Private, local, multicast, reserved: never known-bad, whatever a list of bogons says.
bool ours(const IpAddress& a) {
  const auto& o = a.octets;
  if (a.version == 6) return (o[0] & 0xe0) != 0x20;
  return o[0] == 0 || o[0] == 10 || o[0] == 127 || o[0] >= 224 || (o[0] == 192 && o[1] == 168) ||
         (o[0] == 172 && (o[1] & 0xf0) == 16) || (o[0] == 169 && o[1] == 254) ||
         (o[0] == 100 && (o[1] & 0xc0) == 64);
}

/// Lower case into `out`, without the last dot; empty when it is no name.
std::string_view normal_name(std::string_view name, std::array<char, kNameBytesMax>& out) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > out.size()) return {};
  size_t label = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '.') {
      if (label == 0) return {};
      label = 0;
    } else if (++label > kLabelBytesMax) {
      return {};
    }
    out[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return label == 0 ? std::string_view{} : std::string_view{out.data(), name.size()};
}

bool plain_letters(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

uint64_t name_hash(std::string_view name) noexcept {
  const uint64_t h = XXH3_64bits(name.data(), name.size());
  return h == 0 ? 1 : h;
}

}  // namespace

Intel::Intel() : bad_(std::make_unique<Tables>()), good_(std::make_unique<Tables>()) {}
Intel::~Intel() = default;

void Intel::add(std::string_view name, std::string_view text, bool good) {
  if (lists_.size() == limits::kIntelFilesMax) {
    ++counts_.too_many;
    return;
  }
  lists_.emplace_back(name);
  ++counts_.files;
  IntelSource source{static_cast<uint16_t>(lists_.size() - 1), 0};
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    ++source.line;
    add_line(text.substr(0, end), source, good);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void Intel::add_line(std::string_view line, IntelSource source, bool good) {
  if (line.size() > limits::kIntelLineBytesMax) {
    ++counts_.not_understood;
    return;
  }
  line = without_comment(line);
  if (line.empty()) return;
  const std::string_view first = next_word(line);
  bool understood = false;
  if (line.empty()) {
    understood = add_address(first, source, good) || add_domain(first, source, good, false);
  } else if (const auto a = IpAddress::parse(first); a && nowhere(*a)) {
    understood = true;
    while (!line.empty()) {
      const std::string_view name = next_word(line);
      // "localhost" and its like stand in every hosts file.
      if (name.find('.') != std::string_view::npos && name != "localhost.localdomain" &&
          !IpAddress::parse(name))
        understood = add_domain(name, source, good, true) && understood;
    }
  }
  if (!understood) ++counts_.not_understood;
}

bool Intel::add_address(std::string_view word, IntelSource source, bool good) {
  const size_t slash = word.find('/'), dash = word.find('-');
  const auto low = IpAddress::parse(word.substr(0, std::min(slash, dash)));
  if (!low) return false;
  AddressRange range{wide(*low), wide(*low), source};
  const unsigned bits = low->version == 4 ? 32 : 128;
  if (slash != std::string_view::npos) {
    unsigned prefix = 0;
    const std::string_view digits = word.substr(slash + 1);
    const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (r.ec != std::errc{} || r.ptr != digits.data() + digits.size() || prefix > bits)
      return false;
    const Wide host = prefix == bits                 ? Wide{0}
                      : (prefix == 0 && bits == 128) ? ~Wide{0}
                                                     : (Wide{1} << (bits - prefix)) - 1;
    range.low &= ~host;
    range.high = range.low | host;
  } else if (dash != std::string_view::npos) {
    const auto high = IpAddress::parse(word.substr(dash + 1));
    if (!high || high->version != low->version || wide(*high) < range.low) return false;
    range.high = wide(*high);
  }
  const Wide widest = low->version == 4 ? Wide{kWidestRange} : Wide{1} << 112;
  if (!good && (ours(*low) || range.high - range.low >= widest)) {
    ++counts_.left_out;
    return true;
  }
  if (bad_->size() + good_->size() >= limits::kIntelEntriesMax) {
    ++counts_.too_many;
    return true;
  }
  (good ? good_ : bad_)->add(low->version, range);
  ++(good ? counts_.good_addresses : counts_.addresses);
  return true;
}

bool Intel::add_domain(std::string_view word, IntelSource source, bool good, bool exact) {
  if (word.starts_with("||") && word.ends_with("^")) word = word.substr(2, word.size() - 3);
  if (word.starts_with("*.")) word.remove_prefix(2);
  if (word.starts_with('.')) word.remove_prefix(1);
  std::array<char, kNameBytesMax> buffer;
  const std::string_view name = normal_name(word, buffer);
  if (name.empty() || !plain_letters(name)) return false;
  const size_t dot = name.rfind('.');
  // A last label of digits is half an address.
  if (dot != std::string_view::npos &&
      name.find_first_not_of("0123456789", dot + 1) == std::string_view::npos)
    return false;
  if (dot == std::string_view::npos) {
    ++counts_.left_out;  // "com" would be everybody
    return true;
  }
  if (bad_->size() + good_->size() >= limits::kIntelEntriesMax) {
    ++counts_.too_many;
    return true;
  }
  (good ? good_ : bad_)
      ->names.push_back(
          {name_hash(name), source.line, source.list, exact ? uint16_t{1} : uint16_t{0}});
  ++(good ? counts_.good_domains : counts_.domains);
  return true;
}

void Intel::seal() {
  bad_->seal();
  good_->seal();
}

std::optional<IntelHit> Intel::find(const IpAddress& address) const noexcept {
  if (!address.any() || ours(address)) return std::nullopt;
  const IntelSource* source = bad_->find(address);
  if (!source || good_->find(address)) return std::nullopt;
  return IntelHit{lists_[source->list], source->line, {}};
}

std::optional<IntelHit> Intel::find(std::string_view domain) const noexcept {
  std::array<char, kNameBytesMax> buffer;
  const std::string_view name = normal_name(domain, buffer);
  if (name.empty()) return std::nullopt;
  std::optional<IntelHit> hit;
  bool exact = true;
  for (size_t at = 0;; exact = false) {
    const size_t dot = name.find('.', at);
    if (dot == std::string_view::npos) return hit;  // the last label alone is nobody
    const uint64_t hash = name_hash(name.substr(at));
    if (const NameEntry* g = good_->find(hash); g && (exact || !g->exact)) return std::nullopt;
    if (const NameEntry* b = hit ? nullptr : bad_->find(hash); b && (exact || !b->exact))
      hit = IntelHit{lists_[b->list], b->line, domain.substr(at, name.size() - at)};
    at = dot + 1;
  }
}

uint64_t Intel::memory_bytes() const { return bad_->memory_bytes() + good_->memory_bytes(); }

}  // namespace sp3ctra
