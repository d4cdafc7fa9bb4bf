#pragma once
// What ICMP and ICMPv6 share: pings that wait for their answer, and packets quoted in errors.
#include <string>

#include "protocols/dissection.h"

namespace sp3ctra {

/// Pings of one flow that were not answered yet; the oldest is forgotten first.
struct PingState {
  struct Ask {
    uint64_t frame = 0;  ///< 0 = free
    int64_t ts_ns = 0;
    uint16_t id = 0, sequence = 0;
  };
  static constexpr size_t kAsks = 16;
  Ask asks[kAsks];
  uint32_t next = 0;

  void ask(uint64_t frame, int64_t ts_ns, uint16_t id, uint16_t sequence) noexcept {
    asks[next++ % kAsks] = {frame, ts_ns, id, sequence};
  }
  /// Takes the question that (id, sequence) answers; frame 0 when none is known.
  Ask answer(uint16_t id, uint16_t sequence) noexcept {
    for (Ask& a : asks) {
      if (a.frame == 0 || a.id != id || a.sequence != sequence) continue;
      const Ask found = a;
      a.frame = 0;
      return found;
    }
    return {};
  }
};

/// Milliseconds as tshark prints a response time: 15 significant digits, no trailing zeros.
std::string milliseconds_text(int64_t ns);

/// Dissects the packet an error quotes. Its ends go to parsed.quoted_*; all else of parsed stays.
void dissect_quoted(Dissection& d, uint32_t ethertype, Input in) noexcept;

/// " about the connection to 10.0.0.1 port 80", from parsed.quoted_*; empty when nothing is known.
std::string quoted_text(const Parsed& parsed);

}  // namespace sp3ctra
