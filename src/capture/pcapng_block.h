#pragma once
// pcapng blocks as bytes: types, options and the three kinds of packet block. Pure functions on
// borrowed bytes, no allocation; every length is checked (draft-ietf-opsawg-pcapng).
#include <optional>

#include "base/bytes.h"
#include "capture/capture_layout.h"
#include "capture/packet.h"

namespace sp3ctra::pcapng {

inline constexpr uint32_t kSectionHeader = 0x0a0d0d0a;
inline constexpr uint32_t kInterfaceDescription = 1;
inline constexpr uint32_t kObsoletePacket = 2;
inline constexpr uint32_t kSimplePacket = 3;
inline constexpr uint32_t kNameResolution = 4;
inline constexpr uint32_t kInterfaceStatistics = 5;
inline constexpr uint32_t kEnhancedPacket = 6;
inline constexpr uint32_t kDecryptionSecrets = 10;
inline constexpr uint32_t kCustom = 0x00000bad;
inline constexpr uint32_t kCustomNotCopyable = 0x40000bad;
inline constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
inline constexpr uint32_t kBlockBytesMin = 12;
inline constexpr uint32_t kSectionHeaderBytesMin = 28;

inline constexpr uint16_t kOptionEnd = 0;
inline constexpr uint16_t kOptionComment = 1;

inline uint16_t load16(Bytes b, size_t o, bool big) {
  return big ? load_be16(b, o) : load_le16(b, o);
}
inline uint32_t load32(Bytes b, size_t o, bool big) {
  return big ? load_be32(b, o) : load_le32(b, o);
}
inline uint64_t load64(Bytes b, size_t o, bool big) {
  return big ? load_be64(b, o) : load_le64(b, o);
}
inline constexpr uint32_t padded(uint32_t n) { return (n + 3) & ~uint32_t{3}; }

/// One whole block, from its type to its second length, in its section's byte order.
struct Block {
  uint32_t type = 0;
  bool big_endian = false;
  uint64_t offset = 0;
  Bytes bytes;
  /// What lies between the first length and the second.
  Bytes body() const { return bytes.subspan(8, bytes.size() - 12); }
};

struct Option {
  uint16_t code = 0;
  Bytes value;
};

/// Walks options; stops at the end mark, the end of the bytes, or an option that does not fit.
class OptionReader {
 public:
  OptionReader(Bytes bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}
  std::optional<Option> next();

 private:
  Bytes bytes_;
  bool big_endian_;
};

/// A packet block of any kind, before its interface is looked up.
struct RawPacket {
  uint32_t interface_id = 0;
  uint64_t time_units = 0;
  bool has_time = true;
  uint32_t len = 0;
  Bytes data;
  Bytes options;
};

inline constexpr bool is_packet(uint32_t type) {
  return type == kEnhancedPacket || type == kSimplePacket || type == kObsoletePacket;
}

/// Reads a packet block's fixed part; false when its lengths do not fit the block.
/// resolve_packet() cuts a simple packet to its snap length.
bool parse_packet(const Block& block, RawPacket& out);

/// Fills in everything of `out` that the block and its interface say. `no_time` is the time given
/// to a packet without one. Numbers (frame, interface) stay as they are.
void resolve_packet(const Block& block, const RawPacket& raw, const InterfaceShape& shape,
                    Timestamp no_time, Packet& out);

/// PacketFlags of a packet block's flags word (epb_flags), e.g. kPacketOutbound.
uint16_t direction_flags(uint32_t flags_word);

}  // namespace sp3ctra::pcapng
