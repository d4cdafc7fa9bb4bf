#include "capture/file_source.h"

#include "capture/compressed_input.h"
#include "capture/pcap_reader.h"
#include "capture/pcapng_reader.h"
#include "capture/snoop.h"

namespace sp3ctra {
namespace {

constexpr size_t kCompressionMagicBytes = 6;
constexpr size_t kCaptureMagicBytes = 4;

bool is_pcapng_magic(Bytes four) { return load_be32(four, 0) == pcapng::kSectionHeader; }

// A word on well-known formats that are not read here, so that the message helps.
std::string_view other_format(Bytes first) {
  const std::string_view text = as_text(first);
  if (text.starts_with("PK\x03\x04")) return " (a zip archive: unpack it first)";
  return "";
}

}  // namespace

FileSource::FileSource(FileHandle file, std::string name, FileOptions options)
    : name_(std::move(name)),
      options_(std::move(options)),
      file_(std::make_shared<const FileHandle>(std::move(file))),
      raw_(std::make_unique<RawInput>(file_, options_.growth)),
      annotations_(std::make_shared<const FileAnnotations>()) {}

FileSource::FileSource(std::shared_ptr<const JoinedFile> segments, std::string name)
    : name_(std::move(name)),
      segments_(std::move(segments)),
      window_(std::make_unique<BlockWindow>(read_joined(segments_))),
      annotations_(std::make_shared<const FileAnnotations>()) {}

FileSource::~FileSource() = default;

PacketSource::Next FileSource::next(Packet& out) {
  if (!packet_file_) [[unlikely]] {
    // Ready without packets to read is a file that ends within its header: the reader says so.
    if (const Fill state = start(); state != Fill::kReady)
      return state == Fill::kIdle ? Next::kIdle : Next::kEnd;
  }
  const Next next = pcap_ ? pcap_->next(out) : pcapng_->next(out);
  if (next == Next::kPacket && interfaces().size() > 1) [[unlikely]]
    mark_duplicate(out);
  return next;
}

void FileSource::mark_duplicate(Packet& packet) {
  if (!duplicates_) duplicates_ = std::make_unique<DuplicateFinder>();
  // Packets without a time cannot be told to be near one another.
  if ((packet.flags & kPacketNoTime) != 0) return;
  if (duplicates_->seen_before(packet)) packet.flags |= kPacketDuplicate;
}

Fill FileSource::start() {
  if (packet_file_) return Fill::kReady;
  if (!refusal_.empty()) return Fill::kFailed;
  if (raw_) {
    if (Fill state = open_bytes(); state != Fill::kReady) return state;
  }
  return open_reader();
}

Fill FileSource::refuse(std::string why) {
  refusal_ = name_ + ": " + std::move(why);
  return Fill::kFailed;
}

Fill FileSource::open_bytes() {
  const Fill state = raw_->peek(kCompressionMagicBytes);
  if (state == Fill::kIdle) return state;
  if (state == Fill::kFailed) return refuse(raw_->error());
  if (raw_->peeked().empty()) return refuse("empty");
  compression_ = compression_of(raw_->peeked());
  if (compression_.empty() && raw_->in_place()) {
    window_ = std::make_unique<BlockWindow>(read_in_place(std::move(raw_)));
    return Fill::kReady;
  }
  auto spool = FileHandle::open_spool(options_.spool.directory);
  if (!spool) return refuse(spool.error().message);
  file_ = std::make_shared<const FileHandle>(std::move(*spool));
  auto bytes = compression_.empty() ? read_spooled(std::move(raw_), file_, options_.spool)
                                    : read_unpacked(std::move(raw_), file_, options_.spool);
  window_ = std::make_unique<BlockWindow>(std::move(bytes));
  return Fill::kReady;
}

Fill FileSource::open_reader() {
  if (!pcap_) {
    const Fill state = window_->need(kCaptureMagicBytes);
    if (state == Fill::kIdle) return state;
    if (state == Fill::kFailed) return refuse(window_->source().error());
    if (state == Fill::kEnd) return refuse("too short to be a capture");
    const Bytes magic{window_->data(), kCaptureMagicBytes};
    if (is_pcapng_magic(magic)) {
      format_ = "pcapng";
      pcapng_ = std::make_unique<PcapngReader>(
          std::move(window_), segments_ ? segment_starts(*segments_) : std::vector<uint64_t>{});
      annotations_ = pcapng_->annotations();
      packet_file_ = segments_ ? std::make_shared<const PacketFile>(segments_, pcapng_->layout())
                               : std::make_shared<const PacketFile>(file_, pcapng_->layout());
      return Fill::kReady;
    }
    if (segments_ || (!is_pcap_magic(magic) && !is_snoop_magic(magic))) {
      return refuse(fmt::format("not a pcap, pcapng or snoop capture, begins with {:08x}{}",
                                load_be32(magic, 0), other_format(magic)));
    }
    format_ = is_snoop_magic(magic) ? "snoop" : "pcap";
    pcap_ = std::make_unique<PcapReader>(std::move(window_));
  }
  if (pcap_->open()) {
    packet_file_ = std::make_shared<const PacketFile>(file_, pcap_->layout());
    return Fill::kReady;
  }
  return pcap_->damage().empty() ? Fill::kIdle : Fill::kReady;
}

const std::shared_ptr<const void>& FileSource::hold() {
  if (pcap_) return pcap_->hold();
  return pcapng_ ? pcapng_->hold() : PacketSource::hold();
}

const std::vector<CaptureInterface>& FileSource::interfaces() const {
  static const std::vector<CaptureInterface> none;
  return pcap_ ? pcap_->interfaces() : pcapng_ ? pcapng_->interfaces() : none;
}

const std::string& FileSource::damage() const {
  return pcap_ ? pcap_->damage() : pcapng_ ? pcapng_->damage() : refusal_;
}

uint64_t FileSource::bytes_done() const {
  const BlockWindow* window = pcap_ ? &pcap_->window() : pcapng_ ? &pcapng_->window() : nullptr;
  if (window == nullptr) return 0;
  // Read blocks are ahead of the packets given out; in place the difference is known.
  return compression_.empty() ? window->offset() : window->source().bytes_done();
}

uint64_t FileSource::bytes_total() const {
  const BlockWindow* window = pcap_ ? &pcap_->window() : pcapng_ ? &pcapng_->window() : nullptr;
  return window == nullptr ? 0 : window->source().bytes_total();
}

Result<std::unique_ptr<FileSource>> open_capture_file(const std::string& path,
                                                      FileOptions options) {
  if (is_folder(path)) {
    auto segments = open_segments(path);
    if (!segments) return tl::unexpected(std::move(segments.error()));
    auto source = std::make_unique<FileSource>(std::move(*segments), path);
    if (source->start() == Fill::kFailed) return fail("{}", source->damage());
    return source;
  }
  auto file = FileHandle::open_read(path);
  if (!file) return tl::unexpected(file.error());
  return open_capture_file(std::move(*file), path == "-" ? "standard input" : path,
                           std::move(options));
}

Result<std::unique_ptr<FileSource>> open_capture_file(FileHandle file, std::string name,
                                                      FileOptions options) {
  const bool in_place = file.readable_in_place();
  auto source = std::make_unique<FileSource>(std::move(file), std::move(name), std::move(options));
  if (in_place && source->start() == Fill::kFailed) return fail("{}", source->damage());
  return source;
}

}  // namespace sp3ctra
