#include "capture/live_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <thread>

#include "capture/live_test.h"

namespace sp3ctra {
namespace {

using live_test::Injector;
using live_test::udp_frame;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Seen {
  std::vector<uint8_t> bytes;
  Packet packet;
};

class LiveSourceTest : public live_test::LiveTest {
 protected:
  void TearDown() override { source_.reset(); }

  void open(const std::string& bpf = "", uint32_t snaplen = 0, const char* name = "sp3b") {
    LiveSource::Options options;
    options.interface_name = name;
    options.bpf = bpf;
    options.snaplen = snaplen;
    options.ring_bytes = 8 << 20;
    auto opened = LiveSource::open(capd_, options);
    ASSERT_TRUE(opened) << opened.error().message;
    source_ = std::move(*opened);
  }
  /// What arrives until `count` packets are there or `limit` has passed.
  std::vector<Seen> collect(size_t count, milliseconds limit = milliseconds(3000)) {
    std::vector<Seen> seen;
    const auto end = Clock::now() + limit;
    while (seen.size() < count && Clock::now() < end) {
      Packet p;
      const auto next = source_->next(p);
      if (next == PacketSource::Next::kEnd) break;
      if (next == PacketSource::Next::kIdle) {
        source_->wait(20);
        continue;
      }
      const auto* b = reinterpret_cast<const uint8_t*>(p.data.data());
      seen.push_back({{b, b + p.data.size()}, p});
    }
    return seen;
  }
  std::vector<Seen> stop_and_drain() {
    source_->stop();
    return collect(SIZE_MAX);
  }

  std::unique_ptr<LiveSource> source_;
};

TEST_F(LiveSourceTest, SeesEveryPacketInOrderWithTimes) {
  open();
  ASSERT_EQ(source_->interfaces().size(), 1u);
  EXPECT_EQ(source_->interfaces()[0].name, "sp3b");
  EXPECT_EQ(source_->interfaces()[0].ts_units_per_second, 1'000'000'000u);
  Injector out("sp3a");
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  for (size_t i = 0; i < 500; ++i) ASSERT_TRUE(out.send(udp_frame(53, 10 + i)));
  const auto seen = collect(500);
  ASSERT_EQ(seen.size(), 500u);
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].bytes, udp_frame(53, 10 + i));
    EXPECT_EQ(seen[i].packet.len, seen[i].bytes.size());
    EXPECT_EQ(seen[i].packet.flags, kPacketInbound);
    if (i > 0) {
      EXPECT_GE(seen[i].packet.ts, seen[i - 1].packet.ts);
    }
  }
  const int64_t wall_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(wall).count();
  EXPECT_LT(std::abs(seen[0].packet.ts.ns - wall_ns), 5 * Timestamp::kSecond);
  EXPECT_EQ(source_->stats().received, 500u);
  EXPECT_EQ(source_->stats().received, 500u) << "reading the kernel's counters resets them";
  EXPECT_EQ(source_->stats().kernel_drops, 0u);
}

TEST_F(LiveSourceTest, FilterWorksInTheKernel) {
  open("udp port 53");
  Injector out("sp3a");
  for (int i = 0; i < 30; ++i)
    ASSERT_TRUE(out.send(udp_frame(i % 3 ? uint16_t{80} : uint16_t{53}, 20)));
  const auto seen = stop_and_drain();
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(source_->stats().received, 10u) << "others must not have reached the ring";
}

TEST_F(LiveSourceTest, AFilterThatTheKernelRefusesIsJudgedHere) {
  open();
  const int locked = 1;
  ASSERT_EQ(::setsockopt(source_->socket(), SOL_SOCKET, SO_LOCK_FILTER, &locked, sizeof locked), 0);
  auto program = compile_bpf("udp port 9", LinkType::kEthernet, limits::kPacketBytesMax);
  ASSERT_TRUE(program);
  source_->set_filter(std::move(*program));
  std::this_thread::sleep_for(milliseconds(60));
  Injector out("sp3a");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(out.send(udp_frame(i % 2 ? 9 : 10, 20)));
  std::this_thread::sleep_for(milliseconds(50));
  const auto seen = stop_and_drain();
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(source_->stats().received, 10u);
}

