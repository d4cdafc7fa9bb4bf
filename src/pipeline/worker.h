#pragma once
// A worker: owns its shards, dissects their packets, fills their index rows in place.
#include <unordered_map>

#include "flow/shard_set.h"
#include "pipeline/batch.h"
#include "store/index.h"

namespace sp3ctra {

/// One thread's. Knows no queue: batch in, rows and events out.
class Worker final : public EventSink, public SignalSink {
 public:
  /// `copies`: long flows are copied now and then, for checkpoints.
  Worker(CaptureIndex& index, uint32_t flows_max, bool copies);
  void analyse(const PacketBatch& batch, Timestamp first, WorkDone& done);
  TrackerCounters counters() const { return shards_.counters(); }
  void take(const Event& event) noexcept override;
  void signal(const FlowSignal& signal) noexcept override;

 private:
  void fill_row(const Packet& packet, uint8_t shard, const Dissection& d);
  uint16_t stack_of(uint8_t shard, const Parsed& parsed);
  void copy_flow(const Flow& flow, const Packet& packet);
  void record_flow(const Packet& packet, const FlowTracker& tracker, const Parsed& parsed);

  CaptureIndex& index_;
  const bool copies_;
  size_t copied_bytes_ = 0;  ///< in the batch in hand
  ShardSet shards_;
  WorkDone* done_ = nullptr;
  struct StackSlot {
    uint64_t hash = 0;
    uint16_t id = 0;
    bool used = false;
  };
  std::vector<StackSlot> stack_cache_;  ///< by shard and hash, direct mapped
};

}  // namespace sp3ctra
