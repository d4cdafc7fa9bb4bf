#include "capture/pcapng_writer.h"

#include <algorithm>
#include <cstring>

namespace sp3ctra {
namespace {

using pcapng::padded;

constexpr uint8_t kNanoseconds = 9;
constexpr size_t kOptionBytesMax = 65'535;

void put16(std::byte* at, uint16_t value) { std::memcpy(at, &value, 2); }
void put32(std::byte* at, uint32_t value) { std::memcpy(at, &value, 4); }

// A block of variable parts, put together before it is appended: for everything but packets.
class BlockBytes {
 public:
  explicit BlockBytes(uint32_t type) {
    u32(type);
    u32(0);  // the length, known at the end
  }
  void u16(uint16_t value) { raw(&value, 2); }
  void u32(uint32_t value) { raw(&value, 4); }
  void u64(uint64_t value) { raw(&value, 8); }
  void bytes(Bytes b) { raw(b.data(), b.size()); }
  void pad() { text_.resize(padded(static_cast<uint32_t>(text_.size()))); }
  void option(uint16_t code, Bytes value) {
    value = value.first(std::min(value.size(), kOptionBytesMax));
    u16(code);
    u16(static_cast<uint16_t>(value.size()));
    bytes(value);
    pad();
  }
  void text_option(uint16_t code, std::string_view text) {
    if (!text.empty()) option(code, as_bytes(text));
  }
  void number_option(uint16_t code, uint64_t value) {
    if (value != FileStatistics::kUnknown) option(code, {reinterpret_cast<std::byte*>(&value), 8});
  }
  void end_options() { u32(0); }
  Bytes finish() {
    const auto length = static_cast<uint32_t>(text_.size() + 4);
    u32(length);
    std::memcpy(text_.data() + 4, &length, 4);
    return as_bytes(text_);
  }

