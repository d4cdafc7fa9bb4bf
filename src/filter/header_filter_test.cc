// The scan over index columns against evaluation of each packet's tree, on random packets.
#include "filter/header_filter.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <ctime>
#include <random>

#include "filter/filter_test_fields.h"

namespace sp3ctra {
namespace {

using filter_test::lookup;
using filter_test::PacketMaker;

const std::vector<std::vector<std::string_view>>& stacks() {
  static const std::vector<std::vector<std::string_view>> s{{"eth", "ip", "tcp", "data"},
                                                            {"eth", "ip", "udp", "dns"},
                                                            {"eth", "ipv6", "tcp"},
                                                            {"eth", "vlan", "ip", "tcp", "ssh"},
                                                            {"eth", "ip", "icmp", "ip", "tcp"},
                                                            {"eth", "ip", "icmp", "data"},
                                                            {"eth", "data"},
                                                            {"eth", "ip", "ipv6", "udp"},
                                                            {"eth", "ip", "data"},
                                                            {"eth", "ip", "icmp"}};
  return s;
}

/// Rows as the index has them, and the same packets as trees.
struct Rows {
  std::vector<int64_t> ts;
  std::vector<uint32_t> len, caplen, flow;
  std::vector<uint8_t> direction;
  std::vector<uint16_t> tcp_flags, stack, bits;
  std::vector<FlowFacts> flows;
  std::vector<Tree> trees;

