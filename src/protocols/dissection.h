#pragma once
// The sink a dissect function writes to. Two depths, one code: without a Tree only `parsed` (and
// events) are filled, every field call returns at once; with a Tree each field becomes a node.
#include <array>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/limits.h"
#include "capture/packet.h"
#include "events/event.h"
#include "protocols/protocol.h"
#include "protocols/stream_context.h"

namespace sp3ctra {

/// What the fast path learns of a packet: flat, no heap. Outer and inner tunnels overwrite
/// addresses: the innermost wins (outer_* keep the outermost IP pair, which chooses the shard).
struct Parsed {
  IpAddress src, dst;  ///< innermost
  uint64_t eth_src = 0, eth_dst = 0;
  uint16_t src_port = 0, dst_port = 0;
  uint16_t vlan = 0;  ///< innermost VLAN id; has_vlan tells
  uint16_t tcp_flags = 0;
  uint16_t ethertype = 0;
  uint16_t icmp_id = 0;
  uint8_t ip_proto = 0;
  uint8_t icmp_type = 0, icmp_code = 0;
  uint8_t direction = 0;
  bool has_eth = false, has_vlan = false, has_ports = false, has_icmp_id = false;
  bool fragment = false;      ///< an IP fragment that is not (yet) a whole datagram
  bool reassembled = false;   ///< this packet completed a fragment or a stream message
  uint32_t tcp_analysis = 0;  ///< TcpAnalysis
  FlowId flow;                ///< set by the StreamContext
  FlowId quoted_flow;         ///< of the packet inside an ICMP error
  /// Ends of the packet quoted by an ICMP error, as it was sent; set before other() is called.
  IpAddress quoted_src, quoted_dst;
  uint16_t quoted_src_port = 0, quoted_dst_port = 0;
  uint8_t quoted_ip_proto = 0;
  bool has_quoted = false, has_quoted_ports = false;
  uint8_t layer_count = 0;
  std::array<const Protocol*, limits::kLayersMax> layers{};  ///< frame.protocols, in order
  const Protocol* shown = nullptr;  ///< the protocol column: the last that recognised content
  uint8_t anomaly_count = 0;
  std::array<const AnomalyDef*, limits::kAnomaliesPerPacketMax> anomalies{};
};

/// One node of the tree, in pre-order; depth 0 = a protocol.
struct Node {
  const FieldDef* field = nullptr;
  uint32_t offset = 0, length = 0;   ///< bytes in `source`; length 0 = derived, no bytes
  uint64_t number = 0;               ///< numbers, booleans, times, MACs, IPv4 (host order)
  uint32_t text = 0, text_size = 0;  ///< strings, bytes, IPv6: in Tree::text
  uint16_t source = 0;
  uint16_t depth = 0;
  bool generated = false;  ///< not in the bytes: computed or from other packets
  bool hidden = false;     ///< found by filters and -e, not drawn
  const AnomalyDef* anomaly = nullptr;
  uint32_t note = 0,
           note_size = 0;  ///< value shown to people instead of the default, in Tree::text
};

struct TreeSource {
  std::string name;              ///< "Frame", "Reassembled TCP"
  std::vector<std::byte> bytes;  ///< empty for the frame itself
  std::vector<uint64_t> frames;  ///< packets it was put together from
};

/// The drawn tree of one packet. Reused between packets (clear keeps the memory).
struct Tree {
  std::vector<Node> nodes;
  std::string text;
  std::vector<TreeSource> sources;  ///< sources[0] = the frame
  bool truncated = false;           ///< limits::kTreeNodesMax reached
  void clear();
  std::string_view text_of(const Node& n) const {
    return std::string_view(text).substr(n.text, n.text_size);
  }
  std::string_view note_of(const Node& n) const {
    return std::string_view(text).substr(n.note, n.note_size);
  }
};

struct DispatchTables;

/// One dissection of one packet: input, output, and the way to children. Not thread-safe.
class Dissection {
 public:
  Dissection(const DispatchTables& tables, StreamContext& context, Tree* tree, EventSink* events)
      : streams(context), tables_(tables), tree_(tree), events_(events) {}

  /// Starts over for the next packet.
  void reset(const Packet& p) noexcept;

