#pragma once
// How conversations open: what a worker tells besides events, for the detectors across flows.
#include "events/event.h"

namespace sp3ctra {

/// How a conversation opens and whether it comes to anything: what detectors across flows count.
/// Small, because a flood makes one of them per packet.
enum class SignalKind : uint8_t {
  kAttempt,      ///< TCP: a SYN, or a first segment no connection begins with (FIN, NULL, Xmas);
                 ///< UDP: the first datagram
  kRepeated,     ///< the SYN came again
  kAccepted,     ///< TCP: SYN and ACK came back
  kRefused,      ///< TCP: a reset came back before the connection was open
  kEstablished,  ///< TCP: the originator confirmed
  kAborted,      ///< TCP: accepted, and the originator reset it instead of confirming
  kData,         ///< TCP: payload, first time; UDP: the first answer
  kContinued,    ///< UDP: five datagrams without an answer, so more than a probe
  kUnreachable,  ///< an ICMP error says: there is no such port, host or way
};

/// One of them. `orig` sent the attempt. Ordered by (frame, sequence); of one frame all come
/// before its events.
struct FlowSignal {
  SignalKind kind = SignalKind::kAttempt;
  uint8_t ip_proto = 0;
  uint16_t tcp_flags = 0;  ///< of this segment
  uint16_t orig_port = 0, resp_port = 0;
  IpAddress orig, resp;
  FlowId flow;
  uint32_t sequence = 0;  ///< emission number within its frame
  Timestamp ts;           ///< largest time stamp up to this frame: never runs back
  Timestamp first_ts;     ///< the same, when the attempt was made
  uint64_t frame = 0;
};

/// Takes the signals of one pass; called on the worker's thread.
class SignalSink {
 public:
  virtual ~SignalSink() = default;
  virtual void signal(const FlowSignal& signal) noexcept = 0;
};

}  // namespace sp3ctra
