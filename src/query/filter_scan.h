#pragma once
// One filter over one capture: which frames match, found in slices, growing with the capture.
#include <atomic>
#include <chrono>
#include <mutex>

#include "capture/random_access.h"
#include "filter/filter.h"
#include "flow/shard_set.h"
#include "query/capture_view.h"
#include "query/pool.h"
#include "store/index.h"

namespace sp3ctra {

/// step() on a pool thread; the rest from any thread.
class FilterScan final : public SlicedJob {
 public:
  FilterScan(std::shared_ptr<const CaptureIndex> index, std::shared_ptr<const PacketFile> file,
             Filter filter);
  bool step() override;

  FilterProgress progress() const;
  uint64_t rows() const;
  /// Frame numbers of matches first … first+count-1.
  std::vector<uint64_t> numbers(uint64_t first, uint32_t count) const;
  /// Row of the first match at or after `number`; rows() when none.
  uint64_t row_of(uint64_t number) const;
  bool has(uint64_t number) const;
  const Filter& filter() const { return filter_; }

 private:
  bool deep_matches(uint64_t number);

  std::shared_ptr<const CaptureIndex> index_;
  std::shared_ptr<const PacketFile> file_;
  Filter filter_;
  mutable std::mutex mutex_;
  std::vector<uint32_t> matches_;       // guarded by mutex_
  std::atomic<uint64_t> scanned_{0};
  std::atomic<int64_t> took_ns_{0};
  // pool thread only
  Tree tree_;
  CountingNumbering numbering_;
  ShardSet shards_;
  Timestamp now_, first_, previous_;
  std::vector<std::byte> buffer_;
};

}  // namespace sp3ctra
