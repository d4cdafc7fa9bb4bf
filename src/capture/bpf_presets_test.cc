#include "capture/bpf_presets.h"

#include <gtest/gtest.h>

#include <set>

#include "base/ip_address.h"
#include "capture/bpf.h"

namespace sp3ctra {
namespace {

/// An Ethernet frame with a UDP datagram between two addresses of one version.
std::vector<uint8_t> frame_between(const char* src, const char* dst) {
  const auto from = IpAddress::parse(src), to = IpAddress::parse(dst);
  EXPECT_TRUE(from && to) << src << " " << dst;
  const bool v4 = from->version == 4;
  std::vector<uint8_t> out(12, 2);
  if (v4) {
    out.insert(out.end(), {0x08, 0, 0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0});
  } else {
    out.insert(out.end(), {0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, 17, 64});
  }
  for (const IpAddress& a : {*from, *to})
    for (const std::byte b : a.bytes()) out.push_back(static_cast<uint8_t>(b));
  out.insert(out.end(), {0x13, 0x88, 0, 53, 0, 8, 0, 0});
  return out;
}

bool lets_in(const BpfPreset& preset, const std::vector<uint8_t>& frame) {
  const auto program = compile_bpf(preset.bpf, LinkType::kEthernet, 1000);
  EXPECT_TRUE(program) << preset.name << ": " << program.error().message;
  return program &&
         program->match(std::as_bytes(std::span(frame)), static_cast<uint32_t>(frame.size())) > 0;
}

TEST(BpfPresets, EachCompilesWhereverOneCanCapture) {
  std::set<std::string_view> names;
  for (const BpfPreset& p : kBpfPresets) {
    for (const LinkType link : {LinkType::kEthernet, LinkType::kRaw}) {
      const auto program = compile_bpf(p.bpf, link, 1000);
      EXPECT_TRUE(program) << p.name << ": " << program.error().message;
      // Run by the kernel, which takes the VLAN tag off first.
      EXPECT_FALSE(program && program->needs_tags) << p.name;
    }
    EXPECT_FALSE(p.words.empty());
    EXPECT_TRUE(names.insert(p.name).second && names.insert(p.key).second) << p.name;
  }
  for (const char* asked :
       {"TCP", "UDP", "DNS", "HTTP", "Only internet traffic", "Everything on the wire"}) {
    EXPECT_NE(find_bpf_preset(asked), nullptr) << asked;
  }
}

TEST(BpfPresets, AreFoundByKeyAndNameInAnyCase) {
  EXPECT_EQ(find_bpf_preset("INTERNET"), find_bpf_preset("only Internet Traffic"));
  EXPECT_EQ(find_bpf_preset("all")->bpf, "");
  EXPECT_EQ(find_bpf_preset("tcpx"), nullptr);
  EXPECT_EQ(find_bpf_preset(""), nullptr);
}

TEST(BpfPresets, OnlyInternetTrafficHasOneEndOutside) {
  const BpfPreset& internet = *find_bpf_preset("internet");
  struct Pair {
    const char *src, *dst;
  };
  for (const Pair& p : {Pair{"192.168.1.5", "93.184.216.34"}, Pair{"93.184.216.34", "10.1.2.3"},
                        Pair{"8.8.8.8", "1.1.1.1"}, Pair{"172.32.0.1", "172.16.0.1"},
                        Pair{"100.64.3.4", "100.128.0.1"}, Pair{"223.255.255.1", "192.168.0.1"},
                        Pair{"2001:db8::1", "2606:4700::1111"}, Pair{"fd00::1", "2606:4700::1111"},
                        Pair{"2606:4700::1", "fd12::1"}, Pair{"fd00::1", "64:ff9b::808:808"}}) {
    EXPECT_TRUE(lets_in(internet, frame_between(p.src, p.dst))) << p.src << " " << p.dst;
  }
  for (const Pair& p :
       {Pair{"192.168.1.5", "192.168.1.6"}, Pair{"192.168.1.5", "10.0.0.1"},
        Pair{"172.16.0.1", "172.31.255.254"}, Pair{"100.64.0.1", "100.127.0.1"},
        Pair{"10.0.0.1", "100.64.0.1"}, Pair{"127.0.0.1", "127.0.0.1"},
        Pair{"169.254.3.4", "169.254.5.6"}, Pair{"169.254.3.4", "8.8.8.8"},
        Pair{"192.168.1.5", "224.0.0.251"}, Pair{"8.8.8.8", "239.1.2.3"},
        Pair{"192.168.1.5", "255.255.255.255"}, Pair{"0.0.0.0", "255.255.255.255"},
        Pair{"0.0.0.0", "8.8.8.8"}, Pair{"fe80::1", "fe80::2"}, Pair{"fe80::1", "ff02::fb"},
        Pair{"2001:db8::1", "ff0e::1"}, Pair{"fd00::1", "fd12::1"}, Pair{"::1", "::1"},
        Pair{"fe80::1", "2001:db8::1"}}) {
    EXPECT_FALSE(lets_in(internet, frame_between(p.src, p.dst))) << p.src << " " << p.dst;
  }
  std::vector<uint8_t> arp(42, 0);
  arp[12] = 8, arp[13] = 6;
  EXPECT_FALSE(lets_in(internet, arp));
  EXPECT_TRUE(lets_in(*find_bpf_preset("neighbours"), arp));
  EXPECT_TRUE(lets_in(*find_bpf_preset("dns"), frame_between("fe80::1", "fe80::2")));
}

}  // namespace
}  // namespace sp3ctra
