// Finding and summing over an indexed capture.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>

#include "decode/registry.h"
#include "query/indexed_capture.h"

namespace sp3ctra {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool contains_text(Bytes bytes, std::string_view wanted_lower) {
  const std::string_view hay = as_text(bytes);
  return std::search(hay.begin(), hay.end(), wanted_lower.begin(), wanted_lower.end(),
                     [](char a, char b) { return lower(a) == b; }) != hay.end();
}

Result<std::string> parse_hex(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == ' ' || c == ':' || c == '-') continue;
    if (!std::isxdigit(static_cast<unsigned char>(c)))
      return fail("'{}' is no hex digit; write bytes like 0d 0a", c);
    digits += c;
  }
  if (digits.empty() || digits.size() % 2)
    return fail("hex bytes come in pairs of digits, like 0d 0a");
  std::string out;
  for (size_t i = 0; i < digits.size(); i += 2) {
    unsigned v = 0;
    std::from_chars(digits.data() + i, digits.data() + i + 2, v, 16);
    out += static_cast<char>(v);
  }
  return out;
}

/// Nanoseconds since 1970 from digits ("1700000000.5"), or a UTC date "2026-11-22 06:45:11.5".
Result<int64_t> parse_time(std::string_view text) {
  std::string s(text);
  std::tm tm{};
  const char* rest = nullptr;
  for (const char* form : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"}) {
    tm = {};
    rest = strptime(s.c_str(), form, &tm);
    if (rest) break;
  }
  int64_t seconds = 0;
  if (rest) {
    seconds = timegm(&tm);
  } else {
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), seconds);
    if (error != std::errc{})
      return fail("'{}' is no time; write 2026-11-22 06:45:11 (UTC) or seconds since 1970", text);
    rest = end;
  }
  int64_t nanos = 0;
  if (*rest == '.') {
    int64_t unit = Timestamp::kSecond / 10;
    for (++rest; *rest >= '0' && *rest <= '9' && unit > 0; ++rest, unit /= 10)
      nanos += (*rest - '0') * unit;
  }
  int64_t whole = 0;
  if (__builtin_mul_overflow(seconds, Timestamp::kSecond, &whole) ||
      __builtin_add_overflow(whole, nanos, &whole))
    return fail("'{}' is out of range; times go from 1678 to 2262", text);
  return whole;
}

struct Wanted {
  bool exact = false;
  std::string bytes;
  bool in(Bytes packet) const {
    return exact ? as_text(packet).find(bytes) != std::string_view::npos
                 : contains_text(packet, bytes);
  }
};

}  // namespace

Result<std::optional<Found>> IndexedCapture::find_time(std::string_view what,
                                                       const std::string& filter) const {
  const auto ns = parse_time(what);
  if (!ns) return tl::unexpected(ns.error());
  std::optional<Found> hit;
  index_->scan(1, index_->committed(), [&](const IndexBlock& b, uint32_t row, uint32_t n) {
    for (uint32_t i = row; i < row + n && !hit; ++i)
      if (b.ts_ns[i] >= *ns) hit = found(filter, b.first_number + i);
    return !hit;
  });
  return hit;
}

