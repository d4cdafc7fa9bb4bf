// RTM_GETLINK, asked once and read to its end.
#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "capture/capd_descriptor.h"
#include "capture/link_details.h"

namespace sp3ctra {
namespace {

/// Calls f(type, value bytes) for every attribute in `bytes`.
template <class F>
void each_attribute(std::span<const char> bytes, F f) {
  while (bytes.size() >= sizeof(rtattr)) {
    rtattr head;
    std::memcpy(&head, bytes.data(), sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > bytes.size()) return;
    f(head.rta_type & NLA_TYPE_MASK, bytes.subspan(sizeof head, head.rta_len - sizeof head));
    bytes = bytes.subspan(std::min<size_t>(RTA_ALIGN(head.rta_len), bytes.size()));
  }
}

template <class T>
T value_of(std::span<const char> bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

std::string text_of(std::span<const char> bytes) {
  return {bytes.data(), ::strnlen(bytes.data(), bytes.size())};
}

void read_kind(std::span<const char> bytes, Link& link) {
  std::span<const char> data;
  each_attribute(bytes, [&](unsigned type, std::span<const char> value) {
    if (type == IFLA_INFO_KIND) link.kind = text_of(value);
    if (type == IFLA_INFO_DATA) data = value;
  });
  if (link.kind != "vlan") return;
  each_attribute(data, [&](unsigned type, std::span<const char> value) {
    if (type == IFLA_VLAN_ID) link.vlan_id = value_of<uint16_t>(value);
  });
}

void read_counters(std::span<const char> bytes, Link& link) {
  const auto counted = value_of<rtnl_link_stats64>(bytes);
  link.rx_bytes = counted.rx_bytes;
  link.tx_bytes = counted.tx_bytes;
  link.rx_packets = counted.rx_packets;
  link.tx_packets = counted.tx_packets;
}

Link read_link(std::span<const char> message) {
  Link link;
  const auto head = value_of<ifinfomsg>(message);
  link.index = static_cast<uint32_t>(head.ifi_index);
  link.hardware_type = head.ifi_type;
  link.up = (head.ifi_flags & IFF_UP) != 0;
  link.carrier = (head.ifi_flags & IFF_LOWER_UP) != 0;
  link.loopback = (head.ifi_flags & IFF_LOOPBACK) != 0;
  bool below_is_elsewhere = false;
  const size_t skip = std::min<size_t>(NLMSG_ALIGN(sizeof head), message.size());
  each_attribute(message.subspan(skip), [&](unsigned type, std::span<const char> value) {
    if (type == IFLA_IFNAME) link.name = text_of(value);
    if (type == IFLA_MTU) link.mtu = value_of<uint32_t>(value);
    if (type == IFLA_LINK) link.below = value_of<uint32_t>(value);
    if (type == IFLA_LINK_NETNSID) below_is_elsewhere = true;
    if (type == IFLA_LINKINFO) read_kind(value, link);
    if (type == IFLA_STATS64) read_counters(value, link);
    if (type == IFLA_PARENT_DEV_BUS_NAME) link.bus = text_of(value);
    if (type == IFLA_ADDRESS && value.size() == 6)
      for (const char c : value) link.mac = link.mac << 8 | static_cast<unsigned char>(c);
  });
  // The number is one of another namespace, or the link's own.
  if (below_is_elsewhere || link.below == link.index) link.below = 0;
  return link;
}

Status ask_for_links(int fd) {
  struct {
    nlmsghdr head;
    ifinfomsg body;
  } request{};
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = RTM_GETLINK;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  const timeval patience = {2, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::send(fd, &request, sizeof request, 0) < 0)
    return fail_errno("cannot ask for the network interfaces");
  return {};
}

}  // namespace

Result<std::vector<Link>> read_links() {
  const Descriptor fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.open()) return fail_errno("cannot ask for the network interfaces");
  TRY(ask_for_links(fd.get()));
  std::vector<Link> links;
  std::vector<char> buffer(1 << 16);  // the kernel sends at most 32 KiB at once
  for (;;) {
    const ssize_t n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail_errno("cannot list the network interfaces");
    std::span<const char> rest(buffer.data(), static_cast<size_t>(n));
    while (rest.size() >= sizeof(nlmsghdr)) {
      const auto head = value_of<nlmsghdr>(rest);
      if (head.nlmsg_len < sizeof head || head.nlmsg_len > rest.size()) break;
      if (head.nlmsg_type == NLMSG_DONE) return links;
      if (head.nlmsg_type == NLMSG_ERROR) return fail("the kernel lists no network interfaces");
      if (head.nlmsg_type == RTM_NEWLINK)
        links.push_back(read_link(rest.subspan(sizeof head, head.nlmsg_len - sizeof head)));
      rest = rest.subspan(std::min<size_t>(NLMSG_ALIGN(head.nlmsg_len), rest.size()));
    }
  }
}

}  // namespace sp3ctra