  const Packet* packet = nullptr;
  Parsed parsed;
  StreamContext& streams;
  /// > 0 inside the packet quoted by an ICMP error: fields are drawn, flows are not touched.
  int quoted = 0;

  bool detailed() const { return tree_ != nullptr; }
  Tree* tree() const { return tree_; }

  // ---- fields: no-ops without a tree. (at, size) are relative to `in`. ----
  /// Opens a node with children (protocol, label or valued field) until close().
  void open(const FieldDef& f, const Input& in, size_t at, size_t size, uint64_t number = 0);
  void open_text(const FieldDef& f, const Input& in, size_t at, size_t size, std::string_view text);
  void close();
  void number(const FieldDef& f, const Input& in, size_t at, size_t size, uint64_t value);
  /// Strings: raw bytes of the packet or text made from them. Bytes: the bytes themselves.
  void text(const FieldDef& f, const Input& in, size_t at, size_t size, std::string_view value);
  void bytes(const FieldDef& f, const Input& in, size_t at, size_t size);
  void ip(const FieldDef& f, const Input& in, size_t at, const IpAddress& value);
  /// Value not in the bytes (response time, stream number).
  void derived(const FieldDef& f, const Input& in, uint64_t value);
  void derived_text(const FieldDef& f, const Input& in, std::string_view value);
  /// Marks the node added last.
  void hide_last();
  /// Gives the node added last (or the open one, if none since) a text for people: "600 s = 10
  /// min".
  void note(std::string_view value);
  void note_open(std::string_view value);  ///< for the innermost open node
  /// Sets byte length of the innermost open node (known only at its end).
  void set_open_length(size_t size);

  // ---- results ----
  /// Names an oddity; counted once per packet and kind, drawn as a node when there is a tree.
  void anomaly(const AnomalyDef& a, const Input& in, size_t at = 0, size_t size = 0) noexcept;
  /// The list's plain line; the innermost layer's wins. Only formats when wanted.
  bool wants_info() const { return want_info_; }
  void want_info(bool want) { want_info_ = want; }
  void info(std::string_view line);
  std::string_view info() const { return {info_.data(), info_size_}; }
  void emit(Event& event) noexcept;  ///< fills ts, frame, flow, addresses, sequence
  /// Not of a duplicate: what it says was said by the packet it repeats.
  bool wants_events() const {
    return events_ != nullptr && (packet->flags & kPacketDuplicate) == 0;
  }

  // ---- children ----
  /// Runs the child registered for key, if any: false when none. Depth ≤ limits::kLayersMax.
  bool call(Table table, uint32_t key, Input in) noexcept;
  void call(const Protocol& protocol, Input in) noexcept;
  /// A stand-in "data" layer for bytes nobody understands.
  void opaque(Input in) noexcept;
  const DispatchTables& tables() const { return tables_; }
  /// A new byte source made from other packets; returns its number. Copies only with a tree;
  /// without a tree the bytes stay the caller's and must live until the dissection ends.
  uint16_t add_source(std::string_view name, Bytes bytes, std::span<const uint64_t> frames);

 private:
  Node* add(const FieldDef& f, const Input& in, size_t at, size_t size);
  void store_text(Node& n, std::string_view value);

  const DispatchTables& tables_;
  Tree* tree_;
  EventSink* events_;
  bool want_info_ = false;
  uint16_t depth_ = 0;
  uint16_t call_depth_ = 0;
  uint16_t source_count_ = 0;
  uint32_t event_sequence_ = 0;
  std::array<uint32_t, 64> open_{};  ///< node numbers of open nodes
  std::array<char, limits::kInfoBytesMax> info_{};
  size_t info_size_ = 0;
};

/// Lookup tables filled once at start by decode/registry.cc; read-only afterwards.
struct DispatchTables {
  std::vector<const Protocol*> ethertype, ip_proto, tcp_port, udp_port, link_type;
  std::vector<const Protocol*> tcp_heuristic, udp_heuristic;
  const Protocol* data = nullptr;  ///< the stand-in for unknown bytes
  const Protocol* find(Table table, uint32_t key) const noexcept;
};

}  // namespace sp3ctra
