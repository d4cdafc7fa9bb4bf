// The copies a worker takes of long flows: as often as packets come, whatever lengths they claim.
#include "pipeline/worker.h"

#include <gtest/gtest.h>

namespace sp3ctra {
namespace {

constexpr uint32_t kClaimed = 4 << 20;

std::vector<std::byte> segment(uint32_t seq, size_t payload) {
  std::vector<std::byte> b(54 + payload);
  const auto put = [&b](size_t at, std::initializer_list<int> bytes) {
    for (const int v : bytes) b[at++] = static_cast<std::byte>(v);
  };
  const int total = static_cast<int>(40 + payload);
  put(12, {8, 0, 0x45, 0, total >> 8, total & 255, 0, 0, 0x40, 0, 64, 6, 0, 0});
  put(26, {10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0, 80});
  put(38, {static_cast<int>(seq >> 24), static_cast<int>(seq >> 16 & 255),
           static_cast<int>(seq >> 8 & 255), static_cast<int>(seq & 255)});
  put(46, {0x50, 0x10, 255, 255});
  return b;
}

size_t copies_of(int packets, size_t payload, bool wanted) {
  CaptureIndex index;
  Worker worker(index, limits::kFlowsPerShard, wanted);
  size_t copies = 0;
  for (int n = 0; n < packets; n += 64) {
    PacketBatch batch;
    std::vector<std::vector<std::byte>> frames;
    for (int i = 0; i < 64; ++i) {
      // Every other kilobyte is missing, so that all of it is held back.
      frames.push_back(segment(static_cast<uint32_t>((n + i) * 2000), payload));
      Packet p;
      p.ts = Timestamp{1'000'000'000};
      p.data = frames.back();
      p.caplen = static_cast<uint32_t>(p.data.size());
      p.len = kClaimed;
      p.number = index.append(p.ts.ns, 0, p.len, p.caplen, 0, 0);
      batch.add(p, 0, p.ts, p.ts);
      batch.last_number = p.number;
    }
    batch.seal();
    WorkDone done;
    worker.analyse(batch, Timestamp{1'000'000'000}, done);
    copies += done.checkpoints.size();
  }
  return copies;
}

TEST(Worker, CopiesOfALongFlowComeWithPacketsNotWithClaims) {
  EXPECT_EQ(copies_of(1024, 0, true), 4u);
  EXPECT_EQ(copies_of(1024, 0, false), 0u);
}

TEST(Worker, AFlowThatHoldsMuchIsNotCopied) { EXPECT_LE(copies_of(1024, 1000, true), 1u); }

}  // namespace
}  // namespace sp3ctra
