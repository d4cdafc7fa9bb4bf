#include "capture/live_set.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <thread>

#include "capture/live_test.h"

namespace sp3ctra {
namespace {

using live_test::Injector;
using live_test::ip;
using live_test::make_cable;
using live_test::soon;
using live_test::udp_frame;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Seen {
  Timestamp ts;
  uint16_t interface_id = 0, port = 0, flags = 0;
  uint32_t len = 0, caplen = 0;
  uint16_t type = 0;  ///< of an Ethernet frame
};

/// The capture thread: takes everything until the end.
class Reader {
 public:
  explicit Reader(LiveSet& set) : set_(set), thread_([this] { read(); }) {}
  ~Reader() {
    set_.stop();
    if (thread_.joinable()) thread_.join();
  }
  /// Everything, after stop(); how long the end took.
  const std::vector<Seen>& stop() {
    const auto before = Clock::now();
    set_.stop();
    thread_.join();
    took_ = Clock::now() - before;
    return seen_;
  }
  milliseconds took() const { return std::chrono::duration_cast<milliseconds>(took_); }
  size_t count() const { return count_.load(); }
  size_t count_of(uint16_t id) const { return id < 8 ? by_id_[id].load() : 0; }
  std::atomic<bool> paused{false};

 private:
  void read() {
    Packet p;
    for (;;) {
      while (paused) std::this_thread::sleep_for(milliseconds(1));
      const auto next = set_.next(p);
      if (next == PacketSource::Next::kEnd) return;
      if (next == PacketSource::Next::kIdle) {
        set_.wait(1000);
        continue;
      }
      const uint16_t port = p.data.size() > 37 ? load_be16(p.data, 36) : uint16_t{0};
      const uint16_t type = p.data.size() > 13 ? load_be16(p.data, 12) : uint16_t{0};
      seen_.push_back({p.ts, p.interface_id, port, p.flags, p.len, p.caplen, type});
      if (p.interface_id < 8) ++by_id_[p.interface_id];
      ++count_;
    }
  }
  LiveSet& set_;
  std::vector<Seen> seen_;
  std::atomic<size_t> count_{0};
  std::array<std::atomic<size_t>, 8> by_id_{};
  Clock::duration took_{};
  std::thread thread_;
};

int64_t g_slept_ns = 0;

class LiveSetTest : public live_test::LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(make_cable("sp3c", "sp3d"));
  }
  void TearDown() override {
    reader_.reset();
    set_.reset();
  }
  void open(const std::vector<std::string>& names, LiveSet::Options options = small()) {
    auto opened = LiveSet::open(capd_, names, options);
    ASSERT_TRUE(opened) << opened.error().message;
    set_ = std::move(*opened);
    reader_ = std::make_unique<Reader>(*set_);
  }
  static LiveSet::Options small() {
    LiveSet::Options o;
    o.ring_bytes = 32 << 20;
    return o;
  }
  LiveInterfaceState state(const std::string& name) const {
    for (const LiveInterfaceState& s : set_->states())
      if (s.name == name) return s;
    return {};
  }
  bool becomes(const std::string& name, LiveInterfaceState::State wanted, int limit_ms = 20000) {
    return soon([&] { return state(name).name == name && state(name).state == wanted; }, limit_ms);
  }
  /// Sends until something of interface `id` arrives: a cable needs a moment to notice its carrier.
  bool arrives(const std::string& through, uint16_t id) {
    const size_t before = reader_->count_of(id);
    for (int i = 0; i < 300; ++i) {
      Injector(through).send(udp_frame(9, 20));
      if (soon([&] { return reader_->count_of(id) > before; }, 20)) return true;
    }
    return false;
  }

  std::unique_ptr<LiveSet> set_;
  std::unique_ptr<Reader> reader_;
};

