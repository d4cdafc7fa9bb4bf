#include "capture/joined_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <mutex>

namespace sp3ctra {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kSegmentEnding = ".pcapng";
constexpr size_t kSegmentDigitsMin = 6, kSegmentDigitsMax = 18;
constexpr size_t kSegmentsOpenMax = 2048;  // each stays open; twice what a capture may write

/// The number in a segment's name; 0 when it is none.
uint64_t segment_number(std::string_view name) {
  if (!name.ends_with(kSegmentEnding)) return 0;
  name.remove_suffix(kSegmentEnding.size());
  if (name.size() < kSegmentDigitsMin || name.size() > kSegmentDigitsMax) return 0;
  uint64_t number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}

class JoinedBytes final : public ByteSource {
 public:
  explicit JoinedBytes(std::shared_ptr<const JoinedFile> file)
      : file_(std::move(file)),
        first_(file_->first_offset()),
        total_(file_->end_offset() - first_) {}
  Fill read(std::span<std::byte> into, size_t& got) override {
    auto result = file_->read_at(into, first_ + done_);
    if (!result) {
      error_ = result.error().message;
      return Fill::kFailed;
    }
    got = *result;
    done_ += got;
    return got == 0 ? Fill::kEnd : Fill::kReady;
  }
  const std::string& error() const override { return error_; }
  uint64_t bytes_done() const override { return done_; }
  uint64_t bytes_total() const override { return total_; }

 private:
  std::shared_ptr<const JoinedFile> file_;
  const uint64_t first_, total_;
  uint64_t done_ = 0;
  std::string error_;
};

}  // namespace

void JoinedFile::add(std::shared_ptr<const FileHandle> file, uint64_t offset,
                     uint64_t first_number) {
  const std::unique_lock lock(mutex_);
  parts_.push_back({offset, first_number, std::move(file)});
}

void JoinedFile::drop_before(uint64_t offset) {
  const std::unique_lock lock(mutex_);
  while (parts_.size() > 1 && parts_[1].offset <= offset) parts_.pop_front();
}

Result<size_t> JoinedFile::read_at(std::span<std::byte> into, uint64_t offset) const {
  size_t done = 0;
  while (done < into.size()) {
    std::shared_ptr<const FileHandle> file;
    uint64_t within = 0, ends = UINT64_MAX;
    {
      const std::shared_lock lock(mutex_);
      auto after = std::upper_bound(parts_.begin(), parts_.end(), offset + done,
                                    [](uint64_t o, const Part& p) { return o < p.offset; });
      if (after == parts_.begin())
        return parts_.empty() ? fail("nothing is written yet")
                              : fail("the packets at byte {} are no longer kept", offset + done);
      if (after != parts_.end()) ends = after->offset;
      --after;
      file = after->file;
      within = offset + done - after->offset;
    }
    const size_t want =
        static_cast<size_t>(std::min<uint64_t>(into.size() - done, ends - (offset + done)));
    auto got = file->read_at(into.subspan(done, want), within);
    if (!got) return got;
    done += *got;
    if (*got < want) break;
  }
  return done;
}

uint64_t JoinedFile::first_offset() const {
  const std::shared_lock lock(mutex_);
  return parts_.empty() ? 0 : parts_.front().offset;
}

uint64_t JoinedFile::end_offset() const {
  const std::shared_lock lock(mutex_);
  return parts_.empty() ? 0 : parts_.back().offset + parts_.back().file->size();
}

std::vector<JoinedFile::Part> JoinedFile::parts() const {
  const std::shared_lock lock(mutex_);
  return {parts_.begin(), parts_.end()};
}

std::shared_ptr<const JoinedFile> JoinedFile::snapshot() const {
  auto copy = std::make_shared<JoinedFile>();
  for (Part& p : parts()) copy->add(std::move(p.file), p.offset, p.first_number);
  return copy;
}

std::unique_ptr<ByteSource> read_joined(std::shared_ptr<const JoinedFile> file) {
  return std::make_unique<JoinedBytes>(std::move(file));
}

std::vector<uint64_t> segment_starts(const JoinedFile& file) {
  std::vector<uint64_t> starts;
  const std::vector<JoinedFile::Part> parts = file.parts();
  for (size_t i = 1; i < parts.size(); ++i) starts.push_back(parts[i].offset - parts[0].offset);
  return starts;
}

std::string segment_name(uint64_t number) { return fmt::format("{:06}{}", number, kSegmentEnding); }

bool is_folder(const std::string& path) {
  std::error_code ec;
  return fs::symlink_status(path, ec).type() == fs::file_type::directory;
}

std::vector<std::string> segment_paths(const std::string& folder) {
  std::vector<std::pair<uint64_t, std::string>> found;
  std::error_code ec;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    std::error_code unknown;
    const uint64_t number = segment_number(at->path().filename().string());
    if (number != 0 && at->symlink_status(unknown).type() == fs::file_type::regular)
      found.emplace_back(number, at->path().string());
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> out;
  out.reserve(found.size());
  for (auto& [number, path] : found) out.push_back(std::move(path));
  return out;
}

Result<std::shared_ptr<const JoinedFile>> open_segments(const std::string& folder) {
  auto joined = std::make_shared<JoinedFile>();
  uint64_t offset = 0;
  bool any = false;
  const std::vector<std::string> paths = segment_paths(folder);
  if (paths.size() > kSegmentsOpenMax)
    return fail("cannot open {}: it has {} segments, more than {}", folder, paths.size(),
                kSegmentsOpenMax);
  for (const std::string& path : paths) {
    auto file = FileHandle::open_read(path);
    if (!file) return tl::unexpected(std::move(file.error()));
    const uint64_t bytes = file->size();
    // Killed before its first byte: nothing is in it.
    if (bytes == 0) continue;
    joined->add(std::make_shared<const FileHandle>(std::move(*file)), offset);
    offset += bytes;
    any = true;
  }
  if (!any) return fail("cannot open {}: it is a folder without a capture", folder);
  return std::shared_ptr<const JoinedFile>(std::move(joined));
}

}  // namespace sp3ctra
