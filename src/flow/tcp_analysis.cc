#include "flow/tcp_analysis.h"

#include <algorithm>

namespace sp3ctra {
namespace {

constexpr int64_t kFastRetransmissionNs = 20'000'000;
constexpr int64_t kOutOfOrderNs = 3'000'000;
constexpr uint16_t kControl = kTcpSyn | kTcpFin | kTcpRst;

/// One segment against the two sides; the members are the questions asked of it.
struct Segment {
  TcpFlow& flow;
  TcpDirection& from;  ///< the sender's side
  TcpDirection& to;    ///< the receiver's side
  const TcpHeader& h;
  uint64_t frame;
  Timestamp ts;
  TcpView& view;

  uint32_t len() const { return h.payload_len; }
  bool has(uint16_t bits) const { return (h.flags & bits) != 0; }
  uint32_t end() const { return h.seq + len() + (has(kTcpSyn | kTcpFin) ? 1 : 0); }
  void say(uint32_t what) { view.analysis |= what; }

  void learn_bases();
  void learn_scale();
  bool judge_probe();
  void judge_window_and_gap();
  bool judge_keep_alive_answers();
  void judge_duplicate_ack();
  void judge_ack_of_unseen();
  void judge_repeat();
  void advance();
  void match_ack();
  void count_in_flight();
};

void Segment::learn_bases() {
  if (!from.base_known || (has(kTcpSyn) && from.base_seq != h.seq)) {
    from.base_seq = has(kTcpSyn) ? h.seq : h.seq - 1;
    from.base_known = true;
  }
  if (!to.base_known && has(kTcpAck)) {
    to.base_seq = h.ack - 1;
    to.base_known = true;
  }
}

void Segment::learn_scale() {
  if (!has(kTcpSyn)) return;
  from.window_scale =
      h.window_scale_option >= 0 ? std::min<int16_t>(h.window_scale_option, 14) : int16_t{-2};
  // Scaling holds only when both sides offer it (RFC 7323 section 2.2).
  if (has(kTcpAck) && from.window_scale == -2) to.window_scale = -2;
  if (has(kTcpAck) && to.window_scale == -2) from.window_scale = -2;
}

bool Segment::judge_probe() {
  if (len() == 1 && from.seq_known && h.seq == from.next_seq && to.window_known && to.window == 0 &&
      !has(kControl)) {
    say(kTcpZeroWindowProbe);
    return true;
  }
  return false;
}

void Segment::judge_window_and_gap() {
  if (h.window == 0 && !has(kControl)) say(kTcpZeroWindow);
  if (from.seq_known && seq_lt(from.next_seq, h.seq) && !has(kTcpRst)) say(kTcpLostSegment);
  if (len() <= 1 && from.seq_known && h.seq == from.next_seq - 1 && !has(kControl))
    say(kTcpKeepAlive);
  if (len() == 0 && h.window != 0 && from.window_known && h.window != from.window &&
      from.seq_known && h.seq == from.next_seq && from.acked && h.ack == from.last_ack &&
      !has(kControl))
    say(kTcpWindowUpdate);
  if (len() > 0 && to.window_scale != -1 && to.acked && !has(kControl)) {
    const uint32_t window = uint32_t{to.window} << std::max<int16_t>(to.window_scale, 0);
    if (h.seq + len() == to.last_ack + window) say(kTcpWindowFull);
  }
}

bool Segment::judge_keep_alive_answers() {
  const bool same = len() == 0 && from.window_known && h.window == from.window && from.seq_known &&
                    h.seq == from.next_seq && from.acked && !has(kControl);
  if (same && h.window != 0 && h.ack == from.last_ack && (to.last_analysis & kTcpKeepAlive)) {
    say(kTcpKeepAliveAck);
    return true;
  }
  if (same && h.window == 0 && (h.ack == from.last_ack || h.ack == from.last_ack + 1) &&
      (to.last_analysis & kTcpZeroWindowProbe)) {
    say(kTcpZeroWindowProbeAck);
    return true;
  }
  return false;
}

void Segment::judge_duplicate_ack() {
  if (len() == 0 && h.window != 0 && from.window_known && h.window == from.window &&
      from.seq_known && h.seq == from.next_seq && from.acked && h.ack == from.last_ack &&
      !has(kControl)) {
    ++from.duplicate_acks;
    say(kTcpDuplicateAck);
    view.duplicate_ack_number = from.duplicate_acks;
    view.duplicate_ack_frame = from.last_fresh_ack_frame;
    return;
  }
  from.last_fresh_ack_frame = frame;
  from.duplicate_acks = 0;
}

void Segment::judge_ack_of_unseen() {
  if (has(kTcpAck) && to.max_ack_known && seq_lt(to.max_acked, h.ack)) {
    say(kTcpAckLostSegment);
    to.max_acked = h.ack;
  }
}

void Segment::judge_repeat() {
  if (len() == 0 && !has(kTcpSyn | kTcpFin)) return;
  if (!from.seq_known || !seq_lt(h.seq, from.next_seq)) return;
  if (view.analysis & kTcpKeepAlive) return;
  if (len() > 1 && from.next_seq - 1 == h.seq) return;
  if (to.duplicate_acks >= 2 && to.acked && to.last_ack == h.seq &&
      ts.ns - to.last_ack_ns < kFastRetransmissionNs) {
    return say(kTcpFastRetransmission | kTcpRetransmission);
  }
  const int64_t late = flow.initial_rtt_ns >= 0 ? flow.initial_rtt_ns : kOutOfOrderNs;
  if (ts.ns - from.next_seq_ns < late && from.next_seq != end()) return say(kTcpOutOfOrder);
  if (len() > 0 && to.acked && seq_le(h.seq + len(), to.last_ack))
    return say(kTcpSpuriousRetransmission | kTcpRetransmission);
  say(kTcpRetransmission);
}

void Segment::advance() {
  const bool probe = (view.analysis & (kTcpZeroWindowProbe | kTcpKeepAlive)) && len() <= 1;
  if (!probe && (!from.seq_known || seq_lt(from.next_seq, end()))) {
    from.next_seq = end();
    from.next_seq_ns = ts.ns;
    from.seq_known = true;
  }
  if (!(view.analysis & kTcpZeroWindowProbe) &&
      (!from.max_ack_known || seq_lt(from.max_acked, end()))) {
    if (!from.max_ack_known || h.seq == from.max_acked || seq_lt(h.seq, from.max_acked))
      from.max_acked = end();
    from.max_ack_known = true;
  }
  from.window = h.window;
  from.window_known = true;
  if (has(kTcpAck)) {
    from.last_ack = h.ack;
    from.acked = true;
    from.last_ack_ns = ts.ns;
  }
  from.last_analysis = view.analysis;
}

void Segment::match_ack() {
  if (len() > 0 || has(kTcpSyn | kTcpFin)) {
    if (from.unacked.size() >= TcpDirection::kUnackedMax) from.unacked.erase(from.unacked.begin());
    from.unacked.push_back({h.seq, end(), frame, ts.ns});
  }
  if (!has(kTcpAck)) return;
  auto& sent = to.unacked;
  for (const Unacked& u : sent) {
    if (u.next_seq == h.ack && view.acks_frame == 0) {
      view.acks_frame = u.frame;
      view.ack_rtt_ns = ts.ns - u.ts_ns;
    }
  }
  std::erase_if(sent, [&](const Unacked& u) { return seq_le(u.next_seq, h.ack); });
}

void Segment::count_in_flight() {
  if (len() == 0 || from.unacked.empty() || has(kTcpSyn)) return;
  uint32_t first = from.unacked.front().seq, last = from.unacked.front().next_seq;
  for (const Unacked& u : from.unacked) {
    if (seq_lt(u.seq, first)) first = u.seq;
    if (seq_lt(last, u.next_seq)) last = u.next_seq;
  }
  view.bytes_in_flight = last - first;
}

void update_completeness(TcpFlow& flow, const TcpHeader& h) {
  const bool syn = h.flags & kTcpSyn, ack = h.flags & kTcpAck;
  // The segment that makes the conversation known counts only when it opens it.
  const bool first = !flow.segment_seen;
  flow.segment_seen = true;
  if (syn && !ack) flow.completeness |= 1;
  if (first) return;
  if (syn && ack) flow.completeness |= 2;
  if (h.flags & kTcpRst) flow.completeness |= 32;
  if (h.flags & kTcpFin) flow.completeness |= 16;
  if (h.payload_len > 0)
    flow.completeness |= 8;
  else if (!syn && ack)
    flow.completeness |= 4;
}

void measure_handshake(TcpFlow& flow, const TcpHeader& h, Timestamp ts) {
  const bool syn = h.flags & kTcpSyn, ack = h.flags & kTcpAck;
  if (syn && !ack) flow.syn_ns = ts.ns;
  if (syn && ack) flow.syn_ack_seen = true;
  if (!syn && ack && flow.syn_ack_seen && flow.syn_ns >= 0 && flow.initial_rtt_ns <= 0)
    flow.initial_rtt_ns = ts.ns - flow.syn_ns;
}

}  // namespace

void analyse_segment(TcpFlow& flow, uint8_t direction, const TcpHeader& h, uint64_t frame,
                     Timestamp ts, TcpView& view) noexcept {
  Segment s{flow, flow.side[direction], flow.side[1 - direction], h, frame, ts, view};
  s.learn_bases();
  s.learn_scale();
  bool judged = s.judge_probe();
  if (!judged) {
    s.judge_window_and_gap();
    judged = s.judge_keep_alive_answers();
  }
  if (!judged) s.judge_duplicate_ack();
  s.judge_ack_of_unseen();
  s.judge_repeat();
  s.advance();
  s.match_ack();
  s.count_in_flight();
  measure_handshake(flow, h, ts);
  view.completeness = flow.completeness;  // as tshark in one pass: what was seen before this one
  update_completeness(flow, h);
  view.relative = true;
  view.relative_seq = h.seq - s.from.base_seq;
  view.relative_ack = (h.flags & kTcpAck) ? h.ack - s.to.base_seq : h.ack;
  view.window_scale = s.from.window_scale;
  view.initial_rtt_ns = flow.initial_rtt_ns;
}

}  // namespace sp3ctra
