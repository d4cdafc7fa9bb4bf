#pragma once
// What a protocol file exports: one constant Protocol, and nothing else. decode/registry.cc lists
// it.
#include "base/bytes.h"
#include "protocols/field.h"

namespace sp3ctra {

class Dissection;
struct Parsed;

/// The bytes of one layer. `data` lies at `offset` of byte source `source` of the packet (0 = the
/// frame; others are reassembled). `reported` ≥ data.size() is the length by the outer headers:
/// larger when the capture cut the packet.
struct Input {
  Bytes data;
  uint32_t offset = 0;
  uint16_t source = 0;
  uint32_t reported = 0;
  /// The part from `skip` on; empty at or past the end.
  Input from(size_t skip) const {
    const size_t n = skip < data.size() ? skip : data.size();
    return {data.subspan(n), static_cast<uint32_t>(offset + n), source,
            reported > skip ? static_cast<uint32_t>(reported - skip) : 0};
  }
  /// At most `size` bytes (both captured and reported).
  Input first(size_t size) const {
    return {data.first(size < data.size() ? size : data.size()), offset, source,
            reported < size ? reported : static_cast<uint32_t>(size)};
  }
};

/// Tables in which children register; parents look up by number and know no child.
enum class Table : uint8_t {
  kLinkType,
  kEthertype,
  kIpProto,
  kTcpPort,
  kUdpPort,
  kTcpHeuristic,
  kUdpHeuristic,  ///< key ignored; asked in order of registration
};
struct Binding {
  Table table;
  uint32_t key = 0;
};

/// What a framer says of a chunk of in-order stream bytes.
struct FrameStep {
  uint32_t consumed = 0;     ///< bytes of the chunk that belong to the current message
  bool complete = false;     ///< the message ends after them
  bool lost = false;         ///< not this protocol (any more): stop dissecting this direction
  bool until_close = false;  ///< unfinished, but the end of the stream would finish it
};

struct Protocol {
  std::string_view name;   ///< token in frame.protocols and filters: "dns"
  std::string_view label;  ///< list column: "DNS"
  std::string_view title;  ///< "Domain Name System"
  std::string_view words;  ///< one or two plain sentences
  Family family;
  std::span<const FieldDef> fields;  ///< fields[0] is the protocol's own node (kProtocol)
  std::span<const AnomalyDef> anomalies;
  std::span<const Binding> bindings;

  /// Writes one layer (or one whole message of a stream) to the sink and calls its children.
  /// noexcept, bounded, no heap when !d.detailed().
  void (*dissect)(Dissection& d, Input in) noexcept;

  /// Content test for the heuristic tables: true only when sure.
  bool (*recognise)(Bytes payload, const Parsed& parsed) noexcept = nullptr;

  /// Weaker test for content on the protocol's own port, where its beginning may have been missed:
  /// false only when it surely is something else. Null: recognise decides there, too.
  bool (*plausible)(Bytes payload, const Parsed& parsed) noexcept = nullptr;

  /// State of one flow, or 0. Trivially copyable (checkpoints copy it), ≤ limits::kStateBytesMax.
  uint32_t state_size = 0;
  void (*state_init)(void* state) noexcept = nullptr;

  /// For protocols over TCP: called with each new chunk of in-order bytes of one direction
  /// (0 = originator → responder); returns where the current message ends. It must be incremental
  /// (a chunk may end anywhere) and keep what it needs in the State. dissect() then gets the whole
  /// message in one Input: data holds at most limits::kPduBytesKept of it, reported all of it.
  FrameStep (*frame)(Dissection& d, void* state, uint8_t direction, Bytes chunk) noexcept = nullptr;
  /// After missing bytes (or at end of stream, bytes = 0): forget the current message.
  void (*gap)(void* state, uint8_t direction) noexcept = nullptr;
};

}  // namespace sp3ctra
