#pragma once
// One filter over one capture: which frames match, found in slices, growing with the capture.
// Questions the index can answer (addresses, ports, protocols, lengths, times, flags) are asked of
// its columns; only rows it leaves open are read and dissected.
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>

#include "capture/random_access.h"
#include "filter/filter.h"
#include "filter/header_filter.h"
#include "flow/shard_set.h"
#include "query/capture_view.h"
#include "query/match_set.h"
#include "query/pool.h"
#include "query/replay.h"
#include "store/index.h"

namespace sp3ctra {

/// step() on a pool thread; the rest from any thread.
class FilterScan final : public SlicedJob {
 public:
  FilterScan(std::shared_ptr<const CaptureIndex> index, std::shared_ptr<const PacketFile> file,
             std::shared_ptr<Checkpoints> checkpoints, Filter filter);
  bool step() override;

  FilterProgress progress() const;
  uint64_t rows() const;
  /// Frame numbers of matches first … first+count-1; those no longer kept are left out.
  std::vector<uint64_t> numbers(uint64_t first, uint32_t count) const;
  /// The same with 0 in the place of each that is no longer kept.
  std::vector<uint64_t> numbers_in_place(uint64_t first, uint32_t count) const;
  /// Row of the first match at or after `number`; rows() when none.
  uint64_t row_of(uint64_t number) const;
  bool has(uint64_t number) const;
  const Filter& filter() const { return filter_; }

 private:
  static constexpr uint32_t kChunkRows = 8192;

  void learn(const IndexBlock& block, uint32_t row, uint32_t rows);
  void ask_index(const IndexBlock& block, uint32_t row, uint32_t rows);
  /// Settles one row of the chunk asked last; true when it matches.
  bool settle(uint64_t number, uint32_t row_in_chunk);
  bool open_and_match(uint64_t number);
  bool pass_and_match(uint64_t number, bool maybe);
  uint64_t skip_expired(uint64_t at);
  static bool bit(const std::vector<uint64_t>& words, uint32_t row) {
    return words[row / 64] >> (row % 64) & 1;
  }

  struct FlowsOfBlock {
    uint64_t first_number = 0;
    std::array<uint32_t, limits::kShards> least{};  ///< of the flows that begin there, by shard
  };

  std::shared_ptr<const CaptureIndex> index_;
  std::shared_ptr<const PacketFile> file_;
  Filter filter_;
  mutable std::mutex mutex_;
  MatchSet matches_;  // guarded by mutex_
  std::atomic<uint64_t> scanned_{0};
  std::atomic<int64_t> took_ns_{0};
  // pool thread only
  Tree tree_;
  CountingNumbering numbering_;
  ShardSet shards_;
  HeaderProgram header_;
  Replay replay_;  ///< header filters: opens only what the index leaves open
  uint32_t stacks_known_ = 0;
  std::vector<uint8_t> directions_;
  std::vector<uint64_t> yes_, maybe_;
  uint64_t chunk_first_ = 0, chunk_last_ = 0;
  Timestamp now_, first_, previous_;
  bool begun_ = false;                               ///< a packet was passed
  uint64_t dropped_before_ = 1;                      ///< nothing below is remembered
  std::array<bool, limits::kShards> shards_told_{};  ///< some flow of it was learned
  std::deque<FlowsOfBlock> learned_;                 ///< by frame
  std::vector<std::byte> buffer_;
};

/// Asked while waiting: false = cancelled. Tells no progress, so that only one place does.
using GoingOnFn = bool (*)(const void* user);

/// Waits until a scan that is under way has asked packet `number`; false when `going_on` (may be
/// null) says so meanwhile. Blocks; any thread but the pool's.
bool scanned_up_to(const FilterScan& scan, uint64_t number, GoingOnFn going_on, const void* user);

}  // namespace sp3ctra