  RowColumns columns() const {
    return {ts.size(),
            ts.data(),
            len.data(),
            caplen.data(),
            flow.data(),
            direction.data(),
            tcp_flags.data(),
            stack.data(),
            bits.data(),
            1,
            0xffff};
  }
};

IpAddress address(int version, unsigned n) {
  if (version == 4) return IpAddress::v4(0x0a000000u + n);
  return *IpAddress::parse("2001:db8::" + std::to_string(n));
}

FlowFacts facts_for(const std::vector<std::string_view>& stack, std::mt19937& random) {
  FlowFacts f;
  const auto has = [&](std::string_view n) {
    return std::count(stack.begin(), stack.end(), n) > 0;
  };
  const int version = has("ipv6") ? 6 : has("ip") ? 4 : 0;
  if (version)
    f.orig = address(version, static_cast<unsigned>(random() % 5)),
    f.resp = address(version, static_cast<unsigned>(random() % 5));
  f.ip_proto = has("icmp") ? 1 : has("tcp") ? 6 : has("udp") ? 17 : 50;
  f.has_ports = !has("icmp") && (has("tcp") || has("udp"));
  if (f.has_ports) {
    f.orig_port = static_cast<uint16_t>(50 + random() % 6);
    f.resp_port = static_cast<uint16_t>(random() % 2 ? 53 : 80);
  }
  f.has_vlan = f.vlan_exact = has("vlan");
  f.vlan = f.has_vlan ? static_cast<uint16_t>(random() % 3) : 0;
  return f;
}

void draw_layer(PacketMaker& p, std::string_view name, const FlowFacts& f, bool reversed,
                uint16_t flags, bool quoted, bool outer) {
  p.layer(name);
  const IpAddress& src = reversed ? f.resp : f.orig;
  const IpAddress& dst = reversed ? f.orig : f.resp;
  const auto port = [&](bool source) { return source != reversed ? f.orig_port : f.resp_port; };
  if (name == "vlan") p.number("vlan.id", f.vlan);
  if (name == "ip" && (quoted || outer || src.version != 4)) {
    p.ip("ip.src", "10.0.0.3").ip("ip.dst", "10.0.0.4").number("ip.proto", 6);
  } else if (name == "ip") {
    p.ip("ip.src", src.text()).ip("ip.dst", dst.text()).number("ip.proto", f.ip_proto);
  }
  if (name == "ipv6") p.ip("ipv6.src", src.text()).ip("ipv6.dst", dst.text());
  if (name == "tcp") {
    const uint16_t shown = quoted ? 0x02 : flags;
    p.number("tcp.srcport", quoted ? 80 : port(true))
        .number("tcp.dstport", quoted ? 51 : port(false));
    p.number("tcp.flags", shown)
        .number("tcp.flags.syn", shown >> 1 & 1)
        .number("tcp.flags.ack", shown >> 4 & 1);
  }
  if (name == "udp") p.number("udp.srcport", port(true)).number("udp.dstport", port(false));
  if (name == "dns")
    p.text("dns.qry.name", "example.com").number("dns.qry.type", flags & 1 ? 1 : 28);
}

Rows make_rows(size_t n, unsigned seed, size_t flows = 40) {
  std::mt19937 random(seed);
  Rows r;
  std::vector<uint16_t> flow_stack;
  for (size_t i = 0; i < flows; ++i) {
    flow_stack.push_back(static_cast<uint16_t>(random() % stacks().size()));
    r.flows.push_back(facts_for(stacks()[flow_stack.back()], random));
  }
  for (size_t i = 0; i < n; ++i) {
    const uint32_t flow = static_cast<uint32_t>(random() % r.flows.size());
    const auto& stack = stacks()[flow_stack[flow]];
    const bool reversed = random() % 2, no_ip = stack[1] == "data";
    r.flow.push_back(no_ip ? kNoFlow : flow);
    r.stack.push_back(flow_stack[flow]);
    r.direction.push_back(reversed);
    r.ts.push_back(static_cast<int64_t>(random() % 10) - 3);
    r.len.push_back(static_cast<uint32_t>(60 + random() % 10));
    r.caplen.push_back(r.len.back() - (random() % 16 == 0));
    const bool tcp = std::count(stack.begin(), stack.end(), "tcp") > 0;
    r.tcp_flags.push_back(tcp ? static_cast<uint16_t>(random() % 32) : uint16_t{0});
    r.bits.push_back(random() % 16 == 0);
    PacketMaker p;
    p.layer("frame").number("frame.number", i + 1).number("frame.len", r.len.back());
    p.number("frame.cap_len", r.caplen.back())
        .number("frame.time", static_cast<uint64_t>(r.ts.back()));
    p.number("frame.time_epoch", static_cast<uint64_t>(r.ts.back()));
    bool quoted = false;
    for (size_t layer = 0; layer < stack.size(); ++layer) {
      const bool outer = layer + 1 < stack.size() && stack[layer + 1] == "ipv6";
      draw_layer(p, stack[layer], r.flows[flow], reversed, r.tcp_flags.back(), quoted, outer);
      quoted |= stack[layer] == "icmp";
    }
    r.trees.push_back(std::move(p.tree));
  }
  return r;
}

bool plain(const Rows& r, size_t i) {
  const bool cut = r.caplen[i] < r.len[i];
  const bool layered = r.stack[i] == 4 || r.stack[i] == 7 || r.stack[i] == 9;
  return !cut && !layered && r.bits[i] == 0;
}

HeaderProgram prepare(const Filter& f, const Rows& r) {
  HeaderProgram program = HeaderProgram::compile(f);
  for (uint32_t i = 0; i < r.flows.size(); ++i) program.set_flow(i, r.flows[i]);
  for (uint16_t i = 0; i < stacks().size(); ++i) program.set_stack(i, {stacks()[i]});
  return program;
}

std::string random_filter(std::mt19937& random, int depth, bool deep) {
  static const char* const kHeader[] = {"tcp",
                                        "udp",
                                        "dns",
                                        "vlan",
                                        "ipv6",
                                        "frame",
                                        "icmp",
                                        "ip.src == 10.0.0.1",
                                        "ip.addr != 10.0.0.2",
                                        "ip.addr ~= 10.0.0.2",
                                        "ip.dst == 10.0.0.0/30",
                                        "ip.dst in {10.0.0.1, 10.0.0.3..10.0.0.4}",
                                        "ipv6.addr == 2001:db8::1",
                                        "tcp.port == 80",
                                        "tcp.srcport > 51",
                                        "all tcp.port > 52",
                                        "udp.port == 53",
                                        "port 53",
                                        "port 80",
                                        "tcp.flags.syn == 1",
                                        "tcp.flags.ack == 0",
                                        "tcp.flags & 3 == 2",
                                        "tcp.flags == 0x12",
                                        "frame.number > 50",
                                        "frame.number in {3, 10..20, 90}",
                                        "frame.number != 5",
                                        "frame.len >= 65",
                                        "frame.cap_len < 64",
                                        "frame.time_epoch < 0",
                                        "frame.time_epoch >= 0.000000002",
                                        "vlan.id == 1",
                                        "ip.proto == 6",
                                        "ip.src",
                                        "tcp.flags",
                                        "tcp.dstport === 80",
                                        "10.0.0.3",
                                        "tcp.flags & 2"};
  static const char* const kDeep[] = {"dns.qry.name contains \"exam\"", "dns.qry.type == 1",
                                      "ip.src == ip.dst", "ip.src#2 == 10.0.0.3",
                                      "count(ip.src) == 2"};
  if (depth > 0 && random() % 3) {
    const std::string a = random_filter(random, depth - 1, deep);
    if (random() % 4 == 0) return "not (" + a + ")";
    const char* const joints[] = {") and (", ") or (", ") xor ("};
    return "(" + a + joints[random() % 3] + random_filter(random, depth - 1, deep) + ")";
  }
  if (deep && random() % 3 == 0) return kDeep[random() % std::size(kDeep)];
  return kHeader[random() % std::size(kHeader)];
}

TEST(HeaderFilter, AgreesWithTheTreesOnRandomRows) {
  const Rows r = make_rows(5000, 1);
  std::mt19937 random(7);
  size_t decided = 0, yes_rows = 0;
  for (int round = 0; round < 400; ++round) {
    const bool deep = round % 2;
    const std::string text = random_filter(random, round % 4, deep);
    const auto f = parse_filter(text, lookup());
    ASSERT_TRUE(f) << text << ": " << f.error().message;
    const HeaderProgram program = prepare(*f, r);
    EXPECT_EQ(program.exact(), f->header_only());
    std::vector<uint64_t> yes(r.ts.size() / 64 + 1, ~0ull), maybe(yes);
    program.evaluate(r.columns(), yes.data(), maybe.data());
    for (size_t i = 0; i < r.ts.size(); ++i) {
      const bool y = yes[i / 64] >> (i % 64) & 1, m = maybe[i / 64] >> (i % 64) & 1;
      ASSERT_FALSE(y && m) << text;
      const bool right = m || y == f->matches(r.trees[i]);
      ASSERT_TRUE(right) << text << " row " << i << " stack " << r.stack[i];
      const bool open = f->header_only() && plain(r, i) && m;
      ASSERT_FALSE(open) << text << " row " << i << " stack " << r.stack[i];
      decided += !m, yes_rows += y;
    }
    EXPECT_EQ(yes.back() >> (r.ts.size() % 64), 0u);
  }
  EXPECT_GT(decided, 400 * 5000 / 2);
  EXPECT_GT(yes_rows, 100'000u);
}

TEST(HeaderFilter, ADeepTestIsFalseWithoutItsProtocol) {
  const Rows r = make_rows(2000, 2);
  const auto f = parse_filter("dns.qry.type == 1 and ip.src == 10.0.0.1", lookup());
  std::vector<uint64_t> yes(r.ts.size() / 64 + 1), maybe(yes);
  prepare(*f, r).evaluate(r.columns(), yes.data(), maybe.data());
  for (size_t i = 0; i < r.ts.size(); ++i) {
    const bool m = maybe[i / 64] >> (i % 64) & 1;
    EXPECT_FALSE(m && plain(r, i) && r.stack[i] != 1) << i;
  }
}

TEST(HeaderFilter, UnknownFlowsStacksAndMissingFlowsAreLeftOpen) {
  Rows r = make_rows(3, 3);
  r.flow = {1000, kNoFlow, 0};
  r.stack = {0, 0, 999};
  r.bits = {0, 0, 0};
  r.caplen = r.len;
  const auto f = parse_filter("ip.src == 10.0.0.1", lookup());
  uint64_t yes = 0, maybe = 0;
  prepare(*f, r).evaluate(r.columns(), &yes, &maybe);
  EXPECT_EQ(yes, 0u);
  EXPECT_EQ(maybe, 7u);
}

TEST(HeaderFilter, EverythingIsEverything) {
  const Rows r = make_rows(70, 4);
  uint64_t yes[2], maybe[2];
  prepare(Filter(), r).evaluate(r.columns(), yes, maybe);
  EXPECT_EQ(yes[0], ~0ull);
  EXPECT_EQ(yes[1], 63u);
  EXPECT_EQ(maybe[0] | maybe[1], 0u);
}

TEST(HeaderFilter, SpeedIsPrinted) {
  constexpr size_t kRows = 65'536, kFlows = 100'000;
  std::mt19937 random(5);
  Rows r = make_rows(1, 5);
  for (size_t i = 1; i < kRows; ++i) {
    r.ts.push_back(static_cast<int64_t>(i));
    r.len.push_back(1500), r.caplen.push_back(1500);
    r.flow.push_back(static_cast<uint32_t>(random() % kFlows));
    r.direction.push_back(random() % 2), r.stack.push_back(static_cast<uint16_t>(random() % 4));
    r.tcp_flags.push_back(static_cast<uint16_t>(random() % 32)), r.bits.push_back(0);
  }
  const auto f = parse_filter(
      "(ip.addr == 10.0.0.1 or tcp.port == 443) and not dns and tcp.flags.syn == 1", lookup());
  HeaderProgram program = prepare(*f, r);
  for (uint32_t i = 0; i < kFlows; ++i) program.set_flow(i, r.flows[i % r.flows.size()]);
  std::vector<uint64_t> yes(kRows / 64), maybe(kRows / 64);
  const std::clock_t start = std::clock();  // processor time: other programs do not count
  constexpr int kBlocks = 16;
  for (int i = 0; i < kBlocks; ++i) program.evaluate(r.columns(), yes.data(), maybe.data());
  const double took_s = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::printf("[ MEASURED ] header filter: %.1f ns/row, %.2f s for 10 million rows (this build)\n",
              took_s * 1e9 / (kBlocks * kRows), took_s * 1e7 / (kBlocks * kRows));
}

TEST(HeaderFilter, ForgottenFlowsAreAskedOfTheirPackets) {
  // More flows than shards: what a shard still remembers must not move when its oldest goes.
  const Rows r = make_rows(10'000, 3, 3 * limits::kShards);
  const auto f = parse_filter("ip.src == 10.0.0.1 or tcp.port == 80", lookup());
  ASSERT_TRUE(f);
  HeaderProgram program = prepare(*f, r);
  const size_t words = (r.ts.size() + 63) / 64;
  std::vector<uint64_t> yes(words), maybe(words), later_yes(words), later_maybe(words);
  program.evaluate(r.columns(), yes.data(), maybe.data());
  constexpr uint32_t kForgotten = 20;
  // One shard at a time: 20 of them, and of the shards of all others nothing is forgotten.
  for (uint32_t shard = 0; shard < kForgotten; ++shard)
    program.forget_flows_below(shard + limits::kShards);
  program.set_flow(3, r.flows[3]);  // is not remembered again
  program.evaluate(r.columns(), later_yes.data(), later_maybe.data());
  size_t asked = 0;
  for (size_t i = 0; i < r.ts.size(); ++i) {
    const auto bit = [i](const std::vector<uint64_t>& w) { return w[i / 64] >> (i % 64) & 1; };
    if (r.flow[i] != kNoFlow && r.flow[i] < kForgotten) {
      EXPECT_TRUE(bit(later_maybe) || bit(later_yes) == bit(yes)) << i;
      asked += bit(later_maybe) && !bit(maybe);
    } else {
      EXPECT_EQ(bit(later_yes), bit(yes)) << i;
      EXPECT_EQ(bit(later_maybe), bit(maybe)) << i;
    }
  }
  EXPECT_GT(asked, 100u);
}

TEST(HeaderFilter, BytesThatAMatchMustHold) {
  const auto program = [](std::string_view text) {
    return HeaderProgram::compile(*parse_filter(text, lookup()));
  };
  const auto could = [&](std::string_view text, std::string_view bytes) {
    return program(text).could_match(as_bytes(bytes));
  };
  const std::string_view with("..\x0a\0\0\1..", 8), without("..\x0a\0\0\2..", 8);
  EXPECT_TRUE(could("ip.src == 10.0.0.1", with));
  EXPECT_FALSE(could("ip.src == 10.0.0.1", without));
  EXPECT_FALSE(could("tcp.srcport == 80 and ip.src == 10.0.0.1", with));
  EXPECT_FALSE(could("tcp.srcport == 80 or ip.src == 10.0.0.1", without));
  EXPECT_TRUE(could("tcp.srcport == 80 or ip.src == 10.0.0.1", with));
  EXPECT_FALSE(could("frame.len > 1000 or ip.src == 10.0.0.1", without));
  EXPECT_TRUE(could("(frame.len > 1000 and ip) or ip.src == 10.0.0.1", without));
  EXPECT_TRUE(could("not ip.src == 10.0.0.1", without));
  EXPECT_TRUE(could("ip.src != 10.0.0.1", without));
  EXPECT_TRUE(could("ip.src == 10.0.0.0/8", "nothing"));
  EXPECT_TRUE(could("tcp.srcport == 80", std::string_view("\0P", 2)));
}

}  // namespace
}  // namespace sp3ctra
