#pragma once
// What sequence and acknowledgement numbers tell: retransmissions, lost segments, round trips.
#include "base/timestamp.h"
#include "flow/flow.h"

namespace sp3ctra {

inline bool seq_lt(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b) < 0; }
inline bool seq_le(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b) <= 0; }

/// RFC 9293 flag bits as on the wire.
enum TcpFlagBits : uint16_t {
  kTcpFin = 1,
  kTcpSyn = 2,
  kTcpRst = 4,
  kTcpPsh = 8,
  kTcpAck = 16,
  kTcpUrg = 32
};

/// Updates both sides of the flow by one segment sent in `direction` and fills the view's
/// analysis, windows, relative numbers and round trips. The verdicts carry Wireshark's names and
/// meanings (tcp.analysis.*); they depend on nothing but the segments given so far.
void analyse_segment(TcpFlow& flow, uint8_t direction, const TcpHeader& h, uint64_t frame,
                     Timestamp ts, TcpView& view) noexcept;

}  // namespace sp3ctra
