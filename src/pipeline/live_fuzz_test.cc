// A thousand calls in any order from several threads, while somebody pulls at the cables.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <thread>

#include "pipeline/live_test_engine_test.h"

namespace sp3ctra {
namespace {

using live_test::Injector;
using live_test::soon;
using live_test::udp_frame;

constexpr int kCalls = 1000;
constexpr int kCableCalls = 120;  // of them; `ip` takes its time
constexpr unsigned kThreads = 3;
constexpr unsigned kPauseMs = 20;  // at most, between the calls of one thread
constexpr uint64_t kFrames = 30'000;

size_t open_descriptors() {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                                           std::filesystem::directory_iterator()));
}

class LiveFuzz : public live_test::EngineInNamespace {
 protected:
  using Random = std::mt19937;
  static const std::string& name(Random& random) {
    static const std::vector<std::string> names = {"sp3a", "sp3b", "sp3c", "sp3d",   "lo",
                                                   "sp3b", "sp3d", "lo",   "sp3new", "sp3none"};
    return names[random() % names.size()];
  }
  static const std::string& filter(Random& random) {
    static const std::vector<std::string> filters = {"", "udp", "udp port 9", "vlan 5 or udp",
                                                     "udp prot 5"};
    return filters[random() % filters.size()];
  }
  /// A refusal is told in words.
  template <class T>
  void check(const T& answer, std::atomic<uint64_t>& accepted) {
    if (answer) {
      ++done_;
      ++accepted;
    } else {
      ++refused_;
      EXPECT_FALSE(answer.error().message.empty());
    }
  }
  void one_call(Random& random) {
    // Starts are many and stops are few: most calls are to meet a capture that runs.
    const unsigned which = random() % 24;
    if (which < 6) {
      StartRequest request;
      for (size_t i = 0; i <= random() % 4; ++i) request.interfaces.push_back(name(random));
      request.bpf = filter(random);
      request.ring_bytes = 8 << 20;
      check(engine_->start_capture(request), started_);
    } else if (which < 7) {
      check(engine_->stop_capture(), stopped_);
      EXPECT_NE(engine_->state().state, "");
    } else if (which < 11) {
      check(engine_->set_capture_filter(filter(random)), filtered_);
    } else if (which < 16) {
      check(engine_->add_interface(name(random)), added_);
    } else if (which < 20) {
      check(engine_->remove_interface(name(random)), removed_);
    } else if (which < 22) {
      look();
    } else {
      tidy();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % kPauseMs));
  }
  void look() {
    const EngineState s = engine_->state();
    EXPECT_TRUE(s.state == "STOPPED" || s.state == "STARTING" || s.state == "RUNNING" ||
                s.state == "STOPPING")
        << s.state;
    for (const CaptureInterfaceState& i : s.interfaces) {
      EXPECT_GE(i.received, i.kernel_drops);
      EXPECT_LE(i.ring_fill, 1.0);
      EXPECT_TRUE(i.state == "running" || !i.words.empty()) << i.state;
    }
    ++done_;
  }
  /// Captures that ended are deleted: only so many may be open.
  void tidy() {
    for (const auto& view : engine_->captures()) {
      const CaptureInfo info = view->info();
      if (info.state != CaptureState::kLive) (void)engine_->remove_capture(info.id);
    }
    ++done_;
  }
  static void pull_at_cables(Random& random) {
    static const std::vector<std::string> ends = {"sp3a", "sp3b", "sp3c", "sp3d"};
    const std::string& end = ends[random() % ends.size()];
    switch (random() % 5) {
      case 0:
        (void)live_test::run({"ip", "link", "del", end});
        break;
      case 1:
        (void)live_test::run({"ip", "link", "set", end, "down"});
        break;
      case 2:
        (void)live_test::run({"ip", "link", "set", end, "down"});
        (void)live_test::run({"ip", "link", "set", end, "name", "sp3new"});
        break;
      case 3:
        (void)live_test::run({"ip", "link", "set", "sp3new", "name", end});
        break;
      default:
        live_test::make_cable("sp3a", "sp3b");
        live_test::make_cable("sp3c", "sp3d");
        break;
    }
  }

  std::atomic<uint64_t> done_{0}, refused_{0};
  std::atomic<uint64_t> started_{0}, stopped_{0}, filtered_{0}, added_{0}, removed_{0};
};

TEST_F(LiveFuzz, AThousandRandomCallsEndInTheRightState) {
  const size_t descriptors = open_descriptors();
  std::atomic<int> left{kCalls - kCableCalls};
  std::atomic<bool> end{false};
  std::vector<std::thread> callers;
  for (unsigned t = 0; t < kThreads; ++t) {
    callers.emplace_back([&, t] {
      Random random(31'012 + t);
      while (left.fetch_sub(1) > 0) one_call(random);
    });
  }
  std::thread cables([&] {
    Random random(77);
    for (int i = 0; i < kCableCalls; ++i) {
      pull_at_cables(random);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  std::thread sender([&] {
    for (uint64_t i = 0; i < kFrames && !end; i += 20) {
      Injector left_end("sp3a"), right_end("sp3c");
      for (int k = 0; k < 10; ++k) {
        (void)left_end.send(udp_frame(9, 60));
        (void)right_end.send(udp_frame(10, 60));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  for (std::thread& t : callers) t.join();
  cables.join();
  end = true;
  sender.join();
  EXPECT_GT(done_, 100u);
  EXPECT_GT(refused_, 50u);
  // Not refused each: otherwise nothing was shaken.
  EXPECT_GT(started_, 0u);
  EXPECT_GT(stopped_, 0u);
  EXPECT_GT(filtered_, 0u);
  EXPECT_GT(added_, 0u);
  EXPECT_GT(removed_, 0u);
  // Whatever happened: now it stops, starts, captures and stops again.
  ASSERT_TRUE(engine_->stop_capture());
  EXPECT_EQ(engine_->state().state, "STOPPED");
  for (const char* gone : {"sp3a", "sp3b", "sp3c", "sp3d", "sp3new"})
    (void)live_test::run({"ip", "link", "del", gone});
  live_test::make_cable("sp3a", "sp3b");
  live_test::make_cable("sp3c", "sp3d");
  tidy();
  for (const auto& view : engine_->captures()) ADD_FAILURE() << view->info().name << " is left";
  ASSERT_TRUE(soon([&] { return open_descriptors() == descriptors; }))
      << open_descriptors() << " for " << descriptors;
  const auto id = engine_->start_capture({{"sp3b", "sp3d"}, "udp port 9"});
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(engine_->state().state, "RUNNING");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Injector("sp3a").send(udp_frame(9, 60)));
  EXPECT_TRUE(soon([&] { return engine_->state().packets == 20; })) << engine_->state().packets;
  ASSERT_TRUE(engine_->stop_capture());
  EXPECT_EQ(engine_->state().state, "STOPPED");
  expect_file_says_the_same(engine_->state());
}

}  // namespace
}  // namespace sp3ctra
