// TCP payload in order (RFC 9293 section 3.10.7.4), cut into messages of the application protocol.
// Bytes that were never captured are an explicit gap, never glued over.
#include <algorithm>

#include "decode/registry.h"
#include "flow/tracker.h"

namespace sp3ctra {
namespace {

constexpr uint8_t kGuessesMax = 4;
constexpr size_t kMessageFramesMax = 4096;

/// Gives the memory back, too: thousands of flows rest between two messages.
void forget_message(TcpDirection& side) {
  side.message = std::vector<std::byte>();  // = {} would keep the memory
  side.message_bytes = 0;
  side.message_frames = std::vector<uint64_t>();
}

}  // namespace

void FlowTracker::sync(TcpDirection& side, const TcpHeader& h) noexcept {
  if (h.flags & kTcpSyn) {
    side.synced = true;
    side.expected = h.seq + 1;
  } else if (!side.synced) {
    side.synced = true;
    side.expected = h.seq;
  }
}

void FlowTracker::tcp_payload(Dissection& d, const TcpHeader& h, Input in) noexcept {
  segment_parts = {};
  payload_offset_ = in.offset;
  if (d.quoted > 0 || !current_ || !current_->tcp) {
    d.opaque(in);
    return;
  }
  const uint8_t direction = direction_;
  TcpDirection& side = current_->tcp->side[direction];
  const TcpDirection& peer = current_->tcp->side[1 - direction];
  sync(side, h);
  uint32_t seq = h.seq + ((h.flags & kTcpSyn) ? 1 : 0);
  if (!in.data.empty()) {
    // Some generators do not count the SYN: their first data starts at the SYN's own number. One
    // byte there is a keep-alive, more is data.
    if (!side.started && seq + 1 == side.expected && in.data.size() > 1) side.expected = seq;
    side.started = true;
    // The receiver has confirmed what is missing here: the capture lost it, it will not come.
    while (seq_lt(side.expected, seq) && peer.acked && seq_le(seq, peer.last_ack)) {
      const bool held_first = !side.held.empty() && seq_lt(side.held.front().seq, seq);
      skip_gap(side, held_first ? side.held.front().seq : seq);
      drain(d, side);
    }
    if (seq_lt(seq, side.expected)) {
      const uint32_t old = side.expected - seq;
      in = in.from(std::min<size_t>(old, in.data.size()));
      seq = side.expected;
    }
    if (!in.data.empty() && seq_lt(side.expected, seq)) {
      hold(d, side, seq, in.data);
    } else if (!in.data.empty()) {
      side.expected = seq + static_cast<uint32_t>(in.data.size());
      deliver(d, side, in, packet_->number, true);
      if (h.payload_len > in.data.size() && in.reported > in.data.size())
        skip_gap(side, side.expected + (in.reported - static_cast<uint32_t>(in.data.size())));
      drain(d, side);
    }
  }
  if ((h.flags & (kTcpFin | kTcpRst)) && side.held.empty()) close_stream(d, side);
  account(*current_);
}

void FlowTracker::hold(Dissection& d, TcpDirection& side, uint32_t seq, Bytes bytes) noexcept {
  while (!side.held.empty() && (side.held_bytes + bytes.size() > limits::kOutOfOrderBytesPerFlow ||
                                side.held.size() >= limits::kOutOfOrderSegmentsPerFlow)) {
    skip_gap(side, side.held.front().seq);
    drain(d, side);
  }
  const auto at = std::find_if(side.held.begin(), side.held.end(),
                               [seq](const HeldSegment& s) { return seq_le(seq, s.seq); });
  if (at != side.held.end() && at->seq == seq && at->bytes.size() >= bytes.size()) return;
  side.held_bytes += static_cast<uint32_t>(bytes.size());
  side.held.insert(at, HeldSegment{seq, packet_->number, {bytes.begin(), bytes.end()}});
}

void FlowTracker::drain(Dissection& d, TcpDirection& side) noexcept {
  while (!side.held.empty() && seq_le(side.held.front().seq, side.expected)) {
    HeldSegment s = std::move(side.held.front());
    side.held.erase(side.held.begin());
    side.held_bytes -= static_cast<uint32_t>(s.bytes.size());
    const uint32_t old = side.expected - s.seq;
    if (old >= s.bytes.size()) continue;
    stream_bytes_ = std::move(s.bytes);
    const Bytes fresh = Bytes(stream_bytes_).subspan(old);
    side.expected += static_cast<uint32_t>(fresh.size());
    deliver(d, side, {fresh, 0, 0, static_cast<uint32_t>(fresh.size())}, s.frame, false);
  }
  if (side.held.empty()) side.held = std::vector<HeldSegment>();
}

void FlowTracker::skip_gap(TcpDirection& side, uint32_t to_seq) noexcept {
  if (!seq_lt(side.expected, to_seq)) return;
  ++counters_.stream_gaps;
  counters_.stream_gap_bytes += to_seq - side.expected;
  side.gap_bytes += to_seq - side.expected;
  side.expected = to_seq;
  forget_message(side);
  const Protocol* a = current_->application;
  const auto direction = static_cast<uint8_t>(&side - current_->tcp->side.data());
  if (a && a->gap) a->gap(state(*a), direction);
}

bool FlowTracker::choose_application(Dissection& d, TcpDirection& side, Bytes chunk) noexcept {
  if (current_->application) return true;
  if (side.guesses >= kGuessesMax) return false;
  ++side.guesses;
  current_->application = by_ports(d.parsed, Table::kTcpPort, chunk);
  return current_->application != nullptr;
}

void FlowTracker::append_message(TcpDirection& side, Bytes bytes, uint64_t frame) noexcept {
  const size_t room =
      limits::kPduBytesKept - std::min<size_t>(side.message.size(), limits::kPduBytesKept);
  const Bytes kept = bytes.first(std::min(bytes.size(), room));
  side.message.insert(side.message.end(), kept.begin(), kept.end());
  side.message_bytes += bytes.size();
  if (side.message_frames.size() < kMessageFramesMax &&
      (side.message_frames.empty() || side.message_frames.back() != frame))
    side.message_frames.push_back(frame);
}

void FlowTracker::dispatch_message(Dissection& d, TcpDirection& side) noexcept {
  if (side.message_bytes > side.message.size()) ++counters_.messages_cut;
  d.parsed.reassembled = true;
  const uint16_t source = d.add_source("Reassembled TCP", side.message, side.message_frames);
  const auto total = static_cast<uint32_t>(std::min<uint64_t>(side.message_bytes, UINT32_MAX));
  d.call(*current_->application, {side.message, 0, source, total});
  forget_message(side);
}

void FlowTracker::deliver(Dissection& d, TcpDirection& side, Input in, uint64_t frame,
                          bool from_this_frame) noexcept {
  if (side.dead || !choose_application(d, side, in.data)) {
    if (from_this_frame) d.opaque(in);
    return;
  }
  const Protocol& a = *current_->application;
  const auto direction = static_cast<uint8_t>(&side - current_->tcp->side.data());
  if (!a.frame) {
    if (from_this_frame) d.call(a, in);
    return;
  }
  while (!in.data.empty()) {
    const FrameStep step = a.frame(d, state(a), direction, in.data);
    const size_t n = std::min<size_t>(step.consumed, in.data.size());
    if (step.lost || (step.complete && n == 0 && side.message_bytes == 0)) {
      side.dead = true;
      forget_message(side);
      if (from_this_frame) d.opaque(in);
      return;
    }
    const Input piece = in.first(n);
    if (step.complete && side.message_bytes == 0 && from_this_frame) {
      d.call(a, {piece.data, piece.offset, piece.source, static_cast<uint32_t>(n)});
    } else {
      const Input part = step.complete ? piece : in;
      if (from_this_frame)
        segment_parts[step.complete || side.message_bytes > 0 ? 0 : 1] = {
            part.offset - payload_offset_, static_cast<uint32_t>(part.data.size())};
      append_message(side, part.data, frame);
      if (!step.complete) return;
      dispatch_message(d, side);
    }
    in = in.from(n);
  }
}

void FlowTracker::close_stream(Dissection& d, TcpDirection& side) noexcept {
  const Protocol* a = current_->application;
  if (!a || !a->frame || side.dead) return;
  const auto direction = static_cast<uint8_t>(&side - current_->tcp->side.data());
  if (side.message_bytes > 0 && a->frame(d, state(*a), direction, {}).until_close)
    dispatch_message(d, side);
  if (a->gap) a->gap(state(*a), direction);
  forget_message(side);
}

}  // namespace sp3ctra
