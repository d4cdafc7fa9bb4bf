#include "capture/snoop.h"

namespace sp3ctra {
namespace {

constexpr uint32_t kVersion = 2;
constexpr uint8_t kRecordHeaderBytes = 24;
constexpr uint32_t kFillingMax = 1 << 16;

/// RFC 1761, section 3: data link types, as far as a link type of pcap means the same.
std::optional<LinkType> link_of(uint32_t data_link) {
  constexpr uint32_t kIeee8023 = 0, kTokenRing = 2, kEthernet = 4, kFddi = 8;
  switch (data_link) {
    case kIeee8023:
    case kEthernet:
      return LinkType::kEthernet;
    case kTokenRing:
      return static_cast<LinkType>(6);
    case kFddi:
      return static_cast<LinkType>(10);
    default:
      return std::nullopt;
  }
}

}  // namespace

bool is_snoop_magic(Bytes four) { return as_text(four).substr(0, 4) == "snoo"; }

std::optional<PcapShape> parse_snoop_header(Bytes header) {
  if (header.size() < kSnoopHeaderBytes) return std::nullopt;
  if (as_text(header).substr(0, 8) != std::string_view("snoop\0\0\0", 8)) return std::nullopt;
  const auto link = link_of(load_be32(header, 12));
  if (load_be32(header, 8) != kVersion || !link) return std::nullopt;
  PcapShape shape;
  shape.big_endian = true;
  shape.snoop = true;
  shape.record_header_bytes = kRecordHeaderBytes;
  shape.link_type = *link;
  return shape;
}

PcapRecord parse_snoop_record(const std::byte* bytes) {
  const Bytes header{bytes, kRecordHeaderBytes};
  PcapRecord record;
  record.len = load_be32(header, 0);
  record.caplen = load_be32(header, 4);
  const uint32_t whole = load_be32(header, 8);
  const uint64_t needed = uint64_t{kRecordHeaderBytes} + record.caplen;
  record.sane = whole >= needed && whole - needed <= kFillingMax;
  if (record.sane) record.filling = static_cast<uint32_t>(whole - needed);
  record.ts.ns =
      int64_t{load_be32(header, 16)} * Timestamp::kSecond + int64_t{load_be32(header, 20)} * 1000;
  return record;
}

}  // namespace sp3ctra
