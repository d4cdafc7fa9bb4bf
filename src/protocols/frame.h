#pragma once
// The frame layer: what the capture itself says of a packet. Entry of every dissection.
#include "protocols/dissection.h"

namespace sp3ctra {

extern const Protocol kFrame;

/// Dissects d.packet from its link type on (reset(packet) was called): runs kFrame, then fills
/// what only the end knows (frame.protocols, the flow of packets no transport claimed). noexcept.
void dissect_frame(Dissection& d) noexcept;

/// Fills frame.protocols in the tree. Called by dissect_frame; harmless without a tree.
void finish_frame(Dissection& d) noexcept;

}  // namespace sp3ctra
