#pragma once
// Reads forward through one layer and writes each value it reads to the sink: one call a field.
#include "protocols/dissection.h"

namespace sp3ctra {

/// A bounded reader over [at, end) of an Input. The first read past the end makes ok() false; from
/// then on every read gives 0 and writes nothing. noexcept; no heap without a tree.
class FieldCursor {
 public:
  FieldCursor(Dissection& d, const Input& in) : d_(d), in_(in), end_(in.data.size()) {}
  FieldCursor(Dissection& d, const Input& in, size_t at, size_t end)
      : d_(d), in_(in), at_(at), end_(end < in.data.size() ? end : in.data.size()) {
    if (at_ > end_) at_ = end_, ok_ = false;
  }

  bool ok() const { return ok_; }
  size_t at() const { return at_; }
  size_t end() const { return end_; }
  size_t left() const { return end_ - at_; }
  const Input& in() const { return in_; }
  Dissection& sink() const { return d_; }

  uint8_t u8(const FieldDef& f) { return static_cast<uint8_t>(number(f, 1)); }
  uint16_t be16(const FieldDef& f) { return static_cast<uint16_t>(number(f, 2)); }
  uint32_t be24(const FieldDef& f) { return static_cast<uint32_t>(number(f, 3)); }
  uint32_t be32(const FieldDef& f) { return static_cast<uint32_t>(number(f, 4)); }
  uint64_t be48(const FieldDef& f) { return number(f, 6); }
  uint64_t be64(const FieldDef& f) { return number(f, 8); }
  /// The next n bytes as a bytes field; nothing is written when n = 0.
  Bytes bytes(const FieldDef& f, size_t n) {
    const Bytes b = take(n);
    if (ok_ && n > 0) d_.bytes(f, in_, at_ - n, n);
    return b;
  }
  /// The next n bytes as text, also when empty.
  std::string_view text(const FieldDef& f, size_t n) {
    const Bytes b = take(n);
    if (ok_) d_.text(f, in_, at_ - n, n, as_text(b));
    return as_text(b);
  }
  IpAddress ip4(const FieldDef& f) { return ip(f, 4); }
  IpAddress ip6(const FieldDef& f) { return ip(f, 16); }
  /// The next n bytes without a field.
  Bytes take(size_t n) {
    if (!ok_ || n > left()) {
      ok_ = false;
      return {};
    }
    at_ += n;
    return in_.data.subspan(at_ - n, n);
  }
  void skip(size_t n) { take(n); }
  /// Reads without moving; 0 past the end.
  uint8_t peek8(size_t ahead = 0) const {
    return ok_ && ahead < left() ? load8(in_.data, at_ + ahead) : uint8_t{0};
  }
  uint16_t peek16(size_t ahead = 0) const {
    return ok_ && ahead + 2 <= left() ? load_be16(in_.data, at_ + ahead) : uint16_t{0};
  }
  /// A cursor over the next n bytes (fewer when the packet ends), which this one steps over.
  FieldCursor part(size_t n) {
    const size_t m = n < left() ? n : left();
    FieldCursor c(d_, in_, at_, at_ + m);
    c.ok_ = ok_;
    if (m < n) ok_ = false;
    at_ += m;
    return c;
  }

 private:
  uint64_t number(const FieldDef& f, size_t n) {
    const Bytes b = take(n);
    if (!ok_) return 0;
    uint64_t v = 0;
    for (const std::byte x : b) v = v << 8 | static_cast<uint8_t>(x);
    d_.number(f, in_, at_ - n, n, v);
    return v;
  }
  IpAddress ip(const FieldDef& f, size_t n) {
    const Bytes b = take(n);
    if (!ok_) return {};
    const IpAddress a = n == 4 ? IpAddress::v4(b) : IpAddress::v6(b);
    d_.ip(f, in_, at_ - n, a);
    return a;
  }

  Dissection& d_;
  Input in_;
  size_t at_ = 0;
  size_t end_ = 0;
  bool ok_ = true;
};

}  // namespace sp3ctra
