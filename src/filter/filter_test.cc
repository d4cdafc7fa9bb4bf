// What filters show: precedence, relations, values of many kinds, against trees made by hand.
#include "filter/filter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/limits.h"
#include "filter/filter_test_fields.h"

namespace sp3ctra {
namespace {

using filter_test::lookup;
using filter_test::PacketMaker;

PacketMaker web() {
  PacketMaker p;
  p.bytes("EEEEEESSSSSSttIIIITTTTGET /index HTTP/1.1");
  p.layer("frame", 0, 41)
      .number("frame.number", 7)
      .number("frame.len", 1500)
      .number("frame.cap_len", 41);
  p.number("frame.time", 1'767'268'800'000'000'000)  // 2026-01-01 12:00:00 UTC
      .number("frame.time_epoch", 1'767'268'800'000'000'000)
      .number("frame.time_relative", 1'500'000'000)
      .number("frame.offset", static_cast<uint64_t>(-5));
  p.layer("eth", 0, 14).number("eth.src", 0x00008300aabb).number("eth.dst", 0xffffffffffff);
  p.layer("ip", 14, 4).ip("ip.src", "10.0.0.1").ip("ip.dst", "192.168.1.20").number("ip.ttl", 64);
  p.layer("tcp", 18, 4)
      .number("tcp.srcport", 40000)
      .number("tcp.dstport", 80)
      .number("tcp.flags", 0x12)
      .number("tcp.flags.syn", 1)
      .number("tcp.flags.ack", 0);
  p.layer("data", 22, 19).text("data.data", "GET /index HTTP/1.1");
  return p;
}

PacketMaker dns() {
  PacketMaker p;
  p.bytes(std::string("uuuu\3www\7example\3com", 20));
  p.layer("frame", 0, 20).number("frame.number", 8);
  p.layer("ipv6", 0, 0).ip("ipv6.src", "fe80::1").ip("ipv6.dst", "2001:db8::53");
  p.layer("udp", 0, 4).number("udp.srcport", 5353).number("udp.dstport", 53);
  p.layer("dns", 4, 16).text("dns.qry.name", "www.Example.com").number("dns.qry.type", 28);
  p.ip("dns.a", "1.1.1.1").ip("dns.a", "1.1.1.2");
  return p;
}

PacketMaker tunnel() {
  PacketMaker p;
  p.layer("frame").number("frame.number", 9);
  p.layer("ip").ip("ip.src", "10.0.0.1").ip("ip.dst", "10.0.0.2");
  p.layer("ip").ip("ip.src", "172.16.0.1").ip("ip.dst", "172.16.0.2");
  p.layer("icmp").number("icmp.type", 3);
  return p;
}

bool shows(std::string_view text, const PacketMaker& p) {
  const auto f = parse_filter(text, lookup());
  EXPECT_TRUE(f.has_value()) << text << ": " << (f ? "" : f.error().message);
  return f && f->matches(p.tree);
}

struct Case {
  const char* text;
  bool web, dns, tunnel;
};

class Shows : public testing::TestWithParam<Case> {};
TEST_P(Shows, AsWireshark) {
  const Case& c = GetParam();
  EXPECT_EQ(shows(c.text, web()), c.web) << c.text;
  EXPECT_EQ(shows(c.text, dns()), c.dns) << c.text;
  EXPECT_EQ(shows(c.text, tunnel()), c.tunnel) << c.text;
}

INSTANTIATE_TEST_SUITE_P(
    Presence, Shows,
    testing::Values(Case{"", true, true, true}, Case{"  ", true, true, true},
                    Case{"tcp", true, false, false}, Case{"not tcp", false, true, true},
                    Case{"!tcp", false, true, true},
                    Case{"tcp.flags.ack", true, false, false},  // present though not set
                    Case{"ip.src", true, false, true}, Case{"eth.src[0:6]", true, false, false},
                    Case{"eth.src[0:7]", false, false, false}));

INSTANTIATE_TEST_SUITE_P(Precedence, Shows,
                         testing::Values(Case{"tcp or udp and icmp", true, false, false},
                                         Case{"(tcp or udp) and icmp", false, false, false},
                                         Case{"udp && dns || icmp", false, true, true},
                                         Case{"not tcp or tcp", true, true, true},
                                         Case{"not (tcp or udp)", false, false, true},
                                         Case{"tcp xor ip", false, false, true},
                                         Case{"tcp ^^ udp", true, true, false},
                                         Case{"tcp or ip xor ip", true, false, false},
                                         Case{"! ! tcp", true, false, false},
                                         Case{"not tcp and not udp", false, false, true}));

// 4.0: != is true when all differ; ~= and !== when any differs; === when all are equal.
INSTANTIATE_TEST_SUITE_P(ManyValues, Shows,
                         testing::Values(Case{"ip.addr == 10.0.0.1", true, false, true},
                                         Case{"ip.addr != 10.0.0.1", false, false, false},
                                         Case{"not ip.addr == 10.0.0.1", false, true, false},
                                         Case{"ip.addr ~= 10.0.0.1", true, false, true},
                                         Case{"ip.addr !== 10.0.0.1", true, false, true},
                                         Case{"ip.addr any_ne 10.0.0.1", true, false, true},
                                         Case{"ip.addr all_ne 10.0.0.9", true, false, true},
                                         Case{"ip.addr ne 10.0.0.9", true, false, true},
                                         Case{"ip.addr === 10.0.0.0/8", false, false, false},
                                         Case{"ip.src === 10.0.0.1", true, false, false},
                                         Case{"ip.addr all_eq 10.0.0.1", false, false, false},
                                         Case{"ip.src any_eq 172.16.0.1", false, false, true},
                                         Case{"all tcp.port > 50", true, false, false},
                                         Case{"all tcp.port > 80", false, false, false},
                                         Case{"any tcp.port > 80", true, false, false},
                                         Case{"any tcp.port != 80", true, false, false},
                                         Case{"ip.src#2 == 172.16.0.1", false, false, true},
                                         Case{"ip.src#1 == 172.16.0.1", false, false, false},
                                         Case{"ip.src#[-1] == 10.0.0.1", true, false, false},
                                         Case{"dns.a == 1.1.1.2", false, true, false},
                                         Case{"count(dns.a) == 2", false, true, false},
                                         Case{"count(dns.a) == 0", false, false, false}));

INSTANTIATE_TEST_SUITE_P(Numbers, Shows,
                         testing::Values(Case{"tcp.dstport == 80", true, false, false},
                                         Case{"tcp.dstport == 0x50", true, false, false},
                                         Case{"tcp.dstport == 0120", true, false, false},
                                         Case{"tcp.dstport == 0b1010000", true, false, false},
                                         Case{"tcp.dstport == 'P'", true, false, false},
                                         Case{"80 == tcp.dstport", true, false, false},
                                         Case{"79 < tcp.dstport", true, false, false},
                                         Case{"81 < tcp.dstport", false, false, false},
                                         Case{"tcp.dstport lt 81", true, false, false},
                                         Case{"tcp.dstport le 80", true, false, false},
                                         Case{"tcp.dstport ge 81", false, false, false},
                                         Case{"tcp.dstport gt 79", true, false, false},
                                         Case{"frame.offset == -5", true, false, false},
                                         Case{"frame.offset < 0", true, false, false},
                                         Case{"frame.offset > -6 and frame.offset < 5", true, false,
                                              false},
                                         Case{"tcp.flags & 0x02", true, false, false},
                                         Case{"tcp.flags & 1", false, false, false},
                                         Case{"tcp.flags & 0x12 == 0x12", true, false, false},
                                         Case{"tcp.flags.syn == 1", true, false, false},
                                         Case{"tcp.flags.syn == True", true, false, false},
                                         Case{"tcp.flags.syn == 2", true, false, false},
                                         Case{"tcp.flags.ack == 0", true, false, false},
                                         Case{"dns.qry.type == AAAA", false, true, false},
                                         Case{"dns.qry.type == \"AAAA\"", false, true, false},
                                         Case{"dns.qry.type == 1", false, false, false},
                                         Case{"tcp.srcport == tcp.dstport", false, false, false},
                                         Case{"tcp.srcport > tcp.dstport", true, false, false},
                                         Case{"frame.len != frame.cap_len", true, false, false}));

INSTANTIATE_TEST_SUITE_P(
    Sets, Shows,
    testing::Values(Case{"tcp.port in {80, 443}", true, false, false},
                    Case{"tcp.port in {1..79 81..1000}", false, false, false},
                    Case{"tcp.port in {1..80}", true, false, false},
                    Case{"tcp.port not in {80}", false, true, true},
                    Case{"ip.addr in {10.0.0.0/30, 1.1.1.1}", true, false, true},
                    Case{"ip.src in {10.0.0.0..10.0.0.5}", true, false, true},
                    Case{"dns.qry.name in {\"a\", \"www.Example.com\"}", false, true, false},
                    Case{"ipv6.src in {fe80::1}", false, true, false},
                    Case{"frame.number in {8,9}", false, true, true}));

INSTANTIATE_TEST_SUITE_P(Addresses, Shows,
                         testing::Values(Case{"ip.src == 10.0.0.0/8", true, false, true},
                                         Case{"ip.dst == 192.168.1.0/28", false, false, false},
                                         Case{"ip.dst == 192.168.1.16/28", true, false, false},
                                         Case{"ip.src < 10.0.0.2", true, false, true},
                                         Case{"ip.src == 0.0.0.0/0", true, false, true},
                                         Case{"ipv6.addr == 2001:db8::/32", false, true, false},
                                         Case{"ipv6.addr == 2001:db9::/32", false, false, false},
                                         Case{"ipv6.src == fe80::/9", false, true, false},
                                         Case{"eth.src == 00:00:83:00:aa:bb", true, false, false},
                                         Case{"eth.src == 00-00-83-00-AA-BB", true, false, false},
                                         Case{"eth.src == 0000.8300.aabb", true, false, false},
                                         Case{"eth.addr == ff:ff:ff:ff:ff:ff", true, false, false},
                                         Case{"eth.src[0:3] == 00:00:83", true, false, false},
                                         Case{"eth.src[-2:2] == aa:bb", true, false, false},
                                         Case{"eth.src[4-5] == aa:bb", true, false, false},
                                         Case{"eth.src[2] == 83", true, false, false},
                                         Case{"eth.src[0,2,5] == 00:83:bb", true, false, false},
                                         Case{"eth.src[:3] == 00:00:83", true, false, false},
                                         Case{"eth.src[4:] == aa:bb", true, false, false},
                                         Case{"ip.src[0] == 0a", true, false, true},
                                         Case{"eth.src contains 83:00", true, false, false},
                                         Case{"len(eth.src) == 6", true, false, false}));

INSTANTIATE_TEST_SUITE_P(
    TextAndBytes, Shows,
    testing::Values(Case{"dns.qry.name contains \"Example\"", false, true, false},
                    Case{"dns.qry.name contains \"example\"", false, false, false},
                    Case{"lower(dns.qry.name) == \"www.example.com\"", false, true, false},
                    Case{"upper(dns.qry.name) contains \"EXAMPLE\"", false, true, false},
                    Case{"len(dns.qry.name) == 15", false, true, false},
                    Case{"dns.qry.name matches \"^WWW\"", false, true, false},
                    Case{"dns.qry.name ~ \"ple\\.com$\"", false, true, false},
                    Case{"dns.qry.name matches r\"^w{3}\\.\"", false, true, false},
                    Case{"dns.qry.name[0:3] == \"www\"", false, true, false},
                    Case{"dns.qry.name[0:3] == 77:77:77", false, true, false},
                    Case{"dns.qry.name > \"v\"", false, true, false},
                    Case{"dns.qry.name == \"\\x77ww.Example\\056com\"", false, true, false},
                    Case{"data.data contains 47:45:54", true, false, false},
                    Case{"data.data[0:3] == \"GET\"", true, false, false},
                    Case{"tcp contains \"index\"", true, false, false},
                    Case{"tcp[0:4] == \"TTTT\"", true, false, false},
                    Case{"tcp[4:3] == 47:45:54", true, false, false},
                    Case{"ip contains EEEE", false, false, false},
                    Case{"frame contains \"SSSSSS\"", true, false, false},
                    Case{"frame[6:2] == 53:53", true, false, false},
                    Case{"frame[500:1] != 00", true, true, true},
                    Case{"frame[500:1] == 00", false, false, false},
                    Case{"frame matches \"get /\"", true, false, false},
                    Case{"len(frame) == 41", true, false, false}));

INSTANTIATE_TEST_SUITE_P(
    Times, Shows,
    testing::Values(Case{"frame.time == \"2026-01-01 12:00:00\"", true, false, false},
                    Case{"frame.time == \"2026-01-01T12:00:00Z\"", true, false, false},
                    Case{"frame.time == \"2026-01-01 13:00:00.0 +01:00\"", true, false, false},
                    Case{"frame.time == \"Jan 1, 2026 12:00:00.000000000 UTC\"", true, false,
                         false},
                    Case{"frame.time > \"2026-01-01\"", true, false, false},
                    Case{"frame.time < 2026-01-01", false, false, false},
                    Case{"frame.time_epoch == 1767268800", true, false, false},
                    Case{"frame.time_epoch > \"2025-12-31\"", true, false, false},
                    Case{"frame.time_relative >= 1.5", true, false, false},
                    Case{"frame.time_relative > 1500ms", false, false, false},
                    Case{"frame.time_relative < 1.500000001", true, false, false}));

INSTANTIATE_TEST_SUITE_P(
    ShortForms, Shows,
    testing::Values(
        Case{"10.0.0.1", true, false, true}, Case{"172.16.0.0/12", false, false, true},
        Case{"2001:db8::53", false, true, false}, Case{"00:00:83:00:aa:bb", true, false, false},
        Case{"host 10.0.0.1", true, false, true}, Case{"net 10.0.0.0/8", true, false, true},
        Case{"port 80", true, false, false}, Case{"port 53", false, true, false},
        Case{"port 53 or port 80", true, true, false}, Case{"not port 53", true, false, true},
        Case{"index", true, false, false}, Case{"INDEX and 10.0.0.1", true, false, false},
        Case{"www.example.com", false, true, false}, Case{"\"GET /\"", true, false, false},
        Case{"nothing.of.this", false, false, false}));

TEST(Filter, FrameBytesMayComeFromOutside) {
  PacketMaker p = web();
  const std::vector<std::byte> bytes = std::move(p.tree.sources[0].bytes);
  p.tree.sources[0].bytes.clear();
  const auto f = parse_filter("tcp contains \"index\"", lookup());
  EXPECT_FALSE(f->matches(p.tree));
  EXPECT_TRUE(f->matches(p.tree, bytes));
}

TEST(Filter, PaddingBeforeAProtocolIsNotPartOfIt) {
  PacketMaker p;
  p.bytes("hhttPPPP");
  p.layer("frame", 0, 8).layer("eth", 0, 2).text("data.data", "x");
  p.tree.nodes.back().offset = 4, p.tree.nodes.back().length = 4;
  p.layer("tcp", 2, 2);
  EXPECT_FALSE(shows("tcp contains \"PP\"", p));
  EXPECT_TRUE(shows("eth contains \"PP\"", p));
}

TEST(Filter, HostilePatternsEnd) {
  PacketMaker p;
  p.layer("dns").text("dns.qry.name", std::string(5000, 'a'));
  EXPECT_FALSE(shows("dns.qry.name matches \"^(a+)+(a+)+$b\"", p));
}

TEST(Filter, RunsInManyThreads) {
  const auto f = parse_filter("dns.qry.name matches \"example\" and not tcp", lookup());
  const PacketMaker p = dns();
  std::vector<std::thread> threads;
  std::atomic<int> hits{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n) hits += f->matches(p.tree);
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(hits, 2000);
}

TEST(Filter, HeaderOnlyIsToldByWhatItAsks) {
  for (const char* text :
       {"", "tcp and not udp", "ip.addr == 10.0.0.0/8", "port 53", "frame.number > 5",
        "frame.time > \"2026-01-01\"", "tcp.flags.syn == 1 and vlan.id == 5", "ip"})
    EXPECT_TRUE(parse_filter(text, lookup())->header_only()) << text;
  for (const char* text :
       {"dns.qry.name", "ip.ttl == 1", "word", "ip.src[0] == 0a", "ip.src#1 == 1.1.1.1",
        "ip.src == ip.dst", "count(ip.addr) == 2", "frame contains \"x\"", "tcp or ip.ttl > 1"})
    EXPECT_FALSE(parse_filter(text, lookup())->header_only()) << text;
}

}  // namespace
}  // namespace sp3ctra
