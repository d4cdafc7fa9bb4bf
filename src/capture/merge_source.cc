#include "capture/merge_source.h"

#include <algorithm>

namespace sp3ctra {

Result<std::unique_ptr<MergeSource>> MergeSource::create(
    std::vector<std::unique_ptr<PacketSource>> sources) {
  if (sources.empty()) return fail("nothing to merge");
  if (sources.size() > limits::kMergedFilesMax) {
    return fail("cannot merge {} captures at once, at most {}", sources.size(),
                limits::kMergedFilesMax);
  }
  return std::unique_ptr<MergeSource>(new MergeSource(std::move(sources)));
}

MergeSource::MergeSource(std::vector<std::unique_ptr<PacketSource>> sources) {
  inputs_.resize(sources.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    inputs_[i].source = std::move(sources[i]);
    waiting_.push_back(i);
  }
}

bool MergeSource::later(size_t a, size_t b) const {
  const Timestamp ta = inputs_[a].head.ts, tb = inputs_[b].head.ts;
  return ta != tb ? ta > tb : a > b;
}

PacketSource::Next MergeSource::next(Packet& out) {
  // Nothing may be given out before every source has shown its next packet.
  while (!waiting_.empty()) {
    const size_t number = waiting_.back();
    const Next state = inputs_[number].source->next(inputs_[number].head);
    if (state == Next::kIdle) return Next::kIdle;
    waiting_.pop_back();
    Input& input = inputs_[number];
    if (!adopt_interfaces(input, number)) continue;
    if (state == Next::kEnd) {
      if (!input.source->damage().empty()) note_damage(number, input.source->damage());
      continue;
    }
    heap_.push_back(number);
    std::push_heap(heap_.begin(), heap_.end(), [&](size_t a, size_t b) { return later(a, b); });
  }
  if (heap_.empty()) return Next::kEnd;
  std::pop_heap(heap_.begin(), heap_.end(), [&](size_t a, size_t b) { return later(a, b); });
  const size_t earliest = heap_.back();
  heap_.pop_back();
  last_ = earliest;
  waiting_.push_back(earliest);
  out = inputs_[earliest].head;
  out.interface_id = inputs_[earliest].interface_ids[out.interface_id];
  return Next::kPacket;
}

bool MergeSource::adopt_interfaces(Input& input, size_t number) {
  const auto& theirs = input.source->interfaces();
  while (input.interface_ids.size() < theirs.size()) {
    if (interfaces_.size() >= limits::kMergedInterfacesMax) {
      note_damage(number, "the captures have more interfaces than can be told apart");
      return false;
    }
    input.interface_ids.push_back(static_cast<uint16_t>(interfaces_.size()));
    interfaces_.push_back(theirs[input.interface_ids.size() - 1]);
    interface_sources_.push_back(number);
  }
  return true;
}

void MergeSource::note_damage(size_t number, std::string_view why) {
  if (!damage_.empty()) damage_ += "; ";
  damage_ += fmt::format("source {}: {}", number + 1, why);
}

uint64_t MergeSource::bytes_done() const {
  uint64_t sum = 0;
  for (const Input& input : inputs_) sum += input.source->bytes_done();
  return sum;
}

uint64_t MergeSource::bytes_total() const {
  uint64_t sum = 0;
  for (const Input& input : inputs_) {
    const uint64_t one = input.source->bytes_total();
    if (one == 0) return 0;
    sum += one;
  }
  return sum;
}

}  // namespace sp3ctra
