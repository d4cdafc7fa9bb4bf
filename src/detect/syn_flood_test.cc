#include "detect/syn_flood.h"

#include <gtest/gtest.h>

#include "detect/detect_lab_test.h"

namespace sp3ctra {
namespace {

using namespace detect_lab;

const IpAddress kServer = ip("198.51.100.80");
constexpr uint32_t kClients = 0x0a000000;

/// `rate` requests a second for `seconds`; the source changes with each when `invented`.
void flood(Lab& lab, const IpAddress& target, double rate, double seconds, bool invented,
           bool answered) {
  const auto n = static_cast<uint32_t>(rate * seconds);
  for (uint32_t i = 0; i < n; ++i) {
    const double at = i / rate;
    IpAddress src = target.version == 6 ? ip("2001:db8::1") : ip("203.0.113.9");
    if (invented && target.version == 4)
      src = IpAddress::v4(0x0b000000 + i * 2654435761u % 0xffffff);
    if (invented && target.version == 6) {
      src.octets[14] = static_cast<uint8_t>(i >> 8);
      src.octets[15] = static_cast<uint8_t>(i);
    }
    const auto port = static_cast<uint16_t>(1024 + i % 60000);
    lab.tcp(at, src, port, target, 80, kSyn, "", i);
    if (answered) lab.tcp(at + 0.001, target, 80, src, port, kSyn | kAck, "", 9);
  }
}

TEST(SynFlood, InventedSourcesFireWithinTwoSeconds) {
  Lab lab;
  flood(lab, kServer, 2000, 2, true, true);
  const auto& found = lab.run();
  ASSERT_EQ(found.size(), 1u);
  const Alert& a = found[0];
  EXPECT_EQ(a.kind->signature, "syn_flood");
  EXPECT_EQ(a.dst, kServer);
  EXPECT_EQ(a.ports, std::vector<uint16_t>{80});
  EXPECT_FALSE(a.src.any());
  EXPECT_LT(lab.seconds(a.ts), 2.0);
  EXPECT_NE(a.summary.find("invented"), std::string::npos) << a.summary;
  EXPECT_NE(a.saw[1].find("100 % of them"), std::string::npos) << a.saw[1];
  EXPECT_GE(a.packets.size(), 10u);
  EXPECT_LE(a.packets.size(), limits::kAlertPacketsMax);
  for (const uint64_t p : a.packets) EXPECT_TRUE(p >= 1 && p <= lab.packets());
}

TEST(SynFlood, EvidenceIsOfTheSecondThatIsTold) {
  for (const double begin : {0.0, 0.9, 1.9, 2.3, 3.7}) {
    Lab lab;  // single requests before and behind, the flood wherever a period of counting ends
    for (int i = 0; i < 40; ++i) {
      lab.tcp(i * 0.1, ip("203.0.113.50"), static_cast<uint16_t>(2000 + i), kServer, 80, kSyn);
      if (i >= 20) lab.tcp(4 + i * 0.1, ip("203.0.113.50"), 3000, kServer, 80, kSyn);
    }
    for (uint32_t i = 0; i < 300; ++i)
      lab.tcp(begin + i / 1000.0, v4(0x0b000000, i), 4000, kServer, 80, kSyn, "", i);
    const auto& found = lab.run();
    ASSERT_EQ(found.size(), 1u) << begin;
    const Alert& a = found[0];
    EXPECT_GE(a.packets.size(), 8u) << begin;
    EXPECT_NE(a.saw[0].find("among them"), std::string::npos);
    const double first = lab.time_of(a.packets.front()), last = lab.time_of(a.packets.back());
    EXPECT_LE(last - first, 1.0) << begin;
    EXPECT_LE(first, begin + 0.3) << begin;
    EXPECT_GE(last, begin) << begin;
  }
}

TEST(SynFlood, OneSourceAndIpv6) {
  Lab one, six;
  flood(one, kServer, 500, 2, false, false);
  flood(six, ip("2001:db8:1::80"), 500, 2, true, false);
  ASSERT_EQ(one.run().size(), 1u);
  EXPECT_EQ(one.alerts[0].src, ip("203.0.113.9"));
  EXPECT_NE(one.alerts[0].saw[1].find("answered 0 %"), std::string::npos) << one.alerts[0].saw[1];
  ASSERT_EQ(six.run().size(), 1u);
  EXPECT_EQ(six.alerts[0].dst, ip("2001:db8:1::80"));
  EXPECT_NE(six.alerts[0].summary.find("invented"), std::string::npos);
}

TEST(SynFlood, AllPortsOfOneTarget) {
  Lab lab;
  for (uint32_t i = 0; i < 4000; ++i)
    lab.tcp(i / 2000.0, v4(0x0b000000, i * 7919), 4000, kServer, static_cast<uint16_t>(i * 31 + 1),
            kSyn, "", i);
  const auto& found = lab.run();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind->signature, "syn_flood");
  EXPECT_TRUE(found[0].ports.empty());
}

TEST(SynFlood, ToldOnceThenAgainAfterSilence) {
  Lab lab;
  flood(lab, kServer, 500, 5, true, false);
  for (int i = 0; i < 1000; ++i)
    lab.tcp(100 + i / 500.0, v4(0x0c000000, i), 999, kServer, 80, kSyn, "", i);
  EXPECT_EQ(lab.found(), "syn_flood, syn_flood");
  EXPECT_EQ(lab.alerts.back().id, 2u);
}

TEST(SynFlood, JudgedAsOfThenWhenSilenceFollows) {
  Lab lab;
  flood(lab, kServer, 1000, 0.3, true, false);
  lab.visit(3600, v4(kClients, 1), 5000, ip("198.51.100.9"), 443);
  ASSERT_EQ(lab.run().size(), 1u);
  EXPECT_LT(lab.seconds(lab.alerts[0].ts), 2.0);
}

TEST(SynFlood, BusyServerIsNone) {
  Lab lab;
  for (uint32_t i = 0; i < 3000; ++i)
    lab.visit(i / 1000.0, v4(kClients, i), static_cast<uint16_t>(2000 + i), kServer, 443);
  EXPECT_EQ(lab.found(), "");
}

TEST(SynFlood, BurstOfSlowClientsIsNone) {
  Lab lab;  // 300 at once, 300 ms away: none of them is open yet for a while
  for (uint32_t i = 0; i < 300; ++i) {
    const auto port = static_cast<uint16_t>(2000 + i);
    const IpAddress client = v4(kClients, i);
    const double at = i / 10000.0;
    lab.tcp(at, client, port, kServer, 443, kSyn, "", 1);
    lab.tcp(at + 0.15, kServer, 443, client, port, kSyn | kAck, "", 1);
    lab.tcp(at + 0.3, client, port, kServer, 443, kAck, "", 2);
  }
  lab.visit(3, v4(kClients, 5000), 999, kServer, 443);
  EXPECT_EQ(lab.found(), "");
}

TEST(SynFlood, BackscatterIsNone) {
  Lab lab;  // the answers of a flooded server to invented addresses, seen by one of them
  for (uint32_t i = 0; i < 4000; ++i)
    lab.tcp(i / 2000.0, kServer, 80, v4(kClients, i * 13), static_cast<uint16_t>(1024 + i),
            i % 2 ? kSyn | kAck : kRst | kAck);
  EXPECT_EQ(lab.found(), "");
}

TEST(SynFlood, ForgetsTargetsButNotTheFloodedOne) {
  Lab lab;  // a sweep over more targets than fit, beside the flood
  flood(lab, kServer, 500, 2, true, false);
  for (uint32_t i = 0; i < 2 * limits::kFloodTargetsMax; ++i)
    lab.tcp(i / 6000.0, v4(kClients, i % 3), 99, v4(0x0d000000, i), 80, kSyn, "", i);
  EXPECT_NE(lab.found().find("syn_flood"), std::string::npos);
}

}  // namespace
}  // namespace sp3ctra
