#pragma once
// Capture filters with a name, offered by the page and by `sp3ctra capture --preset`: each is shown
// as the text it is, so that it can be read and changed.
#include <algorithm>
#include <string_view>

namespace sp3ctra {

/// One named capture filter; `bpf` compiles for every link type that can be captured.
struct BpfPreset {
  std::string_view key;  ///< short, for the command line
  std::string_view name;
  std::string_view bpf;  ///< empty: everything
  std::string_view words;
};

inline constexpr BpfPreset kBpfPresets[] = {
    {"all", "Everything on the wire", "", "Nothing is left out."},
    {"internet", "Only internet traffic",
     "(ip and not net 0.0.0.0/8 and not net 127.0.0.0/8 and not net 169.254.0.0/16"
     " and not net 224.0.0.0/3 and not (src net (10.0.0.0/8 or 172.16.0.0/12 or 192.168.0.0/16"
     " or 100.64.0.0/10) and dst net (10.0.0.0/8 or 172.16.0.0/12 or 192.168.0.0/16"
     " or 100.64.0.0/10))) or (ip6 and (net 2000::/3 or net 64:ff9b::/96)"
     " and not net fe80::/10 and not dst net ff00::/8)",
     "One end is outside: no broadcast, no multicast, no loopback, nothing between two private "
     "addresses."},
    {"tcp", "TCP", "tcp", "Connections: web, mail, remote logins, files."},
    {"udp", "UDP", "udp", "Datagrams: names, calls, games, QUIC."},
    {"dns", "DNS", "port 53 or udp port 5353 or tcp port 853",
     "Which names are looked up, also on the local network (mDNS) and encrypted (DoT)."},
    {"http", "HTTP", "tcp port 80 or tcp port 8080 or tcp port 8000",
     "Web pages that anybody on the way can read."},
    {"https", "HTTPS and QUIC", "tcp port 443 or udp port 443",
     "Encrypted web: who talks to whom and when, not what."},
    {"ping", "Ping and network errors", "icmp or icmp6",
     "Reachability, and what routers say of packets that did not arrive."},
    {"neighbours", "Who is here",
     "arp or udp port 67 or udp port 68 or udp port 546 or udp port 547"
     " or (icmp6 and ip6[40] >= 133 and ip6[40] <= 137)",
     "Devices that ask for an address or for each other: ARP, DHCP, IPv6 neighbours."},
    {"new", "Connection starts and ends", "tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0",
     "What begins and ends each IPv4 TCP connection (SYN, FIN, RST): little data, the whole "
     "picture."},
    {"quiet", "Everything but SSH", "not tcp port 22",
     "For work on a machine reached over SSH, whose packets would be most of the list."},
};

/// The preset of this key or name, ignoring case; null when there is none.
inline const BpfPreset* find_bpf_preset(std::string_view wanted) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const auto same = [&](std::string_view text) {
    return std::equal(text.begin(), text.end(), wanted.begin(), wanted.end(),
                      [&](char a, char b) { return lower(a) == lower(b); });
  };
  for (const BpfPreset& p : kBpfPresets)
    if (same(p.key) || same(p.name)) return &p;
  return nullptr;
}

}  // namespace sp3ctra