Result<std::optional<Found>> IndexedCapture::find(const std::string& filter, FindKind kind,
                                                  std::string_view what, uint64_t from,
                                                  bool forward, ProgressFn progress, void* user) {
  const uint64_t last = index_->committed();
  if (kind == FindKind::kTime) return find_time(what, filter);
  if (kind == FindKind::kNumber) {
    uint64_t n = 0;
    const auto [end, error] = std::from_chars(what.data(), what.data() + what.size(), n);
    if (error != std::errc{} || n == 0 || n > last)
      return fail("there is no packet '{}'; numbers go from 1 to {}", what, last);
    return std::optional(found(filter, n));
  }
  Wanted wanted{kind == FindKind::kHex, {}};
  if (kind == FindKind::kHex) {
    auto bytes = parse_hex(what);
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    wanted.bytes = std::move(*bytes);
  } else {
    for (const char c : what) wanted.bytes += lower(c);
  }
  if (wanted.bytes.empty()) return fail("nothing to look for was given");
  const auto scan = filter.empty() ? nullptr : scan_of(filter);
  if (!filter.empty() && !scan) return fail("this filter is gone; set it again");
  std::vector<std::byte> buffer;
  struct Told {
    ProgressFn progress;
    void* user;
    uint64_t asked, last;
    static bool going_on(const void* told) {
      const auto& t = *static_cast<const Told*>(told);
      return !t.progress || t.progress(t.user, t.asked, t.last);
    }
  } told{progress, user, 0, last};
  for (uint64_t n = forward ? from + 1 : from - 1; n >= 1 && n <= last; forward ? ++n : --n) {
    if (++told.asked % 4096 == 0 && !Told::going_on(&told)) return fail("cancelled");
    if (scan && !scanned_up_to(*scan, n, Told::going_on, &told)) return fail("cancelled");
    if (scan && !scan->has(n)) continue;
    const auto p = file_->read_at(index_->file_offset(n), buffer);
    if (p && wanted.in(p->data)) return std::optional(found(filter, n));
  }
  return std::optional<Found>{};
}

SeriesBins IndexedCapture::series(const std::string& filter, std::optional<Timestamp> from,
                                  std::optional<Timestamp> to, uint32_t bins) {
  SeriesBins out;
  const CaptureInfo all = info();
  // Nothing lies outside the capture's own times; staying near them keeps the sums in range.
  constexpr int64_t kMarginNs = 86'400 * Timestamp::kSecond;
  const auto near = [&](Timestamp t) {
    return Timestamp{std::clamp(t.ns, std::max(all.first.ns, INT64_MIN / 4) - kMarginNs,
                                std::min(all.last.ns, INT64_MAX / 4) + kMarginNs)};
  };
  if (all.last < all.first) return out;
  out.from = near(from.value_or(all.first));
  out.to = near(to.value_or(all.last));
  bins = std::clamp(bins, 1u, 4096u);
  out.packets.assign(bins, 0);
  out.bytes.assign(bins, 0);
  out.families.assign(static_cast<size_t>(Family::kThings) + 1, std::vector<uint64_t>(bins, 0));
  if (all.packets == 0 || out.to < out.from) return out;
  if (!filter.empty() && !scan_of(filter)) return out;
  const double scale = bins / (static_cast<double>(out.to.ns - out.from.ns) + 1);
  const auto protocols = all_protocols();
  const auto add = [&](const IndexBlock& b, size_t i) {
    if (b.bits[i] & kBitDuplicate) return;  // its original is counted
    const int64_t t = b.ts_ns[i];
    if (t < out.from.ns || t > out.to.ns) return;
    const auto bin = std::min<size_t>(
        bins - 1, static_cast<size_t>(static_cast<double>(t - out.from.ns) * scale));
    ++out.packets[bin];
    out.bytes[bin] += b.len[i];
    const Family f =
        b.shown[i] < protocols.size() ? protocols[b.shown[i]]->family : Family::kCarrier;
    ++out.families[static_cast<size_t>(f)][bin];
  };
  if (const auto scan = filter.empty() ? nullptr : scan_of(filter)) {
    for (uint64_t row = 0;; row += 65536) {
      const auto numbers = scan->numbers(row, 65536);
      for (const uint64_t n : numbers) {
        const IndexBlock& b = index_->block_of(n);
        add(b, n - b.first_number);
      }
      if (numbers.size() < 65536) break;
    }
    return out;
  }
  index_->scan(1, index_->committed(), [&](const IndexBlock& b, uint32_t row, uint32_t n) {
    for (uint32_t i = row; i < row + n; ++i) add(b, i);
    return true;
  });
  return out;
}

}  // namespace sp3ctra
