#pragma once
// The options of a TCP header (RFC 9293 3.2, RFC 7323, RFC 2018, RFC 7413, RFC 8684).
#include "protocols/dissection.h"

namespace sp3ctra {

/// Options that change how the rest is read.
struct TcpOptions {
  int16_t window_scale = -1;  ///< shift, -1 = not there
  bool broken = false;        ///< an option has an impossible length
};

/// Reads the options in [20, end) of the TCP header; end ≤ in.data.size().
TcpOptions read_tcp_options(const Input& in, size_t end) noexcept;

/// Draws them. `ack` is the raw and `relative_ack` the shown acknowledgement number: SACK edges are
/// shown relative to the same base.
void draw_tcp_options(Dissection& d, const Input& in, size_t end, uint32_t ack,
                      uint32_t relative_ack);

}  // namespace sp3ctra