TEST_F(LiveSourceTest, TagTakenOffByTheKernelIsPutBack) {
  open();
  Injector out("sp3a");
  const auto tagged = udp_frame(53, 30, 0x6007);  // priority 3, VLAN 7
  ASSERT_TRUE(out.send(tagged));
  ASSERT_TRUE(out.send(udp_frame(53, 30)));
  const auto seen = collect(2);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].bytes, tagged);
  EXPECT_EQ(seen[0].packet.len, tagged.size());
  EXPECT_EQ(seen[0].packet.caplen, tagged.size());
  EXPECT_EQ(seen[1].bytes, udp_frame(53, 30));
}

TEST_F(LiveSourceTest, VlanFilterLooksAtTheTag) {
  open("vlan 7 and udp port 53");
  Injector out("sp3a");
  for (const uint16_t tag : std::initializer_list<uint16_t>{0, 7, 8, 7, 0})
    ASSERT_TRUE(out.send(udp_frame(53, 30, tag)));
  ASSERT_TRUE(out.send(udp_frame(54, 30, 7)));
  EXPECT_EQ(stop_and_drain().size(), 2u);
}

TEST_F(LiveSourceTest, SnapLengthCutsAlsoTaggedFrames) {
  open("", 60);
  Injector out("sp3a");
  ASSERT_TRUE(out.send(udp_frame(53, 500)));
  ASSERT_TRUE(out.send(udp_frame(53, 500, 7)));
  const auto seen = collect(2);
  ASSERT_EQ(seen.size(), 2u);
  for (const Seen& s : seen) EXPECT_EQ(s.packet.caplen, 60u);
  EXPECT_EQ(seen[0].packet.len, 542u);
  EXPECT_EQ(seen[1].packet.len, 546u);
}

TEST_F(LiveSourceTest, OwnPacketsAreOutbound) {
  open();
  Injector out("sp3b");
  ASSERT_TRUE(out.send(udp_frame(53, 20)));
  const auto seen = collect(1);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].packet.flags & (kPacketOutbound | kPacketInbound), kPacketOutbound);
}

TEST_F(LiveSourceTest, UnfinishedChecksumsAndOffloadAreTold) {
  // A local socket leaves the checksum to the "card" and hands 20 kB down as one segment.
  ASSERT_EQ(live_test::run({"ip", "link", "set", "lo", "mtu", "1500"}), 0);
  open("tcp", 0, "lo");
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
  close(client);
  close(listener);
  const auto seen = stop_and_drain();
  ASSERT_GE(seen.size(), 3u);
  size_t syns = 0;
  for (const Seen& s : seen) {
    EXPECT_TRUE(s.packet.flags & kPacketChecksumNotReady);
    syns += s.bytes.size() > 47 && (s.bytes[47] & 0x12) == 0x02;
  }
  EXPECT_EQ(syns, 1u) << "loopback shows each packet once";
  size_t joined = 0;
  for (const Seen& s : seen) {
    EXPECT_EQ((s.packet.flags & kPacketOffload) != 0, s.packet.len > 1514);
    joined += (s.packet.flags & kPacketOffload) != 0;
  }
  EXPECT_GE(joined, 1u);
}

