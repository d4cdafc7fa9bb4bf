#include "detect/port_scan.h"

#include <gtest/gtest.h>

#include "detect/detect_lab_test.h"

namespace sp3ctra {
namespace {

using namespace detect_lab;

const IpAddress kHost = ip("192.168.1.20"), kScanner = ip("192.168.1.66");
const IpAddress kHost6 = ip("2001:db8::20"), kScanner6 = ip("2001:db8::66");

enum class Answer { kNone, kReset };

/// Tries ports 1 … `ports` of kHost, `each` seconds apart.
void scan(Lab& lab, uint16_t flags, uint16_t ports, double each, Answer answer, bool six = false) {
  const IpAddress& from = six ? kScanner6 : kScanner;
  const IpAddress& to = six ? kHost6 : kHost;
  for (uint16_t i = 1; i <= ports; ++i) {
    lab.tcp(i * each, from, 40000, to, i, flags);
    if (answer == Answer::kReset) lab.tcp(i * each + 0.001, to, i, from, 40000, kRst | kAck);
  }
}

TEST(PortScan, SynAndConnect) {
  for (const bool six : {false, true}) {
    Lab lab;
    scan(lab, kSyn, 100, 0.01, Answer::kReset, six);
    const auto& found = lab.run();
    ASSERT_EQ(found.size(), 1u);
    const Alert& a = found[0];
    EXPECT_EQ(a.kind->signature, "port_scan");
    EXPECT_EQ(a.src, six ? kScanner6 : kScanner);
    EXPECT_EQ(a.dst, six ? kHost6 : kHost);
    EXPECT_LT(lab.seconds(a.ts), 0.5);
    EXPECT_EQ(a.ports.size(), thresholds::kScanPorts);
    EXPECT_EQ(a.packets.size(), 2 * thresholds::kScanPorts);
    EXPECT_EQ(a.kind->technique, "T1046");
  }
}

TEST(PortScan, OddSegments) {
  for (const uint16_t flags : {uint16_t{kFin}, uint16_t{0}, uint16_t{kFin | kPsh | kUrg}}) {
    Lab lab;
    scan(lab, flags, 30, 0.01, Answer::kNone);
    ASSERT_EQ(lab.run().size(), 1u) << flags;
    EXPECT_EQ(lab.alerts[0].confidence, 95);
    const std::string_view word = flags == kFin ? "(FIN)" : flags == 0 ? "(NULL)" : "(Xmas)";
    EXPECT_NE(lab.alerts[0].saw[0].find(word), std::string::npos) << lab.alerts[0].saw[0];
  }
}

TEST(PortScan, UdpRefusedAndSilent) {
  Lab refused, silent;
  for (uint16_t i = 1; i <= 60; ++i) {
    refused.udp(i * 0.1, kScanner, 40000, kHost, i);
    refused.unreachable(i * 0.1 + 0.01, kScanner, 40000, kHost, i);
    silent.udp(i * 0.1, kScanner, 40000, kHost, i);
  }
  ASSERT_EQ(refused.run().size(), 1u);
  EXPECT_EQ(refused.alerts[0].protocol, "udp");
  EXPECT_LT(refused.seconds(refused.alerts[0].ts), 3.0);
  EXPECT_EQ(silent.found(), "port_scan");
}

TEST(PortScan, SlowOnePortASecondBehindAFirewall) {
  Lab lab;
  scan(lab, kSyn, 40, 1.0, Answer::kNone);
  ASSERT_EQ(lab.run().size(), 1u);
  EXPECT_LT(lab.seconds(lab.alerts[0].ts), 30.0);
  Lab slower;  // a try every 15 s
  scan(slower, kSyn, 40, 15.0, Answer::kReset);
  EXPECT_EQ(slower.found(), "port_scan");
}

TEST(PortScan, JudgedAsOfThenWhenSilenceFollows) {
  Lab lab;
  scan(lab, kSyn, 30, 0.01, Answer::kNone);
  lab.visit(3600, kHost, 50000, ip("192.168.1.30"), 80);
  ASSERT_EQ(lab.run().size(), 1u);
  EXPECT_LT(lab.seconds(lab.alerts[0].ts), 5.0);
}

TEST(PortScan, HalfOpenAndEmptyConnections) {
  Lab lab;  // 12 closed ports, 2 open ones broken off, 2 opened and left
  scan(lab, kSyn, 12, 0.01, Answer::kReset);
  for (uint16_t i = 13; i <= 14; ++i) {
    lab.tcp(i * 0.01, kScanner, 40000, kHost, i, kSyn);
    lab.tcp(i * 0.01 + 0.001, kHost, i, kScanner, 40000, kSyn | kAck);
    lab.tcp(i * 0.01 + 0.002, kScanner, 40000, kHost, i, kRst);
  }
  for (uint16_t i = 15; i <= 16; ++i) {
    lab.tcp(i * 0.01, kScanner, 40000, kHost, i, kSyn);
    lab.tcp(i * 0.01 + 0.001, kHost, i, kScanner, 40000, kSyn | kAck);
    lab.tcp(i * 0.01 + 0.002, kScanner, 40000, kHost, i, kAck, "", 2);
    lab.tcp(i * 0.01 + 0.003, kScanner, 40000, kHost, i, kRst | kAck, "", 2);
  }
  lab.visit(9, kScanner, 50000, ip("192.168.1.30"), 80);
  ASSERT_EQ(lab.run().size(), 1u);
  EXPECT_EQ(lab.alerts[0].saw.size(), 4u);
}

TEST(PortScan, ManyHostsOnOnePort) {
  Lab lab, udp;
  for (uint32_t i = 1; i <= 100; ++i) {
    lab.tcp(i * 0.05, kScanner, 40000, v4(0xc0a80200, i), 445, kSyn);
    udp.udp(i * 0.05, kScanner, 40000, v4(0xc0a80200, i), 161);
  }
  lab.visit(20, kScanner, 50000, kHost, 80);
  udp.visit(20, kScanner, 50000, kHost, 80);
  ASSERT_EQ(lab.run().size(), 1u);
  EXPECT_EQ(lab.alerts[0].kind->signature, "host_sweep");
  EXPECT_EQ(lab.alerts[0].ports, std::vector<uint16_t>{445});
  EXPECT_FALSE(lab.alerts[0].dst.any());
  EXPECT_EQ(udp.found(), "host_sweep");
}

TEST(PortScan, ASlowScanIsSeenThroughAFlood) {
  Lab lab;  // invented sources, more than there is room for, do not push the scanner out
  scan(lab, kSyn, 30, 1.0, Answer::kReset);
  for (uint32_t i = 0; i < 60'000; ++i)
    lab.tcp(i / 2000.0, v4(0x0b000000, i * 197), 1000, ip("198.51.100.1"), 80, kSyn, "", i);
  const std::string found = lab.found();
  EXPECT_NE(found.find("port_scan"), std::string::npos) << found;
  EXPECT_NE(found.find("syn_flood"), std::string::npos) << found;
}

TEST(PortScan, AScanGoesOnThroughAFloodOfAllItsPorts) {
  Lab lab;  // the scanned machine itself is flooded on all ports, from the third second on
  scan(lab, kSyn, 30, 1.0, Answer::kReset);
  for (uint32_t i = 0; i < 8000; ++i)
    lab.tcp(3.5 + i / 2000.0, v4(0x0b000000, i * 7919), 4000, kHost,
            static_cast<uint16_t>(i * 31 + 1), kSyn, "", i);
  EXPECT_EQ(lab.found(), "syn_flood, port_scan");
  EXPECT_EQ(lab.alerts.back().src, kScanner);
}

TEST(PortScan, JudgingLooksAtEachTryAFewTimes) {
  struct Nobody final : AlertSink {
    void raise(Alert) override { ++raised; }
    int raised = 0;
  } sink;
  PortScan detector(nullptr);  // two ports of each of 128 machines: many targets, many ports
  FlowSignal s;
  s.ip_proto = 6;
  s.tcp_flags = kSyn;
  s.orig = kScanner;
  for (uint32_t i = 0; i < limits::kScanProbesMax; ++i) {
    s.resp = v4(0xc0a80200, i / 2);
    s.resp_port = static_cast<uint16_t>(1 + i % 2 + i / 2 * 2);
    s.ts.ns = s.first_ts.ns = 1'700'000'000'000'000'000 + i * thresholds::kMs;
    s.frame = i + 1;
    detector.signal(s, sink);
  }
  detector.finish({s.ts.ns + thresholds::kScanGraceNs}, sink);
  EXPECT_EQ(sink.raised, 0);
  EXPECT_GE(detector.looked_at(), limits::kScanProbesMax);
  EXPECT_LE(detector.looked_at(), 4 * limits::kScanProbesMax);
}

TEST(PortScan, BackscatterIsNone) {
  Lab lab;
  for (uint32_t i = 0; i < 500; ++i) {
    // Answers to somebody who used our addresses, from one server and from many.
    lab.tcp(i * 0.01, kHost, 80, v4(0x0a000000, i), static_cast<uint16_t>(1024 + i), kSyn | kAck);
    lab.tcp(i * 0.01, kHost, 80, v4(0x0a000000, 7), static_cast<uint16_t>(1024 + i), kRst | kAck);
    lab.unreachable(i * 0.01, v4(0x0a000000, i), 4000, kHost, static_cast<uint16_t>(i + 1));
    lab.udp(i * 0.01, kHost, 53, v4(0x0a000000, 7), static_cast<uint16_t>(1024 + i));
  }
  EXPECT_EQ(lab.found(), "");
}

TEST(PortScan, BrowserIsNone) {
  Lab lab;
  for (uint16_t i = 0; i < 60; ++i) lab.visit(i * 0.02, kScanner, 30000 + i, kHost, 443);
  for (uint32_t i = 0; i < 200; ++i)  // a page with 200 servers; every tenth is down
    if (i % 10)
      lab.visit(5 + i * 0.02, kScanner, static_cast<uint16_t>(31000 + i), v4(0x68000000, i), 443);
    else
      lab.tcp(5 + i * 0.02, kScanner, static_cast<uint16_t>(31000 + i), v4(0x68000000, i), 443,
              kSyn);
  lab.visit(30, kScanner, 29999, kHost, 443);
  EXPECT_EQ(lab.found(), "");
}

TEST(PortScan, NameServerIsNone) {
  Lab lab;  // it asks 500 others and is asked by 500; a third never answers
  for (uint32_t i = 0; i < 500; ++i) {
    const auto port = static_cast<uint16_t>(20000 + i);
    lab.udp(i * 0.02, kHost, port, v4(0x08000000, i), 53);
    if (i % 3) lab.udp(i * 0.02 + 0.01, v4(0x08000000, i), 53, kHost, port);
    lab.udp(i * 0.02, v4(0x0a000000, i), port, kHost, 53);
    lab.udp(i * 0.02 + 0.01, kHost, 53, v4(0x0a000000, i), port);
  }
  EXPECT_EQ(lab.found(), "");
}

TEST(PortScan, PeersAreNone) {
  Lab lab;  // file sharing: many hosts, all on ports of their own, most of them gone
  for (uint32_t i = 0; i < 400; ++i) {
    const auto port = static_cast<uint16_t>(10000 + i * 97 % 50000);
    lab.udp(i * 0.1, kScanner, 6881, v4(0x55000000, i * 77), port);
    lab.tcp(i * 0.1, kScanner, static_cast<uint16_t>(20000 + i), v4(0x55000000, i * 77), port,
            kSyn);
  }
  lab.visit(60, kScanner, 50000, kHost, 80);
  EXPECT_EQ(lab.found(), "");
}

TEST(PortScan, TracerouteMulticastAndDataPortsAreNone) {
  Lab lab;
  for (uint16_t i = 0; i < 90; ++i) {
    lab.udp(i * 0.1, kScanner, 40000 + i, kHost, 33434 + i);
    lab.udp(i * 0.1, kScanner, 5353, ip("224.0.0.251"), 5000 + i);
    lab.visit(i * 0.1, kScanner, 41000 + i, kHost, 50000 + i);  // passive FTP
  }
  EXPECT_EQ(lab.found(), "");
}

TEST(PortScan, ADeadServiceIsNone) {
  Lab lab;  // a client that tries its three ports again and again
  for (uint16_t i = 0; i < 300; ++i) {
    lab.tcp(i * 0.5, kScanner, 30000 + i, kHost, 8080 + i % 3, kSyn);
    lab.tcp(i * 0.5 + 0.01, kHost, 8080 + i % 3, kScanner, 30000 + i, kRst | kAck);
  }
  EXPECT_EQ(lab.found(), "");
}

}  // namespace
}  // namespace sp3ctra
