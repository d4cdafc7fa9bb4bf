#pragma once
// What leaves a worker besides index rows. One record type, fixed size, so that rings hold values.
#include <array>
#include <string_view>

#include "base/ip_address.h"
#include "base/timestamp.h"

namespace sp3ctra {

/// Flow id: shard in the high 8 bits, serial within the shard in the low 24... see FlowId.
struct FlowId {
  uint32_t value = 0;  ///< 0 = none; (serial << 6 | shard) + 1
  static FlowId make(uint32_t shard, uint32_t serial) { return {(serial << 6 | shard) + 1}; }
  uint32_t shard() const { return (value - 1) & 63; }
  uint32_t serial() const { return (value - 1) >> 6; }
  bool any() const { return value != 0; }
  auto operator<=>(const FlowId&) const = default;
};

enum class EventKind : uint8_t { kFlowStart, kFlowEnd, kTransaction, kLink };

/// One key and value of a Transaction; the value lies in the event's text.
struct EventField {
  const char* key = nullptr;  ///< static: a Wireshark field name, "dns.qry.name"
  uint16_t offset = 0;
  uint16_t length = 0;
};

/// One event. Ordered by (ts, frame, emission). Bounded: text that does not fit is cut and
/// `truncated` says so.
struct Event {
  static constexpr size_t kFieldsMax = 12;
  static constexpr size_t kTextMax = 512;

  EventKind kind = EventKind::kTransaction;
  bool truncated = false;
  uint8_t field_count = 0;
  uint8_t ip_proto = 0;
  uint16_t text_length = 0;
  uint16_t orig_port = 0, resp_port = 0;
  uint32_t sequence = 0;  ///< emission number within its frame
  FlowId flow;
  Timestamp ts;
  uint64_t frame = 0;        ///< frame number that completed it
  uint64_t first_frame = 0;  ///< e.g. the request's; 0 = same
  IpAddress orig, resp;
  const char* protocol = "";  ///< static: "dns"
  const char* name = "";      ///< static: "query", "response", "client_hello"
  uint64_t orig_packets = 0, resp_packets = 0, orig_bytes = 0, resp_bytes = 0;
  Timestamp first_ts;
  std::array<EventField, kFieldsMax> fields{};
  std::array<char, kTextMax> text{};

  /// Adds key = value; cut at the limits.
  void add(const char* key, std::string_view value) noexcept {
    if (field_count == kFieldsMax) {
      truncated = true;
      return;
    }
    const size_t room = kTextMax - text_length;
    const size_t n = value.size() < room ? value.size() : room;
    truncated |= n < value.size();
    std::memcpy(text.data() + text_length, value.data(), n);
    fields[field_count++] = {key, text_length, static_cast<uint16_t>(n)};
    text_length = static_cast<uint16_t>(text_length + n);
  }
  std::string_view value(size_t i) const {
    return {text.data() + fields[i].offset, fields[i].length};
  }
};

/// Takes events of one dissection; called on the worker's thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void take(const Event& event) noexcept = 0;
};

}  // namespace sp3ctra