TEST_F(LiveSourceTest, StopIsFastAndLosesNothing) {
  open();
  Injector out("sp3a");
  auto best = Clock::duration::max();  // this machine may be busy with something else for a moment
  for (int round = 0; round < 5 || (best > milliseconds(50) && round < 20); ++round) {
    if (round > 0) open();
    // Nothing to read: the reader sleeps in wait() and must be woken.
    PacketSource::Next last = PacketSource::Next::kIdle;
    size_t packets = 0;
    std::thread reader([&] {
      Packet p;
      while ((last = source_->next(p)) != PacketSource::Next::kEnd) {
        if (last == PacketSource::Next::kPacket) ++packets;
        if (last == PacketSource::Next::kIdle) source_->wait(10'000);
      }
    });
    std::this_thread::sleep_for(milliseconds(30));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(out.send(udp_frame(53, 20)));
    const auto before = Clock::now();
    source_->stop();
    reader.join();
    best = std::min<Clock::duration>(best, Clock::now() - before);
    EXPECT_EQ(packets, 3u) << "sent before stop";
    EXPECT_EQ(source_->damage(), "");
  }
  EXPECT_LE(best, milliseconds(50));
}

TEST_F(LiveSourceTest, NothingFromAfterTheStopIsGivenOut) {
  open();
  Injector out("sp3a");
  ASSERT_TRUE(out.send(udp_frame(53, 20)));
  source_->stop();
  Packet p;
  size_t packets = source_->next(p) == PacketSource::Next::kPacket;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(out.send(udp_frame(54, 20)));
  packets += collect(SIZE_MAX).size();
  EXPECT_EQ(packets, 1u);
}

TEST_F(LiveSourceTest, FullRingIsCountedAndLeasesKeepBytes) {
  LiveSource::Options options;
  options.interface_name = "sp3b";
  options.ring_bytes = 4 * 65'536;
  options.block_bytes = 65'536;
  auto opened = LiveSource::open(capd_, options);
  ASSERT_TRUE(opened) << opened.error().message;
  source_ = std::move(*opened);
  Injector out("sp3a");
  const auto first_frame = udp_frame(7, 1000);
  ASSERT_TRUE(out.send(first_frame));
  Packet first;
  while (source_->next(first) != PacketSource::Next::kPacket) source_->wait(100);
  RingLease lease = source_->lease();
  RingLease copy = lease;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(out.send(udp_frame(8, 1000)));
  // Three blocks are left: the kernel must drop, and say so.
  std::vector<Seen> seen = collect(1000, milliseconds(300));
  const LiveStats stats = source_->stats();
  EXPECT_GT(stats.kernel_drops, 0u);
  EXPECT_EQ(stats.received, 1001u);
  EXPECT_EQ(seen.size() + 1, stats.received - stats.kernel_drops);
  ASSERT_EQ(first.data.size(), first_frame.size());
  EXPECT_EQ(std::memcmp(first.data.data(), first_frame.data(), first_frame.size()), 0);
  lease = RingLease();
  EXPECT_EQ(std::memcmp(first.data.data(), first_frame.data(), first_frame.size()), 0);
  copy = RingLease();
  // The block went back: the ring works again.
  for (int turn = 0; turn < 20; ++turn) {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(out.send(udp_frame(9, 1000)));
    ASSERT_EQ(collect(20).size(), 20u) << turn;
  }
  // A lease outlives its source.
  ASSERT_TRUE(out.send(first_frame));
  ASSERT_EQ(collect(1).size(), 1u);
  lease = source_->lease();
  source_.reset();
  EXPECT_TRUE(lease.held());
}

TEST_F(LiveSourceTest, InterfaceSwitchedOffGoesOnAndRemovedEnds) {
  open();
  EXPECT_FALSE(source_->interface_down());
  ASSERT_EQ(live_test::run({"ip", "link", "set", "sp3b", "down"}), 0);
  EXPECT_TRUE(collect(1, milliseconds(50)).empty());
  EXPECT_TRUE(source_->interface_down());
  ASSERT_EQ(live_test::run({"ip", "link", "set", "sp3b", "up"}), 0);
  EXPECT_FALSE(source_->interface_down());
  Injector out("sp3a");
  // The far end notices its carrier within a second and drops what is sent before.
  bool seen_again = false;
  for (int tries = 0; tries < 100 && !seen_again; ++tries) {
    ASSERT_TRUE(out.send(udp_frame(53, 20)));
    seen_again = !collect(1, milliseconds(30)).empty();
  }
  EXPECT_TRUE(seen_again);
  ASSERT_EQ(live_test::run({"ip", "link", "del", "sp3b"}), 0);
  Packet p;
  const auto end = Clock::now() + std::chrono::seconds(3);
  PacketSource::Next next = PacketSource::Next::kIdle;
  while (Clock::now() < end && (next = source_->next(p)) != PacketSource::Next::kEnd) {
    source_->wait(50);
  }
  EXPECT_EQ(next, PacketSource::Next::kEnd);
  EXPECT_NE(source_->damage().find("sp3b was removed"), std::string::npos) << source_->damage();
}

TEST_F(LiveSourceTest, ErrorsHaveWordsAndPositions) {
  LiveSource::Options options;
  options.interface_name = "sp3b";
  options.bpf = "udp prot 53";
  auto wrong = LiveSource::open(capd_, options);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().position, 4u);
  EXPECT_EQ(wrong.error().length, 4u);
  options.bpf = "";
  options.interface_name = "sp3none";
  wrong = LiveSource::open(capd_, options);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("no interface sp3none"), std::string::npos);
}

