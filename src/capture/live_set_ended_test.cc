// What becomes of the rings of interfaces that went, and of interfaces that are not there yet.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "capture/live_set.h"
#include "capture/live_test_namespace.h"

namespace sp3ctra {
namespace {

using live_test::Injector;
using live_test::udp_frame;
using std::chrono::milliseconds;

class LiveSetEndedTest : public testing::Test {
 protected:
  void SetUp() override {
    namespace_ = std::make_unique<live_test::Namespace>();
    if (!namespace_->problem().empty()) GTEST_SKIP() << namespace_->problem();
    capd_ = Capd::start(live_test::beside_test());
    if (!capd_.rights().can_capture) GTEST_SKIP() << "no right to capture: " << capd_.rights().why;
  }
  static void cable(const std::string& a, const std::string& b) {
    ASSERT_EQ(live_test::run({"ip", "link", "add", a, "type", "veth", "peer", "name", b}), 0);
    ASSERT_EQ(live_test::run({"ip", "link", "set", a, "up"}), 0);
    ASSERT_EQ(live_test::run({"ip", "link", "set", b, "up"}), 0);
  }
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

  std::unique_ptr<live_test::Namespace> namespace_;
  Capd capd_;
  std::unique_ptr<LiveSet> set_;
};

TEST_F(LiveSetEndedTest, OneComesBackWhileTheOthersNeverRest) {
  cable("sp3c", "sp3d");
  cable("sp3e", "sp3f");
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
  cable("sp3e", "sp3f");
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
  cable("sp3peer", "sp3none");
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

}  // namespace
}  // namespace sp3ctra
