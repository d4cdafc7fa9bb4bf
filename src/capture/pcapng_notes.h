#pragma once
// Takes what a pcapng file says beside its packets out of its blocks.
#include "capture/file_annotations.h"
#include "capture/packet.h"
#include "capture/pcapng_block.h"

namespace sp3ctra::pcapng {

/// What an interface description block says; false when it is too short.
bool parse_interface(const Block& block, CaptureInterface& out, TimeScale& time);
/// Notes comments, names, secrets, statistics and origin of any block that is not a packet.
/// `first_interface` is the number of the section's interface 0 among all, `interfaces` how many.
void note_block(const Block& block, uint32_t first_interface, uint32_t interfaces,
                FileAnnotations& notes);
/// Notes the comments of a packet block's options.
void note_packet_comments(const Block& block, Bytes options, FileAnnotations& notes);

}  // namespace sp3ctra::pcapng
