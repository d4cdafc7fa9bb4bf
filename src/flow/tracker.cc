#include "flow/tracker.h"

#include "base/check.h"
#include "decode/registry.h"

namespace sp3ctra {
namespace {

FlowKey key_of(const Parsed& p, FlowKind kind, bool& src_is_low) {
  FlowKey k;
  k.kind = kind;
  k.ip_proto = p.ip_proto;
  const bool ports = kind == FlowKind::kTcp || kind == FlowKind::kUdp;
  const uint16_t sp = ports ? p.src_port : uint16_t{0};
  const uint16_t dp = ports ? p.dst_port : uint16_t{0};
  const auto order = p.src <=> p.dst;
  src_is_low = order < 0 || (order == 0 && sp <= dp);
  k.low = src_is_low ? p.src : p.dst;
  k.high = src_is_low ? p.dst : p.src;
  k.low_port = src_is_low ? sp : dp;
  k.high_port = src_is_low ? dp : sp;
  if (kind == FlowKind::kIcmp && p.has_icmp_id) k.extra = p.icmp_id;
  return k;
}

}  // namespace

FlowTracker::FlowTracker(const TrackerOptions& options)
    : options_(options), table_(options.shard, options.flows_max) {}

void FlowTracker::begin(const Packet& packet, Timestamp now) noexcept {
  packet_ = &packet;
  now_ = now;
  current_ = nullptr;
  beside_ = nullptr;
  began_flow_ = false;
  completed_ = 0;
  previous_frame_ = 0;
  frame_ = packet.number;
  event_sequence_ = 1u << 16;
  direction_ = 0;
  drop_old_fragments();
}

void FlowTracker::finish(Timestamp now, uint64_t frame) noexcept {
  now_ = now;
  frame_ = frame;
  event_sequence_ = 1u << 17;
  table_.for_each([this](const Flow& f) { end_flow(f); });
}

Flow& FlowTracker::make_flow(const FlowKey& key) noexcept {
  const uint64_t evicted = table_.evicted();
  Flow& flow = table_.make(key, [this](const Flow& f) {
    stream_bytes_held_ -= f.buffered;
    end_flow(f);
  });
  counters_.flows_evicted += table_.evicted() - evicted;
  return flow;
}

void FlowTracker::drop(Flow& flow) noexcept {
  stream_bytes_held_ -= flow.buffered;
  table_.remove(flow);
}

void FlowTracker::account(Flow& flow) noexcept {
  const uint64_t now = buffered_bytes(flow);
  stream_bytes_held_ += now - flow.buffered;
  flow.buffered = now;
  // Further than needed, so that a table full of small flows is not searched with every packet.
  if (stream_bytes_held_ <= options_.stream_bytes_max) return;
  table_.for_each_while([&](Flow& silent) {
    if (silent.buffered > 0 && &silent != &flow) {
      ++counters_.buffers_full;
      end_flow(silent);
      drop(silent);
    }
    return stream_bytes_held_ > options_.stream_bytes_max / 8 * 7;
  });
}

void FlowTracker::resume(const Flow& copy, uint32_t stream) {
  Flow& flow = table_.restore(copy);
  flow.stream = stream;
  stream_bytes_held_ += flow.buffered;
}

void FlowTracker::flow_event(EventKind kind, const Flow& f) noexcept {
  if (!options_.events) return;
  Event e;
  e.kind = kind;
  e.flow = f.id;
  e.ts = now_;
  e.frame = frame_;
  e.sequence = event_sequence_++;
  e.first_frame = f.first_frame;
  e.first_ts = f.first_ts;
  e.ip_proto = f.key.ip_proto;
  e.orig = f.orig_is_low ? f.key.low : f.key.high;
  e.resp = f.orig_is_low ? f.key.high : f.key.low;
  e.orig_port = f.orig_is_low ? f.key.low_port : f.key.high_port;
  e.resp_port = f.orig_is_low ? f.key.high_port : f.key.low_port;
  e.orig_packets = f.packets[0];
  e.resp_packets = f.packets[1];
  e.orig_bytes = f.bytes[0];
  e.resp_bytes = f.bytes[1];
  e.protocol = f.application ? f.application->name.data() : "";
  e.name = kind == EventKind::kFlowStart ? "flow_start" : "flow_end";
  options_.events->take(e);
}

void FlowTracker::end_flow(const Flow& f) noexcept {
  if (f.key.kind != FlowKind::kFragment) flow_event(EventKind::kFlowEnd, f);
}

Flow& FlowTracker::enter(Dissection& d, FlowKind kind, bool from_responder, bool restart) noexcept {
  bool src_is_low = true;
  const FlowKey key = key_of(d.parsed, kind, src_is_low);
  Flow* flow = restart ? nullptr : table_.find(key);
  if (flow == nullptr) {
    flow = &make_flow(key);
    flow->orig_is_low = src_is_low != from_responder;
    flow->first_ts = flow->last_ts = packet_->ts;
    flow->opened_ts = now_;
    flow->first_frame = packet_->number;
    flow->vlan = d.parsed.vlan;
    flow->has_vlan = d.parsed.has_vlan;
    if (kind == FlowKind::kTcp) flow->tcp = std::make_unique<TcpFlow>();
    if (options_.numbering) flow->stream = options_.numbering->number(flow->id, kind);
    began_flow_ = true;
    flow->last_frame = packet_->number;
    flow_event(EventKind::kFlowStart, *flow);
  } else {
    table_.touch(*flow);
  }
  direction_ = src_is_low == flow->orig_is_low ? 0 : 1;
  d.parsed.direction = direction_;
  d.parsed.flow = flow->id;
  previous_frame_ = began_flow_ ? 0 : flow->last_frame;
  ++flow->packets[direction_];
  flow->bytes[direction_] += packet_->len;
  flow->last_frame = packet_->number;
  current_ = flow;
  return *flow;
}

const Flow* FlowTracker::beside(Dissection& d, FlowKind kind) noexcept {
  bool src_is_low = true;
  beside_ = table_.find(key_of(d.parsed, kind, src_is_low));
  if (beside_ == nullptr) return nullptr;
  direction_ = src_is_low == beside_->orig_is_low ? 0 : 1;
  d.parsed.direction = direction_;
  d.parsed.flow = beside_->id;
  previous_frame_ = beside_->last_frame;
  return beside_;
}

TcpView FlowTracker::tcp_duplicate(Dissection& d, const TcpHeader& h) noexcept {
  TcpView view;
  const Flow* flow = beside(d, FlowKind::kTcp);
  if (flow == nullptr) return view;
  const TcpDirection& from = flow->tcp->side[direction_];
  const TcpDirection& to = flow->tcp->side[1 - direction_];
  view.stream = flow->stream;
  view.direction = direction_;
  view.since_first_ns = packet_->ts.ns - flow->first_ts.ns;
  view.since_previous_ns = packet_->ts.ns - flow->last_ts.ns;
  view.completeness = flow->tcp->completeness;
  view.window_scale = from.window_scale;
  view.relative = from.base_known;
  view.relative_seq = h.seq - from.base_seq;
  view.relative_ack = (h.flags & kTcpAck) ? h.ack - to.base_seq : h.ack;
  return view;
}

TcpView FlowTracker::tcp_segment(Dissection& d, const TcpHeader& h) noexcept {
  TcpView view;
  if (d.quoted > 0) return view;
  if (duplicate()) return tcp_duplicate(d, h);
  const bool syn = h.flags & kTcpSyn, ack = h.flags & kTcpAck;
  bool src_is_low = true;
  Flow* old = table_.find(key_of(d.parsed, FlowKind::kTcp, src_is_low));
  bool restart = false;
  if (old && syn && !ack) {
    // A new SYN with another initial number on the same ports is another connection.
    const TcpDirection& side = old->tcp->side[src_is_low == old->orig_is_low ? 0 : 1];
    restart = side.base_known && side.base_seq != h.seq;
  }
  Flow& flow = enter(d, FlowKind::kTcp, syn && ack && !old, restart);
  const bool noted =
      began_flow_ && options_.numbering && options_.numbering->ports_reused(packet_->number);
  if (restart || noted) view.analysis |= kTcpPortsReused;
  view.stream = flow.stream;
  view.direction = direction_;
  view.since_first_ns = packet_->ts.ns - flow.first_ts.ns;
  view.since_previous_ns = packet_->ts.ns - flow.last_ts.ns;
  analyse_segment(*flow.tcp, direction_, h, packet_->number, packet_->ts, view);
  flow.last_ts = packet_->ts;
  tcp_signals(flow, h);
  d.parsed.tcp_analysis = view.analysis;
  return view;
}

UdpView FlowTracker::udp_datagram(Dissection& d) noexcept {
  UdpView view;
  if (d.quoted > 0) return view;
  if (duplicate()) {
    const Flow* known = beside(d, FlowKind::kUdp);
    if (known == nullptr) return view;
    return {known->stream, direction_, packet_->ts.ns - known->first_ts.ns,
            packet_->ts.ns - known->last_ts.ns};
  }
  Flow& flow = enter(d, FlowKind::kUdp, false, false);
  view.stream = flow.stream;
  view.direction = direction_;
  view.since_first_ns = packet_->ts.ns - flow.first_ts.ns;
  view.since_previous_ns = packet_->ts.ns - flow.last_ts.ns;
  flow.last_ts = packet_->ts;
  udp_signals(flow);
  return view;
}

uint8_t FlowTracker::other(Dissection& d) noexcept {
  if (d.quoted > 0) return 0;
  const bool icmp = d.parsed.ip_proto == 1 || d.parsed.ip_proto == 58;
  const FlowKind kind = !d.parsed.src.any() ? FlowKind::kOther
                        : icmp              ? FlowKind::kIcmp
                                            : FlowKind::kIp;
  if (kind == FlowKind::kOther) return 0;  // rows without addresses belong to no flow
  if (duplicate()) {
    if (!d.parsed.fragment) beside(d, kind);
    return direction_;
  }
  enter(d, kind, false, false).last_ts = packet_->ts;
  if (icmp && d.parsed.has_quoted_ports) icmp_signal(d);
  return direction_;
}

const Protocol* FlowTracker::by_ports(const Parsed& p, Table table, Bytes payload) const noexcept {
  const DispatchTables& tables = dispatch_tables();
  const uint16_t low = std::min(p.src_port, p.dst_port), high = std::max(p.src_port, p.dst_port);
  for (const uint16_t port : {low, high}) {
    const Protocol* a = tables.find(table, port);
    if (!a) continue;
    const auto fits = a->plausible ? a->plausible : a->recognise;
    if (!fits || fits(payload, p)) return a;
  }
  const auto& more = table == Table::kTcpPort ? tables.tcp_heuristic : tables.udp_heuristic;
  for (const Protocol* a : more)
    if (a->recognise && a->recognise(payload, p)) return a;
  return nullptr;
}

const Protocol* FlowTracker::udp_application(Dissection& d, Bytes payload) noexcept {
  if (d.quoted > 0) return nullptr;
  if (duplicate() && beside_) return beside_->application;
  if (!current_) return nullptr;
  if (!current_->application) current_->application = by_ports(d.parsed, Table::kUdpPort, payload);
  return current_->application;
}

void* FlowTracker::state(const Protocol& protocol) noexcept {
  if (!current_ || protocol.state_size == 0) return nullptr;
  for (StateSlot& s : current_->states)
    if (s.protocol == &protocol) return s.bytes.data();
  CHECK(protocol.state_size <= limits::kStateBytesMax);
  StateSlot& s = current_->states.emplace_back();
  s.protocol = &protocol;
  s.bytes.resize(protocol.state_size);
  if (protocol.state_init) protocol.state_init(s.bytes.data());
  return s.bytes.data();
}

}  // namespace sp3ctra
