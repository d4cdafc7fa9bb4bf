// The ring of segments: what is kept, what goes, and what happens when there is no room.
#include "pipeline/segment_writer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <thread>

#include "capture/file_source.h"
#include "pipeline/test_packets_test.h"
#include "query/indexed_capture.h"

namespace sp3ctra {
namespace {

using namespace std::chrono_literals;
using test_packets::Directory;
using test_packets::Source;
namespace fs = std::filesystem;
using WhenFull = StorePolicy::WhenFull;

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Packets of now, `pace` long, and slow where the test wants to see the keeper at work.
class Traffic final : public PacketSource {
 public:
  Traffic(uint32_t count, uint16_t payload) : inner_(count, payload) {}
  Next next(Packet& out) override {
    if (before_each) before_each();
    const Next next = inner_.next(out);
    out.ts = Timestamp{now_ns() + shift_ns};
    return next;
  }
  const std::vector<CaptureInterface>& interfaces() const override { return inner_.interfaces(); }
  const std::string& damage() const override { return inner_.damage(); }
  uint32_t given() const { return inner_.given(); }
  std::function<void()> before_each;
  int64_t shift_ns = 0;

 private:
  Source inner_;
};

class Ring : public testing::Test {
 protected:
  void open(StorePolicy chosen, uint64_t quota = UINT64_MAX) {
    writer.reset();
    fs::remove_all(path);
    policy = chosen;
    quota_left = quota;
    SegmentWriter::Options o;
    o.folder = path;
    o.interfaces = {{"test0", {}, {}, LinkType::kEthernet, 0, 1'000'000'000}};
    auto memory = mapped_index_memory(folder.path());
    ASSERT_TRUE(memory);
    index = std::make_shared<CaptureIndex>(*memory);
    o.index = index;
    o.policy = [this] {
      const std::lock_guard lock(mutex);
      return policy;
    };
    o.quota_left = [this] { return quota_left.load(); };
    auto made = SegmentWriter::create(std::move(o));
    ASSERT_TRUE(made) << made.error().message;
    writer = std::move(*made);
  }
  AnalysisReport run(PacketSource& source, uint32_t flows_max = limits::kFlowsPerShard) {
    AnalysisOptions options;
    options.live = true;
    options.writer = writer.get();
    options.workers = 2;
    options.flows_max_per_shard = flows_max;
    options.queue_bytes = 1u << 30;
    options.queue_batches = 4096;
    std::atomic<bool> stop{false};
    return analyse_capture(source, *index, options, stop);
  }
  uint64_t bytes_on_disk() const {
    uint64_t sum = 0;
    for (const std::string& p : segment_paths(path)) sum += fs::file_size(p);
    return sum;
  }
  /// Reads what is kept again: its packets; each segment must also be whole on its own.
  uint64_t packets_on_disk() {
    uint64_t alone = 0;
    for (const std::string& p : segment_paths(path)) alone += packets_of(p);
    EXPECT_EQ(packets_of(path), alone);
    return alone;
  }
  static uint64_t packets_of(const std::string& p) {
    auto source = open_capture_file(p);
    EXPECT_TRUE(source) << source.error().message;
    if (!source) return 0;
    uint64_t n = 0;
    for (Packet packet; (*source)->next(packet) == PacketSource::Next::kPacket;) ++n;
    EXPECT_EQ((*source)->damage(), "") << p;
    EXPECT_EQ((*source)->interfaces().size(), 1u);
    return n;
  }
  template <class F>
  static bool until(F f) {
    for (int i = 0; i < 1000; ++i) {
      if (f()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  Directory folder;
  const std::string path = folder.path() + "/live";
  std::mutex mutex;
  StorePolicy policy;
  std::atomic<uint64_t> quota_left{UINT64_MAX};
  std::shared_ptr<CaptureIndex> index;
  std::unique_ptr<SegmentWriter> writer;
};

TEST_F(Ring, OverwritesTheOldestWithinItsBytes) {
  open({.bytes = 2'000'000});
  Traffic source(20'000, 1000);  // 22 MB
  std::atomic<uint64_t> most{0};
  source.before_each = [&] {
    if (source.given() % 512 == 0) most = std::max<uint64_t>(most, writer->state().bytes);
  };
  const AnalysisReport report = run(source);
  EXPECT_EQ(report.packets, 20'000u);
  EXPECT_EQ(report.not_written, 0u);
  EXPECT_LE(most, 2'000'000u);
  writer->close();
  const StoreState state = writer->state();
  EXPECT_LE(bytes_on_disk(), 2'000'000u);
  EXPECT_GT(bytes_on_disk(), 1'000'000u);
  EXPECT_EQ(state.bytes, bytes_on_disk());
  EXPECT_EQ(state.segments, segment_paths(path).size());
  EXPECT_GE(state.segments, 4u);
  EXPECT_GT(state.expired_segments, 10u);
  EXPECT_FALSE(state.paused);
  EXPECT_EQ(packets_on_disk() + state.expired_packets, 20'000u);
  EXPECT_EQ(index->first_kept(), state.expired_packets + 1);
  // Every row that is kept reads its own packet.
  std::vector<std::byte> buffer;
  for (uint64_t n = index->first_kept(); n <= index->committed(); ++n) {
    const auto p = writer->reader()->read_at(index->file_offset(n), buffer);
    ASSERT_TRUE(p) << p.error().message;
    ASSERT_EQ(static_cast<uint8_t>(p->data[33]), (n - 1) % 256) << n;
  }
  EXPECT_FALSE(writer->reader()->read_at(300, buffer));
}

TEST_F(Ring, KeepsSoManyFiles) {
  open({.bytes = 16'000'000, .files = 3});
  Traffic source(20'000, 1000);
  const AnalysisReport report = run(source);
  writer->close();
  EXPECT_EQ(report.not_written, 0u);
  EXPECT_EQ(segment_paths(path).size(), 3u);
  EXPECT_EQ(packets_on_disk() + writer->state().expired_packets, 20'000u);
}

TEST_F(Ring, KeepsSoManyHours) {
  open({.bytes = 8'000'000, .hours = 2});
  Traffic old(3'000, 1000);
  old.shift_ns = -3 * int64_t{3'600'000'000'000};
  (void)run(old);
  EXPECT_TRUE(until([&] { return writer->state().segments == 1; })) << "but the one being written";
  writer->close();
  EXPECT_GE(writer->state().expired_segments, 1u);
  Traffic recent(3'000, 1000);
  open({.bytes = 8'000'000, .hours = 2});
  (void)run(recent);
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(writer->state().expired_segments, 0u);
}

TEST_F(Ring, LeavesWhatMustStayFree) {
  open({.bytes = 0});
  Traffic source(2'000, 1000);
  (void)run(source);
  EXPECT_EQ(writer->state().expired_segments, 0u);
  {
    const std::lock_guard lock(mutex);
    policy.min_free_bytes = uint64_t{1} << 60;
    policy.when_full = WhenFull::kPause;
  }
  ASSERT_TRUE(until([&] { return writer->state().paused; }));
  EXPECT_NE(writer->state().words.find("would stay free on the disk"), std::string::npos)
      << writer->state().words;
  {
    const std::lock_guard lock(mutex);
    policy.min_free_bytes = 0;
  }
  EXPECT_TRUE(until([&] { return !writer->state().paused; }));
}

TEST_F(Ring, AFullStorePausesAndGoesOnByItself) {
  open({.bytes = 1'000'000, .when_full = WhenFull::kPause});
  Traffic source(3'000, 1000);
  source.before_each = [&] {
    if (source.given() != 2'000) return;
    EXPECT_TRUE(writer->state().paused);
    EXPECT_NE(writer->state().words.find("1.0 MB for captures are used up"), std::string::npos)
        << writer->state().words;
    {
      const std::lock_guard lock(mutex);
      policy.bytes = 100'000'000;
    }
    EXPECT_TRUE(until([&] { return !writer->state().paused; }));
  };
  const AnalysisReport report = run(source);
  writer->close();
  EXPECT_GT(report.not_written, 900u);
  EXPECT_EQ(report.packets + report.not_written, 3'000u);
  EXPECT_EQ(report.packets, packets_on_disk());
  EXPECT_EQ(index->committed(), report.packets);
  EXPECT_EQ(writer->state().expired_packets, 0u);
}

TEST_F(Ring, WhatOthersTakeIsNotItsOwn) {
  open({.bytes = 0}, 4'000'000);
  Traffic source(6'000, 1000);
  source.before_each = [&] {
    if (source.given() != 3'000) return;
    quota_left = 1'000'000;
    EXPECT_TRUE(until([&] { return writer->state().bytes <= 1'000'000; }));
  };
  const AnalysisReport report = run(source);
  writer->close();
  EXPECT_EQ(report.not_written, 0u);
  EXPECT_LE(bytes_on_disk(), 1'000'000u);
  EXPECT_EQ(packets_on_disk() + writer->state().expired_packets, 6'000u);
}

TEST_F(Ring, TheIndexGivesBackWhatOnlyOldPacketsNeeded) {
  open({.bytes = 4'000'000});
  Traffic source(300'000, 100);  // 60 MB, and all but the last thousand flows have ended
  (void)run(source, 16);
  writer->close();
  EXPECT_GT(index->first_kept(), 250'000u);
  // 5 blocks of rows are 12 MB, and 300,000 flows 27 MB.
  EXPECT_LT(index->memory_bytes(), 14'000'000u);
}

TEST_F(Ring, SegmentsAreOfAUsefulSize) {
  EXPECT_EQ(segment_bytes_of(2ull << 30), 128u << 20);
  EXPECT_EQ(segment_bytes_of(32u << 20), 4u << 20);
  EXPECT_EQ(segment_bytes_of(100ull << 30), 256u << 20);
  EXPECT_EQ(segment_bytes_of(4ull << 40), 8ull << 30) << "512 of them: each is an open file";
  EXPECT_EQ(segment_bytes_of(1'000'000), 250'000u);
}

TEST_F(Ring, EverySegmentHasTheInterfacesAndTheirStatistics) {
  open({.bytes = 2'000'000});
  CaptureInterface second;
  second.name = "test1";
  writer->add_interface(second);
  Source source(3'000, 1000);
  Packet p;
  for (uint32_t n = 0; source.next(p) == PacketSource::Next::kPacket; ++n) {
    p.interface_id = n % 2;
    ASSERT_NE(writer->write(p), PacketSink::kNotKept);
    if (n % 100 == 99) EXPECT_EQ(writer->flush(), n + 1);
  }
  FileStatistics numbers;
  numbers.interface_id = 1;
  numbers.received = 1'500;
  numbers.dropped = 7;
  writer->statistics(numbers, Timestamp{5});
  writer->close();
  for (const std::string& segment : segment_paths(path)) {
    auto read = open_capture_file(segment);
    ASSERT_TRUE(read);
    while ((*read)->next(p) == PacketSource::Next::kPacket) ASSERT_LT(p.interface_id, 2u);
    EXPECT_EQ((*read)->damage(), "");
    ASSERT_EQ((*read)->interfaces().size(), 2u);
    EXPECT_EQ((*read)->interfaces()[1].name, "test1");
  }
}

/// Files of this process may not grow beyond `bytes`, for the life of the object.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(uint64_t bytes) {
    before_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() { lift(); }
  void lift() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, before_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  sighandler_t before_handler_ = SIG_DFL;
};

TEST_F(Ring, AWriteThatFailsHalfWayCostsOnlyThePacketsThatDidNotFit) {
  // Limits that fall into the first write, between two writes and into the middle of a packet.
  for (const uint64_t limit : {5'000u, 262'144u, 700'001u}) {
    open({.bytes = 0, .when_full = WhenFull::kPause});
    Traffic source(6'000, 1000);
    ASSERT_TRUE(index->make_room());  // the limit is not for the index
    FileSizeLimit small(limit);
    uint64_t at_limit = 0;
    source.before_each = [&] {
      if (source.given() != 3'000) return;
      at_limit = bytes_on_disk();
      EXPECT_GT(packets_on_disk(), 0u) << "and all of it is whole";
      small.lift();
      EXPECT_TRUE(until([&] { return !writer->state().paused; }));
    };
    const AnalysisReport report = run(source);
    writer->close();
    EXPECT_LE(at_limit, limit);
    EXPECT_GT(at_limit, limit - 1'200) << "all that fitted is kept";
    EXPECT_GT(report.not_written, 0u);
    EXPECT_EQ(report.packets + report.not_written, 6'000u);
    EXPECT_GE(report.packets, 2'900u) << "it went on";
    EXPECT_EQ(report.packets, packets_on_disk());
    EXPECT_EQ(index->committed(), report.packets);
    std::vector<std::byte> buffer;
    for (uint64_t n = 1; n <= index->committed(); ++n)
      ASSERT_TRUE(writer->reader()->read_at(index->file_offset(n), buffer)) << n;
  }
}

TEST_F(Ring, WhatFailsWithoutAPacketWaitingDoesNotStopWritingForEver) {
  open({.bytes = 0});
  ASSERT_TRUE(index->make_room());
  FileSizeLimit small(bytes_on_disk());
  writer->statistics({}, Timestamp{5});
  EXPECT_TRUE(writer->state().paused);
  small.lift();
  ASSERT_TRUE(until([&] { return !writer->state().paused; }));
  Source source(1, 100);
  Packet p;
  ASSERT_EQ(source.next(p), PacketSource::Next::kPacket);
  EXPECT_NE(writer->write(p), PacketSink::kNotKept);
  EXPECT_EQ(writer->flush(), 1u);
  writer->close();
  EXPECT_EQ(packets_on_disk(), 1u);
}

TEST_F(Ring, APauseMakesNoEmptySegments) {
  // Others filled the disk: nothing that goes of ours helps.
  open({.bytes = 0, .min_free_bytes = uint64_t{1} << 60}, 1);
  Source source(1, 100);
  Packet p;
  ASSERT_EQ(source.next(p), PacketSource::Next::kPacket);
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(writer->write(p), PacketSink::kNotKept);
  }
  writer->close();
  EXPECT_EQ(segment_paths(path), std::vector{path + "/" + segment_name(1)});
}

}  // namespace
}  // namespace sp3ctra
