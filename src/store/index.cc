#include "store/index.h"

#include <algorithm>

#include "base/check.h"

namespace sp3ctra {
namespace {

constexpr size_t kStacksMax = 4096;            // more different layer lists than real traffic has
constexpr uint8_t kTcpKind = 0, kUdpKind = 1;  // FlowKind, which this folder may not include

}  // namespace

IndexBlock::IndexBlock(uint64_t first)
    : first_number(first),
      ts_ns(new int64_t[limits::kIndexBlockRows]()),
      offset(new uint32_t[limits::kIndexBlockRows]()),
      len(new uint32_t[limits::kIndexBlockRows]()),
      caplen(new uint32_t[limits::kIndexBlockRows]()),
      flow(new uint32_t[limits::kIndexBlockRows]()),
      previous(new uint32_t[limits::kIndexBlockRows]()),
      stack(new uint16_t[limits::kIndexBlockRows]()),
      tcp_flags(new uint16_t[limits::kIndexBlockRows]()),
      bits(new uint16_t[limits::kIndexBlockRows]()),
      interface_id(new uint16_t[limits::kIndexBlockRows]()),
      shown(new uint8_t[limits::kIndexBlockRows]()),
      shard(new uint8_t[limits::kIndexBlockRows]()) {}

CaptureIndex::CaptureIndex() : shards_(new ShardSide[limits::kShards]) {}

uint64_t CaptureIndex::append(int64_t ts_ns, uint64_t file_offset, uint32_t len, uint32_t caplen,
                              uint16_t interface_id, uint8_t shard) {
  const uint64_t number = ++appended_;
  const auto i = static_cast<uint32_t>((number - 1) % kBlockRows);
  if (i == 0) {
    std::unique_ptr<IndexBlock>* slot = blocks_.at_or_make((number - 1) / kBlockRows);
    CHECK(slot);  // 1 M blocks of 64 k rows
    *slot = std::make_unique<IndexBlock>(number);
    tail_ = slot->get();
  }
  IndexBlock& b = *tail_;
  uint64_t& base = b.base_offset[i / IndexBlock::kOffsetRows];
  if (i % IndexBlock::kOffsetRows == 0) base = file_offset;
  b.ts_ns[i] = ts_ns;
  b.offset[i] = static_cast<uint32_t>(file_offset - base);
  b.len[i] = len;
  b.caplen[i] = caplen;
  b.interface_id[i] = interface_id;
  b.shard[i] = shard;
  return number;
}

IndexBlock& CaptureIndex::block_of(uint64_t number) const {
  return **blocks_.find((number - 1) / kBlockRows);
}

FlowRecord* CaptureIndex::flow_record(FlowId id) {
  return shards_[id.shard()].flows.at_or_make(id.serial());
}

const FlowRecord* CaptureIndex::find_flow(FlowId id) const {
  if (!id.any()) return nullptr;
  const FlowRecord* f = shards_[id.shard()].flows.find(id.serial());
  return f && f->id == id ? f : nullptr;
}

uint16_t CaptureIndex::shard_stack(uint32_t shard, const StackRecord& stack) {
  ShardSide& s = shards_[shard];
  for (size_t i = s.stacks.size(); i-- > 0;)
    if (s.stacks[i] == stack) return static_cast<uint16_t>(i);
  StackRecord* slot = s.published.at_or_make(s.stacks.size());
  if (!slot || s.stacks.size() >= kStacksMax) return UINT16_MAX;  // unknown: asked of the packet
  *slot = stack;
  s.stacks.push_back(stack);
  return static_cast<uint16_t>(s.stacks.size() - 1);
}

void CaptureIndex::link_datagram(uint32_t shard, uint64_t frame, uint64_t previous) {
  const std::lock_guard lock(shards_[shard].links_mutex);
  shards_[shard].links.emplace_back(frame, previous);
}

std::vector<uint64_t> CaptureIndex::datagram_links(uint64_t frame) const {
  const IndexBlock& b = block_of(frame);
  const ShardSide& s = shards_[b.shard[frame - b.first_number]];
  const std::lock_guard lock(s.links_mutex);
  std::vector<uint64_t> out;
  auto at = std::lower_bound(s.links.begin(), s.links.end(), frame,
                             [](const auto& link, uint64_t f) { return link.first < f; });
  for (; at != s.links.end() && at->first == frame; ++at) out.push_back(at->second);
  return out;
}

void CaptureIndex::commit(uint64_t number) {
  uint64_t bytes = total_bytes_.load(std::memory_order_relaxed);
  for (uint64_t n = committed_.load(std::memory_order_relaxed) + 1; n <= number; ++n) {
    IndexBlock& b = block_of(n);
    const size_t i = n - b.first_number;
    ShardSide& s = shards_[b.shard[i]];
    bytes += b.len[i];
    if (b.bits[i] & kBitDuplicate) {
      duplicates_.fetch_add(1, std::memory_order_relaxed);
      duplicate_bytes_.fetch_add(b.len[i], std::memory_order_relaxed);
    }
    const uint16_t local = b.stack[i];
    if (s.final_stack.size() <= local) s.final_stack.resize(size_t{local} + 1, -1);
    if (s.final_stack[local] < 0) {
      const StackRecord* stack = s.published.find(local);
      const std::lock_guard lock(finals_mutex_);
      const StackRecord wanted = stack ? *stack : StackRecord{};
      auto at = std::find(finals_.begin(), finals_.end(), wanted);
      if (at == finals_.end() && finals_.size() < kStacksMax) {
        finals_.push_back(wanted);
        at = finals_.end() - 1;
      }
      s.final_stack[local] =
          at == finals_.end() ? int32_t{UINT16_MAX} : static_cast<int32_t>(at - finals_.begin());
    }
    b.stack[i] = static_cast<uint16_t>(s.final_stack[local]);
    if (!(b.bits[i] & kBitFlowStart)) continue;
    const FlowId id{b.flow[i]};
    FlowRecord* f = id.any() ? shards_[id.shard()].flows.find(id.serial()) : nullptr;
    if (!f || f->stream.load(std::memory_order_relaxed) != UINT32_MAX) continue;
    const std::lock_guard lock(streams_mutex_);
    if (f->kind == kTcpKind) {
      f->stream.store(next_tcp_stream_++);
      tcp_streams_.push_back(id);
    } else if (f->kind == kUdpKind) {
      f->stream.store(next_udp_stream_++);
      udp_streams_.push_back(id);
    }
  }
  total_bytes_.store(bytes, std::memory_order_relaxed);
  committed_.store(number, std::memory_order_release);
}

StackRecord CaptureIndex::stack(uint16_t id) const {
  const std::lock_guard lock(finals_mutex_);
  return id < finals_.size() ? finals_[id] : StackRecord{};
}

size_t CaptureIndex::stack_count() const {
  const std::lock_guard lock(finals_mutex_);
  return finals_.size();
}

uint64_t CaptureIndex::file_offset(uint64_t number) const {
  const IndexBlock& b = block_of(number);
  const size_t i = number - b.first_number;
  return b.base_offset[i / IndexBlock::kOffsetRows] + b.offset[i];
}

FlowId CaptureIndex::flow_of_stream(bool tcp, uint32_t stream) const {
  const std::lock_guard lock(streams_mutex_);
  const auto& v = tcp ? tcp_streams_ : udp_streams_;
  return stream < v.size() ? v[stream] : FlowId{};
}

uint64_t CaptureIndex::next_of_flow(uint64_t number, uint64_t rows_max) const {
  const IndexBlock& home = block_of(number);
  const uint32_t flow = home.flow[number - home.first_number];
  if (flow == 0) return 0;
  uint64_t found = 0;
  scan(number + 1, number + rows_max, [&](const IndexBlock& b, uint32_t row, uint32_t rows) {
    const uint32_t* from = b.flow.get() + row;
    const uint32_t* hit = std::find(from, from + rows, flow);
    if (hit != from + rows) found = b.first_number + row + static_cast<uint64_t>(hit - from);
    return found == 0;
  });
  return found;
}

}  // namespace sp3ctra
