#pragma once
// The live flows of one shard: found by key, the longest silent one leaves when the table is full.
#include <deque>
#include <vector>

#include "flow/flow.h"

namespace sp3ctra {

/// At most limits::kFlowsPerShard flows. Single thread. Deterministic: the same packets give the
/// same serials and the same evictions.
class FlowTable {
 public:
  /// `flows_max` below the limit is for tests that reach it deliberately.
  explicit FlowTable(uint32_t shard, uint32_t flows_max = limits::kFlowsPerShard);

  /// Null when there is none. Does not touch the LRU order.
  Flow* find(const FlowKey& key) noexcept;
  /// Makes a flow (replacing one with the same key); evicts the longest silent one when full:
  /// it is handed to `on_evict` first.
  template <class OnEvict>
  Flow& make(const FlowKey& key, OnEvict on_evict) {
    if (Flow* old = find(key)) {
      on_evict(*old);
      remove(*old);
    }
    if (live_ == flows_max_) {
      Flow& silent = slots_[oldest_];
      on_evict(silent);
      ++evicted_;
      remove(silent);
    }
    return insert(key);
  }
  void touch(Flow& flow) noexcept;
  void remove(Flow& flow) noexcept;
  /// Puts a copied flow in place of its key (checkpoints).
  Flow& restore(const Flow& flow);
  /// The longest silent flow for which `f` is true; null when there is none.
  template <class F>
  Flow* longest_silent(F f) {
    for (uint32_t i = oldest_; i != 0; i = slots_[i].newer)
      if (f(slots_[i])) return &slots_[i];
    return nullptr;
  }
  /// All live flows, longest silent first.
  template <class F>
  void for_each(F f) {
    for (uint32_t i = oldest_; i != 0; i = slots_[i].newer) f(slots_[i]);
  }
  uint32_t live() const { return live_; }
  uint64_t evicted() const { return evicted_; }
  uint32_t next_serial() const { return next_serial_; }

 private:
  Flow& insert(const FlowKey& key);
  void put(uint32_t slot) noexcept;
  void link(uint32_t slot) noexcept;
  void unlink(uint32_t slot) noexcept;
  size_t bucket_of(const FlowKey& key) const noexcept;

  uint32_t shard_;
  uint32_t flows_max_;
  uint32_t live_ = 0, next_serial_ = 0;
  uint64_t evicted_ = 0;
  std::deque<Flow> slots_;  ///< slot 0 is not used; addresses stay
  std::vector<uint32_t> free_;
  /// A slot and a part of its key's hash: most other flows are told apart without a look at them.
  struct Bucket {
    uint32_t slot = 0;  ///< 0 = empty
    uint32_t hash = 0;
  };
  std::vector<Bucket> buckets_;  ///< open addressing
  uint32_t oldest_ = 0, newest_ = 0;
};

}  // namespace sp3ctra
