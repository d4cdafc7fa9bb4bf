#pragma once
// What is remembered of one flow. Copyable: a checkpoint is a copy.
#include <array>
#include <memory>
#include <vector>

#include "base/ip_address.h"
#include "base/limits.h"
#include "events/event.h"
#include "protocols/protocol.h"
#include "protocols/stream_context.h"

namespace sp3ctra {

enum class FlowKind : uint8_t { kTcp, kUdp, kIcmp, kIp, kFragment, kOther };

/// Unordered pair of ends: (low, high) by address then port; `extra` = ICMP id or fragment id.
/// Fragments keep the order of their addresses in `ordered`.
struct FlowKey {
  IpAddress low, high;
  uint16_t low_port = 0, high_port = 0;
  uint32_t extra = 0;
  uint8_t ip_proto = 0;
  FlowKind kind = FlowKind::kOther;
  bool operator==(const FlowKey&) const = default;
  uint64_t hash() const;
};

/// A stretch of payload that came before its turn.
struct HeldSegment {
  uint32_t seq = 0;
  uint64_t frame = 0;
  std::vector<std::byte> bytes;
};

/// A sent segment that was not yet acknowledged.
struct Unacked {
  uint32_t seq = 0, next_seq = 0;
  uint64_t frame = 0;
  int64_t ts_ns = 0;
};

/// One direction of a TCP flow: analysis and reassembly.
struct TcpDirection {
  static constexpr size_t kUnackedMax = 512;

  // Analysis.
  bool base_known = false, window_known = false, acked = false, seq_known = false;
  bool max_ack_known = false;
  uint32_t base_seq = 0;
  uint32_t next_seq = 0;   ///< highest sequence number seen, + its length
  uint32_t max_acked = 0;  ///< what this side can be acked for at most
  uint32_t last_ack = 0;   ///< last acknowledgement sent by this side
  uint16_t window = 0;
  int16_t window_scale = -1;  ///< -1 unknown, -2 the option was not offered
  uint32_t last_analysis = 0;
  uint32_t duplicate_acks = 0;
  uint64_t last_fresh_ack_frame = 0;
  int64_t last_ack_ns = 0, next_seq_ns = 0;
  std::vector<Unacked> unacked;

  // Reassembly.
  bool started = false;   ///< payload was seen
  bool synced = false;    ///< `expected` is known
  bool dead = false;      ///< not (or no longer) the application protocol
  uint32_t expected = 0;  ///< next byte to deliver
  uint32_t held_bytes = 0;
  std::vector<HeldSegment> held;   ///< by seq
  std::vector<std::byte> message;  ///< first bytes of the unfinished message
  uint64_t message_bytes = 0;      ///< all bytes of it so far
  std::vector<uint64_t> message_frames;
  uint64_t gap_bytes = 0;  ///< bytes that were never seen
  uint8_t guesses = 0;     ///< tries to recognise the content
};

struct TcpFlow {
  std::array<TcpDirection, 2> side;
  int64_t syn_ns = -1, initial_rtt_ns = -1;
  bool syn_ack_seen = false, segment_seen = false;
  uint32_t completeness = 0;
};

/// An IP datagram being put together.
struct Datagram {
  struct Piece {
    uint32_t offset = 0, size = 0;
  };
  std::vector<std::byte> bytes;
  std::vector<Piece> pieces;  ///< disjoint, by offset
  std::vector<uint64_t> frames;
  uint32_t total = 0;  ///< 0 until the last fragment came
};

/// The State a protocol keeps for this flow.
struct StateSlot {
  const Protocol* protocol = nullptr;
  std::vector<std::byte> bytes;
};

struct Flow {
  FlowId id;
  FlowKey key;
  bool orig_is_low = true;     ///< the originator is the low end of the key
  bool started_quiet = false;  ///< first seen without its beginning
  uint32_t stream = 0;         ///< tcp.stream / udp.stream when known to this pass
  Timestamp first_ts, last_ts;
  uint64_t first_frame = 0, last_frame = 0;
  std::array<uint64_t, 2> packets{}, bytes{};  ///< by direction; wire bytes
  const Protocol* application = nullptr;
  uint16_t vlan = 0;
  bool has_vlan = false;
  uint8_t contact = 0;  ///< what was signalled of its opening: bits of flow/signals.cc
  Timestamp opened_ts;  ///< `now` of its first packet
  std::unique_ptr<TcpFlow> tcp;
  std::unique_ptr<Datagram> datagram;
  std::vector<StateSlot> states;
  uint64_t buffered = 0;          ///< buffered_bytes() as last counted to the shard
  uint32_t slot = 0;              ///< where the table keeps it
  uint32_t newer = 0, older = 0;  ///< LRU list within the shard

  Flow() = default;
  Flow(Flow&&) = default;
  Flow& operator=(Flow&&) = default;
  Flow(const Flow& o);
  Flow& operator=(const Flow& o);
};

/// Memory of the flow beyond its record: unfinished messages, segments out of order, fragments,
/// segments that were not acknowledged.
size_t buffered_bytes(const Flow& flow) noexcept;

}  // namespace sp3ctra
