#include "query/replay.h"

#include <algorithm>
#include <unordered_set>

#include "decode/registry.h"
#include "protocols/frame.h"

namespace sp3ctra {
namespace {

struct RowRef {
  const IndexBlock& block;
  size_t i;
  explicit RowRef(const CaptureIndex& index, uint64_t number)
      : block(index.block_of(number)), i(number - block.first_number) {}
};

}  // namespace

Replay::Walked& Replay::walked(FlowId flow, uint64_t number, uint64_t walk_max) {
  for (auto it = kept_.begin(); it != kept_.end(); ++it) {
    if (it->flow != flow || !flow.any()) continue;
    if (it->last_fed >= number || (!it->whole && walk_max == UINT64_MAX)) {
      kept_.erase(it);
      break;
    }
    kept_.splice(kept_.begin(), kept_, it);
    return kept_.front();
  }
  // The packet opened last may still look at its tracker, so that leaves only now.
  drawn_.reset();
  std::erase_if(kept_, [](const Walked& k) { return !k.flow.any(); });
  if (kept_.size() >= kFlowsKept) kept_.pop_back();
  Walked& w = kept_.emplace_front();
  w.flow = flow;
  if (const FlowRecord* f = index_.find_flow(flow)) {
    const uint32_t stream = f->stream.load(std::memory_order_relaxed);
    w.stream = stream == UINT32_MAX ? 0 : stream;
    if (f->ports_reused) w.reused_at = f->first_frame;
  }
  fresh_tracker(w);
  return w;
}

void Replay::fresh_tracker(Walked& w) const {
  TrackerOptions options;
  options.shard = w.flow.any() ? w.flow.shard() : 0;
  options.numbering = &w;
  w.tracker = std::make_unique<FlowTracker>(options);
}

/// Starts at the flow's last copy before `number`, when that is further on than what was fed.
void Replay::resume(Walked& w, uint64_t number) const {
  if (!checkpoints_ || !w.flow.any()) return;
  const Checkpoints::Copy copy = checkpoints_->before(w.flow, number);
  if (!copy.flow || copy.frame <= w.last_fed) return;
  fresh_tracker(w);
  w.tracker->resume(*copy.flow, w.stream);
  w.last_fed = copy.frame;
  w.whole = true;
}

/// Earlier packets that matter to `number`, unsorted; false when walk_max cut it short.
bool Replay::chain_before(uint64_t number, uint64_t last_fed, uint64_t walk_max,
                          std::vector<uint64_t>& chain) const {
  std::unordered_set<uint64_t> fragments;
  std::vector<uint64_t> open;
  const auto links_of = [&](uint64_t frame) {
    const RowRef row(index_, frame);
    if (row.block.bits[row.i] & kBitDatagramCompleted)
      for (const uint64_t f : index_.datagram_links(frame)) open.push_back(f);
    return uint64_t{row.block.previous[row.i]};
  };
  for (uint64_t at = number;;) {
    at = links_of(at);
    // A fragment may itself have come out of another datagram.
    while (!open.empty() && chain.size() < walk_max) {
      const uint64_t fragment = open.back();
      open.pop_back();
      if (fragment == 0 || !fragments.insert(fragment).second) continue;
      chain.push_back(fragment);
      open.push_back(links_of(fragment));
    }
    if (!open.empty()) return false;
    if (at == 0 || at <= last_fed) return true;
    if (chain.size() >= walk_max) return false;
    chain.push_back(at);
  }
}

Result<Packet> Replay::read(uint64_t number) {
  auto p = file_->read_at(index_.file_offset(number), buffer_);
  if (!p) return p;
  const RowRef row(index_, number);
  ++packets_read_;
  p->number = number;
  p->interface_id = row.block.interface_id[row.i];
  p->ts = Timestamp{row.block.ts_ns[row.i]};
  if (row.block.bits[row.i] & kBitDuplicate) p->flags |= kPacketDuplicate;
  return p;
}

void Replay::set_times(FlowTracker& tracker, uint64_t number, Timestamp& now) const {
  const RowRef row(index_, number);
  now = std::max(now, Timestamp{row.block.ts_ns[row.i]});
  const RowRef first(index_, 1), before(index_, number > 1 ? number - 1 : 1);
  tracker.first_ts = Timestamp{first.block.ts_ns[first.i]};
  tracker.previous_ts = Timestamp{before.block.ts_ns[before.i]};
  tracker.has_times = true;
}

Result<Replay::Opened> Replay::open(uint64_t number, Tree* tree, uint64_t walk_max, bool* whole) {
  if (number == 0 || number > index_.committed())
    return fail("packet {} does not exist; the capture has {}", number, index_.committed());
  const RowRef row(index_, number);
  Walked& w = walked(FlowId{row.block.flow[row.i]}, number, walk_max);
  resume(w, number);
  std::vector<uint64_t> chain;
  const bool complete = chain_before(number, w.last_fed, walk_max, chain);
  if (!complete) {
    // Starting in the middle: nothing known before may be mixed in.
    w.whole = false;
    fresh_tracker(w);
  }
  std::sort(chain.begin(), chain.end());
  // A walk that broke off half way knows some packets and not others: it may not be gone on with.
  const auto give_up = [this](Error&& error) {
    drawn_.reset();
    kept_.pop_front();
    return tl::unexpected(std::move(error));
  };
  Dissection fast(dispatch_tables(), *w.tracker, nullptr, nullptr);
  for (const uint64_t n : chain) {
    auto p = read(n);
    if (!p) return give_up(std::move(p.error()));
    set_times(*w.tracker, n, w.now);
    w.tracker->begin(*p, w.now);
    fast.reset(*p);
    dissect_frame(fast);
  }
  auto p = read(number);
  if (!p) return give_up(std::move(p.error()));
  set_times(*w.tracker, number, w.now);
  w.tracker->begin(*p, w.now);
  drawn_ = std::make_unique<Dissection>(dispatch_tables(), *w.tracker, tree, nullptr);
  drawn_->want_info(true);
  drawn_->reset(*p);
  dissect_frame(*drawn_);
  w.last_fed = number;
  if (whole) *whole = w.whole;
  Opened out{*p, drawn_->parsed, drawn_->info()};
  out.parsed.flow = w.flow;
  return out;
}

}  // namespace sp3ctra
