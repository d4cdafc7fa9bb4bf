// The two laws everything stands on, over real captures: the same answer with any number of
// workers, and the same tree on demand as in a pass in order.
#include <gtest/gtest.h>

#include "capture/file_source.h"
#include "capture/pcapng_writer.h"
#include "decode/shard.h"
#include "decode/value_text.h"
#include "flow/shard_set.h"
#include "pipeline/analysis.h"
#include "pipeline/corpus_test.h"
#include "pipeline/test_packets_test.h"
#include "query/replay.h"

namespace sp3ctra {
namespace {

#ifdef __SANITIZE_THREAD__
constexpr uint64_t kThreadsBytes = 20'000;  // threads are what is looked at there, not bytes
#else
constexpr uint64_t kThreadsBytes = 60'000;
#endif

/// Captures up to `bytes_max`; all of them in the long form.
std::vector<std::string> corpus_files(uint64_t bytes_max) {
  return testing::with_demo(
      testing::corpus_captures(testing::long_form() ? UINT64_MAX : bytes_max));
}

struct Digest {
  uint64_t packets = 0, index = 0, events = 0, evicted = 0;
  bool operator==(const Digest&) const = default;
};

Digest digest_of(const std::string& path, unsigned workers, uint32_t flows_max) {
  auto source = open_capture_file(path);
  if (!source) return {};
  CaptureIndex index;
  AnalysisOptions options;
  options.workers = workers;
  options.flows_max_per_shard = flows_max;
  std::atomic<bool> stop{false};
  const AnalysisReport r = analyse_capture(**source, index, options, stop);
  return {r.packets, index_digest(index), r.events_digest, r.trackers.flows_evicted};
}

TEST(Law, SameIndexAndEventsWithAnyNumberOfWorkers) {
  const auto files = corpus_files(kThreadsBytes);
  if (files.empty()) GTEST_SKIP() << "neither SP3CTRA_CORPUS nor SP3CTRA_SOURCE is set";
  uint64_t evicted = 0, packets = 0;
  for (const std::string& f : files) {
    for (const uint32_t flows_max : {limits::kFlowsPerShard, 2u}) {
      const Digest one = digest_of(f, 1, flows_max);
      packets += one.packets;
      evicted += one.evicted;
      for (const unsigned workers : {2u, 3u, 7u})
        ASSERT_EQ(one, digest_of(f, workers, flows_max))
            << f << " with " << workers << " workers, at most " << flows_max << " flows a shard";
    }
  }
  EXPECT_GT(packets, 2'000u);
  EXPECT_GT(evicted, 20u) << "the limit was not reached";
}

std::string tree_text(const Tree& t) {
  std::string out;
  for (const Node& n : t.nodes) {
    out += std::to_string(n.depth) + ' ' + std::string(n.field->name) + '=';
    append_value(out, t, n);
    out += " @" + std::to_string(n.source) + ':' + std::to_string(n.offset) + '+' +
           std::to_string(n.length) + ' ' + plain_value(t, n) + '\n';
  }
  for (const TreeSource& s : t.sources) {
    out += s.name + ':' + std::to_string(s.bytes.size());
    for (const uint64_t f : s.frames) out += ' ' + std::to_string(f);
    out += '\n';
  }
  return out;
}

/// Differences between the sequential pass and replays of one file, described; at most a few.
void compare_trees(const std::string& path, uint64_t& compared, bool with_checkpoints) {
  auto source = open_capture_file(path);
  if (!source) return;
  CaptureIndex index;
  std::atomic<bool> stop{false};
  const auto checkpoints = with_checkpoints ? std::make_shared<Checkpoints>() : nullptr;
  AnalysisOptions options;
  options.checkpoints = checkpoints.get();
  (void)analyse_capture(**source, index, options, stop);
  const auto file = (*source)->packet_file();
  auto again = open_capture_file(path);
  Tree pass_tree, replay_tree;
  CountingNumbering numbering;
  ShardSet shards({limits::kFlowsPerShard, &pass_tree, nullptr, &numbering});
  shards.want_info(true);
  Replay replay(index, file, checkpoints);
  Timestamp now, first, previous;
  Packet p;
  int wrong = 0;
  uint64_t number = 0;
  while ((*again)->next(p) == PacketSource::Next::kPacket && wrong < 2) {
    p.number = ++number;
    if (number == 1) first = now = previous = p.ts;
    now = std::max(now, p.ts);
    const Dissection& d = shards.dissect(p, shard_of(p), now, first, previous);
    previous = p.ts;
    const std::string expected = tree_text(pass_tree), info(d.info());
    const auto opened = replay.open(number, &replay_tree, UINT64_MAX, nullptr);
    ASSERT_TRUE(opened) << path << " #" << number << ": " << opened.error().message;
    ++compared;
    EXPECT_EQ(expected, tree_text(replay_tree)) << path << " #" << number;
    EXPECT_EQ(info, opened->info) << path << " #" << number;
    wrong += ::testing::Test::HasFailure();
  }
}

TEST(Law, TreeOnDemandEqualsTreeInAPass) {
  const auto files = corpus_files(60'000);
  if (files.empty()) GTEST_SKIP() << "neither SP3CTRA_CORPUS nor SP3CTRA_SOURCE is set";
  uint64_t compared = 0;
  for (const std::string& f : files) {
    compare_trees(f, compared, compared % 2 == 0);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(compared, 2'000u);
}

/// A capture as two interfaces would have seen it: every packet again, 10 µs later. Packets
/// written.
uint64_t write_doubled(const std::string& from, const std::string& to) {
  auto source = open_capture_file(from);
  if (!source) return 0;
  PcapngWriter writer(*FileHandle::open_write(to));
  uint64_t packets = 0;
  for (Packet p; (*source)->next(p) == PacketSource::Next::kPacket; ++packets) {
    if ((*source)->interfaces().size() != 1) return 0;
    if (packets == 0) {
      CaptureInterface interface = (*source)->interfaces()[0];
      for (const char* name : {"left", "right"}) {
        interface.name = name;
        writer.add_interface(interface);
      }
    }
    writer.write_packet(p);
    p.interface_id = 1;
    p.ts.ns += 10'000;
    writer.write_packet(p);
  }
  return writer.flush() ? packets : 0;
}

/// What a pass counts, that a duplicate must not change.
struct Counted {
  uint64_t flows = 0, flow_packets = 0, flow_bytes = 0, transactions = 0, retransmissions = 0;
  uint64_t packets = 0, bytes = 0, duplicates = 0;
};

Counted count(const std::string& path) {
  Counted c;
  auto source = open_capture_file(path);
  if (!source) return c;
  CaptureIndex index;
  AnalysisOptions options;
  options.workers = 2;
  options.on_event = [&c](const Event& e) {
    c.flows += e.kind == EventKind::kFlowStart;
    c.transactions += e.kind != EventKind::kFlowStart && e.kind != EventKind::kFlowEnd;
    if (e.kind != EventKind::kFlowEnd) return;
    c.flow_packets += e.orig_packets + e.resp_packets;
    c.flow_bytes += e.orig_bytes + e.resp_bytes;
  };
  std::atomic<bool> stop{false};
  (void)analyse_capture(**source, index, options, stop);
  index.scan(1, index.committed(), [&](const IndexBlock& b, uint32_t row, uint32_t n) {
    for (uint32_t i = row; i < row + n; ++i) {
      c.retransmissions += (b.bits[i] & kBitRetransmission) != 0;
      if (b.bits[i] & kBitDuplicate) {
        EXPECT_EQ(b.bits[i] & kBitRetransmission, 0);
        EXPECT_EQ(b.interface_id[i], 1) << "the earlier one stays";
      }
    }
    return true;
  });
  c.duplicates = index.duplicates();
  c.packets = index.committed() - index.duplicates();
  c.bytes = index.total_bytes() - index.duplicate_bytes();
  return c;
}

TEST(Law, APacketSeenOnTwoInterfacesCountsOnceAndKeepsBothLaws) {
  const auto files = corpus_files(kThreadsBytes / 6);
  if (files.empty()) GTEST_SKIP() << "neither SP3CTRA_CORPUS nor SP3CTRA_SOURCE is set";
  const test_packets::Directory folder;
  const std::string doubled = folder.path() + "/doubled.pcapng";
  uint64_t all = 0, compared = 0, retransmissions = 0, transactions = 0;
  for (const std::string& f : files) {
    const uint64_t packets = write_doubled(f, doubled);
    if (packets == 0) continue;
    const Counted once = count(f), twice = count(doubled);
    ASSERT_EQ(twice.duplicates, packets) << f;
    EXPECT_EQ(once.packets, twice.packets) << f;
    EXPECT_EQ(once.bytes, twice.bytes) << f;
    EXPECT_EQ(once.flows, twice.flows) << f;
    EXPECT_EQ(once.flow_packets, twice.flow_packets) << f;
    EXPECT_EQ(once.flow_bytes, twice.flow_bytes) << f;
    EXPECT_EQ(once.transactions, twice.transactions) << f;
    EXPECT_EQ(once.retransmissions, twice.retransmissions) << f;
    const Digest one = digest_of(doubled, 1, 2);
    for (const unsigned workers : {2u, 7u}) ASSERT_EQ(one, digest_of(doubled, workers, 2)) << f;
    compare_trees(doubled, compared, packets % 2 == 0);
    if (HasFatalFailure()) return;
    all += packets;
    retransmissions += once.retransmissions;
    transactions += once.transactions;
  }
  EXPECT_GT(all, 300u);
  if (files.size() > 1) {  // the demo alone has none
    EXPECT_GT(retransmissions, 0u);
  }
  EXPECT_GT(transactions, 10u);
}

/// The trees of a capture's packets from the last to the first: each walk starts anew.
TEST(Law, TreeOfAPacketDeepInALongFlowWalksFromACopy) {
  const auto files = testing::corpus_captures(testing::long_form() ? UINT64_MAX : 60'000);
  if (files.empty()) GTEST_SKIP() << "SP3CTRA_CORPUS is not set: the demo has no long flow";
  uint64_t compared = 0, saved = 0;
  for (const std::string& path : files) {
    auto source = open_capture_file(path);
    if (!source) continue;
    CaptureIndex index;
    std::atomic<bool> stop{false};
    const auto checkpoints = std::make_shared<Checkpoints>();
    AnalysisOptions options;
    options.checkpoints = checkpoints.get();
    (void)analyse_capture(**source, index, options, stop);
    if (checkpoints->bytes() == 0) continue;
    Replay far(index, (*source)->packet_file()), near(index, (*source)->packet_file(), checkpoints);
    Tree far_tree, near_tree;
    for (uint64_t n = index.committed(); n > 0; n -= std::min<uint64_t>(n, 97)) {
      const uint64_t far_before = far.packets_read(), near_before = near.packets_read();
      ASSERT_TRUE(far.open(n, &far_tree, UINT64_MAX, nullptr));
      ASSERT_TRUE(near.open(n, &near_tree, UINT64_MAX, nullptr));
      const uint64_t all_way = far.packets_read() - far_before;
      const uint64_t from_copy = near.packets_read() - near_before;
      EXPECT_LE(from_copy, 2 * limits::kCheckpointPackets) << path << " #" << n;
      EXPECT_LE(from_copy, all_way) << path << " #" << n;
      ASSERT_EQ(tree_text(far_tree), tree_text(near_tree)) << path << " #" << n;
      saved += all_way - std::min(from_copy, all_way);
      ++compared;
    }
  }
  EXPECT_GT(compared, 5u);
  EXPECT_GT(saved, limits::kCheckpointPackets);
}

}  // namespace
}  // namespace sp3ctra
