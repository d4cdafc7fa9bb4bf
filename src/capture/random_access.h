#pragma once
// Reads single packets of a capture file by their offset, from any number of threads, while the
// file is still being read (or written) in order by another.
#include <memory>
#include <vector>

#include "capture/capture_layout.h"
#include "capture/file_handle.h"
#include "capture/joined_file.h"
#include "capture/pcapng_block.h"

namespace sp3ctra {

/// A capture file (or the spool of a packed or piped one) open for random reads. Thread-safe.
class PacketFile {
 public:
  PacketFile(std::shared_ptr<const FileHandle> file, std::shared_ptr<const CaptureLayout> layout)
      : PacketFile(std::make_shared<const JoinedFile>(std::move(file)), std::move(layout)) {}
  PacketFile(std::shared_ptr<const JoinedFile> file, std::shared_ptr<const CaptureLayout> layout)
      : file_(std::move(file)), layout_(std::move(layout)) {}
  /// Opens `path` (uncompressed) with a layout kept from an earlier reading.
  static Result<std::shared_ptr<const PacketFile>> open(
      const std::string& path, std::shared_ptr<const CaptureLayout> layout);

  /// The packet whose record or block starts at `file_offset`. Its data lies in `buffer`, which
  /// grows as needed (at most limits::kPcapngBlockBytesMax) and is best kept for the next call.
  /// `number` stays 0; `ts` of a packet without a time is 0. Fails when there is no such packet.
  Result<Packet> read_at(uint64_t file_offset, std::vector<std::byte>& buffer) const;

  const CaptureLayout& layout() const { return *layout_; }
  const std::shared_ptr<const CaptureLayout>& shared_layout() const { return layout_; }
  const std::shared_ptr<const JoinedFile>& file() const { return file_; }

 private:
  Result<Packet> read_record(uint64_t offset, std::vector<std::byte>& buffer) const;
  Result<Packet> read_block(uint64_t offset, std::vector<std::byte>& buffer) const;
  Status fetch(uint64_t offset, size_t n, size_t& have, std::vector<std::byte>& buffer) const;

  std::shared_ptr<const JoinedFile> file_;
  std::shared_ptr<const CaptureLayout> layout_;
};

}  // namespace sp3ctra
