#pragma once
// What a dissector may ask about the packets before this one. Declared here, implemented in flow/.
#include <array>

#include "base/timestamp.h"
#include "protocols/protocol.h"

namespace sp3ctra {

/// What the TCP header says, absolute.
struct TcpHeader {
  uint32_t seq = 0, ack = 0;
  uint16_t window = 0, flags = 0;    ///< flags: the low 9 (12) bits as on the wire
  int16_t window_scale_option = -1;  ///< shift of the option, -1 = not there
  uint32_t payload_len = 0;          ///< by the IP length, not the capture
};

/// tcp.analysis.* as tshark names them.
enum TcpAnalysis : uint32_t {
  kTcpRetransmission = 1,
  kTcpFastRetransmission = 2,
  kTcpOutOfOrder = 4,
  kTcpDuplicateAck = 8,
  kTcpLostSegment = 16,
  kTcpKeepAlive = 32,
  kTcpKeepAliveAck = 64,
  kTcpZeroWindow = 128,
  kTcpZeroWindowProbe = 256,
  kTcpZeroWindowProbeAck = 512,
  kTcpWindowUpdate = 1024,
  kTcpWindowFull = 2048,
  kTcpAckLostSegment = 4096,
  kTcpSpuriousRetransmission = 8192,
  kTcpPortsReused = 16384,
};

/// What the flow adds to a TCP segment.
struct TcpView {
  uint32_t stream = 0;    ///< tcp.stream
  uint8_t direction = 0;  ///< 0 = originator → responder
  uint32_t relative_seq = 0, relative_ack = 0;
  bool relative = false;      ///< base known
  int16_t window_scale = -1;  ///< -1 unknown (no SYN seen), -2 no scaling, else shift 0..14
  uint32_t analysis = 0;      ///< TcpAnalysis
  uint64_t acks_frame = 0;    ///< frame that this segment acknowledges (0 none)
  int64_t ack_rtt_ns = 0;
  int64_t initial_rtt_ns = -1;
  uint64_t bytes_in_flight = 0;   ///< 0 = not shown
  int64_t since_first_ns = 0;     ///< tcp.time_relative
  int64_t since_previous_ns = 0;  ///< tcp.time_delta
  uint32_t completeness = 0;
  uint64_t duplicate_ack_frame = 0;
  uint32_t duplicate_ack_number = 0;
};

struct UdpView {
  uint32_t stream = 0;
  uint8_t direction = 0;
  int64_t since_first_ns = 0, since_previous_ns = 0;
};

/// An IP fragment. Its datagram is identified by addresses, id and protocol.
struct Fragment {
  uint32_t id = 0;
  uint32_t byte_offset = 0;
  bool more = false;
  uint8_t ip_proto = 0;
};

/// Part of a TCP payload that belongs to a message spread over several segments.
struct SegmentPart {
  uint32_t at = 0, size = 0;  ///< bytes of the payload; size 0 = none
};

/// The packets before. One object per dissection pass; not thread-safe.
class StreamContext {
 public:
  virtual ~StreamContext() = default;
  /// Times of the first and the previous frame of the whole capture, set by the caller before each
  /// packet; nothing known (frame 1, or a jump into the middle) = has_times false.
  Timestamp first_ts, previous_ts;
  bool has_times = false;
  /// Set by tcp_payload for the segment in hand: [0] ends or continues a message begun earlier,
  /// [1] begins one that this segment does not finish. Sizes 0 when every message lay whole in it.
  std::array<SegmentPart, 2> segment_parts{};
  /// Finds or makes the flow of d.parsed (addresses and ports set), updates it, returns the view.
  virtual TcpView tcp_segment(Dissection& d, const TcpHeader& header) noexcept = 0;
  /// Puts the payload in order, cuts it into messages of the flow's application protocol and has
  /// them dissected. Call once, after tcp_segment and after drawing the TCP header.
  virtual void tcp_payload(Dissection& d, const TcpHeader& header, Input payload) noexcept = 0;
  virtual UdpView udp_datagram(Dissection& d) noexcept = 0;
  /// Any other IP packet (ICMP …) or non-IP frame: counts it to its flow. Returns the direction.
  virtual uint8_t other(Dissection& d) noexcept = 0;
  /// Application protocol of the current UDP flow: the one it had, else by ports (lower first,
  /// as tshark), else by content. Null = unknown.
  virtual const Protocol* udp_application(Dissection& d, Bytes payload) noexcept = 0;
  /// State of `protocol` in the current flow, made on first need; null without a flow or when the
  /// pool is full (counted). Valid during this packet.
  virtual void* state(const Protocol& protocol) noexcept = 0;
  /// Adds a fragment. When it completes the datagram: the whole payload as a new byte source of d
  /// (reassembled_in = this frame). Otherwise an empty Input.
  virtual Input ip_fragment(Dissection& d, const Fragment& fragment, Input payload) noexcept = 0;
};

}  // namespace sp3ctra