TEST_F(LiveSetTest, SeveralInterfacesComeInOneOrder) {
  open({"sp3b", "sp3d"});
  ASSERT_EQ(set_->interfaces().size(), 2u);
  EXPECT_EQ(set_->interfaces()[1].name, "sp3d");
  Injector left("sp3a"), right("sp3c");
  // Bursts longer than a block period, and turns within one.
  for (uint16_t i = 0; i < 2000; ++i) {
    ASSERT_TRUE((i % 3 ? left : right).send(udp_frame(i, 20 + i % 900)));
    if (i % 100 == 0) std::this_thread::sleep_for(milliseconds(i % 7));
  }
  ASSERT_TRUE(soon([&] { return reader_->count() == 2000; }));
  const auto& seen = reader_->stop();
  ASSERT_EQ(seen.size(), 2000u);
  for (uint16_t i = 0; i < 2000; ++i) {
    ASSERT_EQ(seen[i].port, i);
    ASSERT_EQ(seen[i].interface_id, i % 3 ? 0 : 1);
    if (i > 0) {
      ASSERT_GE(seen[i].ts, seen[i - 1].ts);
    }
  }
  for (const LiveInterfaceState& s : set_->states()) EXPECT_EQ(s.stats.received, s.packets);
  EXPECT_EQ(state("sp3b").packets + state("sp3d").packets, 2000u);
}

TEST_F(LiveSetTest, ASilentInterfaceHoldsNobodyUp) {
  open({"sp3b", "sp3d", "lo"});
  Injector out("sp3a");
  milliseconds best(1000);
  for (size_t i = 0; i < 10; ++i) {
    const auto before = Clock::now();
    ASSERT_TRUE(out.send(udp_frame(5, 20)));
    while (reader_->count() <= i && Clock::now() - before < milliseconds(1000))
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    best = std::min(best, std::chrono::duration_cast<milliseconds>(Clock::now() - before));
  }
  // The kernel's two periods and ours.
  EXPECT_LE(best.count(), 4 * limits::kRingRetireMs + 5);
}

