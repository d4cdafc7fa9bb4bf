#include "cli/capture_files.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "cli/version.h"

namespace sp3ctra::cli {
namespace {

constexpr size_t kUnflushedMax = 4096;      // packets whose ends are remembered
constexpr uint64_t kFileNumbers = 100'000;  // five digits

int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::string ring_file_name(const std::string& path, uint64_t number, int64_t seconds_since_1970) {
  const std::filesystem::path whole(path);
  const std::string name = fmt::format(
      "{}_{:05}_{:%Y%m%d%H%M%S}{}", whole.stem().string(), number % kFileNumbers,
      fmt::localtime(static_cast<std::time_t>(seconds_since_1970)), whole.extension().string());
  return (whole.parent_path() / name).string();
}

Result<std::unique_ptr<CaptureFiles>> CaptureFiles::open(
    const Options& options, const std::vector<CaptureInterface>& known) {
  std::unique_ptr<CaptureFiles> files(new CaptureFiles(options));
  TRY(files->begin(known));
  return files;
}

Status CaptureFiles::begin(const std::vector<CaptureInterface>& known) {
  ++files_;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  path_ = options_.path;
  if (options_.ring)
    path_ = ring_file_name(options_.path, files_,
                           std::chrono::duration_cast<std::chrono::seconds>(now).count());
  auto file = FileHandle::open_write(path_);
  if (!file) return tl::unexpected(std::move(file.error()));
  writer_ = std::make_unique<PcapngWriter>(
      std::move(*file), WriterOrigin{"", "", std::string("sp3ctra ") + kVersion, ""});
  declared_ = 0;
  packets_here_ = whole_bytes_ = 0;
  ends_.clear();
  begun_ns_ = steady_ns();
  declare(known);
  TRY(flush());
  if (!options_.ring) return {};
  kept_.push_back(path_);
  while (options_.each.files > 0 && kept_.size() > options_.each.files) {
    std::error_code gone_already;
    std::filesystem::remove(kept_.front(), gone_already);
    kept_.pop_front();
  }
  return {};
}

void CaptureFiles::declare(const std::vector<CaptureInterface>& known) {
  while (declared_ < known.size()) writer_->add_interface(known[declared_++]);
}

Status CaptureFiles::write(const Packet& packet, const std::vector<CaptureInterface>& known) {
  if (!writer_) TRY(begin(known));
  declare(known);
  writer_->write_packet(packet);
  ends_.push_back(writer_->bytes_written());
  ++packets_;
  ++packets_here_;
  if (options_.packet_by_packet || ends_.size() >= kUnflushedMax || !writer_->status())
    return flush();
  return {};
}

Status CaptureFiles::flush() {
  if (!writer_) return {};
  if (Status flushed = writer_->flush(); !flushed) {
    TRY(cut_to_whole_packets());
    return flushed;
  }
  whole_bytes_ = writer_->bytes_written();
  ends_.clear();
  return {};
}

Status CaptureFiles::cut_to_whole_packets() {
  const uint64_t there = writer_->file().size();
  uint64_t whole = whole_bytes_;
  size_t saved = 0;
  // The last packets give their room to what is to be said of all.
  const size_t reserve = ends_.empty() ? 0 : statistics_bytes();
  for (; saved < ends_.size() && ends_[saved] + reserve <= there; ++saved) whole = ends_[saved];
  packets_ -= ends_.size() - saved;
  ends_.clear();
  whole_bytes_ = whole;
  // A pipe holds what it holds.
  const Status cut = there > whole ? cut_file(writer_->file().fd(), whole) : Status{};
  if (!cut || there < whole || !writer_->resume_at(whole)) writer_.reset();
  return cut;
}

/// Of the blocks that end a file, at most.
size_t CaptureFiles::statistics_bytes() const {
  constexpr size_t kBlockBytes = 96;  // head and tail, five counters, the end of the options
  return declared_ * kBlockBytes;
}

bool CaptureFiles::due() const {
  const Bounds& b = options_.each;
  if (!options_.ring || !writer_) return false;
  return (b.packets > 0 && packets_here_ >= b.packets) ||
         (b.bytes > 0 && writer_->bytes_written() >= b.bytes) ||
         (b.duration_s > 0 &&
          static_cast<double>(steady_ns() - begun_ns_) >= b.duration_s * Timestamp::kSecond);
}

Status CaptureFiles::end(const std::vector<FileStatistics>& statistics, Timestamp now) {
  if (!writer_) return {};
  for (const FileStatistics& s : statistics)
    if (s.interface_id < declared_) writer_->write_statistics(s, now);
  TRY(flush());
  closed_bytes_ += writer_->bytes_written();
  writer_.reset();
  return {};
}

}  // namespace sp3ctra::cli
