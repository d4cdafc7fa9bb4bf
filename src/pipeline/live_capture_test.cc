// Live captures of several interfaces through the engine, in a namespace of their own.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <thread>

#include "capture/file_source.h"
#include "capture/live_test_namespace.h"
#include "pipeline/disk.h"
#include "pipeline/engine.h"
#include "pipeline/live_test_engine_test.h"

namespace sp3ctra {
namespace {

using live_test::Injector;
using live_test::make_cable;
using live_test::soon;
using live_test::udp_frame;

class LiveCaptureTest : public live_test::EngineInNamespace {
 protected:
  const CaptureInterfaceState& interface(const EngineState& s, const std::string& name) {
    for (const CaptureInterfaceState& i : s.interfaces)
      if (i.name == name) return i;
    static const CaptureInterfaceState none;
    return none;
  }
  /// Sends frames of its own flow until one more is counted.
  bool arrives(const std::string& through, const std::string& on) {
    const uint64_t before = interface(engine_->state(), on).packets;
    for (int i = 0; i < 200; ++i) {
      Injector(through).send(udp_frame(9, 20));
      if (soon([&] { return interface(engine_->state(), on).packets > before; }, 25)) return true;
    }
    return false;
  }
};

TEST_F(LiveCaptureTest, SeveralInterfacesMakeOneListAndOneFile) {
  const auto id = engine_->start_capture({{"sp3a", "sp3b"}, "udp"});
  ASSERT_TRUE(id) << id.error().message;
  Injector left("sp3a"), right("sp3c");
  for (uint16_t i = 0; i < 100; ++i) ASSERT_TRUE(left.send(udp_frame(i, 50)));
  ASSERT_TRUE(soon([&] { return interface(engine_->state(), "sp3b").packets == 100; }));
  ASSERT_TRUE(engine_->add_interface("sp3d"));
  for (uint16_t i = 0; i < 30; ++i) ASSERT_TRUE(right.send(udp_frame(i, 50)));
  ASSERT_TRUE(soon([&] { return interface(engine_->state(), "sp3d").packets == 30; }));
  ASSERT_TRUE(engine_->remove_interface("sp3d"));
  EXPECT_FALSE(right.send({}) && engine_->remove_interface("sp3d"));
  for (uint16_t i = 0; i < 7; ++i) ASSERT_TRUE(left.send(udp_frame(1000, 50)));
  ASSERT_TRUE(engine_->set_capture_filter("udp port 5"));
  for (uint16_t i = 0; i < 9; ++i) ASSERT_TRUE(left.send(udp_frame(i, 50)));
  ASSERT_TRUE(engine_->stop_capture());
  const EngineState s = engine_->state();
  EXPECT_EQ(s.state, "STOPPED");
  EXPECT_EQ(s.bpf, "udp port 5");
  EXPECT_EQ(s.packets, 138u) << "a duplicate counts once";
  EXPECT_EQ(s.duplicates, 108u);
  EXPECT_EQ(interface(s, "sp3a").packets, 108u);
  EXPECT_EQ(interface(s, "sp3b").duplicates, 108u);
  EXPECT_EQ(interface(s, "sp3d").state, "removed");
  const auto view = engine_->find(*id);
  EXPECT_EQ(view->info().interfaces, (std::vector<std::string>{"sp3a", "sp3b", "sp3d"}));
  const SeriesBins series = view->series("", {}, {}, 10);
  uint64_t in_series = 0;
  for (const uint64_t n : series.packets) in_series += n;
  EXPECT_EQ(in_series, 138u);
  uint64_t marked = 0;
  const auto rows = view->rows("", 0, 500);
  ASSERT_TRUE(rows) << rows.error().message;
  for (const Row& row : *rows) marked += (row.flags & kRowDuplicate) != 0;
  EXPECT_EQ(marked, 108u);
  expect_file_says_the_same(s);
}

TEST_F(LiveCaptureTest, AnInterfaceThatGoesAndReturnsStaysInOneFile) {
  ASSERT_TRUE(engine_->start_capture({{"sp3b"}, ""}));
  ASSERT_TRUE(arrives("sp3a", "sp3b"));
  ASSERT_EQ(live_test::run({"ip", "link", "del", "sp3b"}), 0);
  ASSERT_TRUE(soon([&] { return interface(engine_->state(), "sp3b").state == "waiting"; }));
  EXPECT_EQ(engine_->state().state, "RUNNING");
  EXPECT_NE(engine_->state().words.find("no interface is left"), std::string::npos);
  make_cable("sp3a", "sp3b");
  ASSERT_TRUE(arrives("sp3a", "sp3b"));
  EXPECT_EQ(engine_->state().words, "");
  ASSERT_EQ(live_test::run({"ip", "link", "set", "sp3b", "down"}), 0);
  ASSERT_TRUE(soon([&] { return interface(engine_->state(), "sp3b").state == "down"; }));
  ASSERT_EQ(live_test::run({"ip", "link", "set", "sp3b", "name", "sp3new"}), 0);
  ASSERT_EQ(live_test::run({"ip", "link", "set", "sp3new", "up"}), 0);
  ASSERT_TRUE(soon([&] { return interface(engine_->state(), "sp3new").state == "running"; }));
  ASSERT_TRUE(arrives("sp3a", "sp3new"));
  ASSERT_TRUE(engine_->stop_capture());
  const auto& captures = engine_->captures();
  ASSERT_EQ(captures.size(), 1u);
  EXPECT_EQ(captures[0]->info().interfaces, (std::vector<std::string>{"sp3b", "sp3new"}));
  EXPECT_EQ(captures[0]->info().state, CaptureState::kReady);
  EXPECT_EQ(captures[0]->info().ended, "");
  expect_file_says_the_same(engine_->state());
}

TEST_F(LiveCaptureTest, AlwaysOnGoesOnWithWhatWasChosenLast) {
  StorePolicy policy;
  policy.always_on = true;
  ASSERT_TRUE(engine_->set_store_policy(policy));
  StartRequest request{{"sp3b", "sp3d"}, "udp"};
  request.promiscuous = false;
  request.snaplen = 96;
  request.ring_bytes = 16 << 20;
  ASSERT_TRUE(engine_->start_capture(request));
  ASSERT_TRUE(engine_->add_interface("sp3a"));
  ASSERT_TRUE(engine_->remove_interface("sp3d"));
  ASSERT_TRUE(engine_->set_capture_filter("udp port 9"));
  ASSERT_TRUE(engine_->add_interface("sp3c"));
  ASSERT_TRUE(engine_->stop_capture());
  // The next start of the program, before all interfaces are there.
  ASSERT_EQ(live_test::run({"ip", "link", "del", "sp3c"}), 0);
  start();
  const auto id = engine_->start_always_on();
  ASSERT_TRUE(id) << id.error().message;
  const EngineState s = engine_->state();
  EXPECT_EQ(s.bpf, "udp port 9");
  ASSERT_EQ(s.interfaces.size(), 3u);
  for (const CaptureInterfaceState& i : s.interfaces) {
    EXPECT_FALSE(i.promiscuous);
    EXPECT_EQ(i.snaplen, 96u);
  }
  EXPECT_LE(interface(s, "sp3b").ring_bytes, 6u << 20);
  EXPECT_EQ(interface(s, "sp3a").state, "running");
  EXPECT_EQ(interface(s, "sp3c").state, "waiting");
  EXPECT_NE(interface(s, "sp3c").words.find("is not there"), std::string::npos);
  EXPECT_TRUE(arrives("sp3a", "sp3b"));
  make_cable("sp3c", "sp3d");
  EXPECT_TRUE(arrives("sp3d", "sp3c"));
  ASSERT_TRUE(engine_->stop_capture());
  expect_file_says_the_same(engine_->state());
}

TEST_F(LiveCaptureTest, AlwaysOnWaitsWhenNothingIsThere) {
  StorePolicy policy;
  policy.always_on = true;
  ASSERT_TRUE(engine_->set_store_policy(policy));
  ASSERT_TRUE(engine_->start_capture({{"sp3d"}, ""}));
  ASSERT_TRUE(engine_->stop_capture());
  ASSERT_EQ(live_test::run({"ip", "link", "del", "sp3d"}), 0);
  start();
  ASSERT_TRUE(engine_->start_always_on());
  EXPECT_EQ(engine_->state().state, "RUNNING");
  EXPECT_NE(engine_->state().words.find("no interface is left"), std::string::npos);
  make_cable("sp3c", "sp3d");
  EXPECT_TRUE(arrives("sp3c", "sp3d"));
  ASSERT_TRUE(engine_->stop_capture());
  expect_file_says_the_same(engine_->state());
}

TEST_F(LiveCaptureTest, AlwaysOnIsTriedAgainUntilItMayCapture) {
  StorePolicy policy;
  policy.always_on = true;
  ASSERT_TRUE(engine_->set_store_policy(policy));
  ASSERT_TRUE(engine_->start_capture({{"sp3b"}, ""}));
  ASSERT_TRUE(engine_->stop_capture());
  // The next start of the program, before its capd is installed.
  const test_packets::Directory installed;
  Capd::Options later;
  later.installed_path = installed.path() + "/sp3ctra-capd";
  later.program_directory = "/nonexistent";
  start_with(Capd::start(later));
  ASSERT_FALSE(engine_->rights().can_capture);
  EXPECT_FALSE(engine_->start_capture({{"sp3b"}, ""})) << "who starts it himself is told at once";
  const auto id = engine_->start_always_on();
  ASSERT_TRUE(id) << id.error().message;
  const EngineState s = engine_->state();
  EXPECT_EQ(interface(s, "sp3b").state, "failed");
  EXPECT_NE(s.words.find("nothing is captured at the moment"), std::string::npos) << s.words;
  EXPECT_NE(interface(s, "sp3b").words.find("not installed"), std::string::npos);
  EXPECT_NE(interface(s, "sp3b").words.find("tried again by itself"), std::string::npos);
  std::filesystem::copy_file(live_test::test_directory() + "/sp3ctra-capd", later.installed_path);
  ASSERT_TRUE(soon([&] { return interface(engine_->state(), "sp3b").state == "running"; }, 20'000));
  EXPECT_TRUE(arrives("sp3a", "sp3b"));
  ASSERT_TRUE(engine_->stop_capture());
  expect_file_says_the_same(engine_->state());
}

TEST_F(LiveCaptureTest, AStopAnswersInTimeAndTheRestGoesOnAsStopping) {
  // The kernel needs two block periods to give its last packets: longer than nothing.
  bool seen = false;
  for (int round = 0; round < 20 && !seen; ++round) {
    ASSERT_TRUE(engine_->start_capture({{"sp3b"}, ""}));
    const bool stopped = engine_->stop_capture(0);
    const std::string state = engine_->state().state;
    seen = !stopped && state == "STOPPING";
    if (seen) {
      const auto second = engine_->start_capture({{"sp3b"}, ""});
      if (!second) {
        EXPECT_NE(second.error().message.find("still being written"), std::string::npos);
      }
    }
    EXPECT_TRUE(engine_->stop_capture(60'000));
    EXPECT_EQ(engine_->state().state, "STOPPED");
  }
  EXPECT_TRUE(seen);
}

TEST_F(LiveCaptureTest, EveryCommandWorksOrIsRefusedInWords) {
  const auto no_capture = [&] {
    EXPECT_NE(engine_->add_interface("sp3b").error().message.find("no capture is running"),
              std::string::npos);
    EXPECT_NE(engine_->remove_interface("sp3b").error().message.find("no capture is running"),
              std::string::npos);
    EXPECT_NE(engine_->set_capture_filter("udp").error().message.find("no capture is running"),
              std::string::npos);
    EXPECT_TRUE(engine_->stop_capture());
    EXPECT_EQ(engine_->state().state, "STOPPED");
  };
  no_capture();
  EXPECT_FALSE(engine_->start_capture({}));
  const auto none = engine_->start_capture({{"sp3b", "sp3none"}, ""});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().interface_name, "sp3none");
  EXPECT_EQ(engine_->start_capture({{"sp3b"}, "udp prot 5"}).error().position, 4);
  no_capture();
  ASSERT_TRUE(engine_->start_capture({{"sp3b"}, ""}));
  EXPECT_EQ(engine_->state().state, "RUNNING");
  const auto second = engine_->start_capture({{"sp3d"}, ""});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("already running"), std::string::npos);
  EXPECT_NE(engine_->remove_interface("sp3b").error().message.find("only interface"),
            std::string::npos);
  EXPECT_EQ(engine_->set_capture_filter("udp prot 5").error().position, 4);
  EXPECT_EQ(engine_->state().bpf, "");
  ASSERT_TRUE(engine_->stop_capture());
  no_capture();
}

TEST_F(LiveCaptureTest, WhatWasChosenHolds) {
  StartRequest request{{"sp3b", "sp3d"}, ""};
  request.promiscuous = false;
  request.snaplen = 64;
  request.ring_bytes = 16 << 20;
  const auto id = engine_->start_capture(request);
  ASSERT_TRUE(id) << id.error().message;
  const EngineState s = engine_->state();
  EXPECT_EQ(interface(s, "sp3d").snaplen, 64u);
  EXPECT_EQ(interface(s, "sp3d").ring_bytes, 6u << 20);
  EXPECT_FALSE(interface(s, "sp3d").promiscuous);
  ASSERT_TRUE(Injector("sp3c").send(udp_frame(1, 500)));
  ASSERT_TRUE(soon([&] { return engine_->state().packets == 1; }));
  const auto packet = engine_->find(*id)->packet(1);
  ASSERT_TRUE(packet) << packet.error().message;
  EXPECT_EQ(packet->packet.caplen, 64u);
  EXPECT_EQ(packet->packet.len, 542u);
  EXPECT_EQ(packet->interface_name, "sp3d");
}

TEST_F(LiveCaptureTest, StopOverSeveralRingsIsFast) {
  make_cable("sp3e", "sp3f");
  std::chrono::milliseconds best(1000);
  // This machine may be busy with something else for a moment.
  for (int round = 0; round < 20 && best.count() > 50; ++round) {
    ASSERT_TRUE(engine_->start_capture({{"sp3b", "sp3d", "sp3f", "lo"}, ""}));
    ASSERT_TRUE(arrives("sp3a", "sp3b"));
    const auto before = std::chrono::steady_clock::now();
    ASSERT_TRUE(engine_->stop_capture());
    const auto took = std::chrono::steady_clock::now() - before;
    best = std::min(best, std::chrono::duration_cast<std::chrono::milliseconds>(took));
  }
  EXPECT_LE(best.count(), 50);
}

}  // namespace
}  // namespace sp3ctra
