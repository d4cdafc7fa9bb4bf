#pragma once
// The capture format of Solaris' snoop, version 2 (RFC 1761): a file header of 16 bytes, records of
// a 24-byte header, the packet and filling to a multiple of four, all big-endian.
#include <optional>

#include "capture/capture_layout.h"
#include "capture/pcap_reader.h"

namespace sp3ctra {

inline constexpr uint32_t kSnoopHeaderBytes = 16;

/// True when these bytes (the first four are enough) begin a snoop file.
bool is_snoop_magic(Bytes four);
/// What a file header (kSnoopHeaderBytes) says; none when its version or data link is not known.
std::optional<PcapShape> parse_snoop_header(Bytes header);
/// Reads a record header of 24 bytes; record.filling is what follows the packet, record.sane is
/// false when its lengths contradict each other.
PcapRecord parse_snoop_record(const std::byte* bytes);

}  // namespace sp3ctra
