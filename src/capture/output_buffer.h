#pragma once
// Appends to a file through one buffer of 256 KiB.
#include <memory>
#include <string>

#include "base/limits.h"
#include "capture/file_handle.h"

namespace sp3ctra {

/// Buffered, append-only. The first error stays: everything later is dropped and status() says why.
/// What was not flushed is lost with the object. One thread.
class OutputBuffer {
 public:
  explicit OutputBuffer(FileHandle file)
      : file_(std::move(file)),
        buffer_(std::make_unique_for_overwrite<std::byte[]>(limits::kReadBlockBytes)) {}

  void append(Bytes bytes);
  /// n ≤ 64 bytes to be filled in by the caller at once, before any other call.
  std::byte* reserve(size_t n) {
    if (limits::kReadBlockBytes - used_ < n) drain();
    std::byte* at = buffer_.get() + used_;
    used_ += n;
    return at;
  }
  void append_zeros(size_t n);
  /// Hands what is buffered to the system.
  Status flush();
  Status status() const;
  /// Goes on behind the first `bytes` of the file, whatever was appended after them or went wrong.
  Status resume_at(uint64_t bytes);
  /// Bytes appended so far = the offset of the next byte in the file (which began empty).
  uint64_t offset() const { return drained_ + used_; }
  const FileHandle& file() const { return file_; }

 private:
  void drain();

  FileHandle file_;
  std::unique_ptr<std::byte[]> buffer_;
  size_t used_ = 0;
  uint64_t drained_ = 0;
  std::string error_;
};

}  // namespace sp3ctra
