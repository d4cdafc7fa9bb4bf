// What becomes of the rings of interfaces that went, and of interfaces that are not there yet.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include "capture/live_set.h"
#include "capture/live_test.h"

namespace sp3ctra {
namespace {

using live_test::Injector;
using live_test::make_cable;
using live_test::soon;
using live_test::udp_frame;
using std::chrono::milliseconds;

class LiveSetEndedTest : public live_test::LiveTest {
 protected:
  void TearDown() override { set_.reset(); }
  void open(const std::vector<std::string>& names, bool may_wait = false) {
    LiveSet::Options options;
    options.ring_bytes = 32 << 20;
    options.may_wait = may_wait;
    auto opened = LiveSet::open(capd_, names, options);
    ASSERT_TRUE(opened) << opened.error().message;
    set_ = std::move(*opened);
  }
  LiveInterfaceState state(const std::string& name) const {
    for (const LiveInterfaceState& s : set_->states())
      if (s.name == name) return s;
    return {};
  }
  /// Reads, more slowly than two senders send, until `condition`; false after `limit`.
  template <typename Condition>
  bool reading_until(Condition condition, milliseconds limit = milliseconds(20000)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    Packet p;
    for (int i = 0; std::chrono::steady_clock::now() < end; ++i) {
      if (set_->next(p) == PacketSource::Next::kIdle) set_->wait(5);
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      if (i % 50 == 0 && condition()) return true;
    }
    return condition();
  }

  std::unique_ptr<LiveSet> set_;
};

TEST_F(LiveSetEndedTest, OneComesBackWhileTheOthersNeverRest) {
  make_cable("sp3c", "sp3d");
  make_cable("sp3e", "sp3f");
  open({"sp3b", "sp3d", "sp3f"});
  std::atomic<bool> end{false};
  Injector left("sp3a"), right("sp3c");
  std::thread sender([&] {
    while (!end) {
      for (int i = 0; i < 8; ++i) {
        left.send(udp_frame(1, 20));
        right.send(udp_frame(2, 20));
      }
      std::this_thread::sleep_for(milliseconds(1));
    }
  });
  // Both rings have more than is read from now on.
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(live_test::run({"ip", "link", "del", "sp3f"}), 0);
  EXPECT_TRUE(reading_until([&] { return state("sp3f").ring_bytes == 0; })) << "its memory";
  EXPECT_EQ(state("sp3f").state, LiveInterfaceState::kWaiting);
  make_cable("sp3e", "sp3f");
  EXPECT_TRUE(reading_until([&] { return state("sp3f").state == LiveInterfaceState::kRunning; }));
  EXPECT_GT(state("sp3f").ring_bytes, 0u);
  end = true;
  sender.join();
}

TEST_F(LiveSetEndedTest, OneThatIsMissingAtFirstIsWaitedFor) {
  open({"sp3none", "sp3b"}, true);
  EXPECT_EQ(state("sp3none").state, LiveInterfaceState::kWaiting);
  EXPECT_NE(state("sp3none").words.find("is not there"), std::string::npos);
  EXPECT_EQ(set_->interfaces().size(), 1u);
  make_cable("sp3peer", "sp3none");
  EXPECT_TRUE(
      reading_until([&] { return state("sp3none").state == LiveInterfaceState::kRunning; }));
  Injector out("sp3peer");
  EXPECT_TRUE(reading_until([&] {
    out.send(udp_frame(1, 20));
    return state("sp3none").packets > 0;
  }));
  EXPECT_EQ(state("sp3none").interface_id, 1);
  set_->stop();
  open({"sp3nobody"}, true);
  EXPECT_EQ(state("sp3nobody").state, LiveInterfaceState::kWaiting) << "also all of them";
  LiveSet::Options strict;
  EXPECT_FALSE(LiveSet::open(capd_, {"sp3nobody"}, strict));
}

TEST_F(LiveSetEndedTest, OneThatCannotBeOpenedAtFirstIsTriedAgain) {
  std::atomic<bool> may{false};
  LiveSet::Options options;
  options.ring_bytes = 32 << 20;
  options.may_open = [&may]() -> Status {
    if (may) return {};
    return fail("no right for now");
  };
  EXPECT_FALSE(LiveSet::open(capd_, {"sp3b"}, options)) << "a user who starts it is told at once";
  options.may_wait = true;
  auto opened = LiveSet::open(capd_, {"sp3b"}, options);
  ASSERT_TRUE(opened) << opened.error().message;
  set_ = std::move(*opened);
  EXPECT_EQ(state("sp3b").state, LiveInterfaceState::kFailed);
  EXPECT_NE(state("sp3b").words.find("sp3b cannot be captured: no right for now; it is tried"),
            std::string::npos)
      << state("sp3b").words;
  may = true;
  EXPECT_TRUE(reading_until([&] { return state("sp3b").state == LiveInterfaceState::kRunning; },
                            milliseconds(20'000)));
  EXPECT_NE(state("sp3b").words.find("sp3b could not be captured from"), std::string::npos)
      << state("sp3b").words;
  Injector out("sp3a");
  EXPECT_TRUE(reading_until([&] {
    out.send(udp_frame(1, 20));
    return state("sp3b").packets > 0;
  }));
  options.bpf = "udp prot 5";
  EXPECT_FALSE(LiveSet::open(capd_, {"sp3b"}, options)) << "no time heals a filter";
}

/// The capture socket, among what this process has open.
int capture_socket() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename().string());
    int domain = 0;
    socklen_t length = sizeof domain;
    if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_PACKET)
      return fd;
  }
  return -1;
}

TEST_F(LiveSetEndedTest, ARingThatTheKernelDoesNotCloseStillEndsAndIsSaid) {
  open({"sp3b"});
  const int socket = capture_socket(), locked = 1;
  ASSERT_EQ(::setsockopt(socket, SOL_SOCKET, SO_LOCK_FILTER, &locked, sizeof locked), 0);
  std::atomic<bool> over{false};
  std::thread sender([&] {
    for (Injector out("sp3a"); !over;) out.send(udp_frame(1, 20));
  });
  Packet p;
  uint64_t given = 0;
  const auto take = [&] {
    const auto next = set_->next(p);
    given += next == PacketSource::Next::kPacket;
    if (next == PacketSource::Next::kIdle) set_->wait(10);
    return next;
  };
  EXPECT_TRUE(soon([&] {
    (void)take();
    return given >= 100;
  }));
  set_->stop();
  bool ended = false;
  int64_t idle_ns = INT64_MAX;  // by then the stop was heard
  uint64_t later = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!ended && std::chrono::steady_clock::now() < end) {
    const auto next = take();
    ended = next == PacketSource::Next::kEnd;
    later += next == PacketSource::Next::kPacket && p.ts.ns > idle_ns;
    if (next == PacketSource::Next::kIdle && idle_ns == INT64_MAX)
      idle_ns =
          std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  over = true;
  sender.join();
  EXPECT_TRUE(ended) << "though packets never rest";
  EXPECT_EQ(later, 0u) << "packets of after the stop";
  const auto statistics = set_->statistics(true);
  ASSERT_EQ(statistics.size(), 1u);
  EXPECT_EQ(statistics[0].delivered, given);
  EXPECT_EQ(statistics[0].received, given + statistics[0].dropped_by_system);
  EXPECT_NE(set_->notice().find("did not close the ring of sp3b"), std::string::npos);
}

}  // namespace
}  // namespace sp3ctra