TEST_F(LiveSourceTest, PingIsSeenBothWays) {
  // The far end needs a namespace of its own, or the kernel would answer itself over lo.
  int gate[2];
  ASSERT_EQ(pipe2(gate, O_CLOEXEC), 0);
  const pid_t far_end = fork();
  if (far_end == 0) {
    char go = 0;
    if (unshare(CLONE_NEWNET) == 0 && write(gate[1], "x", 1) == 1) {
      for (int i = 0; i < 200 && getppid() != 1; ++i) usleep(50'000);
    }
    _exit(go);
  }
  char ready = 0;
  ASSERT_EQ(read(gate[0], &ready, 1), 1);
  const std::string pid = std::to_string(far_end);
  EXPECT_EQ(live_test::run({"ip", "link", "set", "sp3a", "netns", pid}), 0);
  const auto far = [&](std::vector<std::string> what) {
    what.insert(what.begin(), {"nsenter", "--net=/proc/" + pid + "/ns/net"});
    return live_test::run(what);
  };
  EXPECT_EQ(far({"ip", "addr", "add", "10.9.0.1/24", "dev", "sp3a"}), 0);
  EXPECT_EQ(far({"ip", "link", "set", "sp3a", "up"}), 0);
  EXPECT_EQ(live_test::run({"ip", "addr", "add", "10.9.0.2/24", "dev", "sp3b"}), 0);
  open("icmp");
  const int pinged = live_test::run({"ping", "-n", "-c", "5", "-i", "0.05", "-W", "2", "10.9.0.1"});
  const auto seen = stop_and_drain();
  kill(far_end, SIGKILL);
  waitpid(far_end, nullptr, 0);
  close(gate[0]);
  close(gate[1]);
  if (pinged == -1 || pinged == 127) GTEST_SKIP() << "there is no ping here";
  EXPECT_EQ(pinged, 0);
  ASSERT_EQ(seen.size(), 10u);
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].bytes[34], i % 2 ? 0 : 8) << "request, reply, request …";
    EXPECT_TRUE(seen[i].packet.flags & (i % 2 ? kPacketInbound : kPacketOutbound));
  }
}

TEST(LiveLink, KnowsWhatCanBeRead) {
  EXPECT_EQ(live_link(1)->link_type, LinkType::kEthernet);
  EXPECT_EQ(live_link(772)->link_type, LinkType::kEthernet);
  EXPECT_TRUE(live_link(0xFFFE)->cooked);
  EXPECT_EQ(live_link(512)->link_type, LinkType::kRaw);
  EXPECT_FALSE(live_link(803));
}

TEST(Offload, LongerThanTheMtuAllows) {
  const auto check = [](const std::vector<uint8_t>& f, uint32_t mtu) {
    return is_offload(std::as_bytes(std::span(f)), static_cast<uint32_t>(f.size()), mtu,
                      LinkType::kEthernet);
  };
  EXPECT_FALSE(check(udp_frame(1, 1472), 1500));
  EXPECT_TRUE(check(udp_frame(1, 1473), 1500));
  EXPECT_FALSE(check(udp_frame(1, 1472, 7), 1500)) << "a tag is not counted by the MTU";
  EXPECT_TRUE(check(udp_frame(1, 1473, 7), 1500));
  EXPECT_TRUE(is_offload({}, 1501, 1500, LinkType::kRaw));
  EXPECT_FALSE(is_offload({}, 1500, 1500, LinkType::kRaw));
}

}  // namespace
}  // namespace sp3ctra
