// Ethernet, VLAN, Linux cooked, loopback, raw IP and ARP from bytes written by hand.
#include "protocols/lower_testing.h"

namespace sp3ctra {

extern const Protocol kEth, kLlc, kLinuxSll, kLinuxSll2, kNullLoop, kRawIp, kVlan, kProviderVlan,
    kArp, kIp, kIpv6, kIpv6HopOptions, kIpv6DestinationOptions, kIpv6Routing, kIpv6Fragment, kIcmp,
    kIcmpv6, kTcp, kUdp, kData;

namespace testing {

const DispatchTables& lower_tables() {
  static const DispatchTables tables = [] {
    DispatchTables t;
    for (auto* v : {&t.ethertype, &t.tcp_port, &t.udp_port, &t.link_type}) v->resize(65536);
    t.ip_proto.resize(256);
    t.data = &kData;
    for (const Protocol* p :
         {&kEth, &kLinuxSll, &kLinuxSll2, &kNullLoop, &kRawIp, &kVlan, &kProviderVlan, &kArp, &kIp,
          &kIpv6, &kIpv6HopOptions, &kIpv6DestinationOptions, &kIpv6Routing, &kIpv6Fragment, &kIcmp,
          &kIcmpv6, &kTcp, &kUdp}) {
      for (const Binding& b : p->bindings) {
        if (b.table == Table::kLinkType) t.link_type[b.key] = p;
        if (b.table == Table::kEthertype) t.ethertype[b.key] = p;
        if (b.table == Table::kIpProto) t.ip_proto[b.key] = p;
      }
    }
    return t;
  }();
  return tables;
}

}  // namespace testing

namespace {

using testing::Bench;
using testing::hex;

const auto kArpAsk =
    hex("ffffffffffff 02005e000001 0806"
        "0001 0800 06 04 0001 02005e000001 c0a80102 000000000000 c0a80101"
        "000000000000000000000000000000000000");

TEST(Eth, AddressesTypeAndPadding) {
  Bench b;
  b.run(kArpAsk);
  EXPECT_EQ(b.number("eth.dst"), 0xffffffffffff);
  EXPECT_EQ(b.number("eth.src"), 0x02005e000001);
  EXPECT_EQ(b.number("eth.src.oui"), 0x02005e);
  EXPECT_EQ(b.number("eth.dst.ig"), 1);
  EXPECT_EQ(b.number("eth.src.lg"), 1);
  EXPECT_EQ(b.number("eth.src.ig"), 0);
  EXPECT_EQ(b.number("eth.type"), 0x0806);
  EXPECT_EQ(b.text("eth.padding").size(), 18u);
  EXPECT_TRUE(b.parsed().has_eth);
  EXPECT_EQ(b.text("frame.protocols"), "eth:ethertype:arp");
}

TEST(Eth, EveryLength) {
  Bench b;
  b.run_every_length(kArpAsk);
}

TEST(Eth, OlderFramesCarryALength) {
  Bench b;
  b.run(hex("0180c2000000 02005e000001 0003 424203 aabb"));
  EXPECT_EQ(b.number("eth.len"), 3);
  EXPECT_EQ(b.number("llc.dsap"), 0x42);
  EXPECT_EQ(b.number("llc.control"), 3);
  EXPECT_EQ(b.text("frame.protocols"), "eth:llc");
}

TEST(Arp, QuestionInPlainWords) {
  Bench b;
  b.run(kArpAsk);
  EXPECT_EQ(b.info(), "asks: who has 192.168.1.1?");
  EXPECT_EQ(b.number("arp.opcode"), 1);
  EXPECT_EQ(b.number("arp.src.proto_ipv4"), 0xc0a80102);
  EXPECT_EQ(b.number("arp.dst.hw_mac"), 0);
  EXPECT_EQ(b.node("arp.isgratuitous"), nullptr);
  EXPECT_EQ(b.parsed().anomaly_count, 0);
}

TEST(Arp, AnswerProbeAnnouncementAndLie) {
  auto frame = kArpAsk;
  frame[21] = std::byte{2};
  Bench b;
  b.run(frame);
  EXPECT_EQ(b.info(), "answers: 192.168.1.2 is at 02:00:5e:00:00:01");
  frame = kArpAsk;
  for (size_t i = 28; i < 32; ++i) frame[i] = std::byte{0};
  b.run(frame);
  EXPECT_EQ(b.info(), "asks: is 192.168.1.1 still free?");
  EXPECT_EQ(b.number("arp.isprobe"), 1);
  frame = kArpAsk;
  frame[41] = std::byte{2};
  b.run(frame);
  EXPECT_EQ(b.number("arp.isgratuitous"), 1);
  frame[22] = std::byte{6};
  b.run(frame);
  EXPECT_TRUE(b.odd("arp.sender_mismatch"));
}

TEST(Vlan, TagsNest) {
  Bench b;
  const auto frame = hex("02005e000002 02005e000001 88a8 2064 8100 a00a 9999 0102");
  b.run(frame);
  EXPECT_EQ(b.number("ieee8021ad.id"), 100);
  EXPECT_EQ(b.number("vlan.id"), 10);
  EXPECT_EQ(b.number("vlan.priority"), 5);
  EXPECT_EQ(b.number("vlan.etype"), 0x9999);
  EXPECT_EQ(b.parsed().vlan, 10);
  EXPECT_TRUE(b.parsed().has_vlan);
  b.run_every_length(frame);
}

TEST(LinuxSll, BothVersions) {
  Bench one(LinkType::kLinuxSll);
  const auto first = hex("0004 0001 0006 02005e000001 0000 9999 01");
  one.run(first);
  EXPECT_EQ(one.number("sll.pkttype"), 4);
  EXPECT_EQ(one.number("sll.src.eth"), 0x02005e000001);
  EXPECT_EQ(one.number("sll.etype"), 0x9999);
  one.run_every_length(first);
  Bench two(LinkType::kLinuxSll2);
  const auto second = hex("9999 0000 00000014 0001 00 06 02005e000001 0000 01");
  two.run(second);
  EXPECT_EQ(two.number("sll.ifindex"), 20);
  EXPECT_EQ(two.number("sll.etype"), 0x9999);
  two.run_every_length(second);
}

TEST(NullLoop, FamilyInEitherByteOrder) {
  Bench b(LinkType::kNull);
  b.run(hex("1e000000 6000"));
  EXPECT_EQ(b.number("null.family"), 30);
  b.run(hex("00000002 4500"));
  EXPECT_EQ(b.number("null.family"), 2);
  b.run_every_length(hex("02000000 4500"));
}

TEST(Frame, SaysWhatTheCaptureSays) {
  Bench b;
  b.flags(kPacketOffload | kPacketChecksumNotReady);
  b.run(kArpAsk, 30);
  EXPECT_EQ(b.number("frame.len"), 60);
  EXPECT_EQ(b.number("frame.cap_len"), 30);
  EXPECT_EQ(b.number("frame.number"), 1);
  EXPECT_EQ(b.number("sp3ctra.offload"), 1);
  EXPECT_EQ(b.number("sp3ctra.checksum_pending"), 1);
  EXPECT_EQ(b.parsed().anomaly_count, 0) << "cut by the capture is nobody's mistake";
}

}  // namespace
}  // namespace sp3ctra
