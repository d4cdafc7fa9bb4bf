#include "capture/pcapng_reader.h"

#include <algorithm>

#include "capture/pcap_reader.h"
#include "capture/pcapng_notes.h"

namespace sp3ctra {

using pcapng::Block;

PcapngReader::PcapngReader(std::unique_ptr<BlockWindow> window, std::vector<uint64_t> segments)
    : window_(std::move(window)),
      segments_(std::move(segments)),
      layout_(std::make_shared<CaptureLayout>()),
      annotations_(std::make_shared<FileAnnotations>()) {}

PacketSource::Next PcapngReader::next(Packet& out) {
  Block block;
  for (;;) {
    switch (step(block, out)) {
      case Step::kPacket:
        return PacketSource::Next::kPacket;
      case Step::kOther:
        break;
      case Step::kIdle:
        return PacketSource::Next::kIdle;
      case Step::kEnd:
        return PacketSource::Next::kEnd;
    }
  }
}

PcapngReader::Step PcapngReader::step(Block& block, Packet& packet) {
  if (ended_) return Step::kEnd;
  block = {};
  if (Step state = read_block(block); state != Step::kOther) return state;
  if (block.bytes.empty()) return Step::kOther;  // damaged: the next segment follows
  if (pcapng::is_packet(block.type)) return read_packet(block, packet);
  if (block.type == pcapng::kSectionHeader) return begin_section(block);
  if (block.type == pcapng::kInterfaceDescription) return add_interface(block);
  pcapng::note_block(block, first_interface_, static_cast<uint32_t>(shapes_.size()), *annotations_);
  return Step::kOther;
}

PcapngReader::Step PcapngReader::read_block(Block& block) {
  using namespace pcapng;
  if (window_->offset() < skip_to_) [[unlikely]] {
    if (Step state = skip_to_next_segment(); state != Step::kOther) return state;
  }
  if (Fill state = window_->need(kBlockBytesMin); state != Fill::kReady) [[unlikely]] {
    return stop(state, kBlockBytesMin);
  }
  const uint64_t offset = window_->offset();
  Bytes head{window_->data(), kBlockBytesMin};
  bool big = big_endian_;
  block.type = load32(head, 0, big);
  if (block.type == kSectionHeader) {  // reads the same in both byte orders
    if (!section_order(big)) return damaged(offset, "a section header in neither byte order");
  } else if (!in_section_) [[unlikely]] {
    return damaged(offset, "no section header");
  }
  const uint32_t length = load32(head, 4, big);
  const uint32_t least = block.type == kSectionHeader ? kSectionHeaderBytesMin : kBlockBytesMin;
  if (length < least || length % 4 != 0 || length > limits::kPcapngBlockBytesMax) [[unlikely]] {
    return damaged(offset, "a block of {} bytes", length);
  }
  if (offset + length > next_segment()) [[unlikely]] {
    return damaged(offset, "a block of {} bytes, more than its segment has", length);
  }
  if (Fill state = window_->need(length); state != Fill::kReady) [[unlikely]] {
    return stop(state, length);
  }
  block.bytes = {window_->data(), length};
  if (const uint32_t again = load32(block.bytes, length - 4, big); again != length) [[unlikely]] {
    return damaged(offset, "a block's two lengths differ: {} and {}", length, again);
  }
  block.big_endian = big;
  block.offset = offset;
  window_->consume(length);
  return Step::kOther;
}

/// Offset at which the segment being read ends, as far as that is known.
uint64_t PcapngReader::next_segment() {
  while (segment_ < segments_.size() && segments_[segment_] <= window_->offset()) ++segment_;
  return segment_ < segments_.size() ? segments_[segment_] : UINT64_MAX;
}

PcapngReader::Step PcapngReader::skip_to_next_segment() {
  while (window_->offset() < skip_to_) {
    if (Fill state = window_->need(1); state != Fill::kReady) return stop(state, 1);
    const uint64_t left = skip_to_ - window_->offset();
    window_->consume(static_cast<size_t>(std::min<uint64_t>(left, window_->available())));
  }
  return Step::kOther;
}

bool PcapngReader::section_order(bool& big_endian) {
  const Bytes head{window_->data(), pcapng::kBlockBytesMin};
  if (load_be32(head, 8) == pcapng::kByteOrderMagic) {
    big_endian = true;
  } else if (load_le32(head, 8) == pcapng::kByteOrderMagic) {
    big_endian = false;
  } else {
    return false;
  }
  return true;
}

PcapngReader::Step PcapngReader::read_packet(const Block& block, Packet& packet) {
  pcapng::RawPacket raw;
  if (!pcapng::parse_packet(block, raw)) [[unlikely]] {
    skip_packet(block.offset, "a packet longer than its block");
    return Step::kOther;
  }
  if (raw.interface_id >= shapes_.size()) [[unlikely]] {
    skip_packet(block.offset, "a packet of an interface that the section does not describe");
    return Step::kOther;
  }
  const InterfaceShape& shape = shapes_[raw.interface_id];
  if (raw.data.size() > limits::kPacketBytesMax) [[unlikely]] {
    if (raw.data.size() > packet_bytes_max(shape.link_type)) {
      skip_packet(block.offset, "a packet larger than any capture's limit");
      return Step::kOther;
    }
  }
  pcapng::resolve_packet(block, raw, shape, last_ts_, packet);
  packet.interface_id = static_cast<uint16_t>(first_interface_ + raw.interface_id);
  last_ts_ = packet.ts;
  if (!raw.options.empty()) pcapng::note_packet_comments(block, raw.options, *annotations_);
  return Step::kPacket;
}

PcapngReader::Step PcapngReader::begin_section(const Block& block) {
  const uint32_t first = segments_.empty() ? UINT32_MAX : 0;
  if (!layout_->add_section(block.offset, block.big_endian, first)) {
    return damaged(block.offset, "more than {} sections", limits::kSectionsPerFileMax);
  }
  if (in_section_) ++section_;
  in_section_ = true;
  big_endian_ = block.big_endian;
  shapes_.clear();
  first_interface_ = segments_.empty() ? static_cast<uint32_t>(interfaces_.size()) : 0;
  pcapng::note_block(block, first_interface_, 0, *annotations_);
  return Step::kOther;
}

PcapngReader::Step PcapngReader::add_interface(const Block& block) {
  CaptureInterface interface;
  InterfaceShape shape;
  if (!pcapng::parse_interface(block, interface, shape.time)) {
    return damaged(block.offset, "an interface description of {} bytes", block.bytes.size());
  }
  interface.section = section_;
  interface.id_in_section = static_cast<uint32_t>(shapes_.size());
  shape.link_type = interface.link_type;
  shape.snaplen = interface.snaplen;
  const bool known = first_interface_ + shapes_.size() < interfaces_.size();
  if (known && !repeats(interface)) {
    return damaged(block.offset, "interface {} is another than in the segments before",
                   shapes_.size());
  }
  if (!layout_->add_interface(shape)) {
    return damaged(block.offset, "more than {} interfaces", limits::kInterfacesPerFileMax);
  }
  shapes_.push_back(shape);
  if (!known) interfaces_.push_back(std::move(interface));
  pcapng::note_block(block, first_interface_, static_cast<uint32_t>(shapes_.size()), *annotations_);
  return Step::kOther;
}

bool PcapngReader::repeats(const CaptureInterface& interface) const {
  const CaptureInterface& known = interfaces_[first_interface_ + shapes_.size()];
  return known.name == interface.name && known.link_type == interface.link_type &&
         known.snaplen == interface.snaplen;
}

void PcapngReader::skip_packet(uint64_t offset, std::string_view why) {
  if (skipped_packets_++ == 0) damage_ = fmt::format("damaged at byte {}: {}", offset, why);
}

PcapngReader::Step PcapngReader::end() {
  ended_ = true;
  if (skipped_packets_ > 1) damage_ += fmt::format(" ({} packets skipped)", skipped_packets_);
  return Step::kEnd;
}

template <class... A>
PcapngReader::Step PcapngReader::damaged(uint64_t offset, fmt::format_string<A...> f, A&&... a) {
  if (!damage_.empty()) damage_ += "; ";
  damage_ += fmt::format("damaged at byte {}: {}", offset, fmt::format(f, std::forward<A>(a)...));
  const uint64_t next = next_segment();
  if (next == UINT64_MAX) return end();
  skip_to_ = next;
  in_section_ = false;
  return Step::kOther;
}

PcapngReader::Step PcapngReader::stop(Fill why, uint64_t needed) {
  if (why == Fill::kIdle) return Step::kIdle;
  const uint64_t end_offset = window_->offset() + window_->available();
  if (why == Fill::kFailed) return damaged(end_offset, "{}", window_->source().error());
  if (window_->available() > 0) {
    if (!damage_.empty()) damage_ += "; ";
    damage_ += fmt::format("cut short at byte {}: a block begun at byte {} lacks {} bytes",
                           end_offset, window_->offset(), needed - window_->available());
  }
  return end();
}

}  // namespace sp3ctra
