// IPv4, IPv6, ICMP, ICMPv6, TCP and UDP from bytes written by hand.
#include "protocols/ip.h"

#include "protocols/lower_testing.h"

namespace sp3ctra {
namespace {

using testing::Bench;
using testing::hex;

constexpr std::string_view kEthIp = "02005e000002 02005e000001 0800 ";
constexpr std::string_view kEthIp6 = "02005e000002 02005e000001 86dd ";

std::vector<std::byte> frame(std::string_view head, std::string_view rest) {
  return hex(std::string(head) + std::string(rest));
}

const auto kUdpFrame =
    frame(kEthIp, "4500 0020 1234 4000 40 11 0000 0a000001 0a000002  d431 270f 000c 0000 61626364");
const auto kSyn = frame(kEthIp,
                        "4500 002c 0001 4000 40 06 0000 0a000001 0a000002"
                        "c350 01bb 00000064 00000000 6002 ffff 0000 0000 020405b4");

TEST(Ip, HeaderFields) {
  Bench b;
  b.run(kUdpFrame);
  EXPECT_EQ(b.number("ip.version"), 4);
  EXPECT_EQ(b.number("ip.hdr_len"), 20);
  EXPECT_EQ(b.number("ip.len"), 32);
  EXPECT_EQ(b.number("ip.flags"), 2);
  EXPECT_EQ(b.number("ip.flags.df"), 1);
  EXPECT_EQ(b.number("ip.checksum.status"), 2);
  EXPECT_EQ(b.parsed().src.text(), "10.0.0.1");
  EXPECT_EQ(b.parsed().ip_proto, 17);
  EXPECT_EQ(b.parsed().anomaly_count, 0);
}

TEST(Ip, EveryLength) {
  Bench b;
  b.run_every_length(kUdpFrame);
  b.run_every_length(kSyn);
}

TEST(Ip, PiecesWaitForTheWhole) {
  auto piece = kUdpFrame;
  piece[20] = std::byte{0x20};
  Bench b;
  b.run(piece);
  ASSERT_EQ(b.streams.fragments.size(), 1u);
  EXPECT_TRUE(b.streams.fragments[0].more);
  EXPECT_TRUE(b.parsed().fragment);
  EXPECT_EQ(b.info(), "a piece of a larger UDP packet, bytes 0 to 11");
  b.streams.datagram = hex("d431 270f 000c 0000 61626364");
  piece[20] = std::byte{0};
  piece[21] = std::byte{1};
  b.run(piece);
  EXPECT_FALSE(b.parsed().fragment);
  EXPECT_TRUE(b.parsed().reassembled);
  EXPECT_EQ(b.number("ip.fragment.count"), 2);
  EXPECT_EQ(b.number("udp.dstport"), 9999);
}

TEST(Ip, NamesWhatIsBroken) {
  Bench b;
  auto f = kUdpFrame;
  f[14] = std::byte{0x44};
  b.run(f);
  EXPECT_TRUE(b.odd("ip.header_short"));
  f = kUdpFrame;
  f[17] = std::byte{10};
  b.run(f);
  EXPECT_TRUE(b.odd("ip.length_short"));
  f = kUdpFrame;
  f[16] = std::byte{1};
  b.run(f);
  EXPECT_TRUE(b.odd("ip.length_long"));
}

TEST(Udp, PortsLengthAndPayload) {
  Bench b;
  b.streams.udp.stream = 7;
  b.run(kUdpFrame);
  EXPECT_EQ(b.number("udp.srcport"), 54321);
  EXPECT_EQ(b.number("udp.stream"), 7);
  EXPECT_EQ(b.number("udp.checksum.status"), 3);
  EXPECT_EQ(b.text("udp.payload"), "abcd");
  EXPECT_EQ(b.info(), "sends 4 bytes to port 9999");
  auto f = kUdpFrame;
  f[39] = std::byte{7};
  b.run(f);
  EXPECT_TRUE(b.odd("udp.length_short"));
}

TEST(Tcp, StartOfAConnection) {
  Bench b;
  b.streams.tcp.relative = true;
  b.run(kSyn);
  EXPECT_EQ(b.info(), "wants to open a connection to port 443");
  EXPECT_EQ(b.number("tcp.seq_raw"), 100);
  EXPECT_EQ(b.number("tcp.seq"), 0);
  EXPECT_EQ(b.number("tcp.nxtseq"), 1);
  EXPECT_EQ(b.number("tcp.options.mss_val"), 1460);
  EXPECT_EQ(b.text("tcp.flags.str"), "··········S·");
  EXPECT_EQ(b.number("tcp.flags.syn"), 1);
  EXPECT_EQ(b.node("tcp.window_size_scalefactor"), nullptr);
  EXPECT_EQ(b.parsed().tcp_flags, 2);
}

TEST(Tcp, PlainWordsOfTheRest) {
  Bench b;
  auto f = kSyn;
  const auto with = [&](uint8_t flags) {
    f[47] = static_cast<std::byte>(flags);
    b.run(f);
    return b.info();
  };
  EXPECT_EQ(with(0x12), "accepts the connection");
  b.streams.tcp.acks_frame = 1;
  b.streams.tcp.ack_rtt_ns = 11'800'000;
  EXPECT_EQ(with(0x12), "accepts the connection, 11.8 ms away");
  b.streams.tcp.relative = true;
  b.streams.tcp.relative_seq = b.streams.tcp.relative_ack = 1;
  EXPECT_EQ(with(0x10), "connection is open");
  EXPECT_EQ(with(0x11), "closes its side");
  EXPECT_EQ(with(0x14), "resets the connection");
  EXPECT_EQ(b.parsed().anomaly_count, 0);
  with(0x03);
  EXPECT_TRUE(b.odd("tcp.flags_contradict"));
  with(0);
  EXPECT_TRUE(b.odd("tcp.flags_none"));
}

TEST(Tcp, BrokenOptionsAreNamed) {
  Bench b;
  auto f = kSyn;
  f[55] = std::byte{0};
  b.run(f);
  EXPECT_TRUE(b.odd("tcp.option_broken"));
  f = kSyn;
  f[46] = std::byte{0x40};
  b.run(f);
  EXPECT_TRUE(b.odd("tcp.header_short"));
}

TEST(Icmp, PingAndItsAnswer) {
  Bench b;
  const auto ask = frame(kEthIp,
                         "4500 001c 0001 0000 40 01 0000 0a000001 0a000002"
                         "0800 f7fc 0001 0002");
  const auto answer = frame(kEthIp,
                            "4500 001c 0001 0000 40 01 0000 0a000002 0a000001"
                            "0000 fffc 0001 0002");
  b.run(ask);
  EXPECT_EQ(b.number("icmp.checksum.status"), 1);
  EXPECT_EQ(b.number("icmp.seq_le"), 0x200);
  EXPECT_TRUE(b.parsed().has_icmp_id);
  b.run(answer);
  EXPECT_EQ(b.number("icmp.resp_to"), 1);
  EXPECT_EQ(b.text("icmp.resptime"), "1");
  EXPECT_EQ(b.info(), "answers the ping of packet 1 after 1 ms");
  b.run_every_length(ask);
}

TEST(Icmp, ErrorsQuoteWithoutTouchingTheFlow) {
  Bench b;
  const auto error = frame(kEthIp,
                           "4500 0038 0001 0000 40 01 0000 0a000002 0a000001"
                           "0303 0000 00000000"
                           "4500 001c 0001 0000 40 11 0000 0a000001 0a000002 d431 0035 0008 0000");
  b.run(error);
  EXPECT_EQ(b.streams.datagrams, 0);
  EXPECT_EQ(b.parsed().src.text(), "10.0.0.2");
  EXPECT_EQ(b.parsed().ip_proto, 1);
  EXPECT_TRUE(b.streams.seen.has_quoted);
  EXPECT_EQ(b.streams.seen.quoted_dst_port, 53);
  EXPECT_EQ(b.info(), "reports: nobody listens on that port, about UDP to 10.0.0.2 port 53");
  EXPECT_EQ(b.text("frame.protocols"), "eth:ethertype:ip:icmp:ip:udp");
  EXPECT_TRUE(b.odd("icmp.checksum_wrong"));
  b.run_every_length(error);
}

TEST(Ipv6, ExtensionHeadersAndMembership) {
  Bench b;
  const auto f = frame(kEthIp6,
                       "60000000 0024 00 01 fe800000000000000011 22fffe334455"
                       "ff020000000000000000000000000016"
                       "3a 00 0502 0000 0100"
                       "8f00 0000 0000 0001 04 00 0000 ff0200000000000000000001ff2ac74e");
  b.run(f);
  EXPECT_EQ(b.text("frame.protocols"), "eth:ethertype:ipv6:ipv6.hopopts:icmpv6");
  EXPECT_EQ(b.number("ipv6.plen"), 36);
  EXPECT_EQ(b.number("ipv6.opt.router_alert"), 0);
  EXPECT_EQ(b.number("icmpv6.mldr.nb_mcast_records"), 1);
  EXPECT_EQ(b.number("icmpv6.mldr.mar.record_type"), 4);
  EXPECT_EQ(b.parsed().ip_proto, 58);
  EXPECT_EQ(b.info(), "says which groups it listens to");
  b.run_every_length(f);
}

TEST(Ipv6, PiecesWaitForTheWhole) {
  Bench b;
  const auto f = frame(kEthIp6,
                       "60000000 0010 2c 40 20010db8000000000000000000000001"
                       "20010db8000000000000000000000002 1100 0001 00000007 0102030405060708");
  b.run(f);
  ASSERT_EQ(b.streams.fragments.size(), 1u);
  EXPECT_EQ(b.streams.fragments[0].id, 7u);
  EXPECT_TRUE(b.parsed().fragment);
  b.run_every_length(f);
}

TEST(Icmpv6, NeighbourQuestion) {
  Bench b;
  const auto f = frame(kEthIp6,
                       "60000000 0020 3a ff fe800000000000000000000000000001"
                       "ff0200000000000000000001ff000002"
                       "8700 0000 00000000 fe800000000000000000000000000002 0101 02005e000001");
  b.run(f);
  EXPECT_EQ(b.info(), "asks: who has fe80::2?");
  EXPECT_EQ(b.number("icmpv6.opt.src_linkaddr"), 0x02005e000001);
  b.run_every_length(f);
  auto broken = f;
  broken[79] = std::byte{0};
  b.run(broken);
  EXPECT_TRUE(b.odd("icmpv6.option_broken"));
}

TEST(InternetChecksum, OfRightBytesIsZero) {
  EXPECT_EQ(internet_checksum(hex("0800 f7fc 0001 0002")), 0);
  EXPECT_NE(internet_checksum(hex("0800 f7fd 0001 0002")), 0);
  EXPECT_EQ(internet_checksum(hex("01")), 0xfeff);
}

}  // namespace
}  // namespace sp3ctra
