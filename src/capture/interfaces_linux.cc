// Interfaces as Linux tells them: the link table, getifaddrs, ethtool, /proc/net and, for what only
// it knows, /sys.

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <tuple>

#include "base/ip_address.h"
#include "base/shell_word.h"
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

/// The card's speed, as its driver tells it; 0 = not told. Works in every namespace.
uint32_t speed_mbps(int any_socket, const std::string& name) {
  // The settings end in three masks of as many words as the kernel says.
  alignas(ethtool_link_settings)
      std::array<char, sizeof(ethtool_link_settings) + 3 * SCHAR_MAX * sizeof(uint32_t)>
          room{};
  auto& settings = *reinterpret_cast<ethtool_link_settings*>(room.data());
  ifreq ask{};
  std::memcpy(ask.ifr_name, name.data(), std::min(name.size(), sizeof ask.ifr_name - 1));
  ask.ifr_data = room.data();
  settings.cmd = ETHTOOL_GLINKSETTINGS;
  if (::ioctl(any_socket, SIOCETHTOOL, &ask) != 0) return 0;
  if (settings.link_mode_masks_nwords >= 0) return 0;
  settings.cmd = ETHTOOL_GLINKSETTINGS;
  settings.link_mode_masks_nwords = static_cast<int8_t>(-settings.link_mode_masks_nwords);
  if (::ioctl(any_socket, SIOCETHTOOL, &ask) != 0) return 0;
  const uint32_t told = settings.speed;
  return told < 10'000'000 ? told : 0;  // UINT32_MAX: unknown
}

bool is_wireless(int any_socket, const std::string& name) {
  ifreq ask{};
  std::memcpy(ask.ifr_name, name.data(), std::min(name.size(), sizeof ask.ifr_name - 1));
  constexpr unsigned long kWirelessName = 0x8B01;  // SIOCGIWNAME; its header quarrels with if.h
  return ::ioctl(any_socket, kWirelessName, &ask) == 0;
}

/// The last part of where a link of /sys points to.
std::string link_end(const std::string& path) {
  std::error_code ec;
  return std::filesystem::read_symlink(path, ec).filename().string();
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
  }
}

InterfaceInfo info_of(const Link& link, const std::vector<Link>& links, int any_socket) {
  InterfaceInfo i;
  i.name = link.name;
  if (link.mac != 0) i.mac = mac_text(link.mac);
  i.index = link.index;
  i.mtu = link.mtu;
  i.hardware_type = link.hardware_type;
  i.up = link.up;
  i.carrier = link.up && link.carrier;
  i.loopback = link.loopback;
  i.rx_bytes = link.rx_bytes;
  i.tx_bytes = link.tx_bytes;
  const std::string sys = sys_directory(i);
  // A real device has a bus behind it. Kernels before 5.14 tell it only in /sys.
  const bool has_device = !link.bus.empty() || (!sys.empty() && exists(sys + "/device"));
  const bool unknown =
      link.bus.empty() && sys.empty() && link.kind.empty() && link.hardware_type == ARPHRD_ETHER;
  i.is_virtual = !has_device && !unknown;
  i.usb = link.bus == "usb" || (!sys.empty() && link_end(sys + "/device/subsystem") == "usb");
  LinkFacts facts;
  facts.wireless = is_wireless(any_socket, i.name) ||
                   (!sys.empty() && (exists(sys + "/phy80211") || exists(sys + "/wireless")));
  facts.mobile =
      !sys.empty() && read_text(sys + "/uevent").find("DEVTYPE=wwan\n") != std::string::npos;
  for (const Link& other : links)
    if (link.below != 0 && other.index == link.below) facts.below_name = other.name;
  i.wireless = facts.wireless;
  if (i.up) i.speed_mbps = speed_mbps(any_socket, i.name);
  describe_link(link, facts, i);
  return i;
}

void judge(InterfaceInfo& i, const Rights& rights) {
  if (!live_link(i.hardware_type)) {
    Unreadable no = unreadable_frames(i.hardware_type, i.name);
    i.why = std::move(no.why);
    i.fix = std::move(no.fix);
  } else if (!rights.can_capture) {
    i.why = rights.why;
    i.fix = rights.fix;
  } else if (!i.up) {
    i.why = "it is switched off";
    i.fix = fmt::format("sudo ip link set dev {} up", shell_word(i.name));
  } else {
    i.capturable = true;
  }
}

}  // namespace

Result<std::vector<InterfaceInfo>> list_interfaces(const Rights& rights) {
  const auto links = read_links();
  if (!links) return tl::unexpected(links.error());
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return fail_errno("cannot list the network interfaces");
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(raw, &::freeifaddrs);
  const auto defaults =
      default_route_names(read_text("/proc/net/route"), read_text("/proc/net/ipv6_route"));
  const Descriptor any(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  std::vector<InterfaceInfo> out;
  for (const Link& link : *links) {
    InterfaceInfo i = info_of(link, *links, any.get());
    for (const ifaddrs* a = list.get(); a; a = a->ifa_next) {
      // An address may carry a label ("eth0:1"), which is no interface of its own.
      const std::string_view label = a->ifa_name;
      if (a->ifa_addr && label.substr(0, label.find(':')) == link.name)
        add_address(i, *a->ifa_addr);
    }
    i.default_route = std::find(defaults.begin(), defaults.end(), i.name) != defaults.end();
    judge(i, rights);
    out.push_back(std::move(i));
  }
  std::sort(out.begin(), out.end(), [](const InterfaceInfo& a, const InterfaceInfo& b) {
    return std::tuple(!a.default_route, !a.up, std::string_view(a.name)) <
           std::tuple(!b.default_route, !b.up, std::string_view(b.name));
  });
  return out;
}

}  // namespace sp3ctra
