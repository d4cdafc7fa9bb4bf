#pragma once
// Reads a pcap file in order: microseconds or nanoseconds, both byte orders, the modified format
// of 0xa1b2cd34 (24-byte record headers), and the swapped lengths of versions before 2.4. Snoop
// files are built alike and read by the same reader (capture/snoop.h has their headers).
#include <memory>
#include <optional>

#include "capture/byte_source.h"
#include "capture/capture_layout.h"
#include "capture/packet_source.h"

namespace sp3ctra {

inline constexpr uint32_t kPcapHeaderBytes = 24;

/// A record header of a pcap file.
struct PcapRecord {
  Timestamp ts;
  uint32_t caplen = 0;
  uint32_t len = 0;
  uint16_t flags = 0;    ///< PacketFlags, from the modified format's packet type
  bool sane = true;      ///< its lengths do not contradict each other (snoop has two)
  uint32_t filling = 0;  ///< bytes between the packet and the next record (snoop)
};

/// True when these four bytes begin a pcap file.
bool is_pcap_magic(Bytes four);
/// What a file header (kPcapHeaderBytes) says; none when its magic or version is not pcap's.
std::optional<PcapShape> parse_pcap_header(Bytes header, uint32_t& snaplen);
/// Reads a record header of shape.record_header_bytes at `bytes`, whose length was checked.
PcapRecord parse_pcap_record(const PcapShape& shape, const std::byte* bytes);
/// Largest caplen that is not damage: limits::kPacketBytesMax, more for USB and D-Bus captures.
uint32_t packet_bytes_max(LinkType link_type);

/// Gives the packets of a pcap or snoop file. One thread.
class PcapReader {
 public:
  explicit PcapReader(std::unique_ptr<BlockWindow> window) : window_(std::move(window)) {}
  /// Reads the file header when it has not been read: false while it waits (kIdle) or has failed.
  bool open();
  PacketSource::Next next(Packet& out);
  const std::vector<CaptureInterface>& interfaces() const { return interfaces_; }
  const std::string& damage() const { return damage_; }
  const BlockWindow& window() const { return *window_; }
  /// See PacketSource::hold().
  const std::shared_ptr<const void>& hold() { return window_->hold(); }
  /// Null until open().
  const std::shared_ptr<CaptureLayout>& layout() const { return layout_; }

 private:
  PacketSource::Next stop(Fill why, std::string_view what, uint64_t needed);

  std::unique_ptr<BlockWindow> window_;
  PcapShape shape_;
  uint32_t bytes_max_ = 0;
  uint32_t filling_ = 0;  // of the packet before, still to be passed over
  bool ended_ = false;
  std::shared_ptr<CaptureLayout> layout_;
  std::vector<CaptureInterface> interfaces_;
  std::string damage_;
};

}  // namespace sp3ctra
