#include "flow/flow.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sp3ctra {

uint64_t FlowKey::hash() const {
  std::byte packed[44] = {};
  std::memcpy(packed, low.octets.data(), 16);
  std::memcpy(packed + 16, high.octets.data(), 16);
  std::memcpy(packed + 32, &low_port, 2);
  std::memcpy(packed + 34, &high_port, 2);
  std::memcpy(packed + 36, &extra, 4);
  packed[40] = std::byte{ip_proto};
  packed[41] = static_cast<std::byte>(kind);
  return XXH3_64bits(packed, sizeof packed);
}

Flow::Flow(const Flow& o) { *this = o; }

Flow& Flow::operator=(const Flow& o) {
  if (this == &o) return *this;
  id = o.id;
  key = o.key;
  orig_is_low = o.orig_is_low;
  started_quiet = o.started_quiet;
  stream = o.stream;
  first_ts = o.first_ts;
  last_ts = o.last_ts;
  first_frame = o.first_frame;
  last_frame = o.last_frame;
  packets = o.packets;
  bytes = o.bytes;
  application = o.application;
  vlan = o.vlan;
  has_vlan = o.has_vlan;
  contact = o.contact;
  opened_ts = o.opened_ts;
  tcp = o.tcp ? std::make_unique<TcpFlow>(*o.tcp) : nullptr;
  datagram = o.datagram ? std::make_unique<Datagram>(*o.datagram) : nullptr;
  states = o.states;
  buffered = o.buffered;
  slot = o.slot;
  newer = o.newer;
  older = o.older;
  return *this;
}

size_t buffered_bytes(const Flow& flow) noexcept {
  size_t n = 0;
  if (flow.tcp) {
    for (const TcpDirection& side : flow.tcp->side)
      n += side.held_bytes + side.held.capacity() * sizeof(HeldSegment) + side.message.capacity() +
           side.message_frames.capacity() * sizeof(uint64_t) +
           side.unacked.capacity() * sizeof(Unacked);
  }
  if (flow.datagram) {
    const Datagram& g = *flow.datagram;
    n += g.bytes.capacity() + g.pieces.capacity() * sizeof(Datagram::Piece) +
         g.frames.capacity() * sizeof(uint64_t);
  }
  return n;
}

}  // namespace sp3ctra
