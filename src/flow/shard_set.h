#pragma once
// All 64 shards (or those one worker owns) with a dissection each: the pass over packets in order.
#include <array>
#include <memory>

#include "flow/tracker.h"

namespace sp3ctra {

struct ShardSetOptions {
  uint32_t flows_max = limits::kFlowsPerShard;  ///< per shard
  Tree* tree = nullptr;                         ///< null: fast pass
  EventSink* events = nullptr;
  StreamNumbering* numbering = nullptr;
  SignalSink* signals = nullptr;
};

/// Single thread. Shards are made on first use.
class ShardSet {
 public:
  explicit ShardSet(const ShardSetOptions& options) : options_(options) {}

  /// Dissects the next packet of `shard`; without the tree when `draw` is false. `now` = largest
  /// time stamp of frames 1 … this one; `first` and `previous` = times of frame 1 and of the frame
  /// before.
  Dissection& dissect(const Packet& packet, uint32_t shard, Timestamp now, Timestamp first,
                      Timestamp previous, bool draw = true) noexcept;
  FlowTracker& tracker(uint32_t shard) { return *sides_[shard]->tracker; }
  /// Ends all flows of all shards in use.
  void finish(Timestamp now, uint64_t frame) noexcept;
  TrackerCounters counters() const;
  void want_info(bool want) { want_info_ = want; }

 private:
  struct Side {
    std::unique_ptr<FlowTracker> tracker;
    std::unique_ptr<Dissection> dissection, fast;
  };
  Side& side(uint32_t shard);

  ShardSetOptions options_;
  bool want_info_ = false;
  std::array<std::unique_ptr<Side>, limits::kShards> sides_;
};

}  // namespace sp3ctra
