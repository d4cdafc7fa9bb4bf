#include "capture/pcap_reader.h"

#include <algorithm>

#include "capture/pcapng_block.h"
#include "capture/snoop.h"

namespace sp3ctra {
namespace {

constexpr uint32_t kMagicMicro = 0xa1b2c3d4;
constexpr uint32_t kMagicNano = 0xa1b23c4d;
constexpr uint32_t kMagicModified = 0xa1b2cd34;
constexpr uint8_t kPacketTypeOutgoing = 4;  // PACKET_OUTGOING in the modified format

bool is_magic(uint32_t value) {
  return value == kMagicMicro || value == kMagicNano || value == kMagicModified;
}

uint32_t host32(const std::byte* p, bool big_endian) {
  uint32_t value;
  std::memcpy(&value, p, 4);
  return big_endian ? __builtin_bswap32(value) : value;
}

}  // namespace

bool is_pcap_magic(Bytes four) {
  return four.size() >= 4 && (is_magic(load_le32(four, 0)) || is_magic(load_be32(four, 0)));
}

std::optional<PcapShape> parse_pcap_header(Bytes header, uint32_t& snaplen) {
  if (header.size() < kPcapHeaderBytes || !is_pcap_magic(header)) return std::nullopt;
  PcapShape shape;
  shape.big_endian = is_magic(load_be32(header, 0));
  const bool big = shape.big_endian;
  const uint32_t magic = pcapng::load32(header, 0, big);
  shape.nanoseconds = magic == kMagicNano;
  shape.record_header_bytes = magic == kMagicModified ? 24 : 16;
  const uint16_t major = pcapng::load16(header, 4, big);
  const uint16_t minor = pcapng::load16(header, 6, big);
  if (major == 2 && minor < 3) shape.lengths = PcapShape::Lengths::kSwapped;
  if (major == 2 && minor == 3) shape.lengths = PcapShape::Lengths::kMaybeSwapped;
  if (major == 543) shape.lengths = PcapShape::Lengths::kSwapped;  // DG/UX tcpdump
  snaplen = pcapng::load32(header, 16, big);
  // The upper bits of the link type tell the length of frame check sequences.
  shape.link_type = static_cast<LinkType>(pcapng::load32(header, 20, big) & 0xffff);
  return shape;
}

PcapRecord parse_pcap_record(const PcapShape& shape, const std::byte* bytes) {
  if (shape.snoop) [[unlikely]]
    return parse_snoop_record(bytes);
  const bool big = shape.big_endian;
  PcapRecord record;
  const int64_t fraction = host32(bytes + 4, big);
  record.ts.ns = int64_t{host32(bytes, big)} * Timestamp::kSecond +
                 (shape.nanoseconds ? fraction : fraction * 1000);
  record.caplen = host32(bytes + 8, big);
  record.len = host32(bytes + 12, big);
  if (shape.lengths != PcapShape::Lengths::kUsual) [[unlikely]] {
    const bool swapped =
        shape.lengths == PcapShape::Lengths::kSwapped || record.caplen > record.len;
    if (swapped) std::swap(record.caplen, record.len);
  }
  if (shape.record_header_bytes == 24) {
    const auto type = static_cast<uint8_t>(bytes[22]);
    record.flags = type == kPacketTypeOutgoing ? kPacketOutbound : kPacketInbound;
  }
  return record;
}

uint32_t packet_bytes_max(LinkType link_type) {
  constexpr uint16_t kDbus = 231, kUsbPcap = 249, kEbhscr = 279;
  const auto number = static_cast<uint16_t>(link_type);
  const bool large = number == kDbus || number == kUsbPcap || number == kEbhscr;
  return large ? limits::kPcapngBlockBytesMax : limits::kPacketBytesMax;
}

bool PcapReader::open() {
  if (layout_ || ended_) return layout_ != nullptr;
  Fill state = window_->need(4);
  const bool snoop = state == Fill::kReady && is_snoop_magic({window_->data(), 4});
  const uint32_t header_bytes = snoop ? kSnoopHeaderBytes : kPcapHeaderBytes;
  if (state == Fill::kReady) state = window_->need(header_bytes);
  if (state == Fill::kIdle) return false;
  if (state != Fill::kReady) {
    stop(state, "the file header", header_bytes);
    return false;
  }
  uint32_t snaplen = 0;
  const Bytes header{window_->data(), header_bytes};
  auto shape = snoop ? parse_snoop_header(header) : parse_pcap_header(header, snaplen);
  if (!shape) {
    ended_ = true;
    damage_ = snoop ? "damaged at byte 0: not a version or data link of snoop that is read here"
                    : "damaged at byte 0: not a pcap file header";
    return false;
  }
  shape_ = *shape;
  bytes_max_ = packet_bytes_max(shape_.link_type);
  CaptureInterface interface;
  interface.link_type = shape_.link_type;
  interface.snaplen = snaplen;
  interface.ts_units_per_second = shape_.nanoseconds ? 1'000'000'000 : 1'000'000;
  interfaces_.push_back(std::move(interface));
  window_->consume(header_bytes);
  layout_ = std::make_shared<CaptureLayout>(shape_);
  return true;
}

PacketSource::Next PcapReader::next(Packet& out) {
  if (ended_) return PacketSource::Next::kEnd;
  if (!layout_ && !open()) return ended_ ? PacketSource::Next::kEnd : PacketSource::Next::kIdle;
  const uint32_t header_bytes = shape_.record_header_bytes;
  if (filling_ > 0) [[unlikely]] {
    // A file may end without the filling of its last packet.
    const Fill state = window_->need(filling_);
    if (state == Fill::kIdle) return PacketSource::Next::kIdle;
    window_->consume(std::min<uint64_t>(filling_, window_->available()));
    filling_ = 0;
  }
  if (Fill state = window_->need(header_bytes); state != Fill::kReady) [[unlikely]] {
    return stop(state, "the header of a packet", header_bytes);
  }
  const PcapRecord record = parse_pcap_record(shape_, window_->data());
  if (!record.sane) [[unlikely]] {
    ended_ = true;
    damage_ = fmt::format("damaged at byte {}: the lengths of a packet contradict each other",
                          window_->offset());
    return PacketSource::Next::kEnd;
  }
  if (record.caplen > bytes_max_) [[unlikely]] {
    ended_ = true;
    damage_ = fmt::format("damaged at byte {}: a packet of {} bytes, more than {}",
                          window_->offset(), record.caplen, bytes_max_);
    return PacketSource::Next::kEnd;
  }
  const uint32_t whole = header_bytes + record.caplen;
  if (Fill state = window_->need(whole); state != Fill::kReady) [[unlikely]] {
    return stop(state, "a packet", whole);
  }
  out.ts = record.ts;
  out.file_offset = window_->offset();
  out.caplen = record.caplen;
  out.len = record.len;
  out.interface_id = 0;
  out.link_type = shape_.link_type;
  out.flags = record.flags;
  out.data = {window_->data() + header_bytes, record.caplen};
  window_->consume(whole);
  filling_ = record.filling;
  return PacketSource::Next::kPacket;
}

PacketSource::Next PcapReader::stop(Fill why, std::string_view what, uint64_t needed) {
  if (why == Fill::kIdle) return PacketSource::Next::kIdle;
  ended_ = true;
  const uint64_t end = window_->offset() + window_->available();
  if (why == Fill::kFailed) {
    damage_ = fmt::format("damaged at byte {}: {}", end, window_->source().error());
  } else if (window_->available() > 0 || window_->offset() == 0) {
    damage_ = fmt::format("cut short at byte {}: {} begun at byte {} lacks {} bytes", end, what,
                          window_->offset(), needed - window_->available());
  }
  return PacketSource::Next::kEnd;
}

}  // namespace sp3ctra
