#include "detect/detector_set.h"

#include <gtest/gtest.h>

#include "detect/detect_lab_test.h"
#include "detect/thresholds.h"

namespace sp3ctra {
namespace {

using namespace detect_lab;

constexpr int64_t kMs = thresholds::kMs;

/// A detector set that is told signals, not packets.
struct Told {
  std::vector<Alert> alerts;
  DetectorSet set{{nullptr, [this](const Alert& a) { alerts.push_back(a); }}};
  uint64_t frame = 0;

  void syn(int64_t ns, uint32_t source, uint16_t port) {
    FlowSignal s;
    s.ip_proto = 6;
    s.tcp_flags = kSyn;
    s.orig = v4(0x0a000000, source);
    s.resp = ip("198.51.100.80");
    s.orig_port = 4000;
    s.resp_port = port;
    s.ts = s.first_ts = Timestamp{ns};
    s.frame = ++frame;
    set.signal(s);
  }
  void flow_start(int64_t ns) {
    Event e;
    e.kind = EventKind::kFlowStart;
    e.ts = Timestamp{ns};
    set.event(e);
  }
  uint64_t counted(std::string_view name) const {
    for (const DetectorCounter& c : set.counters())
      if (c.name == name) return c.count;
    return 99;
  }
};

TEST(DetectorSet, AnyTimeIsSafe) {
  // Most of all this must not overflow (UBSan tells).
  for (const int64_t begin : {INT64_MIN, INT64_MIN / 2 - 1, int64_t{-1}, INT64_MAX - 2}) {
    Told t;
    for (const int64_t ts : {begin, INT64_MAX - 1, INT64_MAX})
      for (uint16_t i = 1; i <= 400; ++i) {
        t.syn(ts, 1, i);
        t.syn(ts, i, 80);
        t.flow_start(ts);
      }
    t.set.finish();
    EXPECT_LE(t.alerts.size(), 8u);
  }
}

TEST(DetectorSet, BeforeAndAcross1970) {
  for (const int64_t begin : {-700'000'000'000'000'000, -1000 * kMs}) {
    Told flood, scan;
    for (uint16_t i = 0; i < 1500; ++i) flood.syn(begin + i * 2 * kMs, i, 80);
    for (uint16_t i = 1; i <= 40; ++i) scan.syn(begin + i * 500 * kMs, 1, i);
    flood.set.finish();
    scan.set.finish();
    ASSERT_EQ(flood.alerts.size(), 1u) << begin;
    ASSERT_EQ(scan.alerts.size(), 1u) << begin;
    EXPECT_LT(flood.alerts[0].ts.ns, begin + 2000 * kMs);
    EXPECT_LT(scan.alerts[0].ts.ns, begin + 15'000 * kMs);
  }
}

TEST(DetectorSet, AJumpOfTheClockIsCounted) {
  constexpr int64_t kBegin = 1'700'000'000'000'000'000, kFuture = kBegin + 86'400'000 * kMs;
  Told ahead, steady, burst;
  for (uint16_t i = 0; i < 1000; ++i) {
    ahead.syn(i < 10 ? kBegin + i * kMs : kFuture, i, 80);
    steady.syn(i < 10 ? kBegin + i * kMs : kFuture + i * kMs, i, 80);
    burst.syn(i < 10 ? kBegin + i * kMs : kBegin + 10 * kMs, i, 80);
  }
  EXPECT_EQ(ahead.counted("clock_jumps"), 1u);
  EXPECT_EQ(steady.counted("clock_jumps"), 0u);
  EXPECT_EQ(burst.counted("clock_jumps"), 0u);
}

TEST(DetectorSet, NobodyCanChooseThePlaceInATable) {
  const IpAddress a = ip("203.0.113.7");
  EXPECT_NE(AddressHash{}(a), address_hash(a));
  EXPECT_NE((DoorHash{}({a, 80})), address_hash(a, 80));
  EXPECT_NE(PairHash{}(7), std::hash<uint64_t>{}(7));
  EXPECT_EQ(AddressHash{}(a), AddressHash{}(a));
}

}  // namespace
}  // namespace sp3ctra
