// The link table over rtnetlink: the layout is the kernel's (linux/rtnetlink.h).
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "capture/link_table.h"

namespace sp3ctra {
namespace {

constexpr size_t kAnswerBytes = 64 * 1024;

Descriptor netlink_socket(uint32_t groups) {
  Descriptor fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (fd.open() && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fd.reset();
  }
  return fd;
}

template <class T>
T value_of(const rtattr* attribute) {
  T out{};
  std::memcpy(&out, RTA_DATA(attribute), std::min<size_t>(sizeof out, RTA_PAYLOAD(attribute)));
  return out;
}

LinkInfo link_of(const nlmsghdr* message) {
  const auto* head = static_cast<const ifinfomsg*>(NLMSG_DATA(message));
  LinkInfo link;
  link.index = static_cast<uint32_t>(head->ifi_index);
  link.up = (head->ifi_flags & IFF_UP) != 0;
  link.carrier = (head->ifi_flags & IFF_LOWER_UP) != 0;
  auto left = static_cast<int>(IFLA_PAYLOAD(message));
  for (const rtattr* a = IFLA_RTA(head); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
    if (a->rta_type == IFLA_IFNAME) {
      const auto* text = static_cast<const char*>(RTA_DATA(a));
      link.name.assign(text, ::strnlen(text, RTA_PAYLOAD(a)));
    } else if (a->rta_type == IFLA_MTU) {
      link.mtu = value_of<uint32_t>(a);
    } else if (a->rta_type == IFLA_STATS64) {
      const auto counted = value_of<rtnl_link_stats64>(a);
      link.card_drops = counted.rx_dropped + counted.rx_missed_errors;
    }
  }
  return link;
}

}  // namespace

LinkTable::LinkTable() : events_(netlink_socket(RTMGRP_LINK)), asking_(netlink_socket(0)) {
  const timeval patience = {1, 0};
  ::setsockopt(asking_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

void LinkTable::hear() const {
  // What they say does not matter (and some may be lost): the table is read as a whole.
  std::array<char, 4096> ignored;
  for (int i = 0; i < 1024; ++i) {
    const ssize_t n = ::recv(events_.get(), ignored.data(), ignored.size(), MSG_DONTWAIT);
    if (n < 0 && errno != ENOBUFS && errno != EINTR) return;
  }
}

std::optional<std::vector<LinkInfo>> LinkTable::read() {
  struct {
    nlmsghdr head;
    ifinfomsg body;
  } ask{};
  ask.head.nlmsg_len = sizeof ask;
  ask.head.nlmsg_type = RTM_GETLINK;
  ask.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  ask.head.nlmsg_seq = ++sequence_;
  if (::send(asking_.get(), &ask, sizeof ask, 0) < 0) return std::nullopt;
  std::vector<LinkInfo> links;
  alignas(nlmsghdr) static thread_local std::array<char, kAnswerBytes> answer;
  for (;;) {
    const ssize_t n = ::recv(asking_.get(), answer.data(), answer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    auto left = static_cast<uint32_t>(n);
    for (auto* m = reinterpret_cast<const nlmsghdr*>(answer.data()); NLMSG_OK(m, left);
         m = NLMSG_NEXT(m, left)) {
      if (m->nlmsg_seq != sequence_) continue;  // of a question given up before
      if (m->nlmsg_type == NLMSG_DONE) return links;
      if (m->nlmsg_type == NLMSG_ERROR) return std::nullopt;
      if (m->nlmsg_type == RTM_NEWLINK) links.push_back(link_of(m));
    }
  }
}

}  // namespace sp3ctra
