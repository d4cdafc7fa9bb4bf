#include "capture/rewrite.h"

#include <cstring>
#include <optional>

#include "capture/pcapng_reader.h"
#include "capture/pcapng_writer.h"

namespace sp3ctra {
namespace {

constexpr uint64_t kProgressBytes = 4 << 20;

// Calls the progress function when enough was read; remembers that it said stop.
class ProgressMeter {
 public:
  explicit ProgressMeter(const RewriteProgress& progress) : progress_(progress) {}
  bool go_on(uint64_t done, uint64_t total) {
    if (!progress_ || done < next_) return true;
    next_ = done + kProgressBytes;
    return progress_(done, total);
  }
  void finish(uint64_t done, uint64_t total) const {
    if (progress_) progress_(done, total);
  }

 private:
  const RewriteProgress& progress_;
  uint64_t next_ = kProgressBytes;
};

// A section that may lose packets no longer knows its length.
void append_section_header(const pcapng::Block& block, OutputBuffer& out) {
  constexpr size_t kLengthOffset = 16;
  constexpr std::byte kUnknown[8] = {std::byte{0xff}, std::byte{0xff}, std::byte{0xff},
                                     std::byte{0xff}, std::byte{0xff}, std::byte{0xff},
                                     std::byte{0xff}, std::byte{0xff}};
  out.append(block.bytes.first(kLengthOffset));
  out.append(kUnknown);
  out.append(block.bytes.subspan(kLengthOffset + sizeof kUnknown));
}

Result<RewriteReport> rewrite_blocks(PcapngReader& reader, FileHandle file, const KeepFrame& keep,
                                     const RewriteProgress& progress, uint64_t first = 1,
                                     uint64_t last = UINT64_MAX) {
  OutputBuffer out(std::move(file));
  RewriteReport report;
  ProgressMeter meter(progress);
  const uint64_t total = reader.window().source().bytes_total();
  uint64_t number = first - 1;
  pcapng::Block block;
  Packet packet;
  for (;;) {
    const PcapngReader::Step step = reader.step(block, packet);
    if (step == PcapngReader::Step::kEnd) break;
    if (!meter.go_on(reader.window().source().bytes_done(), total)) {
      report.cancelled = true;
      break;
    }
    if (step == PcapngReader::Step::kIdle) continue;
    if (step == PcapngReader::Step::kPacket) {
      if (++number > last) break;
      if (!keep(number)) continue;
      ++report.packets;
      out.append(block.bytes);
    } else if (block.type == pcapng::kSectionHeader) {
      append_section_header(block, out);
    } else if (block.type == pcapng::kCustomNotCopyable) {
      ++report.blocks_left_out;
    } else if (!pcapng::is_packet(block.type)) {  // a damaged packet is left behind
      out.append(block.bytes);
    }
    if (!out.status()) break;
  }
  TRY(out.flush());
  if (!report.cancelled) meter.finish(reader.window().source().bytes_done(), total);
  report.bytes = out.offset();
  report.damage = reader.damage();
  return report;
}

// Packets into a new pcapng file, interfaces as they appear.
class PcapngSink {
 public:
  PcapngSink(FileHandle out, const FileAnnotations* notes)
      : writer_(std::move(out)), notes_(notes) {}
  Status write(const Packet& packet, const std::vector<CaptureInterface>& interfaces) {
    while (added_ < interfaces.size()) writer_.add_interface(interfaces[added_++]);
    writer_.write_packet(
        packet, notes_ ? notes_->packet_comments(packet.file_offset) : std::vector<std::string>{});
    return writer_.status();
  }
  Result<uint64_t> finish(const std::vector<CaptureInterface>& interfaces) {
    while (added_ < interfaces.size()) writer_.add_interface(interfaces[added_++]);
    TRY(writer_.flush());
    return writer_.bytes_written();
  }

