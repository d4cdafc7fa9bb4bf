// Real packets cut at every length up to 256 bytes and bit-flipped by seed: no dissector may read
// past its bytes, hang or die. Copies are of the exact size, so that ASan sees one byte too far.
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "capture/file_source.h"
#include "decode/shard.h"
#include "decode/value_text.h"
#include "flow/shard_set.h"
#include "pipeline/corpus_test.h"

namespace sp3ctra {
namespace {

/// Dissects packets one after the other as one capture would give them.
class Feeder {
 public:
  explicit Feeder(bool draw)
      : draw_(draw), shards_({8, draw ? &tree_ : nullptr, nullptr, &numbering_}) {
    shards_.want_info(true);
  }
  void feed(const Packet& original, Bytes bytes) {
    const std::unique_ptr<std::byte[]> exact(new std::byte[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), exact.get());
    Packet p = original;
    p.number = ++number_;
    p.caplen = static_cast<uint32_t>(bytes.size());
    p.data = {exact.get(), bytes.size()};
    const Dissection& d = shards_.dissect(p, shard_of(p), p.ts, p.ts, p.ts);
    layers_ += d.parsed.layer_count;
    if (!draw_) return;
    for (const Node& n : tree_.nodes) {
      const size_t end = n.source < tree_.sources.size() && n.source > 0
                             ? tree_.sources[n.source].bytes.size()
                             : bytes.size();
      // A node may name bytes the capture cut off, but never start behind everything that exists.
      if (n.length > 0) EXPECT_LE(n.offset, std::max<size_t>(end, p.len)) << n.field->name;
    }
  }
  uint64_t layers() const { return layers_; }

 private:
  bool draw_;
  Tree tree_;
  CountingNumbering numbering_;
  ShardSet shards_;
  uint64_t number_ = 0, layers_ = 0;
};

/// Every packet of a file up to `packets_max`, copied.
struct Stored {
  Packet packet;
  std::vector<std::byte> bytes;
};
std::vector<Stored> load(const std::string& path, size_t packets_max) {
  std::vector<Stored> out;
  auto source = open_capture_file(path);
  if (!source) return out;
  Packet p;
  while (out.size() < packets_max && (*source)->next(p) == PacketSource::Next::kPacket)
    out.push_back({p, {p.data.begin(), p.data.end()}});
  return out;
}

TEST(Hostile, EveryCaptureCutAtEveryLength) {
  const auto files = testing::with_demo(testing::corpus_captures());
  if (files.empty()) GTEST_SKIP() << "neither SP3CTRA_CORPUS nor SP3CTRA_SOURCE is set";
  const bool all = testing::long_form();
  uint64_t layers = 0;
  for (const std::string& f : files) {
    const auto packets = load(f, all ? 200 : 12);
    for (size_t cut = 0; cut <= 256; cut += all ? 1 : 3) {
      Feeder feeder(cut % 2 == 0);
      for (const Stored& s : packets)
        feeder.feed(s.packet, Bytes(s.bytes).first(std::min(cut, s.bytes.size())));
      layers += feeder.layers();
    }
  }
  EXPECT_GT(layers, 120 * files.size());
}

TEST(Hostile, EveryCaptureBitFlippedBySeed) {
  const auto files = testing::with_demo(testing::corpus_captures());
  if (files.empty()) GTEST_SKIP() << "neither SP3CTRA_CORPUS nor SP3CTRA_SOURCE is set";
  const bool all = testing::long_form();
  uint64_t layers = 0;
  for (unsigned seed = 1; seed <= (all ? 20u : 3u); ++seed) {
    std::mt19937 random(seed);
    for (const std::string& f : files) {
      Feeder feeder(seed % 2 == 1);
      for (Stored s : load(f, all ? 500 : 40)) {
        for (size_t k = 0; k < 1 + s.bytes.size() / 64 && !s.bytes.empty(); ++k)
          s.bytes[random() % s.bytes.size()] ^= static_cast<std::byte>(1u << random() % 8);
        feeder.feed(s.packet, s.bytes);
      }
      layers += feeder.layers();
    }
  }
  EXPECT_GT(layers, 120 * files.size());
}

}  // namespace
}  // namespace sp3ctra
