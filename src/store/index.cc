#include "store/index.h"

#include <algorithm>

#include "base/check.h"

namespace sp3ctra {
namespace {

constexpr size_t kStacksMax = 4096;  // more different layer lists than real traffic has
// FlowKind, which this folder may not include.
constexpr uint8_t kTcpKind = 0, kUdpKind = 1, kFragmentKind = 4;

constexpr size_t kBlockBytes = (IndexBlock::kBytes + IndexMemory::kPageBytes - 1) /
                               IndexMemory::kPageBytes * IndexMemory::kPageBytes;

/// No row that is kept can ask for the flow, and none that comes will.
bool over(const FlowRecord& f, uint64_t first_kept) {
  if (!f.id.any()) return true;
  if (f.last_frame.load(std::memory_order_relaxed) >= first_kept) return false;
  return f.kind == kFragmentKind || f.ended.load(std::memory_order_acquire);
}

}  // namespace

void IndexBlock::lie_at(uint64_t first, std::byte* memory) {
  first_number = first;
  ts_ns.lie_at(memory);
  base_offset = reinterpret_cast<uint64_t*>(memory);
  memory += limits::kIndexBlockRows / kOffsetRows * sizeof(uint64_t);
  for (Column<uint32_t>* c : {&offset, &len, &caplen, &flow, &previous}) c->lie_at(memory);
  for (Column<uint16_t>* c : {&stack, &tcp_flags, &bits, &interface_id}) c->lie_at(memory);
  for (Column<uint8_t>* c : {&shown, &shard}) c->lie_at(memory);
}

CaptureIndex::CaptureIndex(std::shared_ptr<IndexMemory> memory)
    : memory_(std::move(memory)), shards_(new ShardSide[limits::kShards]) {
  blocks_.use(*memory_);
  for (uint32_t i = 0; i < limits::kShards; ++i) {
    shards_[i].flows.use(*memory_);
    shards_[i].published.use(*memory_);
    shards_[i].links.use(*memory_);
  }
}

bool CaptureIndex::make_room() {
  if (appended_ % kBlockRows != 0) return true;
  IndexBlock* block = blocks_.at_or_make(appended_ / kBlockRows);
  if (!block) return false;
  if (block->first_number != 0) return true;  // rows of it were taken back
  std::byte* memory = memory_->take(kBlockBytes);
  if (!memory) return false;
  block->lie_at(appended_ + 1, memory);
  return true;
}

void CaptureIndex::take_back(uint64_t number) {
  appended_ = std::min(appended_, number);
  if (appended_ > 0) tail_ = &block_of(appended_);
}

uint64_t CaptureIndex::append(int64_t ts_ns, uint64_t file_offset, uint32_t len, uint32_t caplen,
                              uint16_t interface_id, uint8_t shard) {
  const auto i = static_cast<uint32_t>(appended_ % kBlockRows);
  if (i == 0) {
    CHECK(make_room());
    tail_ = blocks_.find(appended_ / kBlockRows);
  }
  const uint64_t number = ++appended_;
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
  return *blocks_.find((number - 1) / kBlockRows);
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
  ShardSide& s = shards_[shard];
  const size_t n = s.links_made.load(std::memory_order_relaxed);
  Link* link = s.links.at_or_make(n);
  if (!link) return;
  *link = {frame, previous};
  s.links_made.store(n + 1, std::memory_order_release);
}

std::vector<uint64_t> CaptureIndex::datagram_links(uint64_t frame) const {
  const IndexBlock& b = block_of(frame);
  const ShardSide& s = shards_[b.shard[frame - b.first_number]];
  const size_t end = s.links_made.load(std::memory_order_acquire);
  size_t low = s.links_first.load(std::memory_order_acquire), high = end;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const Link* link = s.links.find(middle);
    if (!link || link->frame < frame)
      low = middle + 1;
    else
      high = middle;
  }
  std::vector<uint64_t> out;
  for (; low < end; ++low) {
    const Link* link = s.links.find(low);
    if (!link || link->frame != frame) break;
    out.push_back(link->fragment_before);
  }
  return out;
}

uint16_t CaptureIndex::final_stack_of(ShardSide& s, uint16_t local) {
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
  return static_cast<uint16_t>(s.final_stack[local]);
}

