#pragma once
// What must be known of a capture file to read any packet of it by its offset alone: byte order,
// sections, link types and time scales. Gathered while the file is read (or written) in order.
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/packet.h"
#include "capture/time_scale.h"

namespace sp3ctra {

enum class CaptureFormat : uint8_t { kPcap, kPcapng };

/// The file header of a pcap (or snoop) file, as far as records need it.
struct PcapShape {
  /// Old libpcap versions wrote the two lengths of a record the other way round.
  enum class Lengths : uint8_t { kUsual, kSwapped, kMaybeSwapped };
  bool big_endian = false;
  bool nanoseconds = false;
  uint8_t record_header_bytes = 16;  ///< 24 in the modified format of 0xa1b2cd34
  Lengths lengths = Lengths::kUsual;
  LinkType link_type = LinkType::kEthernet;
  bool snoop = false;  ///< records are those of RFC 1761
};

/// A pcapng section: from the offset of its header block to the next one.
struct SectionShape {
  uint64_t offset = 0;
  bool big_endian = false;
  uint32_t first_interface = 0;  ///< number of its interface 0 among all of the file
  uint32_t interfaces = 0;
};

/// What a packet needs of its interface.
struct InterfaceShape {
  LinkType link_type = LinkType::kEthernet;
  uint32_t snaplen = 0;  ///< 0 = no limit
  TimeScale time;
};

/// Sections and interfaces of one file. One thread adds while any number look up.
class CaptureLayout {
 public:
  explicit CaptureLayout(PcapShape pcap) : format_(CaptureFormat::kPcap), pcap_(pcap) {}
  CaptureLayout() : format_(CaptureFormat::kPcapng) {}

  CaptureFormat format() const { return format_; }
  const PcapShape& pcap() const { return pcap_; }

  /// Begins a section at `offset`, which is after all others; false at limits::kSectionsPerFileMax.
  bool add_section(uint64_t offset, bool big_endian);
  /// The same for the next segment of a capture in several files: its interfaces are again those
  /// from number `first_interface` on, and only what comes behind them is new.
  bool add_section(uint64_t offset, bool big_endian, uint32_t first_interface);
  /// Sections that end at or before `offset` may be forgotten; the last one never is.
  void drop_sections_before(uint64_t offset);
  /// Adds an interface to the last section; false at limits::kInterfacesPerFileMax.
  bool add_interface(const InterfaceShape& shape);

  /// The section an offset lies in; none before the first.
  std::optional<SectionShape> section_at(uint64_t offset) const;
  /// Interface number `id` of a section.
  std::optional<InterfaceShape> interface_in(const SectionShape& section, uint32_t id) const;
  size_t section_count() const;
  size_t interface_count() const;

  /// As bytes, to be kept beside an index, and back; decode checks everything it reads.
  std::string encode() const;
  static Result<std::shared_ptr<CaptureLayout>> decode(Bytes bytes);

 private:
  CaptureFormat format_;
  PcapShape pcap_;
  mutable std::shared_mutex mutex_;  // guards what follows
  std::vector<SectionShape> sections_;
  std::vector<InterfaceShape> interfaces_;
};

}  // namespace sp3ctra
