#include "store/index.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>

namespace sp3ctra {
namespace {

constexpr uint32_t kRows = limits::kIndexBlockRows;

std::shared_ptr<IndexMemory> mapped() {
  auto memory = mapped_index_memory(std::filesystem::temp_directory_path().string());
  EXPECT_TRUE(memory) << memory.error().message;
  return *memory;
}

/// Anonymous memory of this process in bytes.
uint64_t anonymous_bytes() {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;)
    if (word == "RssAnon:") {
      in >> word;
      return std::strtoull(word.c_str(), nullptr, 10) * 1024;
    }
  return 0;
}

/// Rows as a worker leaves them: every one a flow of its own that ends at once, but every
/// `living`-th, which goes on.
struct Filler {
  explicit Filler(CaptureIndex& to) : index(to) {}
  CaptureIndex& index;
  uint32_t living = 0;
  std::array<uint32_t, limits::kShards> serial{};

  void rows(uint64_t count) {
    for (uint64_t k = 0; k < count; ++k) {
      ASSERT_TRUE(index.make_room());
      const uint64_t next = index.committed() + k + 1;
      const auto shard = static_cast<uint8_t>(next % limits::kShards);
      const uint64_t n =
          index.append(static_cast<int64_t>(next) * 1000, next * 100, 60, 60, 0, shard);
      const FlowId id = FlowId::make(shard, serial[shard]++);
      FlowRecord* f = index.flow_record(id);
      ASSERT_NE(f, nullptr);
      f->id = id;
      f->first_frame = n;
      f->last_frame = n;
      f->ended = living == 0 || n % living != 0;
      IndexBlock& b = index.block_of(n);
      b.flow[n - b.first_number] = id.value;
      b.bits[n - b.first_number] = kBitFlowStart;
      if (n % 3 == 0) index.link_datagram(shard, n, n - 1);
    }
    index.commit(index.committed() + count);
  }
};

TEST(Index, MappedAndHeapHoldTheSame) {
  CaptureIndex heap, file(mapped());
  for (CaptureIndex* index : {&heap, &file}) {
    Filler filler(*index);
    filler.rows(kRows + 10'000);
    EXPECT_EQ(index->committed(), kRows + 10'000);
    for (const uint64_t n :
         {uint64_t{1}, uint64_t{kRows}, uint64_t{kRows} + 1, uint64_t{kRows} + 9'999}) {
      EXPECT_EQ(index->file_offset(n), n * 100);
      const IndexBlock& b = index->block_of(n);
      EXPECT_EQ(b.ts_ns[n - b.first_number], static_cast<int64_t>(n) * 1000);
      const FlowRecord* f = index->find_flow(FlowId{b.flow[n - b.first_number]});
      ASSERT_NE(f, nullptr);
      EXPECT_EQ(f->first_frame, n);
      EXPECT_EQ(index->datagram_links(n).size(), n % 3 == 0 ? 1u : 0u);
    }
  }
}

TEST(Index, WhatExpiredReadsAsNothingAndTheRestStays) {
  CaptureIndex index(mapped());
  Filler filler(index);
  filler.living = 1000;
  filler.rows(4 * kRows);
  const uint64_t first = 3 * kRows + 500;
  index.expire_before(first);
  EXPECT_EQ(index.first_kept(), first);
  EXPECT_FALSE(index.kept(first - 1));
  EXPECT_TRUE(index.kept(first));
  EXPECT_EQ(index.block_of(5).ts_ns[4], 0) << "a reader that comes too late sees zeros";
  EXPECT_EQ(index.first_ts_ns(), 1000);
  EXPECT_EQ(index.ts_before(first), static_cast<int64_t>(first - 1) * 1000);
  uint64_t seen = 0, from = 0;
  index.scan(1, UINT64_MAX, [&](const IndexBlock& b, uint32_t row, uint32_t rows) {
    if (from == 0) from = b.first_number + row;
    seen += rows;
    return true;
  });
  EXPECT_EQ(from, first);
  EXPECT_EQ(seen, 4 * kRows - first + 1);
  // Flows: those of rows that are kept, and those that still live.
  std::array<uint32_t, limits::kShards> serial{};
  uint64_t lost = 0;
  for (uint64_t n = 1; n <= 4 * kRows; ++n) {
    const uint32_t shard = n % limits::kShards;
    const FlowRecord* f = index.find_flow(FlowId::make(shard, serial[shard]++));
    if (n >= first || n % 1000 == 0) {
      ASSERT_NE(f, nullptr) << n;
      ASSERT_EQ(f->first_frame, n);
    }
    lost += f == nullptr;
  }
  // A page of records goes whole or not at all, and every hundredth flow or so holds one.
  EXPECT_GT(lost, kRows);
  EXPECT_EQ(index.datagram_links(first + (3 - first % 3) % 3).size(), 1u);
  // It goes on.
  filler.rows(kRows);
  EXPECT_EQ(index.file_offset(5 * kRows), uint64_t{5} * kRows * 100);
}

TEST(Index, RowsThatWereNotWrittenAreTakenBack) {
  CaptureIndex index(mapped());
  for (uint64_t n = 1; n <= kRows + 5; ++n) {
    ASSERT_TRUE(index.make_room());
    index.append(static_cast<int64_t>(n), n * 100, 60, 60, 0, 0);
  }
  index.take_back(kRows - 3);
  for (uint64_t n = kRows - 2; n <= kRows + 8; ++n) {
    ASSERT_TRUE(index.make_room());
    EXPECT_EQ(index.append(static_cast<int64_t>(n) + 7, n * 200, 60, 60, 0, 0), n);
  }
  index.commit(kRows + 8);
  EXPECT_EQ(index.file_offset(kRows - 3), (uint64_t{kRows} - 3) * 100);
  EXPECT_EQ(index.file_offset(kRows - 2), (uint64_t{kRows} - 2) * 200);
  EXPECT_EQ(index.file_offset(kRows + 8), (uint64_t{kRows} + 8) * 200);
}

TEST(Index, MemoryAndDiskStayFlatWhileRowsComeAndGo) {
  auto memory = mapped();
  CaptureIndex index(memory);
  Filler filler(index);
  filler.living = 50'000;
  uint64_t anonymous = 0, used = 0;
  for (int round = 0; round < 40; ++round) {
    filler.rows(kRows);
    if (round >= 8) index.expire_before(index.committed() - 4 * uint64_t{kRows});
    if (round != 15) continue;
    anonymous = anonymous_bytes();
    used = memory->bytes_in_use();
  }
  EXPECT_LT(memory->bytes_in_use(), used + used / 4);
  // 24 blocks more are 60 MB of rows and 150 MB of flows.
  EXPECT_LT(anonymous_bytes(), anonymous + (8u << 20));
}

TEST(Index, MappingsStayFewHoweverLongItGoesOn) {
  const auto mappings = [] {
    std::ifstream in("/proc/self/maps");
    size_t n = 0;
    for (std::string line; std::getline(in, line);) ++n;
    return n;
  };
  constexpr size_t kLarge = 2'502'656, kSmall = IndexMemory::kPageBytes;
  const auto memory = mapped();
  std::deque<IndexMemory::Range> large, small;
  size_t at_first = 0;
  for (int round = 0; round < 250; ++round) {
    memory->grow_ahead();
    std::vector<IndexMemory::Range> ranges;
    for (int i = 0; i < 20; ++i) {
      small.push_back({memory->take(kSmall), kSmall});
      ASSERT_NE(small.back().at, nullptr);
      *small.back().at = std::byte{1};
    }
    large.push_back({memory->take(kLarge), kLarge});
    ASSERT_NE(large.back().at, nullptr);
    *large.back().at = std::byte{1};
    if (round >= 8) {
      ranges.push_back(large.front());
      large.pop_front();
      for (int i = 0; i < 20; ++i, small.pop_front())
        if (i % 7 != 3) ranges.push_back(small.front());  // a flow in the others lives on
      memory->give_back(ranges);
      for (const IndexMemory::Range& r : ranges) {
        if (r.bytes == kLarge) ASSERT_EQ(*r.at, std::byte{0});
      }
    }
    if (round == 20) at_first = mappings();
  }
  EXPECT_LT(mappings(), at_first + 20);
}

/// Bytes on the disk of the one file without a name that this process has open.
uint64_t nameless_file_bytes() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    struct stat seen {};
    if (::stat(entry.path().c_str(), &seen) == 0 && S_ISREG(seen.st_mode) && seen.st_nlink == 0 &&
        seen.st_size > (1 << 20))
      return static_cast<uint64_t>(seen.st_blocks) * 512;
  }
  return 0;
}

// A hole waits for the disk: under a hundred of them a segment, the store falls behind.
TEST(Index, RoomIsGivenBackToTheDiskInFewLargePieces) {
  constexpr size_t kSmall = IndexMemory::kPageBytes, kRound = 1000, kStay = 7;
  const auto memory = mapped();
  std::deque<IndexMemory::Range> pieces;
  uint64_t stayed = 0;
  for (int round = 0; round < 100; ++round) {
    for (size_t i = 0; i < kRound; ++i) {
      pieces.push_back({memory->take(kSmall), kSmall});
      ASSERT_NE(pieces.back().at, nullptr);
    }
    if (round < 2) continue;
    // Every seventh piece goes one round later, as pages of flows do.
    std::vector<IndexMemory::Range> ranges;
    for (size_t i = 0; i < kRound; ++i)
      if (i % kStay != 0) ranges.push_back(pieces[i]);
    std::vector<IndexMemory::Range> late;
    for (size_t i = 0; i < kRound; i += kStay) late.push_back(pieces[i]);
    pieces.erase(pieces.begin(), pieces.begin() + kRound);
    memory->give_back(ranges);
    // Some stay for good.
    stayed += late.size() / 100;
    late.resize(late.size() - late.size() / 100);
    memory->give_back(late);
  }
  EXPECT_LT(memory->holes_made(), 250u) << "98 rounds";
  const uint64_t disk = nameless_file_bytes();
  if (disk == 0) GTEST_SKIP() << "the file system does not tell what a file takes";
  EXPECT_LT(disk, (stayed + 2 * kRound) * kSmall + (72u << 20));
}

}  // namespace
}  // namespace sp3ctra
