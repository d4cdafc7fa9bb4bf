// Interfaces as Linux tells them: getifaddrs, /proc/net and, for what only it knows, /sys.

#include <ifaddrs.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "base/ip_address.h"
#include "capture/interfaces.h"
#include "capture/live_source.h"

namespace sp3ctra {
namespace {

/// A small file of /proc or /sys; empty when it cannot be read.
std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  if (in) out << in.rdbuf();
  return out ? out.str() : std::string();
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

long number_in(const std::string& path) {
  const std::string text = read_text(path);
  long value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The interface's directory in /sys, or empty: /sys may show another network namespace, so a name
/// counts only when its number is right.
std::string sys_directory(const InterfaceInfo& i) {
  const std::string path = "/sys/class/net/" + i.name;
  return number_in(path + "/ifindex") == static_cast<long>(i.index) ? path : std::string();
}

std::string kind_words(const InterfaceInfo& i, const std::string& sys) {
  const std::string uevent = sys.empty() ? std::string() : read_text(sys + "/uevent");
  const auto is = [&](const char* type) {
    return uevent.find(std::string("DEVTYPE=") + type + "\n") != std::string::npos;
  };
  const auto named = [&](const char* prefix) { return i.name.starts_with(prefix); };
  if (i.loopback) return "this computer talking to itself";
  if (i.wireless) return "Wi-Fi";
  if (is("wireguard")) return "WireGuard tunnel";
  if (is("bridge") || named("docker") || named("br-") || named("virbr")) {
    return "bridge between virtual machines or containers";
  }
  if (is("vlan")) return "VLAN on another interface";
  if (is("bond")) return "several cables bundled as one";
  if (is("wwan")) return "mobile network";
  if ((!sys.empty() && exists(sys + "/tun_flags")) || named("tun") || named("tap")) {
    return "tunnel (VPN)";
  }
  if (i.hardware_type == ARPHRD_PPP) return "dial-up or VPN link";
  if (named("veth")) return "virtual cable to a container";
  if (i.hardware_type != ARPHRD_ETHER) return "tunnel";
  if (named("usb") || named("enx")) return "Ethernet over USB";
  return i.is_virtual ? "virtual Ethernet" : "Ethernet cable";
}

void add_address(InterfaceInfo& i, const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    const auto* b = reinterpret_cast<const std::byte*>(&in.sin_addr);
    // getifaddrs gives them in any order: IPv4 goes before the first IPv6.
    const auto first_v6 = std::find_if(i.addresses.begin(), i.addresses.end(), [](const auto& a) {
      return a.find(':') != std::string::npos;
    });
    i.addresses.insert(first_v6, IpAddress::v4(Bytes{b, 4}).text());
  } else if (address.sa_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(address);
    const auto* b = reinterpret_cast<const std::byte*>(&in.sin6_addr);
    i.addresses.push_back(IpAddress::v6(Bytes{b, 16}).text());
  } else if (address.sa_family == AF_PACKET) {
    const auto& link = reinterpret_cast<const sockaddr_ll&>(address);
    i.index = static_cast<uint32_t>(link.sll_ifindex);
    i.hardware_type = link.sll_hatype;
    uint64_t mac = 0;
    for (int k = 0; k < 6; ++k) mac = mac << 8 | link.sll_addr[k];
    if (link.sll_halen == 6 && mac != 0) i.mac = mac_text(mac);
  }
}

void add_details(InterfaceInfo& i) {
  const std::string sys = sys_directory(i);
  if (!sys.empty()) {
    i.wireless = exists(sys + "/phy80211") || exists(sys + "/wireless");
    // A real device has a bus behind it; /sys links virtual ones to devices/virtual.
    i.is_virtual = !exists(sys + "/device");
    const long speed = number_in(sys + "/speed");  // -1 or unreadable: not told
    i.speed_mbps = speed > 0 && speed < 10'000'000 ? static_cast<uint32_t>(speed) : 0;
  } else {
    i.is_virtual = i.loopback || i.hardware_type != ARPHRD_ETHER;
  }
  i.friendly = kind_words(i, sys);
}

void judge(InterfaceInfo& i, const Rights& rights) {
  if (!live_link(i.hardware_type)) {
    i.why = fmt::format("its frames are of a kind (number {}) that sp3ctra cannot read",
                        i.hardware_type);
  } else if (!rights.can_capture) {
    i.why = rights.why;
    i.fix = rights.fix;
  } else if (!i.up) {
    i.why = "it is switched off";
    i.fix = fmt::format("sudo ip link set dev {} up", i.name);
  } else {
    i.capturable = true;
  }
}

}  // namespace

Result<std::vector<InterfaceInfo>> list_interfaces(const Rights& rights) {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return fail_errno("cannot list the network interfaces");
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(raw, &::freeifaddrs);
  std::map<std::string, InterfaceInfo> by_name;
  for (const ifaddrs* a = list.get(); a; a = a->ifa_next) {
    // An address may carry a label ("eth0:1"), which is no interface of its own.
    const std::string_view label = a->ifa_name;
    InterfaceInfo& i = by_name[std::string(label.substr(0, label.find(':')))];
    i.up = (a->ifa_flags & IFF_UP) != 0;
    i.loopback = (a->ifa_flags & IFF_LOOPBACK) != 0;
    if (a->ifa_addr) add_address(i, *a->ifa_addr);
  }
  const auto defaults =
      default_route_names(read_text("/proc/net/route"), read_text("/proc/net/ipv6_route"));
  for (const InterfaceCounters& c : parse_counters(read_text("/proc/net/dev"))) {
    const auto found = by_name.find(c.name);
    if (found == by_name.end()) continue;
    found->second.rx_bytes = c.rx_bytes;
    found->second.tx_bytes = c.tx_bytes;
  }
  const Descriptor any(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  std::vector<InterfaceInfo> out;
  for (auto& [name, i] : by_name) {
    i.name = name;
    i.default_route = std::find(defaults.begin(), defaults.end(), name) != defaults.end();
    ifreq ask{};
    std::memcpy(ask.ifr_name, name.data(), std::min(name.size(), sizeof ask.ifr_name - 1));
    if (::ioctl(any.get(), SIOCGIFMTU, &ask) == 0) i.mtu = static_cast<uint32_t>(ask.ifr_mtu);
    add_details(i);
    judge(i, rights);
    out.push_back(std::move(i));
  }
  std::stable_sort(out.begin(), out.end(), [](const InterfaceInfo& a, const InterfaceInfo& b) {
    return std::pair(a.default_route, a.up) > std::pair(b.default_route, b.up);
  });
  return out;
}

}  // namespace sp3ctra
