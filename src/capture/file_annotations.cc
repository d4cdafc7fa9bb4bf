#include "capture/file_annotations.h"

#include <algorithm>
#include <mutex>

#include "base/limits.h"

namespace sp3ctra {
namespace {

constexpr size_t kEntryBytes = 96;  // of a list's element beside its text
constexpr size_t kUnknownTypesMax = 256;

}  // namespace

bool FileAnnotations::room_for(size_t bytes) {
  if (bytes_ + bytes + kEntryBytes > limits::kAnnotationBytesMax) {
    ++left_out_;
    return false;
  }
  bytes_ += bytes + kEntryBytes;
  return true;
}

void FileAnnotations::add(FileComment comment) {
  std::unique_lock lock(mutex_);
  if (room_for(comment.text.size())) comments_.push_back(std::move(comment));
}

void FileAnnotations::add(FileName name) {
  std::unique_lock lock(mutex_);
  if (room_for(name.name.size())) names_.push_back(std::move(name));
}

void FileAnnotations::add(FileSecrets secrets) {
  std::unique_lock lock(mutex_);
  if (room_for(secrets.bytes.size())) secrets_.push_back(std::move(secrets));
}

void FileAnnotations::add(const FileStatistics& statistics) {
  std::unique_lock lock(mutex_);
  if (room_for(0)) statistics_.push_back(statistics);
}

void FileAnnotations::add(FileOrigin origin) {
  std::unique_lock lock(mutex_);
  if (room_for(origin.hardware.size() + origin.system.size() + origin.application.size())) {
    origins_.push_back(std::move(origin));
  }
}

void FileAnnotations::count_unknown(uint32_t block_type) {
  std::unique_lock lock(mutex_);
  const bool known = unknown_.contains(block_type) || unknown_.size() < kUnknownTypesMax;
  ++unknown_[known ? block_type : 0xffffffff];
}

std::vector<std::string> FileAnnotations::packet_comments(uint64_t file_offset) const {
  std::shared_lock lock(mutex_);
  std::vector<std::string> found;
  auto at = std::lower_bound(comments_.begin(), comments_.end(), file_offset,
                             [](const FileComment& c, uint64_t o) { return c.file_offset < o; });
  for (; at != comments_.end() && at->file_offset == file_offset; ++at) {
    if (at->on_packet) found.push_back(at->text);
  }
  return found;
}

std::map<uint32_t, uint64_t> FileAnnotations::unknown_blocks() const {
  std::shared_lock lock(mutex_);
  return unknown_;
}

uint64_t FileAnnotations::left_out() const {
  std::shared_lock lock(mutex_);
  return left_out_;
}

}  // namespace sp3ctra