TEST_F(LiveSetTest, AddedAndRemovedWhileItRunsTheOthersLoseNothing) {
  open({"sp3b"});
  std::atomic<bool> end{false};
  std::atomic<uint64_t> sent{0};
  std::thread sender([&] {
    Injector out("sp3a");
    while (!end) {
      for (int i = 0; i < 20; ++i) sent += out.send(udp_frame(1, 200));
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  for (int round = 0; round < 8; ++round) {
    ASSERT_TRUE(set_->add("sp3d"));
    EXPECT_FALSE(set_->add("sp3d")) << "twice";
    EXPECT_TRUE(arrives("sp3c", 1)) << round;
    ASSERT_TRUE(set_->remove("sp3d"));
    EXPECT_FALSE(set_->remove("sp3d"));
    EXPECT_EQ(state("sp3d").state, LiveInterfaceState::kRemoved);
    EXPECT_NE(state("sp3d").words.find("taken out"), std::string::npos);
    ASSERT_TRUE(soon([&] { return state("sp3d").ring_bytes == 0; })) << "its memory goes back";
  }
  end = true;
  sender.join();
  ASSERT_TRUE(soon([&] { return reader_->count_of(0) == sent; }));
  EXPECT_EQ(state("sp3b").stats.received, sent);
  EXPECT_EQ(state("sp3b").stats.kernel_drops, 0u);
  EXPECT_EQ(set_->interfaces().size(), 2u) << "one of the same name and kind is the same";
  EXPECT_EQ(state("sp3d").stats.received, state("sp3d").packets) << "over all its lives";
  EXPECT_FALSE(set_->remove("sp3b")) << "the last one";
  const auto none = set_->add("sp3none");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().interface_name, "sp3none");
}

TEST_F(LiveSetTest, StopsWithinFiftyMillisecondsOverSeveralRings) {
  make_cable("sp3e", "sp3f");
  milliseconds best(1000);  // this machine may be busy with something else for a moment
  for (int round = 0; round < 4 || (best.count() > 50 && round < 16); ++round) {
    open({"sp3b", "sp3d", "sp3f", "lo"});
    std::this_thread::sleep_for(milliseconds(40));
    Injector left("sp3a"), right("sp3c");
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(left.send(udp_frame(1, 20)));
      ASSERT_TRUE(right.send(udp_frame(2, 20)));
    }
    const size_t seen = reader_->stop().size();
    best = std::min(best, reader_->took());
    EXPECT_EQ(seen, 400u) << "sent before the stop";
    reader_.reset();
    set_.reset();
  }
  EXPECT_LE(best.count(), 50);
  milliseconds silent(1000);  // no packet wakes the reader, only the stop itself
  for (int round = 0; round < 8 && silent.count() > 50; ++round) {
    open({"sp3b", "sp3d", "sp3f", "lo"});
    std::this_thread::sleep_for(milliseconds(60));
    reader_->stop();
    silent = std::min(silent, reader_->took());
    reader_.reset();
    set_.reset();
  }
  EXPECT_LE(silent.count(), 50);
}

TEST_F(LiveSetTest, MemoryIsSharedAndBounded) {
  LiveSet::Options options;
  options.ring_bytes = 16 << 20;
  open({"sp3b", "sp3d"}, options);
  EXPECT_EQ(state("sp3b").ring_bytes, 6u << 20) << "a quarter is kept for others";
  ASSERT_TRUE(set_->add("lo"));
  EXPECT_EQ(state("lo").ring_bytes, 2u << 20);
  ASSERT_TRUE(set_->add("sp3a"));
  EXPECT_EQ(state("sp3a").ring_bytes, 1u << 20);
  const auto full = set_->add("sp3c");
  ASSERT_FALSE(full);
  EXPECT_NE(full.error().message.find("16 MiB"), std::string::npos) << full.error().message;
  uint64_t all = 0;
  for (const LiveInterfaceState& s : set_->states()) all += s.ring_bytes;
  EXPECT_LE(all, options.ring_bytes);
}

TEST_F(LiveSetTest, ARemovedInterfaceWaitsAndResumesByItself) {
  open({"sp3b", "sp3d"});
  ASSERT_TRUE(arrives("sp3a", 0));
  Injector(std::string("sp3a")).send(udp_frame(77, 20));  // must not be lost with the interface
  ASSERT_EQ(ip({"link", "del", "sp3b"}), 0);
  ASSERT_TRUE(becomes("sp3b", LiveInterfaceState::kWaiting));
  const std::string words = state("sp3b").words;
  EXPECT_NE(words.find("sp3b is gone since "), std::string::npos) << words;
  EXPECT_NE(words.find("the others go on; capture resumes by itself"), std::string::npos) << words;
  EXPECT_TRUE(arrives("sp3c", 1)) << "the others go on";
  const uint64_t before = state("sp3b").packets;
  ASSERT_EQ(ip({"link", "add", "sp3a", "type", "veth", "peer", "name", "sp3b"}), 0);
  ASSERT_TRUE(becomes("sp3b", LiveInterfaceState::kDown)) << "there again, but switched off";
  ASSERT_EQ(ip({"link", "set", "sp3a", "up"}), 0);
  ASSERT_EQ(ip({"link", "set", "sp3b", "up"}), 0);
  ASSERT_TRUE(becomes("sp3b", LiveInterfaceState::kRunning));
  EXPECT_NE(state("sp3b").words.find("sp3b was gone from "), std::string::npos)
      << state("sp3b").words;
  EXPECT_TRUE(arrives("sp3a", 0)) << "under the number it had";
  EXPECT_GT(state("sp3b").packets, before);
  EXPECT_EQ(state("sp3b").stats.received, state("sp3b").packets) << "summed over both lives";
  // Gone and back before anybody could look.
  ASSERT_EQ(ip({"link", "del", "sp3b"}), 0);
  make_cable("sp3a", "sp3b");
  EXPECT_TRUE(arrives("sp3a", 0));
  const auto& seen = reader_->stop();
  EXPECT_EQ(set_->interfaces().size(), 2u);
  EXPECT_TRUE(std::any_of(seen.begin(), seen.end(), [](const Seen& s) { return s.port == 77; }));
}

TEST_F(LiveSetTest, AllGoneStillRunsAndBackAsAnotherKindIsANewInterface) {
  open({"sp3b"});
  ASSERT_EQ(ip({"link", "del", "sp3b"}), 0);
  ASSERT_TRUE(becomes("sp3b", LiveInterfaceState::kWaiting));
  EXPECT_EQ(state("sp3b").words.find("others"), std::string::npos);
  std::this_thread::sleep_for(milliseconds(100));
  const int tun = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (tun < 0) GTEST_SKIP() << "no tunnels here";
  ifreq ask{};
  std::strcpy(ask.ifr_name, "sp3b");
  ask.ifr_flags = IFF_TUN | IFF_NO_PI;
  ASSERT_EQ(::ioctl(tun, TUNSETIFF, &ask), 0);
  ASSERT_EQ(ip({"link", "set", "sp3b", "up"}), 0);
  ASSERT_TRUE(becomes("sp3b", LiveInterfaceState::kRunning));
  const auto frame = udp_frame(53, 20);
  ASSERT_TRUE(soon([&] {
    (void)!::write(tun, frame.data() + 14, frame.size() - 14);
    return reader_->count_of(1) > 0;
  }));
  // What the kernel cannot take from the card is lost before the filter: a packet of no IP version.
  const uint8_t nonsense[40] = {0xff};
  for (int i = 0; i < 7; ++i) EXPECT_LT(::write(tun, nonsense, sizeof nonsense), 0);
  EXPECT_TRUE(soon([&] { return state("sp3b").stats.card_drops == 7; }))
      << state("sp3b").stats.card_drops;
  reader_->stop();
  ASSERT_EQ(set_->interfaces().size(), 2u);
  EXPECT_EQ(set_->interfaces()[1].name, "sp3b");
  EXPECT_EQ(set_->interfaces()[1].link_type, LinkType::kRaw);
  const auto counted = set_->statistics();
  ASSERT_EQ(counted.size(), 2u);
  EXPECT_EQ(counted[0].dropped, 0u);
  EXPECT_EQ(counted[1].dropped, 7u);
  ::close(tun);
}

TEST_F(LiveSetTest, ARenamedInterfaceIsFollowed) {
  open({"sp3b", "sp3d"});
  ASSERT_TRUE(arrives("sp3a", 0));
  ASSERT_EQ(ip({"link", "set", "sp3b", "down"}), 0);
  ASSERT_EQ(ip({"link", "set", "sp3b", "name", "sp3new"}), 0);
  ASSERT_EQ(ip({"link", "set", "sp3new", "up"}), 0);
  ASSERT_TRUE(becomes("sp3new", LiveInterfaceState::kRunning));
  EXPECT_EQ(state("sp3b").name, "") << "one interface, not two";
  EXPECT_TRUE(arrives("sp3a", 2));
  Injector(std::string("sp3a")).send(udp_frame(9, 20));
  reader_->stop();
  ASSERT_EQ(set_->interfaces().size(), 3u);
  EXPECT_EQ(set_->interfaces()[2].name, "sp3new");
  const LiveInterfaceState s = state("sp3new");
  EXPECT_EQ(s.stats.received, s.packets);
  // Each name accounts for what was written under it.
  for (const FileStatistics& f : set_->statistics()) EXPECT_EQ(f.received, f.delivered);
  EXPECT_EQ(set_->statistics()[0].delivered + set_->statistics()[2].delivered, s.packets);
}

TEST_F(LiveSetTest, TheNewNameIsSaid) {
  open({"sp3b", "sp3d"});
  ASSERT_EQ(ip({"link", "set", "sp3b", "down"}), 0);
  ASSERT_TRUE(becomes("sp3b", LiveInterfaceState::kDown));
  ASSERT_EQ(ip({"link", "set", "sp3b", "name", "sp3new"}), 0);
  ASSERT_TRUE(soon([&] { return state("sp3new").name == "sp3new"; }));
  EXPECT_NE(state("sp3new").words.find("sp3b is called sp3new since "), std::string::npos)
      << state("sp3new").words;
}

TEST_F(LiveSetTest, SwitchedOffAndOnIsSaid) {
  open({"sp3b", "sp3d"});
  ASSERT_EQ(ip({"link", "set", "sp3b", "down"}), 0);
  ASSERT_TRUE(becomes("sp3b", LiveInterfaceState::kDown));
  EXPECT_NE(state("sp3b").words.find("sp3b is switched off since "), std::string::npos);
  EXPECT_TRUE(arrives("sp3c", 1));
  ASSERT_EQ(ip({"link", "set", "sp3b", "up"}), 0);
  ASSERT_TRUE(becomes("sp3b", LiveInterfaceState::kRunning));
  EXPECT_NE(state("sp3b").words.find("sp3b was switched off from "), std::string::npos)
      << state("sp3b").words;
  EXPECT_TRUE(arrives("sp3a", 0));
  ASSERT_EQ(ip({"link", "set", "sp3a", "down"}), 0);
  ASSERT_TRUE(becomes("sp3b", LiveInterfaceState::kDown));
  EXPECT_NE(state("sp3b").words.find("sp3b has no connection since "), std::string::npos);
}

TEST_F(LiveSetTest, SleepIsSaid) {
  g_slept_ns = 5 * Timestamp::kSecond;
  LiveSet::Options options = small();
  options.slept_ns = [] { return std::atomic_ref(g_slept_ns).load(); };
  open({"sp3b"}, options);
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(set_->notice(), "");
  std::atomic_ref(g_slept_ns).store(g_slept_ns + 600 * Timestamp::kSecond);
  ASSERT_TRUE(soon([&] { return !set_->notice().empty(); }));
  EXPECT_NE(set_->notice().find("the computer slept from "), std::string::npos);
  EXPECT_NE(set_->notice().find("nothing was seen in between"), std::string::npos);
  EXPECT_EQ(state("sp3b").words, set_->notice());
  EXPECT_EQ(state("sp3b").state, LiveInterfaceState::kRunning);
}

TEST_F(LiveSetTest, AChangedFilterHoldsFromOneMomentOn) {
  // Four filters: in the kernel and, because of the tag, here.
  open({"sp3b"});
  std::atomic<bool> end{false};
  std::thread sender([&] {
    Injector out("sp3a");
    for (uint32_t i = 0; !end; ++i) {
      out.send(udp_frame(static_cast<uint16_t>(1000 + i % 2), 20 + i / 2 % 1200));
      if (i % 16 == 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  });
  for (int round = 0; round < 6; ++round) {
    const bool odd = round % 2 != 0;
    const std::string port = odd ? "1001" : "1000";
    ASSERT_TRUE(
        set_->set_filter(round % 3 == 2 ? "udp port " + port + " or vlan 9" : "udp port " + port));
    std::this_thread::sleep_for(milliseconds(60));
  }
  const auto wrong = set_->set_filter("udp prot 5");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().position, 4u);
  EXPECT_EQ(set_->filter(), "udp port 1001 or vlan 9") << "a wrong one changes nothing";
  end = true;
  sender.join();
  const auto& seen = reader_->stop();
  // Alternating packets, then runs of one kind: a lost or doubly judged one would make a step.
  size_t changes = 0;
  bool all = true;
  for (size_t i = 1; i < seen.size(); ++i) {
    if (all && seen[i].port == seen[i - 1].port) all = false;
    if (all) continue;
    changes += seen[i].port != seen[i - 1].port;
    const uint32_t step = (seen[i].len + 1200 - seen[i - 1].len) % 1200;
    const bool same = seen[i].port == seen[i - 1].port;
    const bool up = seen[i].port > seen[i - 1].port;
    // Where the port changes, one packet of each may lie on the wrong side of the moment.
    const uint32_t least = same || !up ? 1 : 0;
    EXPECT_GE(step, least) << i << " of " << seen.size();
    EXPECT_LE(step, same ? 1 : least + 1) << i << " of " << seen.size();
  }
  EXPECT_EQ(changes, 5u);
}

TEST_F(LiveSetTest, TheSamePacketOnTwoInterfacesIsADuplicate) {
  open({"sp3a", "sp3b", "sp3d"});
  Injector out("sp3a"), other("sp3c");
  for (uint16_t i = 0; i < 300; ++i) ASSERT_TRUE(out.send(udp_frame(i / 2, 20)));  // twice each
  for (uint16_t i = 0; i < 10; ++i) ASSERT_TRUE(other.send(udp_frame(5000, 20)));
  ASSERT_TRUE(soon([&] { return reader_->count() == 610; }));
  const auto& seen = reader_->stop();
  uint64_t duplicates = 0;
  for (const Seen& s : seen) {
    duplicates += (s.flags & kPacketDuplicate) != 0;
    if (s.flags & kPacketDuplicate) {
      EXPECT_EQ(s.interface_id, 1) << "the earlier one stays";
    }
  }
  EXPECT_EQ(duplicates, 300u);
  EXPECT_EQ(state("sp3b").duplicates, 300u);
  EXPECT_EQ(state("sp3a").duplicates + state("sp3d").duplicates, 0u);
}

TEST_F(LiveSetTest, EveryPacketIsAccountedForOverAllLives) {
  LiveSet::Options options;
  options.ring_bytes = 4 << 20;
  open({"sp3b", "sp3d"}, options);
  Injector left("sp3a"), right("sp3c");
  uint64_t sent_left = 0, sent_right = 0;
  for (int round = 0; round < 3; ++round) {
    reader_->paused = true;
    std::this_thread::sleep_for(milliseconds(5));
    for (int i = 0; i < 3000; ++i) sent_left += left.send(udp_frame(1, 1400));
    for (int i = 0; i < 500; ++i) sent_right += right.send(udp_frame(2, 600));
    // Its numbers are read while it is full, by several, and once more at its end.
    for (int i = 0; i < 3; ++i) EXPECT_EQ(state("sp3b").stats.received, sent_left);
    reader_->paused = false;
    ASSERT_TRUE(set_->remove("sp3b"));
    ASSERT_TRUE(soon([&] { return state("sp3b").ring_bytes == 0; }));
    ASSERT_TRUE(set_->add("sp3b"));
  }
  reader_->stop();
  const LiveInterfaceState b = state("sp3b"), d = state("sp3d");
  EXPECT_EQ(b.stats.received, sent_left);
  EXPECT_EQ(b.packets + b.stats.kernel_drops, sent_left);
  EXPECT_GT(b.stats.kernel_drops, 0u);
  EXPECT_EQ(d.packets + d.stats.kernel_drops, sent_right);
  const auto counted = set_->statistics();
  ASSERT_EQ(counted.size(), 2u);
  EXPECT_EQ(counted[0].received, sent_left);
  EXPECT_EQ(counted[0].accepted, sent_left);
  EXPECT_EQ(counted[0].dropped_by_system, b.stats.kernel_drops);
  EXPECT_EQ(counted[0].delivered, b.packets);
  EXPECT_EQ(counted[0].dropped, 0u);
}

TEST_F(LiveSetTest, PromiscuousAndSnapLengthAreAChoice) {
  const auto promiscuous = [] {
    return live_test::run({"sh", "-c", "ip -d link show sp3b | grep -q 'promiscuity 1'"}) == 0;
  };
  open({"sp3b", "sp3d"});
  EXPECT_TRUE(promiscuous());
  EXPECT_TRUE(state("sp3b").promiscuous);
  ASSERT_TRUE(arrives("sp3a", 0));
  reader_.reset();
  set_.reset();
  ASSERT_TRUE(soon([&] { return !promiscuous(); }));
  LiveSet::Options options = small();
  options.promiscuous = false;
  options.snaplen = 64;
  open({"sp3b", "sp3d"}, options);
  EXPECT_FALSE(promiscuous());
  EXPECT_FALSE(state("sp3b").promiscuous);
  EXPECT_EQ(state("sp3b").snaplen, 64u);
  EXPECT_EQ(set_->interfaces()[1].snaplen, 64u);
  ASSERT_TRUE(Injector("sp3c").send(udp_frame(1, 500)));
  ASSERT_TRUE(soon([&] { return reader_->count() == 1; }));
  const auto& seen = reader_->stop();
  EXPECT_EQ(seen[0].caplen, 64u);
  EXPECT_EQ(seen[0].len, 542u);
}

TEST_F(LiveSetTest, TagsAndOffloadOnEachInterface) {
  open({"sp3b", "sp3d", "lo"});
  ASSERT_TRUE(Injector("sp3a").send(udp_frame(53, 30, 0x6007)));
  ASSERT_TRUE(Injector("sp3c").send(udp_frame(53, 30, 0x6008)));
  ASSERT_TRUE(soon([&] { return reader_->count() == 2; }));
  // The MTU changes while it runs; a local socket hands 20 kB down as one segment.
  ASSERT_EQ(ip({"link", "set", "lo", "mtu", "1500"}), 0);
  ASSERT_TRUE(soon([&] { return state("lo").mtu == 1500; }));
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), length), 0);
  const std::vector<uint8_t> twenty_kb(20'000, 0x55);
  ASSERT_EQ(send(client, twenty_kb.data(), twenty_kb.size(), 0), 20'000);
  ::close(client);
  ::close(listener);
  const auto& seen = reader_->stop();
  ASSERT_GT(seen.size(), 3u);
  EXPECT_EQ(seen[0].type, 0x8100);
  EXPECT_EQ(seen[1].type, 0x8100);
  EXPECT_EQ(seen[0].len, 76u);
  size_t joined = 0;
  for (const Seen& s : seen) {
    joined += (s.flags & kPacketOffload) != 0;
    EXPECT_EQ((s.flags & kPacketOffload) != 0, s.len > 1514);
  }
  EXPECT_GE(joined, 1u);
}

TEST_F(LiveSetTest, RefusalsNameTheInterface) {
  const auto refused = [&](const std::vector<std::string>& names) {
    auto opened = LiveSet::open(capd_, names, small());
    return opened ? BpfError{} : opened.error();
  };
  EXPECT_EQ(refused({"sp3b", "sp3none"}).interface_name, "sp3none");
  EXPECT_NE(refused({"sp3b", "sp3b"}).message.find("twice"), std::string::npos);
  EXPECT_FALSE(refused({}).message.empty());
  EXPECT_FALSE(refused(std::vector<std::string>(17, "sp3b")).message.empty());
  LiveSet::Options wrong = small();
  wrong.bpf = "udp prot 5";
  auto opened = LiveSet::open(capd_, {"sp3b"}, wrong);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().position, 4u);
}

