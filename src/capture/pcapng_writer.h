#pragma once
// Writes pcapng (one section, little-endian, nanoseconds) and pcap (nanoseconds), append-only and
// buffered: a file cut anywhere is readable up to there.
#include <string>
#include <vector>

#include "capture/capture_layout.h"
#include "capture/file_annotations.h"
#include "capture/output_buffer.h"
#include "capture/packet.h"
#include "capture/pcapng_block.h"

namespace sp3ctra {

/// Who writes the file; empty texts are left out.
struct WriterOrigin {
  std::string hardware, system, application, comment;
};

/// Writes one pcapng section. Errors stay and are told by flush() and status(). One thread;
/// layout() may be handed to a PacketFile that reads what was flushed.
class PcapngWriter {
 public:
  /// `file` is empty and stands at its start; the section header is written at once.
  explicit PcapngWriter(FileHandle file, const WriterOrigin& origin = {});
  /// The next segment of a capture whose segments share a layout: its first byte has the offset
  /// `base` there. Interfaces are added again, in the same order.
  PcapngWriter(FileHandle file, const WriterOrigin& origin, std::shared_ptr<CaptureLayout> layout,
               uint64_t base);

  /// Adds an interface (at any time) and gives its number, from 0, for Packet::interface_id.
  uint16_t add_interface(const CaptureInterface& interface);
  /// Appends a packet and gives the offset of its block (in a segment: base included).
  /// Packet::interface_id is a number given by add_interface(). Times before 1970 become 1970;
  /// comments longer than 65,535 bytes are cut.
  uint64_t write_packet(const Packet& packet, const std::vector<std::string>& comments = {});
  /// Appends an interface statistics block as of `now`.
  void write_statistics(const FileStatistics& statistics, Timestamp now);
  void write_names(const std::vector<FileName>& names);
  void write_secrets(uint32_t type, Bytes secrets);
  /// Appends a whole little-endian block, byte for byte.
  void write_verbatim(Bytes block) { out_.append(block); }

  Status flush() { return out_.flush(); }
  Status status() const { return out_.status(); }
  uint64_t bytes_written() const { return out_.offset(); }
  /// Forgets what was written after the first `bytes`, and any error: writing goes on there. The
  /// caller has cut the file to them.
  Status resume_at(uint64_t bytes) { return out_.resume_at(bytes); }
  const std::shared_ptr<CaptureLayout>& layout() const { return layout_; }
  const FileHandle& file() const { return out_.file(); }

 private:
  OutputBuffer out_;
  std::shared_ptr<CaptureLayout> layout_;
  const uint64_t base_;
  uint16_t interfaces_ = 0;
};

/// Writes a pcap file with nanoseconds: one link type for all packets. One thread.
class PcapWriter {
 public:
  PcapWriter(FileHandle file, LinkType link_type, uint32_t snaplen = 262'144);
  /// Appends a packet and gives the offset of its record.
  uint64_t write_packet(const Packet& packet);
  LinkType link_type() const { return link_type_; }
  Status flush() { return out_.flush(); }
  Status status() const { return out_.status(); }
  uint64_t bytes_written() const { return out_.offset(); }

 private:
  OutputBuffer out_;
  LinkType link_type_;
};

}  // namespace sp3ctra
