#include "capture/random_access.h"

#include <algorithm>

#include "base/limits.h"
#include "capture/pcap_reader.h"

namespace sp3ctra {
namespace {

constexpr size_t kFirstReadBytes = 2048;  // most packets and their header in one call

}  // namespace

Result<std::shared_ptr<const PacketFile>> PacketFile::open(
    const std::string& path, std::shared_ptr<const CaptureLayout> layout) {
  auto file = FileHandle::open_read(path);
  if (!file) return tl::unexpected(file.error());
  return std::make_shared<const PacketFile>(std::make_shared<const FileHandle>(std::move(*file)),
                                            std::move(layout));
}

Result<Packet> PacketFile::read_at(uint64_t file_offset, std::vector<std::byte>& buffer) const {
  return layout_->format() == CaptureFormat::kPcap ? read_record(file_offset, buffer)
                                                   : read_block(file_offset, buffer);
}

Status PacketFile::fetch(uint64_t offset, size_t n, size_t& have,
                         std::vector<std::byte>& buffer) const {
  if (have >= n) return {};
  const size_t want = std::max(n, kFirstReadBytes);
  if (buffer.size() < want) buffer.resize(want);
  auto got = file_->read_at(std::span(buffer).subspan(have, want - have), offset + have);
  if (!got) return tl::unexpected(got.error());
  have += *got;
  if (have < n) return fail("the file ends within the packet at byte {}", offset);
  return {};
}

Result<Packet> PacketFile::read_record(uint64_t offset, std::vector<std::byte>& buffer) const {
  const PcapShape& shape = layout_->pcap();
  const uint32_t header_bytes = shape.record_header_bytes;
  size_t have = 0;
  TRY(fetch(offset, header_bytes, have, buffer));
  const PcapRecord record = parse_pcap_record(shape, buffer.data());
  if (record.caplen > packet_bytes_max(shape.link_type))
    return fail("no packet at byte {}", offset);
  TRY(fetch(offset, header_bytes + record.caplen, have, buffer));
  Packet packet;
  packet.ts = record.ts;
  packet.file_offset = offset;
  packet.caplen = record.caplen;
  packet.len = record.len;
  packet.link_type = shape.link_type;
  packet.flags = record.flags;
  packet.data = Bytes{buffer.data() + header_bytes, record.caplen};
  return packet;
}

Result<Packet> PacketFile::read_block(uint64_t offset, std::vector<std::byte>& buffer) const {
  const auto section = layout_->section_at(offset);
  if (!section && offset < file_->first_offset())
    return fail("the packet at byte {} is no longer kept", offset);
  if (!section) return fail("no packet at byte {}", offset);
  size_t have = 0;
  TRY(fetch(offset, pcapng::kBlockBytesMin, have, buffer));
  const Bytes head{buffer.data(), pcapng::kBlockBytesMin};
  pcapng::Block block;
  block.big_endian = section->big_endian;
  block.offset = offset;
  block.type = pcapng::load32(head, 0, block.big_endian);
  const uint32_t length = pcapng::load32(head, 4, block.big_endian);
  if (!pcapng::is_packet(block.type) || length < pcapng::kBlockBytesMin || length % 4 != 0 ||
      length > limits::kPcapngBlockBytesMax) {
    return fail("no packet at byte {}", offset);
  }
  TRY(fetch(offset, length, have, buffer));
  block.bytes = Bytes{buffer.data(), length};
  pcapng::RawPacket raw;
  if (!pcapng::parse_packet(block, raw)) return fail("no packet at byte {}", offset);
  const auto shape = layout_->interface_in(*section, raw.interface_id);
  if (!shape) return fail("the packet at byte {} names an unknown interface", offset);
  Packet packet;
  pcapng::resolve_packet(block, raw, *shape, Timestamp{}, packet);
  packet.interface_id = static_cast<uint16_t>(section->first_interface + raw.interface_id);
  return packet;
}

}  // namespace sp3ctra