 private:
  PcapngWriter writer_;
  const FileAnnotations* notes_;
  size_t added_ = 0;
};

// Packets into a new pcap file, whose link type is that of the first of them.
class PcapSink {
 public:
  explicit PcapSink(FileHandle out) : out_(std::move(out)) {}
  Status write(const Packet& packet, const std::vector<CaptureInterface>&) {
    if (!writer_) writer_.emplace(std::move(out_), packet.link_type);
    if (packet.link_type != writer_->link_type()) {
      return fail("a pcap file holds one link type, the packets have {} and {}: use pcapng",
                  static_cast<int>(writer_->link_type()), static_cast<int>(packet.link_type));
    }
    writer_->write_packet(packet);
    return writer_->status();
  }
  Result<uint64_t> finish(const std::vector<CaptureInterface>& interfaces) {
    if (!writer_) {
      writer_.emplace(std::move(out_),
                      interfaces.empty() ? LinkType::kEthernet : interfaces[0].link_type);
    }
    TRY(writer_->flush());
    return writer_->bytes_written();
  }

 private:
  FileHandle out_;
  std::optional<PcapWriter> writer_;
};

template <class Sink>
Result<RewriteReport> rewrite_packets(PacketSource& in, Sink sink, const KeepFrame& keep,
                                      const RewriteProgress& progress) {
  RewriteReport report;
  ProgressMeter meter(progress);
  uint64_t number = 0;
  Packet packet;
  for (;;) {
    const PacketSource::Next next = in.next(packet);
    if (next == PacketSource::Next::kEnd) break;
    if (!meter.go_on(in.bytes_done(), in.bytes_total())) {
      report.cancelled = true;
      break;
    }
    if (next == PacketSource::Next::kIdle || !keep(++number)) continue;
    TRY(sink.write(packet, in.interfaces()));
    ++report.packets;
  }
  auto bytes = sink.finish(in.interfaces());
  if (!bytes) return tl::unexpected(bytes.error());
  if (!report.cancelled) meter.finish(in.bytes_done(), in.bytes_total());
  report.bytes = *bytes;
  report.damage = in.damage();
  return report;
}

}  // namespace

Result<RewriteReport> rewrite_pcapng(FileHandle in, FileHandle out, const KeepFrame& keep,
                                     const RewriteProgress& progress) {
  auto file = std::make_shared<const FileHandle>(std::move(in));
  auto window =
      std::make_unique<BlockWindow>(read_in_place(std::make_unique<RawInput>(std::move(file))));
  PcapngReader reader(std::move(window));
  return rewrite_blocks(reader, std::move(out), keep, progress);
}

Result<RewriteReport> rewrite_pcapng(const PacketFile& in, FileHandle out, uint64_t last,
                                     const KeepFrame& keep, const RewriteProgress& progress) {
  const std::shared_ptr<const JoinedFile> now = in.file()->snapshot();
  const uint64_t first = now->parts().front().first_number;
  PcapngReader reader(std::make_unique<BlockWindow>(read_joined(now)), segment_starts(*now));
  return rewrite_blocks(reader, std::move(out), keep, progress, first, last);
}

Result<RewriteReport> rewrite_source(PacketSource& in, FileHandle out, RewriteFormat format,
                                     const KeepFrame& keep, const RewriteProgress& progress,
                                     const FileAnnotations* annotations) {
  if (format == RewriteFormat::kPcap) {
    return rewrite_packets(in, PcapSink(std::move(out)), keep, progress);
  }
  return rewrite_packets(in, PcapngSink(std::move(out), annotations), keep, progress);
}

Result<RewriteReport> rewrite_capture(const std::string& path, FileHandle out, RewriteFormat format,
                                      const KeepFrame& keep, const RewriteProgress& progress,
                                      FileOptions options) {
  auto source = open_capture_file(path, std::move(options));
  if (!source) return tl::unexpected(source.error());
  if (format == RewriteFormat::kPcapng && (*source)->pcapng_reader() != nullptr) {
    return rewrite_blocks(*(*source)->pcapng_reader(), std::move(out), keep, progress);
  }
  return rewrite_source(**source, std::move(out), format, keep, progress,
                        (*source)->annotations().get());
}

}  // namespace sp3ctra
