#pragma once
// What other link layers share with Ethernet: names of ethertypes, and how long a payload says it
// is.
#include "protocols/dissection.h"

namespace sp3ctra {

/// Names of well-known ethertypes, for fields that hold one.
extern const std::span<const ValueName> kEthertypeNames;

/// Bytes that the protocol behind `ethertype` claims of `in` by its own length field (IPv4, IPv6,
/// ARP); all of it when it has none or the bytes are too few to tell. Never more than in.reported.
uint32_t claimed_length(uint32_t ethertype, const Input& in) noexcept;

/// Runs the child for an ethertype ("data" when nobody knows it); returns the bytes it claimed.
uint32_t call_ethertype(Dissection& d, uint32_t ethertype, Input in) noexcept;

}  // namespace sp3ctra
