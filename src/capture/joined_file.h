#pragma once
// One capture that lies in several files, read as if they stood one behind the other.
#include <deque>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "capture/byte_source.h"
#include "capture/file_handle.h"

namespace sp3ctra {

/// Files with the offset at which each begins in the whole. One thread adds and drops parts while
/// any number read. A part stays open until it is dropped, whatever becomes of its name.
class JoinedFile {
 public:
  struct Part {
    uint64_t offset = 0;
    uint64_t first_number = 1;  ///< of its first packet, where that is known
    std::shared_ptr<const FileHandle> file;
  };

  JoinedFile() = default;
  /// A single file.
  explicit JoinedFile(std::shared_ptr<const FileHandle> file) { add(std::move(file), 0); }

  /// Adds a part behind all others; it ends where the next one begins.
  void add(std::shared_ptr<const FileHandle> file, uint64_t offset, uint64_t first_number = 1);
  /// Lets go of the parts that end at or before `offset`; never of the last one.
  void drop_before(uint64_t offset);

  /// Fills `into` from an offset, over the borders of parts; fewer bytes only at the end. Fails
  /// where a part is no longer kept.
  Result<size_t> read_at(std::span<std::byte> into, uint64_t offset) const;
  uint64_t first_offset() const;
  /// Offset behind the last byte of the last part.
  uint64_t end_offset() const;
  /// The parts as they are now. Whoever holds them can read them, also when they are dropped here.
  std::vector<Part> parts() const;
  /// The same parts in another object, on which nothing is dropped.
  std::shared_ptr<const JoinedFile> snapshot() const;

 private:
  mutable std::shared_mutex mutex_;
  std::deque<Part> parts_;  ///< by offset
};

/// The bytes of a joined file from its first offset to where it ends at the moment.
std::unique_ptr<ByteSource> read_joined(std::shared_ptr<const JoinedFile> file);

/// Where the parts behind the first begin, counted from the first offset; empty for a single file.
std::vector<uint64_t> segment_starts(const JoinedFile& file);

/// Name of a segment within the folder of its capture: "000001.pcapng", counted from 1.
std::string segment_name(uint64_t number);
/// Whether `path` is a folder (not a link to one).
bool is_folder(const std::string& path);
/// The plain files of a folder that are named so, in order; empty when there are none.
std::vector<std::string> segment_paths(const std::string& folder);
/// Opens them all; fails when one cannot be opened, there is none or there are more than 2048.
Result<std::shared_ptr<const JoinedFile>> open_segments(const std::string& folder);

}  // namespace sp3ctra
