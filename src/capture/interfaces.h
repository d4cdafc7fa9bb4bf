#pragma once
// The network interfaces of this machine: what they are in plain words, and whether one can
// capture there. Any thread; a call reads the kernel's tables anew (about 1 ms).
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/capd.h"
#include "capture/link_details.h"

namespace sp3ctra {

/// One interface, as `GET /interfaces`, the CLI and doctor show it.
struct InterfaceInfo {
  std::string name;
  std::string friendly;  ///< "Ethernet cable", "Wi-Fi", "tunnel" …
  std::string kind;      ///< one word: "ethernet", "wifi", "loopback", "bridge", "veth", "vlan" …
  std::vector<std::string> addresses;  ///< IPv4 first, then IPv6; without prefix length
  std::string mac;                     ///< empty where there is none
  uint32_t index = 0;
  uint32_t mtu = 0;
  uint32_t speed_mbps = 0;     ///< 0 = not told
  uint32_t hardware_type = 0;  ///< ARPHRD_*
  bool up = false;
  bool carrier = false;  ///< a cable is in, a network joined; false when not up
  bool wireless = false;
  bool is_virtual = false;  ///< no device stands behind it
  bool usb = false;
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

/// The word for a state of the rights in the API, `doctor` and error messages: "ready", "no_capd",
/// "no_right", "other_version", "other_user", "broken_capd".
std::string_view rights_word(Rights::State state);

/// Names of interfaces with a usable default route, from the texts of /proc/net/route and
/// /proc/net/ipv6_route; no duplicates.
std::vector<std::string> default_route_names(std::string_view route, std::string_view ipv6_route);

/// What the system tells of a link beside its table.
struct LinkFacts {
  bool wireless = false;
  bool mobile = false;     ///< a modem
  std::string below_name;  ///< of the link that a VLAN stands on
};
/// What it is, in one word and in plain words; sets kind and friendly of `i`, whose other members
/// are filled already.
void describe_link(const Link& link, const LinkFacts& facts, InterfaceInfo& i);

/// Why frames of an ARPHRD_* type cannot be read, and the command that makes `name` give others
/// (empty: there is none). For types that live_link() refuses.
struct Unreadable {
  std::string why, fix;
};
Unreadable unreadable_frames(uint32_t hardware_type, const std::string& name);

}  // namespace sp3ctra
