#include "base/ip_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

namespace sp3ctra {

IpAddress IpAddress::v4(Bytes four) {
  IpAddress a;
  a.version = 4;
  std::memcpy(a.octets.data(), four.data(), 4);
  return a;
}

IpAddress IpAddress::v6(Bytes sixteen) {
  IpAddress a;
  a.version = 6;
  std::memcpy(a.octets.data(), sixteen.data(), 16);
  return a;
}

IpAddress IpAddress::v4(uint32_t host_order) {
  IpAddress a;
  a.version = 4;
  const uint32_t n = __builtin_bswap32(host_order);
  std::memcpy(a.octets.data(), &n, 4);
  return a;
}

uint32_t IpAddress::v4_host_order() const { return load_be32(bytes(), 0); }

std::string IpAddress::text() const {
  if (version == 0) return {};
  char out[INET6_ADDRSTRLEN] = {};
  inet_ntop(version == 4 ? AF_INET : AF_INET6, octets.data(), out, sizeof out);
  return out;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string z(text);
  IpAddress a;
  if (inet_pton(AF_INET, z.c_str(), a.octets.data()) == 1) {
    a.version = 4;
    return a;
  }
  if (inet_pton(AF_INET6, z.c_str(), a.octets.data()) == 1) {
    a.version = 6;
    return a;
  }
  return std::nullopt;
}

std::string mac_text(uint64_t mac) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac >> 40 & 255, mac >> 32 & 255,
                     mac >> 24 & 255, mac >> 16 & 255, mac >> 8 & 255, mac & 255);
}

}  // namespace sp3ctra
