#include "flow/checkpoints.h"

#include <algorithm>

namespace sp3ctra {

size_t checkpoint_bytes(const Flow& flow) {
  size_t n = sizeof flow + buffered_bytes(flow);
  if (flow.tcp) {
    n += sizeof *flow.tcp;
  }
  for (const StateSlot& s : flow.states) n += sizeof s + s.bytes.size();
  return n;
}

void Checkpoints::add(FlowId id, Copy copy) {
  const size_t size = checkpoint_bytes(*copy.flow);
  const std::lock_guard lock(mutex_);
  auto [at, fresh] = flows_.try_emplace(id.value);
  Entry& e = at->second;
  if (fresh) e.age = ages_.insert(ages_.end(), id.value);
  ages_.splice(ages_.end(), ages_, e.age);
  if (++e.offered % e.step != 0) return;
  if (e.copies.size() >= limits::kCheckpointsPerFlow) thin(e);
  e.copies.push_back(std::move(copy));
  e.bytes += size;
  bytes_ += size;
  while (bytes_ > bytes_max_ && ages_.size() > 1) {
    const auto oldest = flows_.find(ages_.front());
    bytes_ -= oldest->second.bytes;
    flows_.erase(oldest);
    ages_.pop_front();
  }
  while (bytes_ > bytes_max_ && e.copies.size() > 1) thin(e);
}

void Checkpoints::thin(Entry& e) {
  std::vector<Copy> kept;
  size_t bytes = 0;
  for (size_t i = 1; i < e.copies.size(); i += 2) {
    bytes += checkpoint_bytes(*e.copies[i].flow);
    kept.push_back(std::move(e.copies[i]));
  }
  bytes_ -= e.bytes - bytes;
  e.bytes = bytes;
  e.copies = std::move(kept);
  e.step *= 2;
}

Checkpoints::Copy Checkpoints::before(FlowId id, uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto at = flows_.find(id.value);
  if (at == flows_.end()) return {};
  Entry& e = at->second;
  ages_.splice(ages_.end(), ages_, e.age);
  const auto after =
      std::lower_bound(e.copies.begin(), e.copies.end(), number,
                       [](const Copy& c, uint64_t frame) { return c.frame < frame; });
  return after == e.copies.begin() ? Copy{} : *(after - 1);
}

size_t Checkpoints::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

size_t Checkpoints::count(FlowId id) const {
  const std::lock_guard lock(mutex_);
  const auto at = flows_.find(id.value);
  return at == flows_.end() ? 0 : at->second.copies.size();
}

}  // namespace sp3ctra
