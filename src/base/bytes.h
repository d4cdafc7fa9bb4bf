#pragma once
// Bytes of packets and files: a borrowed, read-only view, and bounded big/little-endian loads.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace sp3ctra {

/// A borrowed view of bytes. The owner outlives the view.
using Bytes = std::span<const std::byte>;

inline std::string_view as_text(Bytes b) {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}
inline Bytes as_bytes(std::string_view s) {
  return {reinterpret_cast<const std::byte*>(s.data()), s.size()};
}

/// Unchecked loads at offset `o`; the caller has checked the length.
inline uint8_t load8(Bytes b, size_t o) { return static_cast<uint8_t>(b[o]); }
inline uint16_t load_be16(Bytes b, size_t o) {
  uint16_t v;
  std::memcpy(&v, b.data() + o, 2);
  return __builtin_bswap16(v);
}
inline uint32_t load_be32(Bytes b, size_t o) {
  uint32_t v;
  std::memcpy(&v, b.data() + o, 4);
  return __builtin_bswap32(v);
}
inline uint64_t load_be64(Bytes b, size_t o) {
  uint64_t v;
  std::memcpy(&v, b.data() + o, 8);
  return __builtin_bswap64(v);
}
inline uint32_t load_be24(Bytes b, size_t o) {
  return uint32_t{load8(b, o)} << 16 | load_be16(b, o + 1);
}
inline uint64_t load_be48(Bytes b, size_t o) {
  return uint64_t{load_be16(b, o)} << 32 | load_be32(b, o + 2);
}
inline uint16_t load_le16(Bytes b, size_t o) { return __builtin_bswap16(load_be16(b, o)); }
inline uint32_t load_le32(Bytes b, size_t o) { return __builtin_bswap32(load_be32(b, o)); }
inline uint64_t load_le64(Bytes b, size_t o) { return __builtin_bswap64(load_be64(b, o)); }
static_assert(std::endian::native == std::endian::little, "loads assume a little-endian host");

/// Reads forward through bytes; after a read past the end every read gives 0 and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(Bytes b) : bytes_(b) {}
  bool ok() const { return ok_; }
  size_t offset() const { return offset_; }
  size_t left() const { return bytes_.size() - offset_; }
  uint8_t u8() { return take(1) ? load8(bytes_, offset_ - 1) : uint8_t{0}; }
  uint16_t be16() { return take(2) ? load_be16(bytes_, offset_ - 2) : uint16_t{0}; }
  uint32_t be24() { return take(3) ? load_be24(bytes_, offset_ - 3) : 0; }
  uint32_t be32() { return take(4) ? load_be32(bytes_, offset_ - 4) : 0; }
  uint64_t be64() { return take(8) ? load_be64(bytes_, offset_ - 8) : 0; }
  /// The next n bytes; empty when fewer are left.
  Bytes bytes(size_t n) { return take(n) ? bytes_.subspan(offset_ - n, n) : Bytes{}; }
  void skip(size_t n) { take(n); }

 private:
  bool take(size_t n) {
    if (!ok_ || n > left()) return ok_ = false;
    offset_ += n;
    return true;
  }
  Bytes bytes_;
  size_t offset_ = 0;
  bool ok_ = true;
};

}  // namespace sp3ctra