/// A hundred changes a second must cost little: nobody may spin.
TEST_F(LiveSetTest, ALongWaitCostsNothing) {
  open({"sp3b", "sp3d"});
  ASSERT_EQ(ip({"link", "del", "sp3b"}), 0);
  ASSERT_TRUE(becomes("sp3b", LiveInterfaceState::kWaiting));
  double used = 1;  // what the pulled cable leaves to do may still be done in the first of these
  for (int round = 0; round < 4 && used >= 0.1; ++round) {
    timespec before{}, after{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    std::this_thread::sleep_for(milliseconds(500));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    used = static_cast<double>(after.tv_sec - before.tv_sec) +
           static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e9;
  }
  EXPECT_LT(used, 0.1);
}

Packet packet_of(const std::vector<uint8_t>& bytes, int64_t ns, uint16_t id) {
  Packet p;
  p.data = std::as_bytes(std::span(bytes));
  p.len = p.caplen = static_cast<uint32_t>(bytes.size());
  p.ts = {ns};
  p.interface_id = id;
  return p;
}

TEST(Duplicates, WithinAMillisecondOnAnotherInterfaceAndOnceEach) {
  constexpr int64_t kMs = 1'000'000;
  DuplicateFinder finder;
  const auto a = udp_frame(1, 30), b = udp_frame(2, 30);
  const auto seen = [&](const std::vector<uint8_t>& f, int64_t ns, uint16_t id) {
    return finder.seen_before(packet_of(f, ns, id));
  };
  EXPECT_FALSE(seen(a, 0, 0));
  EXPECT_FALSE(seen(a, 10, 0)) << "on the same interface: sent twice";
  EXPECT_FALSE(seen(b, 10, 1));
  EXPECT_TRUE(seen(a, 20, 1));
  EXPECT_TRUE(seen(a, 30, 1)) << "the second copy";
  EXPECT_FALSE(seen(a, 40, 1)) << "a third was never sent by the other";
  EXPECT_TRUE(seen(a, 50, 2)) << "a third interface has its own copies";
  EXPECT_FALSE(seen(b, 10 + kMs + 1, 0)) << "too late";
  EXPECT_TRUE(seen(b, 10 + 2 * kMs + 1, 1)) << "just in time";
  Packet cut = packet_of(a, 60, 3);
  cut.len = 1500;
  EXPECT_FALSE(finder.seen_before(cut)) << "another length on the wire";
  EXPECT_FALSE(seen(a, INT64_MAX, 4));
  EXPECT_FALSE(seen(a, INT64_MIN, 5)) << "no two times are too far apart";
}

}  // namespace
}  // namespace sp3ctra
