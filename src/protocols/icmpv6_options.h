#pragma once
// The options of neighbour discovery messages (RFC 4861 4.6, RFC 4191, RFC 8106).
#include "protocols/dissection.h"

namespace sp3ctra {

/// Walks the options of an ICMPv6 message from byte `at` on, drawing them when `drawn`. False when
/// one has length 0 or reaches past the message.
bool walk_nd_options(Dissection& d, const Input& in, size_t at, bool drawn) noexcept;

}  // namespace sp3ctra
