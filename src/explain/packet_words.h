#pragma once
// One packet in plain words, made from its drawn tree.
#include "explain/plain_words.h"
#include "protocols/dissection.h"

namespace sp3ctra {

/// Explains a packet: a lead sentence, up to five facts, a verdict with its reason and what it is
/// based on. `tree` is the packet's whole tree. Text of packets comes out escaped. Any thread.
PlainWords explain_packet(const Tree& tree, const Parsed& parsed, const Packet& packet);

}  // namespace sp3ctra
