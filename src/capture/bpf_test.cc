#include "capture/bpf.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <atomic>
#include <ctime>
#include <random>
#include <thread>

#include "base/ip_address.h"
#include "base/limits.h"
#include "capture/live_test_namespace.h"

// Every name that anything in this program asks to be looked up comes by here.
namespace {
std::atomic<int> names_asked{0};
std::string last_name_asked;
}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** out) {
  using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const Real real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (node && !sp3ctra::IpAddress::parse(node)) {
    ++names_asked;
    last_name_asked = node;
    return EAI_NONAME;
  }
  return real(node, service, hints, out);
}

extern "C" hostent* gethostbyname(const char* name) {
  ++names_asked;
  last_name_asked = name;
  return nullptr;
}

extern "C" int getnetbyname_r(const char* name, netent*, char*, size_t, netent** out, int*) {
  ++names_asked;
  last_name_asked = name;
  *out = nullptr;
  return 1;
}

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

TEST(Bpf, NoTextWhateverAsksForAName) {
  ASSERT_EQ(names_asked, 0);
  for (const char* text : {"src 1-7",
                           "host 1.2.3.4.5",
                           "host 0x",
                           "host foo:bar",
                           "host abc:def",
                           "host 1..2",
                           "icmp-evil.example.com",
                           "proto \\[ or host evil",
                           "net 10.1.2.3.4",
                           "host \\evil",
                           "ip[host evil]",
                           "host evil@x",
                           "evil",
                           "not evil",
                           "(evil",
                           "ether host evil",
                           "portrange 1-2 and src evil",
                           "gateway evil",
                           "port 80 and tcp evil",
                           "tcp and 1-x",
                           "host $evil",
                           "host 12345678901g",
                           "net evil mask 255.0.0.0",
                           "\xc3\xa9vil.example"}) {
    const auto program = compile_bpf(text, LinkType::kEthernet, 100);
    EXPECT_FALSE(program) << text;
    EXPECT_EQ(names_asked.exchange(0), 0) << text << " asked for " << last_name_asked;
  }
  // Any mix of the language's words, names, numbers and signs.
  const std::vector<std::string> words = {"host",
                                          "net",
                                          "port",
                                          "portrange",
                                          "proto",
                                          "src",
                                          "dst",
                                          "tcp",
                                          "udp",
                                          "ip",
                                          "ip6",
                                          "ether",
                                          "and",
                                          "or",
                                          "not",
                                          "(",
                                          ")",
                                          "[",
                                          "]",
                                          "evil",
                                          "evil.example.com",
                                          "1-7",
                                          "80",
                                          "1.2.3.4",
                                          "1.2.3.4.5",
                                          "::1",
                                          "a:b",
                                          "\\tcp",
                                          "=",
                                          "&",
                                          ":",
                                          "vlan",
                                          "len",
                                          "http",
                                          "mask",
                                          "/",
                                          "24",
                                          "gateway",
                                          "broadcast",
                                          "aa:bb:cc:dd:ee:ff",
                                          "0x1f",
                                          "$",
                                          "-",
                                          "\\",
                                          "icmptype",
                                          "icmp-x",
                                          "type",
                                          "on",
                                          "action",
                                          "reason",
                                          "dir",
                                          "llc",
                                          "wlan",
                                          "addr1",
                                          "ra",
                                          "1e100.net",
                                          "inbound"};
  std::mt19937 random(20261122);
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (size_t n = 1 + random() % 7; n > 0; --n) {
      text += words[random() % words.size()];
      if (random() % 4) text += ' ';
    }
    const LinkType link = random() % 4 ? LinkType::kEthernet : LinkType::kRaw;
    const auto program = compile_bpf(text, link, 100);
    ASSERT_EQ(names_asked, 0) << text << " asked for " << last_name_asked;
    if (!program) {
      ASSERT_FALSE(program.error().message.empty()) << text;
      ASSERT_LE(program.error().position + program.error().length, text.size()) << text;
    }
  }
}

TEST(Bpf, ExpensiveTextIsBounded) {
  const std::clock_t before = std::clock();  // of this process: the machine may be busy
  const auto repeat = [](std::string text, const char* more) {
    while (text.size() < 2000) text += more;
    return text.substr(0, limits::kCaptureFilterBytesMax);
  };
  (void)compile_bpf(repeat("port 80", " or portrange 1-70"), LinkType::kEthernet, 100);
  (void)compile_bpf(repeat("portrange 1-2", " or 1-70"), LinkType::kEthernet, 100);
  (void)compile_bpf(repeat("tcp", " or port 7") + " or prot", LinkType::kEthernet, 100);
  EXPECT_LT((std::clock() - before) / CLOCKS_PER_SEC, 4);
}

TEST(Bpf, HostileTextIsRefusedQuickly) {
  EXPECT_FALSE(compile_bpf(std::string(100'000, 'a'), LinkType::kEthernet, 100));
  EXPECT_FALSE(compile_bpf(std::string(2000, '('), LinkType::kEthernet, 100));
  EXPECT_FALSE(compile_bpf(std::string("tcp\0udp", 7), LinkType::kEthernet, 100));
  std::string many = "tcp";
  while (many.size() < 2000) many += " or port 7";
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
