#pragma once
// What IPv4 and IPv6 share: the names of the protocols above them, the checksum, and the way up.
#include <string>

#include "protocols/dissection.h"

namespace sp3ctra {

/// Names of IP protocol numbers, for fields that hold one.
extern const std::span<const ValueName> kIpProtoNames;

/// Word for an IP protocol number: "UDP", or "protocol 253".
std::string ip_proto_text(uint8_t ip_proto);

/// Internet checksum (RFC 1071) over `data`, starting from `sum`; 0 when a correct checksum lies
/// inside the data.
uint16_t internet_checksum(Bytes data, uint32_t sum = 0) noexcept;
/// Sum over the pseudo header of IPv6 (RFC 8200 8.1), to start internet_checksum with.
uint32_t pseudo_header_sum(const IpAddress& src, const IpAddress& dst, uint32_t length,
                           uint8_t ip_proto) noexcept;

/// Runs the protocol above IP, "data" when nobody knows it. `in` holds what IP says it holds.
void call_ip_proto(Dissection& d, uint8_t ip_proto, Input in) noexcept;

}  // namespace sp3ctra
