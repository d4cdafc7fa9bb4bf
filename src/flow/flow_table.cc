#include "flow/flow_table.h"

#include "base/check.h"

namespace sp3ctra {

FlowTable::FlowTable(uint32_t shard, uint32_t flows_max) : shard_(shard), flows_max_(flows_max) {
  slots_.emplace_back();
  buckets_.assign(64, {});
}

size_t FlowTable::bucket_of(const FlowKey& key) const noexcept {
  const size_t mask = buckets_.size() - 1;
  const uint64_t hash = key.hash();
  size_t at = hash & mask;
  while (buckets_[at].slot != 0 && !(buckets_[at].hash == static_cast<uint32_t>(hash) &&
                                     slots_[buckets_[at].slot].key == key))
    at = (at + 1) & mask;
  return at;
}

Flow* FlowTable::find(const FlowKey& key) noexcept {
  const uint32_t slot = buckets_[bucket_of(key)].slot;
  return slot == 0 ? nullptr : &slots_[slot];
}

Flow& FlowTable::insert(const FlowKey& key) {
  if ((live_ + 1) * 2 > buckets_.size()) {
    buckets_.assign(buckets_.size() * 2, {});
    for (uint32_t i = oldest_; i != 0; i = slots_[i].newer) put(i);
  }
  uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Flow& flow = slots_[slot];
  flow = Flow{};
  flow.key = key;
  flow.slot = slot;
  flow.id = FlowId::make(shard_, next_serial_++);
  put(slot);
  ++live_;
  link(slot);
  return flow;
}

void FlowTable::put(uint32_t slot) noexcept {
  const FlowKey& key = slots_[slot].key;
  buckets_[bucket_of(key)] = {slot, static_cast<uint32_t>(key.hash())};
}

Flow& FlowTable::restore(const Flow& copy) {
  if (Flow* old = find(copy.key)) remove(*old);
  Flow& flow = insert(copy.key);
  const uint32_t newer = flow.newer, older = flow.older, slot = flow.slot;
  flow = copy;
  flow.slot = slot;
  flow.newer = newer;
  flow.older = older;
  return flow;
}

void FlowTable::link(uint32_t slot) noexcept {
  slots_[slot].older = newest_;
  slots_[slot].newer = 0;
  if (newest_ != 0) slots_[newest_].newer = slot;
  newest_ = slot;
  if (oldest_ == 0) oldest_ = slot;
}

void FlowTable::unlink(uint32_t slot) noexcept {
  const Flow& f = slots_[slot];
  (f.older != 0 ? slots_[f.older].newer : oldest_) = f.newer;
  (f.newer != 0 ? slots_[f.newer].older : newest_) = f.older;
}

void FlowTable::touch(Flow& flow) noexcept {
  const uint32_t slot = flow.slot;
  if (slot == newest_) return;
  unlink(slot);
  link(slot);
}

void FlowTable::remove(Flow& flow) noexcept {
  const uint32_t slot = flow.slot;
  const size_t mask = buckets_.size() - 1;
  size_t hole = bucket_of(flow.key);
  CHECK(buckets_[hole].slot == slot);
  unlink(slot);
  // Close the hole: later entries of the same probe run move back so that none is cut off.
  for (size_t at = (hole + 1) & mask; buckets_[at].slot != 0; at = (at + 1) & mask) {
    const size_t home = buckets_[at].hash & mask;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      buckets_[hole] = buckets_[at];
      hole = at;
    }
  }
  buckets_[hole] = {};
  flow = Flow{};
  free_.push_back(slot);
  --live_;
}

}  // namespace sp3ctra
