// Words for what an interface is, from what the kernel calls it.
#include <linux/if_arp.h>

#include "base/shell_word.h"
#include "capture/interfaces.h"

namespace sp3ctra {
namespace {

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

}  // namespace

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

}  // namespace sp3ctra
