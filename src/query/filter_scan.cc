#include "query/filter_scan.h"

#include <algorithm>
#include <thread>

#include "decode/registry.h"

namespace sp3ctra {

namespace {
constexpr uint64_t kFragmentsWalked = 8192 + 1;  // 64 KiB in the smallest fragments
}  // namespace

FilterScan::FilterScan(std::shared_ptr<const CaptureIndex> index,
                       std::shared_ptr<const PacketFile> file,
                       std::shared_ptr<Checkpoints> checkpoints, Filter filter)
    : index_(std::move(index)),
      file_(std::move(file)),
      filter_(std::move(filter)),
      shards_({.flows_max = limits::kFlowsPerShard,
               .tree = &tree_,
               .events = nullptr,
               .numbering = &numbering_}),
      header_(HeaderProgram::compile(filter_)),
      replay_(*index_, file_, std::move(checkpoints)) {}

void FilterScan::learn(const IndexBlock& b, uint32_t row, uint32_t rows) {
  const auto all = all_protocols();
  const auto stacks = static_cast<uint32_t>(std::min<size_t>(index_->stack_count(), UINT16_MAX));
  for (; stacks_known_ < stacks; ++stacks_known_) {
    const auto id = static_cast<uint16_t>(stacks_known_);
    const StackRecord stack = index_->stack(id);
    StackFacts facts;
    for (size_t i = 0; i < stack.count; ++i)
      if (stack.protocols[i] < all.size()) facts.protocols.push_back(all[stack.protocols[i]]->name);
    // An empty stack is a row not analysed yet: nothing is known of it.
    if (stack.count > 0) header_.set_stack(id, facts);
  }
  for (uint32_t i = row; i < row + rows; ++i) {
    if (!(b.bits[i] & kBitFlowStart)) continue;
    const FlowRecord* f = index_->find_flow(FlowId{b.flow[i]});
    if (!f) continue;
    FlowFacts facts;
    facts.orig = f->orig;
    facts.resp = f->resp;
    facts.orig_port = f->orig_port;
    facts.resp_port = f->resp_port;
    facts.ip_proto = f->ip_proto;
    facts.vlan = f->vlan;
    facts.has_vlan = f->has_vlan;
    facts.has_ports = f->kind <= 1;
    // Of those that went before anybody asked nothing is to be known.
    bool& told = shards_told_[FlowId{b.flow[i]}.shard()];
    if (!told && dropped_before_ > 1) header_.forget_flows_below(b.flow[i]);
    told = true;
    header_.set_flow(b.flow[i], facts);
    if (learned_.empty() || learned_.back().first_number != b.first_number)
      learned_.emplace_back().first_number = b.first_number;
    uint32_t& least = learned_.back().least[FlowId{b.flow[i]}.shard()];
    least = least == 0 ? b.flow[i] : std::min(least, b.flow[i]);
  }
}

void FilterScan::ask_index(const IndexBlock& b, uint32_t row, uint32_t rows) {
  learn(b, row, rows);
  directions_.resize(rows);
  for (uint32_t i = 0; i < rows; ++i) directions_[i] = (b.bits[row + i] & kBitFromResponder) != 0;
  RowColumns c;
  c.n = rows;
  c.ts_ns = b.ts_ns.get() + row;
  c.len = b.len.get() + row;
  c.caplen = b.caplen.get() + row;
  c.flow = b.flow.get() + row;
  c.direction = directions_.data();
  c.tcp_flags = b.tcp_flags.get() + row;
  c.stack_id = b.stack.get() + row;
  c.anomaly_bits = b.bits.get() + row;
  c.first_number = b.first_number + row;
  c.uncertain_bits = kBitAnomaly | kBitNotAnalysed;  // what is quoted is in the stack
  const size_t words = (rows + 63) / 64;
  yes_.assign(words, 0);
  maybe_.assign(words, 0);
  header_.evaluate(c, yes_.data(), maybe_.data());
  chunk_first_ = c.first_number;
  chunk_last_ = c.first_number + rows - 1;
}

bool FilterScan::open_and_match(uint64_t number) {
  // What a header filter asks of a packet stands in the packet itself, or in the fragments that it
  // completes; only a packet not understood needs all that went before it.
  const IndexBlock& b = index_->block_of(number);
  const uint16_t bits = b.bits[number - b.first_number];
  const bool odd = (bits & (kBitAnomaly | kBitNotAnalysed)) != 0;
  if (!odd && !(bits & kBitDatagramCompleted)) return pass_and_match(number, true);
  const auto opened = replay_.open(number, &tree_, odd ? UINT64_MAX : kFragmentsWalked, nullptr);
  return opened && filter_.matches(tree_, opened->packet.data);
}

bool FilterScan::pass_and_match(uint64_t number, bool maybe) {
  auto p = file_->read_at(index_->file_offset(number), buffer_);
  if (!p) return false;
  const IndexBlock& b = index_->block_of(number);
  const size_t i = number - b.first_number;
  if (header_.exact() && !header_.could_match(p->data)) return false;
  p->number = number;
  p->interface_id = b.interface_id[i];
  p->ts = Timestamp{b.ts_ns[i]};
  if (b.bits[i] & kBitDuplicate) p->flags |= kPacketDuplicate;
  if (!begun_) {
    first_ = now_ = Timestamp{index_->first_ts_ns()};
    previous_ = number == 1 ? p->ts : Timestamp{index_->ts_before(number)};
    begun_ = true;
  }
  now_ = std::max(now_, p->ts);
  shards_.dissect(*p, b.shard[i], now_, first_, previous_, maybe);
  previous_ = p->ts;
  return maybe && filter_.matches(tree_, p->data);
}

bool FilterScan::settle(uint64_t number, uint32_t row) {
  const bool yes = bit(yes_, row), maybe = bit(maybe_, row);
  if (header_.exact()) return yes || (maybe && open_and_match(number));
  // A deep filter needs every packet for the streams' sake, but draws only those in question.
  return pass_and_match(number, maybe && !yes) || yes;
}

/// Where to go on when the rows behind `at` are no longer kept; forgets what is known of them.
uint64_t FilterScan::skip_expired(uint64_t at) {
  const uint64_t kept = index_->first_kept();
  if (kept == dropped_before_) return at;
  dropped_before_ = kept;
  while (learned_.size() > 1 && learned_[1].first_number <= kept) learned_.pop_front();
  // The first block that knows a shard has the oldest of its flows, or near enough.
  for (uint32_t shard = 0; shard < limits::kShards; ++shard) {
    const auto first = std::find_if(learned_.begin(), learned_.end(),
                                    [&](const FlowsOfBlock& f) { return f.least[shard] != 0; });
    if (first != learned_.end()) header_.forget_flows_below(first->least[shard]);
  }
  const std::lock_guard lock(mutex_);
  matches_.drop_before(kept);
  if (at + 1 >= kept) return at;
  chunk_last_ = 0;  // asked of rows that are gone
  return kept - 1;
}

bool FilterScan::step() {
  const auto start = std::chrono::steady_clock::now();
  const auto until = start + std::chrono::milliseconds(20);
  uint64_t at = skip_expired(scanned_.load(std::memory_order_relaxed));
  std::vector<uint64_t> found;
  bool more = at < index_->committed(), late = false;
  while (more && !late) {
    if (at + 1 > chunk_last_) {
      const IndexBlock& b = index_->block_of(at + 1);
      const auto row = static_cast<uint32_t>(at + 1 - b.first_number);
      const uint64_t left =
          std::min<uint64_t>(index_->committed() - at, limits::kIndexBlockRows - row);
      ask_index(b, row, static_cast<uint32_t>(std::min<uint64_t>(left, kChunkRows)));
    }
    while (at < chunk_last_ && !late) {
      // Whole words of rows that surely do not match; a deep filter passes them all the same.
      if (const uint64_t row = at + 1 - chunk_first_;
          header_.exact() && row % 64 == 0 && (yes_[row / 64] | maybe_[row / 64]) == 0) {
        at = std::min(at + 64, chunk_last_);
        continue;
      }
      ++at;
      if (settle(at, static_cast<uint32_t>(at - chunk_first_))) found.push_back(at);
      late = at % 64 == 0 && std::chrono::steady_clock::now() > until;
    }
    more = at < index_->committed();
  }
  {
    const std::lock_guard lock(mutex_);
    for (const uint64_t number : found) matches_.add(number);
    scanned_.store(at, std::memory_order_release);
  }
  took_ns_ += (std::chrono::steady_clock::now() - start).count();
  return more;
}

FilterProgress FilterScan::progress() const {
  const std::lock_guard lock(mutex_);
  FilterProgress p;
  p.rows = matches_.size();
  p.first_row = matches_.first_row();
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
  return matches_.numbers(first, count);
}

std::vector<uint64_t> FilterScan::numbers_in_place(uint64_t first, uint32_t count) const {
  const std::lock_guard lock(mutex_);
  const uint64_t known = matches_.first_row();
  std::vector<uint64_t> out(known > first ? std::min<uint64_t>(known - first, count) : 0, 0);
  const std::vector<uint64_t> rest = matches_.numbers(std::max(first, known), count - out.size());
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

uint64_t FilterScan::row_of(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return matches_.row_of(number);
}

bool FilterScan::has(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return matches_.has(number);
}

bool scanned_up_to(const FilterScan& scan, uint64_t number, GoingOnFn going_on, const void* user) {
  while (scan.progress().scanned < number) {
    if (going_on && !going_on(user)) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace sp3ctra
