#include "capture/pcapng_block.h"

#include <algorithm>

namespace sp3ctra::pcapng {
namespace {

constexpr uint16_t kOptionPacketFlags = 2;  // epb_flags and pack_flags alike
constexpr size_t kFixedBytes = 20;          // of an enhanced or obsolete packet block's body

}  // namespace

std::optional<Option> OptionReader::next() {
  if (bytes_.size() < 4) return std::nullopt;
  Option option{load16(bytes_, 0, big_endian_), {}};
  const uint16_t length = load16(bytes_, 2, big_endian_);
  if (option.code == kOptionEnd || length > bytes_.size() - 4) return std::nullopt;
  option.value = bytes_.subspan(4, length);
  bytes_ = bytes_.subspan(std::min<size_t>(bytes_.size(), 4 + padded(length)));
  return option;
}

bool parse_packet(const Block& block, RawPacket& out) {
  const Bytes body = block.body();
  const bool big = block.big_endian;
  if (block.type == kSimplePacket) {
    if (body.size() < 4) return false;
    out.interface_id = 0;
    out.has_time = false;
    out.len = load32(body, 0, big);
    out.data = body.subspan(4, std::min<size_t>(body.size() - 4, out.len));
    out.options = {};
    return true;
  }
  if (body.size() < kFixedBytes) return false;
  out.interface_id = block.type == kEnhancedPacket ? load32(body, 0, big) : load16(body, 0, big);
  out.time_units = uint64_t{load32(body, 4, big)} << 32 | load32(body, 8, big);
  out.has_time = true;
  const uint32_t caplen = load32(body, 12, big);
  out.len = load32(body, 16, big);
  if (caplen > body.size() - kFixedBytes) return false;
  out.data = body.subspan(kFixedBytes, caplen);
  out.options = body.subspan(std::min<size_t>(body.size(), kFixedBytes + padded(caplen)));
  return true;
}

void resolve_packet(const Block& block, const RawPacket& raw, const InterfaceShape& shape,
                    Timestamp no_time, Packet& out) {
  out.file_offset = block.offset;
  out.data = raw.data;
  // A simple packet block does not say how much was captured: the interface's snap length does.
  if (block.type == kSimplePacket && shape.snaplen != 0 && shape.snaplen < out.data.size()) {
    out.data = out.data.first(shape.snaplen);
  }
  out.caplen = static_cast<uint32_t>(out.data.size());
  out.len = raw.len;
  out.link_type = shape.link_type;
  out.ts = raw.has_time ? shape.time.time(raw.time_units) : no_time;
  out.flags = raw.has_time ? 0 : static_cast<uint16_t>(kPacketNoTime);
  if (raw.options.empty()) return;
  OptionReader options(raw.options, block.big_endian);
  while (auto option = options.next()) {
    if (option->code == kOptionPacketFlags && option->value.size() == 4) {
      out.flags |= direction_flags(load32(option->value, 0, block.big_endian));
    }
  }
}

uint16_t direction_flags(uint32_t flags_word) {
  switch (flags_word & 3) {
    case 1:
      return kPacketInbound;
    case 2:
      return kPacketOutbound;
    default:
      return 0;
  }
}

}  // namespace sp3ctra::pcapng
