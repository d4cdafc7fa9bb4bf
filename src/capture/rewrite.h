#pragma once
// Copies chosen packets of a capture into a new file, in memory that does not grow with it.
#include <functional>
#include <string>

#include "base/result.h"
#include "capture/file_handle.h"
#include "capture/file_source.h"

namespace sp3ctra {

/// Says whether the packet with this frame number (from 1) is copied.
using KeepFrame = std::function<bool(uint64_t number)>;
/// Told at least every 4 MiB: bytes of the input read and in all (0 = unknown). False cancels.
using RewriteProgress = std::function<bool(uint64_t done, uint64_t total)>;

struct RewriteReport {
  uint64_t packets = 0;          ///< copied
  uint64_t bytes = 0;            ///< written
  uint64_t blocks_left_out = 0;  ///< custom blocks that say they must not be copied
  bool cancelled = false;        ///< what was written up to then is a whole, readable file
  std::string damage;            ///< of the input; everything before it was copied
};

enum class RewriteFormat { kPcapng, kPcap };

/// Copies a pcapng file: chosen packets and every other block byte for byte in its section's byte
/// order, except custom blocks marked not to be copied. A section's length becomes "unknown".
Result<RewriteReport> rewrite_pcapng(FileHandle in, FileHandle out, const KeepFrame& keep,
                                     const RewriteProgress& progress = {});

/// The same for a capture that others read, and perhaps still write, meanwhile. Ends before the
/// first packet with a number above `last`. Any thread.
Result<RewriteReport> rewrite_pcapng(const PacketFile& in, FileHandle out, uint64_t last,
                                     const KeepFrame& keep, const RewriteProgress& progress = {});

/// Copies any capture file into either format: pcapng to pcapng as rewrite_pcapng(), anything else
/// packet by packet. pcap holds one link type: an input with several fails, saying so.
Result<RewriteReport> rewrite_capture(const std::string& path, FileHandle out, RewriteFormat format,
                                      const KeepFrame& keep, const RewriteProgress& progress = {},
                                      FileOptions options = {});

/// The same for packets of any source (several files merged, say), numbered from 1 as they come.
Result<RewriteReport> rewrite_source(PacketSource& in, FileHandle out, RewriteFormat format,
                                     const KeepFrame& keep, const RewriteProgress& progress = {},
                                     const FileAnnotations* annotations = nullptr);

}  // namespace sp3ctra
