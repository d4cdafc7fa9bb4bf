// How conversations open: the signals that detectors across flows count.
#include "flow/tracker.h"

namespace sp3ctra {
namespace {

/// Flow::contact.
enum Contact : uint8_t {
  kTried = 1,
  kOddFlags = 2,  ///< it began with a segment no connection begins with
  kWasAccepted = 4,
  kWasConfirmed = 8,
  kSettled = 16,  ///< nothing more is to be said
};

constexpr uint64_t kDatagramsOfAProbe = 4;  // a scanner repeats itself a few times at most
constexpr uint16_t kOpeningFlags = kTcpSyn | kTcpFin | kTcpRst | kTcpAck;

}  // namespace

void FlowTracker::signal(SignalKind kind, const Flow& f, uint16_t tcp_flags) noexcept {
  FlowSignal s;
  s.kind = kind;
  s.ip_proto = f.key.ip_proto;
  s.tcp_flags = tcp_flags;
  s.orig = f.orig_is_low ? f.key.low : f.key.high;
  s.resp = f.orig_is_low ? f.key.high : f.key.low;
  s.orig_port = f.orig_is_low ? f.key.low_port : f.key.high_port;
  s.resp_port = f.orig_is_low ? f.key.high_port : f.key.low_port;
  s.flow = f.id;
  s.sequence = event_sequence_++;
  s.ts = now_;
  s.first_ts = f.opened_ts;
  s.frame = frame_;
  options_.signals->signal(s);
}

void FlowTracker::tcp_signals(Flow& flow, const TcpHeader& h) noexcept {
  if (!options_.signals) return;
  uint8_t& contact = flow.contact;
  const auto say = [&](SignalKind kind, uint8_t bits) {
    contact |= bits;
    signal(kind, flow, h.flags);
  };
  if (began_flow_) {
    if ((h.flags & kOpeningFlags) == kTcpSyn) say(SignalKind::kAttempt, kTried);
    if ((h.flags & (kTcpSyn | kTcpRst | kTcpAck)) == 0)
      say(SignalKind::kAttempt, kTried | kOddFlags);
    return;
  }
  if (contact == 0 || (contact & kSettled)) return;
  if (direction_ == 1) {
    if ((h.flags & kTcpRst) && !(contact & kWasConfirmed))
      return say(SignalKind::kRefused, kSettled);
    if ((h.flags & kTcpSyn) && (h.flags & kTcpAck) && !(contact & kWasAccepted))
      return say(SignalKind::kAccepted, kWasAccepted);
  } else if (!(contact & kOddFlags)) {
    if ((h.flags & kOpeningFlags) == kTcpSyn) return say(SignalKind::kRepeated, 0);
    if (h.flags & kTcpRst) {
      if ((contact & (kWasAccepted | kWasConfirmed)) == kWasAccepted)
        say(SignalKind::kAborted, kSettled);
      return;
    }
    if ((h.flags & kTcpAck) && !(contact & kWasConfirmed))
      say(SignalKind::kEstablished, kWasConfirmed);
  }
  if (h.payload_len > 0) say(SignalKind::kData, kSettled);
}

void FlowTracker::udp_signals(Flow& flow) noexcept {
  if (!options_.signals || (flow.contact & kSettled)) return;
  if (began_flow_) {
    flow.contact = kTried;
    return signal(SignalKind::kAttempt, flow, 0);
  }
  if (direction_ == 0 && flow.packets[0] <= kDatagramsOfAProbe) return;
  flow.contact |= kSettled;
  signal(direction_ == 1 ? SignalKind::kData : SignalKind::kContinued, flow, 0);
}

void FlowTracker::icmp_signal(const Dissection& d) noexcept {
  const Parsed& p = d.parsed;
  const bool unreachable = p.ip_proto == 1 ? p.icmp_type == 3 : p.icmp_type == 1;
  if (!options_.signals || !unreachable) return;
  FlowSignal s;
  s.kind = SignalKind::kUnreachable;
  s.ip_proto = p.quoted_ip_proto;
  s.orig = p.quoted_src;
  s.resp = p.quoted_dst;
  s.orig_port = p.quoted_src_port;
  s.resp_port = p.quoted_dst_port;
  s.flow = p.flow;
  s.sequence = event_sequence_++;
  s.ts = s.first_ts = now_;
  s.frame = frame_;
  options_.signals->signal(s);
}

}  // namespace sp3ctra