 private:
  void raw(const void* data, size_t n) {
    if (n > 0) text_.append(static_cast<const char*>(data), n);
  }
  std::string text_;
};

uint32_t flags_word(uint16_t flags) {
  return flags & kPacketOutbound ? 2 : flags & kPacketInbound ? 1 : 0;
}

}  // namespace

PcapngWriter::PcapngWriter(FileHandle file, const WriterOrigin& origin)
    : out_(std::move(file)), layout_(std::make_shared<CaptureLayout>()) {
  BlockBytes block(pcapng::kSectionHeader);
  block.u32(pcapng::kByteOrderMagic);
  block.u16(1);
  block.u16(0);
  block.u64(~uint64_t{0});  // the section's length is not known: it grows
  block.text_option(pcapng::kOptionComment, origin.comment);
  block.text_option(2, origin.hardware);
  block.text_option(3, origin.system);
  block.text_option(4, origin.application);
  block.end_options();
  out_.append(block.finish());
  layout_->add_section(0, false);
}

uint16_t PcapngWriter::add_interface(const CaptureInterface& interface) {
  BlockBytes block(pcapng::kInterfaceDescription);
  block.u16(static_cast<uint16_t>(interface.link_type));
  block.u16(0);
  block.u32(interface.snaplen);
  block.text_option(2, interface.name);
  block.text_option(3, interface.description);
  if (!interface.filter.empty()) {
    block.option(11, as_bytes(std::string(1, '\0') + interface.filter));
  }
  const auto resolution = std::byte{kNanoseconds};
  block.option(9, {&resolution, 1});
  block.end_options();
  out_.append(block.finish());
  layout_->add_interface({interface.link_type, interface.snaplen, {kNanoseconds, 0}});
  return interfaces_++;
}

uint64_t PcapngWriter::write_packet(const Packet& packet,
                                    const std::vector<std::string>& comments) {
  const uint64_t offset = out_.offset();
  const auto caplen = static_cast<uint32_t>(packet.data.size());
  const uint32_t word = flags_word(packet.flags);
  uint32_t options = word != 0 ? 8 : 0;
  for (const std::string& comment : comments) {
    options += 4 + padded(static_cast<uint32_t>(std::min(comment.size(), kOptionBytesMax)));
  }
  if (options != 0) options += 4;  // the end mark
  const uint32_t length = 32 + padded(caplen) + options;
  const auto time = static_cast<uint64_t>(std::max<int64_t>(packet.ts.ns, 0));
  std::byte* head = out_.reserve(28);
  put32(head, pcapng::kEnhancedPacket);
  put32(head + 4, length);
  put32(head + 8, packet.interface_id);
  put32(head + 12, static_cast<uint32_t>(time >> 32));
  put32(head + 16, static_cast<uint32_t>(time));
  put32(head + 20, caplen);
  put32(head + 24, packet.len);
  out_.append(packet.data);
  out_.append_zeros(padded(caplen) - caplen);
  for (const std::string& comment : comments) {
    const Bytes text = as_bytes(comment).first(std::min(comment.size(), kOptionBytesMax));
    std::byte* option = out_.reserve(4);
    put16(option, pcapng::kOptionComment);
    put16(option + 2, static_cast<uint16_t>(text.size()));
    out_.append(text);
    out_.append_zeros(padded(static_cast<uint32_t>(text.size())) - text.size());
  }
  if (word != 0) {
    std::byte* option = out_.reserve(8);
    put16(option, 2);
    put16(option + 2, 4);
    put32(option + 4, word);
  }
  std::byte* tail = out_.reserve(options != 0 ? 8 : 4);
  if (options != 0) put32(tail, 0);
  put32(tail + (options != 0 ? 4 : 0), length);
  return offset;
}

void PcapngWriter::write_statistics(const FileStatistics& statistics, Timestamp now) {
  BlockBytes block(pcapng::kInterfaceStatistics);
  block.u32(statistics.interface_id);
  const auto time = static_cast<uint64_t>(std::max<int64_t>(now.ns, 0));
  block.u32(static_cast<uint32_t>(time >> 32));
  block.u32(static_cast<uint32_t>(time));
  block.number_option(4, statistics.received);
  block.number_option(5, statistics.dropped);
  block.number_option(6, statistics.accepted);
  block.number_option(7, statistics.dropped_by_system);
  block.number_option(8, statistics.delivered);
  block.end_options();
  out_.append(block.finish());
}

void PcapngWriter::write_names(const std::vector<FileName>& names) {
  if (names.empty()) return;
  BlockBytes block(pcapng::kNameResolution);
  for (const FileName& name : names) {
    if (!name.address.any()) continue;
    const std::string value = std::string(as_text(name.address.bytes())) +
                              name.name.substr(0, kOptionBytesMax / 2) + '\0';
    block.option(name.address.version == 4 ? 1 : 2, as_bytes(value));
  }
  block.end_options();
  out_.append(block.finish());
}

void PcapngWriter::write_secrets(uint32_t type, Bytes secrets) {
  BlockBytes block(pcapng::kDecryptionSecrets);
  block.u32(type);
  block.u32(static_cast<uint32_t>(secrets.size()));
  block.bytes(secrets);
  block.pad();
  out_.append(block.finish());
}

PcapWriter::PcapWriter(FileHandle file, LinkType link_type, uint32_t snaplen)
    : out_(std::move(file)), link_type_(link_type) {
  std::byte* head = out_.reserve(24);
  put32(head, 0xa1b23c4d);
  put16(head + 4, 2);
  put16(head + 6, 4);
  put32(head + 8, 0);
  put32(head + 12, 0);
  put32(head + 16, snaplen);
  put32(head + 20, static_cast<uint16_t>(link_type));
}

uint64_t PcapWriter::write_packet(const Packet& packet) {
  const uint64_t offset = out_.offset();
  const auto caplen = static_cast<uint32_t>(packet.data.size());
  std::byte* head = out_.reserve(16);
  put32(head, static_cast<uint32_t>(packet.ts.seconds()));
  put32(head + 4, packet.ts.nanos());
  put32(head + 8, caplen);
  put32(head + 12, packet.len);
  out_.append(packet.data);
  return offset;
}

}  // namespace sp3ctra