void CaptureIndex::commit(uint64_t number) {
  uint64_t bytes = total_bytes_.load(std::memory_order_relaxed);
  for (uint64_t n = committed_.load(std::memory_order_relaxed) + 1; n <= number; ++n) {
    IndexBlock& b = block_of(n);
    const size_t i = n - b.first_number;
    if (n == 1) first_ts_ns_.store(b.ts_ns[i], std::memory_order_relaxed);
    bytes += b.len[i];
    if (b.bits[i] & kBitDuplicate) {
      duplicates_.fetch_add(1, std::memory_order_relaxed);
      duplicate_bytes_.fetch_add(b.len[i], std::memory_order_relaxed);
    }
    b.stack[i] = final_stack_of(shards_[b.shard[i]], b.stack[i]);
    if (!(b.bits[i] & kBitFlowStart)) continue;
    const FlowId id{b.flow[i]};
    FlowRecord* f = id.any() ? shards_[id.shard()].flows.find(id.serial()) : nullptr;
    if (!f || f->stream.load(std::memory_order_relaxed) != UINT32_MAX) continue;
    if (f->kind == kTcpKind) f->stream.store(next_tcp_stream_++);
    if (f->kind == kUdpKind) f->stream.store(next_udp_stream_++);
  }
  total_bytes_.store(bytes, std::memory_order_relaxed);
  committed_.store(number, std::memory_order_release);
}

void CaptureIndex::expire_before(uint64_t number) {
  number = std::min(number, committed() + 1);
  if (number <= first_kept()) return;
  first_kept_.store(number, std::memory_order_release);
  std::vector<IndexMemory::Range> ranges;
  // The row before the first one kept stays: the time between the two is asked for.
  while ((blocks_dropped_ + 1) * kBlockRows + 1 < number) {
    const IndexBlock& b = *blocks_.find(blocks_dropped_++);
    ranges.push_back({reinterpret_cast<std::byte*>(b.ts_ns.get()), kBlockBytes});
  }
  for (uint32_t i = 0; i < limits::kShards; ++i) {
    expire_flows(shards_[i], number, ranges);
    expire_links(shards_[i], number, ranges);
  }
  memory_->give_back(ranges);
}

void CaptureIndex::expire_flows(ShardSide& s, uint64_t number,
                                std::vector<IndexMemory::Range>& ranges) {
  constexpr size_t kPerPage = PagedArray<FlowRecord>::kPerPage;
  const auto gone = [&](size_t page) {
    for (size_t i = 0; i < kPerPage; ++i)
      if (const FlowRecord* f = s.flows.find(page * kPerPage + i); f && !over(*f, number))
        return false;
    s.flows.drop(page, ranges);
    return true;
  };
  std::erase_if(s.flow_pages_kept, gone);
  // A page is finished when the next one was begun.
  for (; s.flows.made(s.flow_pages_asked + 1); ++s.flow_pages_asked) {
    const FlowRecord* newest = s.flows.find(s.flow_pages_asked * kPerPage + kPerPage - 1);
    if (newest && newest->first_frame >= number) break;
    if (!gone(s.flow_pages_asked))
      s.flow_pages_kept.push_back(static_cast<uint32_t>(s.flow_pages_asked));
  }
}

void CaptureIndex::expire_links(ShardSide& s, uint64_t number,
                                std::vector<IndexMemory::Range>& ranges) {
  constexpr size_t kPerPage = PagedArray<Link, 256>::kPerPage;
  const size_t made = s.links_made.load(std::memory_order_acquire);
  const size_t before = s.links_first.load(std::memory_order_relaxed);
  size_t first = before;
  while (first < made && s.links.find(first)->frame < number) ++first;
  s.links_first.store(first, std::memory_order_release);
  for (size_t page = before / kPerPage; page < first / kPerPage; ++page) s.links.drop(page, ranges);
}

StackRecord CaptureIndex::stack(uint16_t id) const {
  const std::lock_guard lock(finals_mutex_);
  return id < finals_.size() ? finals_[id] : StackRecord{};
}

size_t CaptureIndex::stack_count() const {
  const std::lock_guard lock(finals_mutex_);
  return finals_.size();
}

int64_t CaptureIndex::ts_before(uint64_t number) const {
  // One row before the first kept one stays, so that this is true of that one as well.
  const uint64_t n = number > 1 && number >= first_kept() ? number - 1 : number;
  const IndexBlock& b = block_of(n);
  return b.ts_ns[n - b.first_number];
}

uint64_t CaptureIndex::file_offset(uint64_t number) const {
  const IndexBlock& b = block_of(number);
  const size_t i = number - b.first_number;
  return b.base_offset[i / IndexBlock::kOffsetRows] + b.offset[i];
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
