// IP datagrams out of fragments (RFC 791 section 3.2, RFC 8200 section 4.5). The first copy of a
// byte wins; an overlap is left to the dissector's anomaly.
#include <algorithm>

#include "flow/tracker.h"

namespace sp3ctra {
namespace {

using Piece = Datagram::Piece;

/// Copies what is new of [offset, offset+bytes) and joins the pieces.
void put_piece(Datagram& g, uint32_t offset, Bytes bytes) {
  const auto end = static_cast<uint32_t>(offset + bytes.size());
  if (g.bytes.size() < end) g.bytes.resize(end);
  // The first piece that ends at or behind the beginning of the new one.
  const auto first =
      std::partition_point(g.pieces.begin(), g.pieces.end(),
                           [offset](const Piece& p) { return p.offset + p.size < offset; });
  uint32_t at = offset;
  for (auto p = first; p != g.pieces.end() && p->offset < end; ++p) {
    if (p->offset > at) std::memcpy(&g.bytes[at], bytes.data() + (at - offset), p->offset - at);
    at = std::max(at, p->offset + p->size);
  }
  if (at < end) std::memcpy(&g.bytes[at], bytes.data() + (at - offset), end - at);
  // The pieces that touch the new one become one with it.
  uint32_t from = offset, to = end;
  auto last = first;
  for (; last != g.pieces.end() && last->offset <= end; ++last) {
    from = std::min(from, last->offset);
    to = std::max(to, last->offset + last->size);
  }
  if (first == last) {
    g.pieces.insert(first, {from, to - from});
  } else {
    *first = {from, to - from};
    g.pieces.erase(first + 1, last);
  }
}

bool whole(const Datagram& g) {
  return g.total > 0 && g.pieces.size() == 1 && g.pieces[0].offset == 0 &&
         g.pieces[0].size >= g.total;
}

}  // namespace

void FlowTracker::drop_old_fragments() noexcept {
  while (!fragments_.empty() &&
         (fragments_.size() > limits::kFragmentsPerShard ||
          now_.ns - fragments_.front().first_ts.ns > limits::kFragmentTimeoutNs)) {
    Flow* f = table_.find(fragments_.front().key);
    if (f && f->first_ts == fragments_.front().first_ts) {
      ++counters_.fragments_dropped;
      drop(*f);
    }
    fragments_.pop_front();
  }
}

Input FlowTracker::ip_fragment(Dissection& d, const Fragment& fragment, Input payload) noexcept {
  const uint64_t end = uint64_t{fragment.byte_offset} + payload.data.size();
  const bool cut = payload.data.size() < payload.reported;
  if (d.quoted > 0 || end > limits::kFragmentBytesMax || cut) return {};
  if (duplicate()) {
    d.parsed.fragment = true;
    return {};
  }
  if (completed_ == datagrams_.size()) {
    ++counters_.fragments_dropped;
    return {};
  }
  FlowKey key;
  key.kind = FlowKind::kFragment;
  key.low = d.parsed.src;
  key.high = d.parsed.dst;
  key.extra = fragment.id;
  key.ip_proto = fragment.ip_proto;
  Flow* flow = table_.find(key);
  if (!flow) {
    flow = &make_flow(key);
    flow->first_ts = packet_->ts;
    flow->last_frame = packet_->number;
    flow->first_frame = packet_->number;
    flow->datagram = std::make_unique<Datagram>();
    fragments_.push_back({key, packet_->ts});
    began_flow_ = true;
  }
  table_.touch(*flow);
  previous_frame_ = began_flow_ ? 0 : flow->last_frame;
  ++flow->packets[0];
  flow->bytes[0] += packet_->len;
  flow->last_ts = packet_->ts;
  flow->last_frame = packet_->number;
  d.parsed.flow = flow->id;
  d.parsed.fragment = true;
  Datagram& g = *flow->datagram;
  put_piece(g, fragment.byte_offset, payload.data);
  if (g.frames.size() < limits::kFragmentBytesMax / 8) g.frames.push_back(packet_->number);
  if (!fragment.more && g.total == 0) g.total = static_cast<uint32_t>(end);
  account(*flow);
  if (!whole(g)) return {};
  // Its own buffer: the fragment in hand may lie in a datagram that this packet completed before.
  std::vector<std::byte>& datagram = datagrams_[completed_];
  datagram = std::move(g.bytes);
  datagram.resize(g.total);
  const std::vector<uint64_t> frames = std::move(g.frames);
  std::erase_if(fragments_, [&](const FragmentStart& f) { return f.key == key; });
  completed_after_[completed_++] = previous_frame_;
  previous_frame_ = 0;
  drop(*flow);
  began_flow_ = false;
  d.parsed.fragment = false;
  d.parsed.reassembled = true;
  d.parsed.flow = {};
  const uint16_t source = d.add_source("Reassembled IP", datagram, frames);
  return {datagram, 0, source, static_cast<uint32_t>(datagram.size())};
}

}  // namespace sp3ctra
