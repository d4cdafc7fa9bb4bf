#include "decode/shard.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "base/ip_address.h"
#include "base/limits.h"

namespace sp3ctra {
namespace {

constexpr uint16_t kIpv4Type = 0x0800, kIpv6Type = 0x86dd;

uint16_t type_of_raw_ip(Bytes b) {
  if (b.empty()) return 0;
  const int version = load8(b, 0) >> 4;
  return version == 4 ? kIpv4Type : version == 6 ? kIpv6Type : uint16_t{0};
}

NetworkStart skip_vlan(Bytes b, uint16_t type, uint32_t at) {
  for (int depth = 0; depth < 4; ++depth) {
    if (type != 0x8100 && type != 0x88a8 && type != 0x9100) break;
    if (b.size() < at + 4) return {};
    type = load_be16(b, at + 2);
    at += 4;
  }
  return {type, at};
}

/// Address pair of the IP header at `b`; quoted ICMP error headers are followed once.
bool address_pair(Bytes b, uint16_t type, bool follow, Bytes& first, Bytes& second) {
  if (type == kIpv4Type) {
    if (b.size() < 20) return false;
    first = b.subspan(12, 4);
    second = b.subspan(16, 4);
    const size_t header = (load8(b, 0) & 15u) * 4;
    const bool whole = (load_be16(b, 6) & 0x1fff) == 0;
    if (!follow || !whole || load8(b, 9) != 1 || header < 20 || b.size() < header + 8 + 20)
      return true;
    const uint8_t icmp = load8(b, header);
    if (icmp == 3 || icmp == 4 || icmp == 5 || icmp == 11 || icmp == 12)
      address_pair(b.subspan(header + 8), kIpv4Type, false, first, second);
    return true;
  }
  if (type != kIpv6Type || b.size() < 40) return false;
  first = b.subspan(8, 16);
  second = b.subspan(24, 16);
  if (follow && load8(b, 6) == 58 && b.size() >= 40 + 8 + 40 && load8(b, 40) >= 1 &&
      load8(b, 40) <= 4)
    address_pair(b.subspan(48), kIpv6Type, false, first, second);
  return true;
}

}  // namespace

NetworkStart network_start(const Packet& p) noexcept {
  const Bytes b = p.data;
  switch (p.link_type) {
    case LinkType::kEthernet:
      return b.size() < 14 ? NetworkStart{} : skip_vlan(b, load_be16(b, 12), 14);
    case LinkType::kLinuxSll:
      return b.size() < 16 ? NetworkStart{} : skip_vlan(b, load_be16(b, 14), 16);
    case LinkType::kLinuxSll2:
      return b.size() < 20 ? NetworkStart{} : skip_vlan(b, load_be16(b, 0), 20);
    case LinkType::kNull:
    case LinkType::kLoop:
      return b.size() < 5 ? NetworkStart{} : NetworkStart{type_of_raw_ip(b.subspan(4)), 4};
    case LinkType::kRaw:
    case LinkType::kIpv4:
    case LinkType::kIpv6:
      return {type_of_raw_ip(b), 0};
  }
  return {};
}

uint32_t shard_of(const Packet& p) noexcept {
  const NetworkStart start = network_start(p);
  if (start.ethertype == 0 || start.offset > p.data.size()) return 0;
  Bytes first, second;
  if (!address_pair(p.data.subspan(start.offset), start.ethertype, true, first, second)) return 0;
  std::byte pair[32];
  if (std::memcmp(first.data(), second.data(), first.size()) > 0) std::swap(first, second);
  std::memcpy(pair, first.data(), first.size());
  std::memcpy(pair + first.size(), second.data(), second.size());
  return static_cast<uint32_t>(XXH3_64bits(pair, first.size() + second.size())) % limits::kShards;
}

}  // namespace sp3ctra
