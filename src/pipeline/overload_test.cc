// What happens when a stage cannot follow: queues that are full.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "pipeline/analysis.h"
#include "pipeline/live_capture.h"
#include "pipeline/test_packets_test.h"

namespace sp3ctra {
namespace {

using namespace std::chrono_literals;
using test_packets::Directory;
using test_packets::Source;

/// Tells when everything was taken from it.
class WatchedSource final : public Source {
 public:
  using Source::Source;
  Next next(Packet& out) override {
    const Next next = Source::next(out);
    if (next == Next::kEnd) all_taken = true;
    return next;
  }
  std::atomic<bool> all_taken{false};
};

/// Holds the store thread until the whole source is taken: whoever waits for it waits too long.
struct StuckStore {
  explicit StuckStore(WatchedSource& watched) : source(watched) {}
  void operator()() {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!source.all_taken && !gave_up) {
      std::this_thread::sleep_for(1ms);
      gave_up = std::chrono::steady_clock::now() > end;
    }
  }
  WatchedSource& source;
  bool gave_up = false;
};

uint64_t marked_rows(const CaptureIndex& index) {
  uint64_t marked = 0;
  index.scan(1, index.committed(), [&](const IndexBlock& b, uint32_t row, uint32_t n) {
    for (uint32_t i = row; i < row + n; ++i) {
      const bool left_out = (b.bits[i] & kBitNotAnalysed) != 0;
      marked += left_out;
      EXPECT_EQ(b.flow[i] == 0, left_out) << "row " << i;
    }
    return true;
  });
  return marked;
}

void expect_left_out_but_listed(AnalysisOptions options, unsigned workers) {
  constexpr uint32_t kPackets = 20'000;
  Directory folder;
  WatchedSource source(kPackets);
  StuckStore stuck(source);
  auto index = std::make_shared<CaptureIndex>();
  auto writer =
      SegmentWriter::create({folder.path() + "/live", source.interfaces(), index, {}, {}, {}});
  ASSERT_TRUE(writer) << writer.error().message;
  AnalysisCounters counters;
  options.workers = workers;
  options.live = true;
  options.writer = writer->get();
  options.counters = &counters;
  options.on_event = [&](const Event&) { stuck(); };
  std::atomic<bool> stop{false};
  const AnalysisReport report = analyse_capture(source, *index, options, stop);
  EXPECT_FALSE(stuck.gave_up) << "the capture thread waited for a worker";
  EXPECT_EQ(index->committed(), kPackets) << "every packet is listed";
  EXPECT_GT(report.not_analysed, kPackets / 2);
  EXPECT_LT(report.not_analysed, kPackets);
  EXPECT_EQ(marked_rows(*index), report.not_analysed);
  EXPECT_EQ(counters.not_analysed, report.not_analysed);
  EXPECT_EQ(report.not_written, 0u);
  // Written as well, and readable through the list.
  QueryPool pool(1);
  IndexedCapture view(pool, index, (*writer)->reader(), {});
  uint64_t marked = 0;
  for (uint64_t first = 0; first < kPackets; first += 500) {
    const auto rows = view.rows("", first, 500);
    ASSERT_TRUE(rows && rows->size() == 500u);
    for (const Row& row : *rows) {
      marked += (row.flags & kRowNotAnalysed) != 0;
      EXPECT_EQ(row.src, "10.0.0.1");
    }
  }
  EXPECT_EQ(marked, report.not_analysed);
}

TEST(Overload, AFullWorkerQueueLeavesPacketsListedAndNobodyWaits) {
  AnalysisOptions options;
  options.queue_batches = 2;
  for (const unsigned workers : {1u, 3u}) expect_left_out_but_listed(options, workers);
}

TEST(Overload, QueuesAreBoundedInBytesToo) {
  AnalysisOptions options;
  options.queue_bytes = 100'000;  // of 2.8 MB; the batches alone would find room
  expect_left_out_but_listed(options, 1);
}

TEST(Overload, AFileWaitsForItsWorkers) {
  uint64_t digests[2] = {};
  for (const bool narrow : {false, true}) {
    Source source(20'000);
    CaptureIndex index;
    AnalysisOptions options;
    options.workers = 2;
    if (narrow) options.queue_bytes = 1;
    if (narrow) options.queue_batches = 1;
    std::atomic<bool> stop{false};
    const AnalysisReport report = analyse_capture(source, index, options, stop);
    EXPECT_EQ(report.not_analysed, 0u);
    EXPECT_EQ(report.packets, 20'000u);
    digests[narrow] = index_digest(index) ^ report.events_digest;
  }
  EXPECT_EQ(digests[0], digests[1]);
}

}  // namespace
}  // namespace sp3ctra
