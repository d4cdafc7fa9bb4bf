#pragma once
// Which shard a packet belongs to, found without dissecting it.
#include <cstdint>

#include "capture/packet.h"

namespace sp3ctra {

/// 0 … limits::kShards-1: hash of the outermost unordered IP pair, so that both directions,
/// fragments and tunnels of two hosts land together. An ICMP error goes with the packet it quotes;
/// non-IP and unreadable packets to shard 0. Depends on nothing but the packet.
uint32_t shard_of(const Packet& packet) noexcept;

/// Where the network layer starts in a frame: EtherType and offset; 0 when it cannot be told.
struct NetworkStart {
  uint16_t ethertype = 0;
  uint32_t offset = 0;
};
NetworkStart network_start(const Packet& packet) noexcept;

}  // namespace sp3ctra
