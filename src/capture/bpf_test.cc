#include "capture/bpf.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/limits.h"
#include "capture/live_test_namespace.h"

namespace sp3ctra {
namespace {

using live_test::udp_frame;

uint32_t kept(const std::string& text, const std::vector<uint8_t>& frame) {
  const auto program = compile_bpf(text, LinkType::kEthernet, 1000);
  EXPECT_TRUE(program) << text << ": " << program.error().message;
  if (!program) return 0;
  return program->match(std::as_bytes(std::span(frame)), static_cast<uint32_t>(frame.size()));
}

BpfError error_of(const std::string& text) {
  const auto program = compile_bpf(text, LinkType::kEthernet, 1000);
  EXPECT_FALSE(program) << text;
  return program ? BpfError{} : program.error();
}

/// The piece of `text` that its error points at.
std::string pointed_at(const std::string& text) {
  const BpfError e = error_of(text);
  EXPECT_FALSE(e.message.empty());
  return e.position <= text.size() ? text.substr(e.position, e.length) : "(outside)";
}

TEST(Bpf, CompilesAndMatches) {
  EXPECT_EQ(kept("", udp_frame(53, 20)), 1000u);
  EXPECT_EQ(kept("udp port 53", udp_frame(53, 20)), 1000u);
  EXPECT_EQ(kept("udp port 53", udp_frame(80, 20)), 0u);
  EXPECT_EQ(kept("host 10.9.0.2 and not tcp", udp_frame(80, 20)), 1000u);
  EXPECT_EQ(kept("udp[8] = 0x55", udp_frame(80, 20)), 1000u);
  EXPECT_EQ(kept("port http or domain", udp_frame(53, 20)), 1000u);
  EXPECT_EQ(kept("vlan 7 and udp port 53", udp_frame(53, 20, 7)), 1000u);
  EXPECT_EQ(kept("vlan 7 and udp port 53", udp_frame(53, 20, 8)), 0u);
}

TEST(Bpf, KnowsWhenItNeedsTags) {
  EXPECT_TRUE(compile_bpf("vlan and ip", LinkType::kEthernet, 100)->needs_tags);
  EXPECT_FALSE(compile_bpf("ip", LinkType::kEthernet, 100)->needs_tags);
  EXPECT_NE(error_of("vlan and inbound").message.find("cannot be combined"), std::string::npos);
}

TEST(Bpf, OtherLinkTypes) {
  EXPECT_TRUE(compile_bpf("tcp port 80", LinkType::kRaw, 100));
  EXPECT_FALSE(compile_bpf("ether host 1:2:3:4:5:6", LinkType::kRaw, 100));
}

TEST(Bpf, ErrorsPointAtTheWord) {
  EXPECT_EQ(pointed_at("tcp prot 80"), "prot");
  EXPECT_EQ(pointed_at("tcp port 80 80 port"), "80");
  EXPECT_EQ(error_of("tcp port 80 80 port").position, 12u);
  EXPECT_EQ(pointed_at("host 10.0.0.300"), "10.0.0.300");
  EXPECT_EQ(pointed_at("(tcp or udp)) and ip"), ")");
  EXPECT_EQ(pointed_at("tcp and or udp"), "or");
  EXPECT_EQ(pointed_at("tcp port 99999"), "99999");
  EXPECT_EQ(pointed_at("port nosuchservice"), "nosuchservice");
  EXPECT_EQ(pointed_at("udp or tcp port 80 = 3"), "=");
  EXPECT_EQ(pointed_at("ip[0] & 0xf = ]"), "]");
  EXPECT_EQ(pointed_at("net 10.0.0.0/33 and tcp"), "33");
}

TEST(Bpf, UnfinishedTextPointsAtItsEnd) {
  for (const std::string text :
       {"tcp and", "port", "(tcp", "not", "ip[0", "ip[0] & 1", "host", "(ip[2:2] > 100 and"}) {
    const BpfError e = error_of(text);
    EXPECT_EQ(e.position, text.size()) << text << ": " << e.message;
    EXPECT_EQ(e.length, 0u) << text;
  }
}

TEST(Bpf, NeverAsksForHostNames) {
  EXPECT_EQ(pointed_at("host example.com"), "example.com");
  EXPECT_EQ(pointed_at("tcp port http and host example"), "example");
  EXPECT_EQ(pointed_at("port http and src 1e100.net"), "1e100.net");
  EXPECT_EQ(pointed_at("net corp"), "corp");
  EXPECT_NE(error_of("host example.com").message.find("address"), std::string::npos);
  // Words of the language that look like names.
  for (const char* text :
       {"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "icmp[icmptype] == icmp-echo",
        "ether host aa:bb:cc:dd:ee:ff", "ether broadcast or multicast", "ether proto \\arp",
        "ip proto \\tcp", "net 192.168 and greater 100", "ip6 host fe80::1",
        "src or dst portrange 80-90", "inbound", "ether host aabb.ccdd.eeff", "pppoes and ip",
        "len > 100", "ip protochain 6", "net 10.0.0.0 mask 255.0.0.0"}) {
    const auto program = compile_bpf(text, LinkType::kEthernet, 100);
    EXPECT_TRUE(program) << text << ": " << program.error().message;
  }
}

TEST(Bpf, HostileTextIsRefusedQuickly) {
  EXPECT_FALSE(compile_bpf(std::string(100'000, 'a'), LinkType::kEthernet, 100));
  EXPECT_FALSE(compile_bpf(std::string(4000, '('), LinkType::kEthernet, 100));
  EXPECT_FALSE(compile_bpf(std::string("tcp\0udp", 7), LinkType::kEthernet, 100));
  std::string many = "tcp";
  while (many.size() < 4000) many += " or port 7";
  EXPECT_TRUE(compile_bpf(many, LinkType::kEthernet, 100));
  EXPECT_FALSE(compile_bpf("ip[1000000000000]=1", LinkType::kEthernet, 100));
  EXPECT_FALSE(compile_bpf("tcp and udp", LinkType::kEthernet, 100));
  EXPECT_NE(error_of("tcp and udp").message.find("can ever match"), std::string::npos);
}

TEST(Bpf, ManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(compile_bpf("tcp port 80 or udp port 53", LinkType::kEthernet, 100));
        EXPECT_FALSE(compile_bpf("tcp prot", LinkType::kEthernet, 100));
      }
    });
  }
  for (auto& t : threads) t.join();
}

TEST(Bpf, DefaultExclusionIsAFilterThatCanBeRead) {
  EXPECT_EQ(default_exclusion(5000), "not (host 127.0.0.1 and tcp port 5000)");
  EXPECT_EQ(kept(default_exclusion(5000), udp_frame(5000, 20)), 1000u);
}

}  // namespace
}  // namespace sp3ctra
