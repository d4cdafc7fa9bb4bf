#pragma once
// One shard at work: finds the flow of each packet, analyses and reassembles TCP, puts IP fragments
// together, keeps the protocols' State. This is the StreamContext that dissectors talk to.
#include <array>
#include <deque>
#include <span>

#include "events/flow_signal.h"
#include "flow/flow_table.h"
#include "flow/tcp_analysis.h"
#include "flow/tracker_counters.h"
#include "protocols/dissection.h"

namespace sp3ctra {

/// Gives tcp.stream / udp.stream numbers to flows as they begin.
class StreamNumbering {
 public:
  virtual ~StreamNumbering() = default;
  virtual uint32_t number(FlowId flow, FlowKind kind) noexcept = 0;
  /// True when the flow that begins at `frame` is known to follow another one on the same ports. A
  /// pass over all packets sees that itself; who replays one flow must have noted it.
  virtual bool ports_reused(uint64_t /*frame*/) const noexcept { return false; }
};

/// Counts in order of appearance: right when one pass sees all packets in frame order.
class CountingNumbering final : public StreamNumbering {
 public:
  uint32_t number(FlowId, FlowKind kind) noexcept override {
    return kind == FlowKind::kTcp ? tcp_++ : kind == FlowKind::kUdp ? udp_++ : 0;
  }

 private:
  uint32_t tcp_ = 0, udp_ = 0;
};

struct TrackerOptions {
  uint32_t shard = 0;
  uint32_t flows_max = limits::kFlowsPerShard;
  uint64_t stream_bytes_max = limits::kStreamBytesPerShard;
  EventSink* events = nullptr;
  SignalSink* signals = nullptr;
  StreamNumbering* numbering = nullptr;  ///< null: stream numbers stay 0
};

/// Single thread. All answers depend only on the packets given, in their order.
class FlowTracker final : public StreamContext {
 public:
  explicit FlowTracker(const TrackerOptions& options);

  /// Call before each packet's dissection. `now` = largest time stamp of frames 1 … this one.
  void begin(const Packet& packet, Timestamp now) noexcept;
  /// Everything ends at `now`: FlowEnd for every flow that still lives.
  void finish(Timestamp now, uint64_t frame) noexcept;

  const TrackerCounters& counters() const { return counters_; }
  /// The flow of the packet dissected last, or null.
  const Flow* current() const { return current_; }
  uint32_t live_flows() const { return table_.live(); }
  /// Payload that all flows hold back.
  uint64_t stream_bytes() const { return stream_bytes_held_; }
  /// Goes on from a copy of a flow taken after its packet `copy.last_frame`, in a pass that gives
  /// it the number `stream`.
  void resume(const Flow& copy, uint32_t stream);
  /// True when the packet dissected last began its flow.
  bool began_flow() const { return began_flow_; }
  /// Of each datagram that this packet completed: the fragment before it, 0 when there was none.
  /// More than one where datagrams are fragmented inside one another.
  std::span<const uint64_t> completed_after() const {
    return {completed_after_.data(), completed_};
  }
  /// The packet before in the same flow (or unfinished datagram); 0 when this is the first.
  uint64_t previous_frame() const { return previous_frame_; }

  TcpView tcp_segment(Dissection& d, const TcpHeader& header) noexcept override;
  void tcp_payload(Dissection& d, const TcpHeader& header, Input payload) noexcept override;
  UdpView udp_datagram(Dissection& d) noexcept override;
  uint8_t other(Dissection& d) noexcept override;
  const Protocol* udp_application(Dissection& d, Bytes payload) noexcept override;
  void* state(const Protocol& protocol) noexcept override;
  Input ip_fragment(Dissection& d, const Fragment& fragment, Input payload) noexcept override;

 private:
  Flow& make_flow(const FlowKey& key) noexcept;
  /// A packet that came on another interface before is shown with its flow, which it does not
  /// change. Null when the flow is not known (any more).
  const Flow* beside(Dissection& d, FlowKind kind) noexcept;
  bool duplicate() const { return (packet_->flags & kPacketDuplicate) != 0; }
  TcpView tcp_duplicate(Dissection& d, const TcpHeader& header) noexcept;
  Flow& enter(Dissection& d, FlowKind kind, bool from_responder, bool restart) noexcept;
  void flow_event(EventKind kind, const Flow& flow) noexcept;
  void end_flow(const Flow& flow) noexcept;
  void signal(SignalKind kind, const Flow& flow, uint16_t tcp_flags) noexcept;
  void tcp_signals(Flow& flow, const TcpHeader& header) noexcept;
  void udp_signals(Flow& flow) noexcept;
  void icmp_signal(const Dissection& d) noexcept;
  void sync(TcpDirection& side, const TcpHeader& h) noexcept;
  void hold(Dissection& d, TcpDirection& side, uint32_t seq, Bytes bytes) noexcept;
  void drain(Dissection& d, TcpDirection& side) noexcept;
  void skip_gap(TcpDirection& side, uint32_t to_seq) noexcept;
  void deliver(Dissection& d, TcpDirection& side, Input chunk, uint64_t frame,
               bool from_this_frame) noexcept;
  bool choose_application(Dissection& d, TcpDirection& side, Bytes chunk) noexcept;
  void append_message(TcpDirection& side, Bytes bytes, uint64_t frame) noexcept;
  void dispatch_message(Dissection& d, TcpDirection& side) noexcept;
  void close_stream(Dissection& d, TcpDirection& side) noexcept;
  const Protocol* by_ports(const Parsed& p, Table table, Bytes payload) const noexcept;
  void drop_old_fragments() noexcept;
  /// Counts what `flow` holds back now; where all of it is too much, the longest silent flows that
  /// hold something back end early, `flow` itself excepted.
  void account(Flow& flow) noexcept;
  void drop(Flow& flow) noexcept;

  TrackerOptions options_;
  FlowTable table_;
  TrackerCounters counters_;
  Flow* current_ = nullptr;
  const Flow* beside_ = nullptr;  ///< of the duplicate dissected last
  const Packet* packet_ = nullptr;
  Timestamp now_;
  uint8_t direction_ = 0;
  bool began_flow_ = false;
  std::array<uint64_t, limits::kNestedDatagrams> completed_after_{};
  size_t completed_ = 0;
  uint64_t previous_frame_ = 0;
  uint64_t stream_bytes_held_ = 0;
  uint64_t frame_ = 0;           ///< being worked on: what events are stamped with
  uint32_t payload_offset_ = 0;  ///< where the TCP payload in hand starts in its source
  uint32_t event_sequence_ = 0;
  /// The datagrams completed by the current packet, each inside the one before.
  std::array<std::vector<std::byte>, limits::kNestedDatagrams> datagrams_;
  std::vector<std::byte> stream_bytes_;  ///< a held segment while it is delivered
  struct FragmentStart {
    FlowKey key;
    Timestamp first_ts;
  };
  std::deque<FragmentStart> fragments_;  ///< unfinished datagrams, oldest first
};

}  // namespace sp3ctra
