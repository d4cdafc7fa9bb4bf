#include "flow/shard_set.h"

#include "decode/registry.h"
#include "protocols/frame.h"

namespace sp3ctra {

ShardSet::Side& ShardSet::side(uint32_t shard) {
  if (!sides_[shard]) {
    sides_[shard] = std::make_unique<Side>();
    Side& s = *sides_[shard];
    TrackerOptions tracker;
    tracker.shard = shard;
    tracker.flows_max = options_.flows_max;
    tracker.events = options_.events;
    tracker.signals = options_.signals;
    tracker.numbering = options_.numbering;
    s.tracker = std::make_unique<FlowTracker>(tracker);
    s.dissection =
        std::make_unique<Dissection>(dispatch_tables(), *s.tracker, options_.tree, options_.events);
  }
  return *sides_[shard];
}

Dissection& ShardSet::dissect(const Packet& packet, uint32_t shard, Timestamp now, Timestamp first,
                              Timestamp previous, bool draw) noexcept {
  Side& s = side(shard);
  if (!draw && !s.fast)
    s.fast = std::make_unique<Dissection>(dispatch_tables(), *s.tracker, nullptr, options_.events);
  Dissection& d = draw ? *s.dissection : *s.fast;
  s.tracker->first_ts = first;
  s.tracker->previous_ts = previous;
  s.tracker->has_times = true;
  s.tracker->begin(packet, now);
  d.want_info(want_info_);
  d.reset(packet);
  dissect_frame(d);
  return d;
}

void ShardSet::finish(Timestamp now, uint64_t frame) noexcept {
  for (auto& s : sides_)
    if (s) s->tracker->finish(now, frame);
}

TrackerCounters ShardSet::counters() const {
  TrackerCounters sum;
  for (const auto& s : sides_) {
    if (!s) continue;
    sum += s->tracker->counters();
  }
  return sum;
}

}  // namespace sp3ctra
