#include "capture/pcapng_notes.h"

#include <algorithm>

namespace sp3ctra::pcapng {
namespace {

constexpr size_t kInterfaceTextMax = 1024;  // 4096 interfaces' texts stay below 16 MiB

std::string text_of(Bytes value, size_t bytes_max) {
  std::string_view text = as_text(value.first(std::min(value.size(), bytes_max)));
  return std::string(text.substr(0, text.find('\0')));
}

// Where a block's options begin in its body; past the end when it has none.
size_t options_offset(const Block& block) {
  switch (block.type) {
    case kSectionHeader:
      return 16;
    case kInterfaceDescription:
      return 8;
    case kInterfaceStatistics:
      return 12;
    default:
      return block.bytes.size();
  }
}

void note_comments(const Block& block, Bytes options, bool on_packet, FileAnnotations& notes) {
  OptionReader reader(options, block.big_endian);
  while (auto option = reader.next()) {
    if (option->code != kOptionComment) continue;
    notes.add(FileComment{block.offset, on_packet, text_of(option->value, option->value.size())});
  }
}

void note_origin(const Block& block, Bytes options, FileAnnotations& notes) {
  constexpr uint16_t kHardware = 2, kSystem = 3, kApplication = 4;
  FileOrigin origin;
  origin.file_offset = block.offset;
  OptionReader reader(options, block.big_endian);
  while (auto option = reader.next()) {
    const std::string text = text_of(option->value, option->value.size());
    if (option->code == kHardware) origin.hardware = text;
    if (option->code == kSystem) origin.system = text;
    if (option->code == kApplication) origin.application = text;
  }
  notes.add(std::move(origin));
}

void note_statistics(const Block& block, Bytes options, uint32_t first_interface,
                     uint32_t interfaces, FileAnnotations& notes) {
  constexpr uint16_t kReceived = 4, kDropped = 5, kAccepted = 6, kSystemDropped = 7, kDelivered = 8;
  const uint32_t id = load32(block.body(), 0, block.big_endian);
  if (id >= interfaces) return;
  FileStatistics statistics;
  statistics.file_offset = block.offset;
  statistics.interface_id = static_cast<uint16_t>(first_interface + id);
  OptionReader reader(options, block.big_endian);
  while (auto option = reader.next()) {
    if (option->value.size() != 8) continue;
    const uint64_t value = load64(option->value, 0, block.big_endian);
    if (option->code == kReceived) statistics.received = value;
    if (option->code == kDropped) statistics.dropped = value;
    if (option->code == kAccepted) statistics.accepted = value;
    if (option->code == kSystemDropped) statistics.dropped_by_system = value;
    if (option->code == kDelivered) statistics.delivered = value;
  }
  notes.add(statistics);
}

void note_names(const Block& block, FileAnnotations& notes) {
  constexpr uint16_t kEndOfRecords = 0, kIpv4 = 1, kIpv6 = 2;
  Bytes left = block.body();
  while (left.size() >= 4) {
    const uint16_t kind = load16(left, 0, block.big_endian);
    const uint16_t length = load16(left, 2, block.big_endian);
    if (kind == kEndOfRecords || length > left.size() - 4) return;
    const Bytes value = left.subspan(4, length);
    left = left.subspan(std::min<size_t>(left.size(), 4 + padded(length)));
    const size_t address_bytes = kind == kIpv4 ? 4 : kind == kIpv6 ? 16 : 0;
    if (address_bytes == 0 || value.size() < address_bytes) continue;
    const IpAddress address = kind == kIpv4 ? IpAddress::v4(value.first(4)) : IpAddress::v6(value);
    std::string_view names = as_text(value.subspan(address_bytes));
    while (!names.empty()) {
      const std::string_view name = names.substr(0, names.find('\0'));
      if (!name.empty()) notes.add(FileName{block.offset, address, std::string(name)});
      names.remove_prefix(std::min(names.size(), name.size() + 1));
    }
  }
}

void note_secrets(const Block& block, FileAnnotations& notes) {
  const Bytes body = block.body();
  if (body.size() < 8) return;
  const uint32_t length = load32(body, 4, block.big_endian);
  if (length > body.size() - 8) return;
  notes.add(FileSecrets{block.offset, load32(body, 0, block.big_endian),
                        std::string(as_text(body.subspan(8, length)))});
}

}  // namespace

bool parse_interface(const Block& block, CaptureInterface& out, TimeScale& time) {
  constexpr uint16_t kName = 2, kDescription = 3, kResolution = 9, kFilter = 11, kOffset = 14;
  const Bytes body = block.body();
  if (body.size() < 8) return false;
  out.link_type = static_cast<LinkType>(load16(body, 0, block.big_endian));
  out.snaplen = load32(body, 4, block.big_endian);
  OptionReader options(body.subspan(8), block.big_endian);
  while (auto option = options.next()) {
    const Bytes value = option->value;
    switch (option->code) {
      case kName:
        out.name = text_of(value, kInterfaceTextMax);
        break;
      case kDescription:
        out.description = text_of(value, kInterfaceTextMax);
        break;
      case kResolution:
        if (value.size() == 1) time.resolution = load8(value, 0);
        break;
      case kFilter:  // first byte 0: libpcap's words; else a program, which has none
        if (!value.empty() && load8(value, 0) == 0) {
          out.filter = text_of(value.subspan(1), kInterfaceTextMax);
        }
        break;
      case kOffset:
        if (value.size() == 8) {
          time.offset_s = static_cast<int64_t>(load64(value, 0, block.big_endian));
        }
        break;
      default:
        break;
    }
  }
  out.ts_units_per_second = time.units_per_second();
  return true;
}

void note_block(const Block& block, uint32_t first_interface, uint32_t interfaces,
                FileAnnotations& notes) {
  const Bytes body = block.body();
  const size_t start = options_offset(block);
  const Bytes options = start <= body.size() ? body.subspan(start) : Bytes{};
  switch (block.type) {
    case kSectionHeader:
      note_origin(block, options, notes);
      break;
    case kInterfaceDescription:
      break;
    case kNameResolution:
      note_names(block, notes);
      break;
    case kDecryptionSecrets:
      note_secrets(block, notes);
      break;
    case kInterfaceStatistics:
      if (body.size() >= 12) note_statistics(block, options, first_interface, interfaces, notes);
      break;
    default:
      notes.count_unknown(block.type);
      return;
  }
  note_comments(block, options, false, notes);
}

void note_packet_comments(const Block& block, Bytes options, FileAnnotations& notes) {
  note_comments(block, options, true, notes);
}

}  // namespace sp3ctra::pcapng
