// The parts of the interface list that are only text: the kernel's tables, and the choice.
#include "capture/interfaces.h"

#include <linux/if_arp.h>

#include <algorithm>
#include <charconv>

#include "base/shell_word.h"

namespace sp3ctra {
namespace {

/// Cuts the next line off `text`.
std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::vector<std::string_view> columns(std::string_view line) {
  std::vector<std::string_view> out;
  for (size_t i = 0; i < line.size();) {
    const size_t start = line.find_first_not_of(" \t", i);
    if (start == std::string_view::npos) break;
    const size_t end = std::min(line.find_first_of(" \t", start), line.size());
    out.push_back(line.substr(start, end - start));
    i = end;
  }
  return out;
}

uint64_t number(std::string_view text, int base) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

void add_once(std::vector<std::string>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

/// Links made in software, by the kernel's word for them.
struct Kind {
  std::string_view kernel, kind, words;
};
constexpr Kind kKinds[] = {
    {"tun", "tun", "tunnel (VPN)"},
    {"wireguard", "wireguard", "WireGuard tunnel"},
    {"bond", "bond", "several cables bundled as one"},
    {"team", "bond", "several cables bundled as one"},
    {"macvlan", "macvlan", "second address of another card"},
    {"macvtap", "macvlan", "second address of another card"},
    {"ipvlan", "macvlan", "second address of another card"},
    {"netkit", "veth", "virtual cable to a container"},
    {"openvswitch", "bridge", "Open vSwitch bridge"},
    {"dummy", "dummy", "dummy card: what it sends goes nowhere"},
    {"ifb", "ifb", "helper of the kernel's traffic control"},
    {"vrf", "vrf", "separate routing table (VRF)"},
    {"vxlan", "tunnel", "VXLAN tunnel"},
    {"geneve", "tunnel", "GENEVE tunnel"},
    {"gre", "tunnel", "GRE tunnel"},
    {"gretap", "tunnel", "GRE tunnel"},
    {"ip6gre", "tunnel", "GRE tunnel"},
    {"ip6gretap", "tunnel", "GRE tunnel"},
    {"ipip", "tunnel", "tunnel (IPv4 in IPv4)"},
    {"sit", "tunnel", "tunnel (IPv6 in IPv4)"},
    {"ip6tnl", "tunnel", "tunnel (in IPv6)"},
    {"vti", "tunnel", "IPsec tunnel"},
    {"vti6", "tunnel", "IPsec tunnel"},
    {"xfrm", "tunnel", "IPsec tunnel"},
};

constexpr uint64_t kRouteUp = 1;
constexpr uint64_t kRouteReject = 0x200;

}  // namespace

std::vector<std::string> default_route_names(std::string_view route, std::string_view ipv6_route) {
  std::vector<std::string> names;
  while (!route.empty()) {
    const auto c = columns(take_line(route));
    // Iface Destination Gateway Flags RefCnt Use Metric Mask …, hexadecimal
    if (c.size() < 8 || c[1] != "00000000" || c[7] != "00000000") continue;
    const uint64_t flags = number(c[3], 16);
    if ((flags & kRouteUp) && !(flags & kRouteReject)) add_once(names, c[0]);
  }
  while (!ipv6_route.empty()) {
    const auto c = columns(take_line(ipv6_route));
    // destination, its prefix, source, its prefix, next hop, metric, refs, use, flags, name
    if (c.size() < 10 || c[1] != "00" || c[0].find_first_not_of('0') != std::string_view::npos) {
      continue;
    }
    const uint64_t flags = number(c[8], 16);
    // The kernel's own "unreachable" default sits on lo.
    if ((flags & kRouteUp) && !(flags & kRouteReject) && c[9] != "lo") add_once(names, c[9]);
  }
  return names;
}

void describe_link(const Link& link, const LinkFacts& facts, InterfaceInfo& i) {
  const auto named = [&](std::string_view start) { return i.name.starts_with(start); };
  const auto say = [&](std::string_view kind, std::string words) {
    i.kind = kind;
    i.friendly = std::move(words);
  };
  if (i.loopback) return say("loopback", "this computer talking to itself");
  if (facts.wireless) return say("wifi", i.usb ? "Wi-Fi over USB" : "Wi-Fi");
  if (facts.mobile || link.kind == "rmnet") return say("mobile", "mobile network");
  if (link.kind == "vlan") {
    const std::string on = facts.below_name.empty() ? "another interface" : facts.below_name;
    return say("vlan", fmt::format("VLAN {} on {}", link.vlan_id, on));
  }
  if (link.kind == "bridge") {
    if (named("docker") || named("br-") || named("cni") || named("podman"))
      return say("bridge", "bridge between containers");
    if (named("virbr") || named("vmbr")) return say("bridge", "bridge between virtual machines");
    return say("bridge", "bridge between networks");
  }
  // Its other name is a cable, also where the end in here is called eth0.
  if (link.kind == "veth") return say("veth", "virtual cable to a container");
  if (link.kind == "tun" && i.hardware_type == ARPHRD_ETHER)
    return say("tap", "virtual card of a machine or VPN");
  for (const Kind& k : kKinds)
    if (k.kernel == link.kind) return say(k.kind, std::string(k.words));
  if (i.hardware_type == ARPHRD_PPP) return say("ppp", "dial-up or VPN link");
  if (i.hardware_type != ARPHRD_ETHER) return say("tunnel", "tunnel");
  if (i.is_virtual) return say("virtual", "virtual Ethernet");
  say("ethernet", i.usb ? "Ethernet over USB" : "Ethernet cable");
}

Unreadable unreadable_frames(uint32_t hardware_type, const std::string& name) {
  switch (hardware_type) {
    case ARPHRD_IEEE80211:
    case ARPHRD_IEEE80211_PRISM:
    case ARPHRD_IEEE80211_RADIOTAP: {
      const std::string word = shell_word(name);
      return {"it listens to raw Wi-Fi frames (monitor mode), which sp3ctra does not read",
              "sudo sh -c " + shell_word(fmt::format("ip link set dev {0} down && iw dev {0} set "
                                                     "type managed && ip link set dev {0} up",
                                                     word))};
    }
    case ARPHRD_CAN:
      return {"it is a CAN bus: its frames are not those of a network", {}};
    case ARPHRD_IEEE802154:
    case ARPHRD_IEEE802154_MONITOR:
      return {"it is an IEEE 802.15.4 radio, whose frames sp3ctra does not read", {}};
    case ARPHRD_NETLINK:
      return {"it shows messages of the kernel, not packets", {}};
    default:
      return {fmt::format("its frames are of a kind (number {}) that sp3ctra cannot read",
                          hardware_type),
              {}};
  }
}

std::string_view rights_word(Rights::State state) {
  switch (state) {
    case Rights::State::kReady:
      return "ready";
    case Rights::State::kNoCapd:
      return "no_capd";
    case Rights::State::kNoCapability:
      return "no_right";
    case Rights::State::kOtherVersion:
      return "other_version";
    case Rights::State::kUserNotListed:
      return "other_user";
    case Rights::State::kBroken:
      break;
  }
  return "broken_capd";
}

const InterfaceInfo* preferred_interface(const std::vector<InterfaceInfo>& interfaces) {
  const InterfaceInfo* best = nullptr;
  int best_rank = 0;
  for (const InterfaceInfo& i : interfaces) {
    if (!i.capturable) continue;
    const int rank = i.default_route ? 4 : i.loopback ? 1 : i.is_virtual ? 2 : 3;
    if (rank > best_rank) {
      best = &i;
      best_rank = rank;
    }
  }
  return best;
}

}  // namespace sp3ctra
