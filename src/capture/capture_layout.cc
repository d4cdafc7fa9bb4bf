#include "capture/capture_layout.h"

#include <algorithm>
#include <mutex>

#include "base/limits.h"

namespace sp3ctra {
namespace {

constexpr uint32_t kEncodingMark = 0x53334c32;  // "S3L2": the number is the encoding's version
constexpr size_t kSectionBytes = 17;
constexpr size_t kInterfaceBytes = 15;

void put(std::string& out, uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xff));
  }
}

}  // namespace

bool CaptureLayout::add_section(uint64_t offset, bool big_endian) {
  return add_section(offset, big_endian, UINT32_MAX);
}

bool CaptureLayout::add_section(uint64_t offset, bool big_endian, uint32_t first_interface) {
  std::unique_lock lock(mutex_);
  if (sections_.size() >= limits::kSectionsPerFileMax) return false;
  // A section that was begun and came to nothing.
  if (!sections_.empty() && sections_.back().offset == offset) sections_.pop_back();
  const auto next = static_cast<uint32_t>(interfaces_.size());
  sections_.push_back({offset, big_endian, std::min(first_interface, next), 0});
  return true;
}

void CaptureLayout::drop_sections_before(uint64_t offset) {
  std::unique_lock lock(mutex_);
  auto last = sections_.begin();
  while (last != sections_.end() && last + 1 != sections_.end() && (last + 1)->offset <= offset)
    ++last;
  sections_.erase(sections_.begin(), last);
}

bool CaptureLayout::add_interface(const InterfaceShape& shape) {
  std::unique_lock lock(mutex_);
  if (sections_.empty() || interfaces_.size() >= limits::kInterfacesPerFileMax) return false;
  SectionShape& section = sections_.back();
  if (section.first_interface + section.interfaces == interfaces_.size())
    interfaces_.push_back(shape);
  ++section.interfaces;
  return true;
}

std::optional<SectionShape> CaptureLayout::section_at(uint64_t offset) const {
  std::shared_lock lock(mutex_);
  auto after = std::upper_bound(sections_.begin(), sections_.end(), offset,
                                [](uint64_t o, const SectionShape& s) { return o < s.offset; });
  if (after == sections_.begin()) return std::nullopt;
  return *--after;
}

std::optional<InterfaceShape> CaptureLayout::interface_in(const SectionShape& section,
                                                          uint32_t id) const {
  std::shared_lock lock(mutex_);
  if (id >= section.interfaces) return std::nullopt;
  return interfaces_[section.first_interface + id];
}

size_t CaptureLayout::section_count() const {
  std::shared_lock lock(mutex_);
  return sections_.size();
}

size_t CaptureLayout::interface_count() const {
  std::shared_lock lock(mutex_);
  return interfaces_.size();
}

std::string CaptureLayout::encode() const {
  std::shared_lock lock(mutex_);
  std::string out;
  put(out, kEncodingMark, 4);
  put(out, static_cast<uint8_t>(format_), 1);
  put(out, pcap_.big_endian, 1);
  put(out, pcap_.nanoseconds, 1);
  put(out, pcap_.record_header_bytes, 1);
  put(out, static_cast<uint8_t>(pcap_.lengths), 1);
  put(out, static_cast<uint16_t>(pcap_.link_type), 2);
  put(out, pcap_.snoop, 1);
  put(out, sections_.size(), 4);
  put(out, interfaces_.size(), 4);
  for (const SectionShape& s : sections_) {
    put(out, s.offset, 8);
    put(out, s.big_endian, 1);
    put(out, s.first_interface, 4);
    put(out, s.interfaces, 4);
  }
  for (const InterfaceShape& i : interfaces_) {
    put(out, static_cast<uint16_t>(i.link_type), 2);
    put(out, i.snaplen, 4);
    put(out, i.time.resolution, 1);
    put(out, static_cast<uint64_t>(i.time.offset_s), 8);
  }
  return out;
}

Result<std::shared_ptr<CaptureLayout>> CaptureLayout::decode(Bytes bytes) {
  ByteReader in(bytes);
  if (in.be32() != kEncodingMark) return fail("not the layout of a capture file");
  const uint8_t format = in.u8();
  PcapShape pcap;
  pcap.big_endian = in.u8() != 0;
  pcap.nanoseconds = in.u8() != 0;
  pcap.record_header_bytes = in.u8() == 24 ? 24 : 16;
  pcap.lengths = static_cast<PcapShape::Lengths>(std::min<uint8_t>(in.u8(), 2));
  pcap.link_type = static_cast<LinkType>(in.be16());
  pcap.snoop = in.u8() != 0;
  const uint32_t sections = in.be32();
  const uint32_t interfaces = in.be32();
  const uint64_t left = uint64_t{sections} * kSectionBytes + uint64_t{interfaces} * kInterfaceBytes;
  if (!in.ok() || format > 1 || in.left() != left || sections > limits::kSectionsPerFileMax ||
      interfaces > limits::kInterfacesPerFileMax) {
    return fail("the layout of the capture file is damaged");
  }
  auto layout =
      format == 0 ? std::make_shared<CaptureLayout>(pcap) : std::make_shared<CaptureLayout>();
  for (uint32_t i = 0; i < sections; ++i) {
    SectionShape s;
    s.offset = in.be64();
    s.big_endian = in.u8() != 0;
    s.first_interface = in.be32();
    s.interfaces = in.be32();
    const bool in_order = layout->sections_.empty() || layout->sections_.back().offset < s.offset;
    if (!in_order || uint64_t{s.first_interface} + s.interfaces > interfaces) {
      return fail("the layout of the capture file is damaged");
    }
    layout->sections_.push_back(s);
  }
  for (uint32_t i = 0; i < interfaces; ++i) {
    InterfaceShape shape;
    shape.link_type = static_cast<LinkType>(in.be16());
    shape.snaplen = in.be32();
    shape.time.resolution = in.u8();
    shape.time.offset_s = static_cast<int64_t>(in.be64());
    layout->interfaces_.push_back(shape);
  }
  return layout;
}

}  // namespace sp3ctra
