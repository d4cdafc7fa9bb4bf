// links: capture
// Any bytes as a capture file: read to the end, every packet again by its offset, then rewritten.
// Seeds: the captures of the corpus (many are packed, cut or damaged already).
#include <sys/types.h>
#include <unistd.h>

#include "base/check.h"
#include "capture/rewrite.h"

namespace {

using namespace sp3ctra;

FileHandle spool() {
  auto file = FileHandle::open_spool("");
  CHECK(file.has_value());
  return std::move(*file);
}

void fill(const FileHandle& file, const uint8_t* data, size_t size) {
  CHECK(ftruncate(file.fd(), 0) == 0);
  CHECK(pwrite(file.fd(), data, size, 0) == static_cast<ssize_t>(size));
}

FileOptions small_limits() {
  FileOptions options;
  options.spool.bytes_max = 4 << 20;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const FileHandle file = spool();
  static const FileHandle copy = spool();
  fill(file, data, size);
  auto source = open_capture_file(std::move(*file.duplicate()), "fuzz", small_limits());
  if (!source) return 0;
  Packet packet;
  std::vector<std::byte> buffer;
  uint64_t packets = 0;
  while ((*source)->next(packet) == PacketSource::Next::kPacket) {
    ++packets;
    CHECK(packet.data.size() == packet.caplen);
    CHECK(packet.interface_id < (*source)->interfaces().size());
    auto again = (*source)->packet_file()->read_at(packet.file_offset, buffer);
    CHECK(again.has_value() && as_text(again->data) == as_text(packet.data));
  }
  if (const auto file_of_packets = (*source)->packet_file()) {
    const std::string layout = file_of_packets->layout().encode();
    auto back = CaptureLayout::decode(as_bytes(layout));
    CHECK(back.has_value() && (*back)->encode() == layout);
  }
  (void)CaptureLayout::decode({reinterpret_cast<const std::byte*>(data), size});

  // A rewrite keeps every packet, and reading it again finds no damage.
  if ((*source)->format() != "pcapng" || !(*source)->compression().empty()) return 0;
  fill(copy, nullptr, 0);
  CHECK(lseek(copy.fd(), 0, SEEK_SET) == 0);
  auto report = rewrite_pcapng(std::move(*file.duplicate()), std::move(*copy.duplicate()),
                               [](uint64_t) { return true; });
  CHECK(report.has_value() && report->packets == packets);
  CHECK(lseek(copy.fd(), 0, SEEK_SET) == 0);
  auto rewritten = open_capture_file(std::move(*copy.duplicate()), "copy");
  if (!rewritten) return 0;
  while ((*rewritten)->next(packet) == PacketSource::Next::kPacket) --packets;
  CHECK(packets == 0 && (*rewritten)->damage().empty());
  return 0;
}
