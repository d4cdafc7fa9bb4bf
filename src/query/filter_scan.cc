#include "query/filter_scan.h"

#include <algorithm>

namespace sp3ctra {

FilterScan::FilterScan(std::shared_ptr<const CaptureIndex> index,
                       std::shared_ptr<const PacketFile> file, Filter filter)
    : index_(std::move(index)),
      file_(std::move(file)),
      filter_(std::move(filter)),
      shards_({.flows_max = limits::kFlowsPerShard,
               .tree = &tree_,
               .events = nullptr,
               .numbering = &numbering_}) {}

bool FilterScan::deep_matches(uint64_t number) {
  auto p = file_->read_at(index_->file_offset(number), buffer_);
  if (!p) return false;
  const IndexBlock& b = index_->block_of(number);
  const size_t i = number - b.first_number;
  p->number = number;
  p->interface_id = b.interface_id[i];
  p->ts = Timestamp{b.ts_ns[i]};
  if (number == 1) first_ = now_ = previous_ = p->ts;
  now_ = std::max(now_, p->ts);
  shards_.dissect(*p, b.shard[i], now_, first_, previous_);
  previous_ = p->ts;
  return filter_.matches(tree_, p->data);
}

bool FilterScan::step() {
  const auto start = std::chrono::steady_clock::now();
  const auto until = start + std::chrono::milliseconds(20);
  uint64_t at = scanned_.load(std::memory_order_relaxed);
  std::vector<uint32_t> found;
  bool more = at < index_->committed();
  while (more) {
    const uint64_t to = std::min(at + 256, index_->committed());
    while (at < to)
      if (deep_matches(++at)) found.push_back(static_cast<uint32_t>(at));
    more = at < index_->committed();
    if (std::chrono::steady_clock::now() > until) break;
  }
  {
    const std::lock_guard lock(mutex_);
    matches_.insert(matches_.end(), found.begin(), found.end());
    scanned_.store(at, std::memory_order_release);
  }
  took_ns_ += (std::chrono::steady_clock::now() - start).count();
  return more;
}

FilterProgress FilterScan::progress() const {
  const std::lock_guard lock(mutex_);
  FilterProgress p;
  p.rows = matches_.size();
  p.of = index_->committed();
  p.scanned = scanned_.load(std::memory_order_acquire);
  p.complete = p.scanned >= p.of;
  p.took_ms = static_cast<uint64_t>(took_ns_.load() / 1'000'000);
  return p;
}

uint64_t FilterScan::rows() const {
  const std::lock_guard lock(mutex_);
  return matches_.size();
}

std::vector<uint64_t> FilterScan::numbers(uint64_t first, uint32_t count) const {
  const std::lock_guard lock(mutex_);
  if (first >= matches_.size()) return {};
  const auto from = matches_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto n = std::min<uint64_t>(count, matches_.size() - first);
  return {from, from + static_cast<std::ptrdiff_t>(n)};
}

uint64_t FilterScan::row_of(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return static_cast<uint64_t>(std::lower_bound(matches_.begin(), matches_.end(), number) -
                               matches_.begin());
}

bool FilterScan::has(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return std::binary_search(matches_.begin(), matches_.end(), static_cast<uint32_t>(number));
}

}  // namespace sp3ctra
