#pragma once
// The network interfaces of this machine: what they are in plain words, and whether one can
// capture there. Any thread; a call reads the kernel's tables anew (about 1 ms).
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/capd.h"

namespace sp3ctra {

/// One interface, as `GET /interfaces`, the CLI and doctor show it.
struct InterfaceInfo {
  std::string name;
  std::string friendly;                ///< "Ethernet cable", "Wi-Fi", "tunnel" …
  std::vector<std::string> addresses;  ///< IPv4 first, then IPv6; without prefix length
  std::string mac;                     ///< empty where there is none
  uint32_t index = 0;
  uint32_t mtu = 0;
  uint32_t speed_mbps = 0;     ///< 0 = not told
  uint32_t hardware_type = 0;  ///< ARPHRD_*
  bool up = false;
  bool wireless = false;
  bool is_virtual = false;
  bool loopback = false;
  bool default_route = false;  ///< the way to everything else goes through here
  bool capturable = false;
  std::string why;        ///< why not; empty when it can
  std::string fix;        ///< one shell command that changes it, or empty
  uint64_t rx_bytes = 0;  ///< since boot (or since the interface was made)
  uint64_t tx_bytes = 0;
};

/// All interfaces: those with a default route first, then those that are up, then by name.
Result<std::vector<InterfaceInfo>> list_interfaces(const Rights& rights);

/// The interface a newcomer should capture on: default route, else up and not loopback, else the
/// loopback; null when none can be captured on.
const InterfaceInfo* preferred_interface(const std::vector<InterfaceInfo>& interfaces);

/// Names of interfaces with a usable default route, from the texts of /proc/net/route and
/// /proc/net/ipv6_route; no duplicates.
std::vector<std::string> default_route_names(std::string_view route, std::string_view ipv6_route);

/// One line of /proc/net/dev.
struct InterfaceCounters {
  std::string name;
  uint64_t rx_bytes = 0;
  uint64_t tx_bytes = 0;
};
std::vector<InterfaceCounters> parse_counters(std::string_view proc_net_dev);

}  // namespace sp3ctra
