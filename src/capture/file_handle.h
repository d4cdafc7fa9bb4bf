#pragma once
// An open file descriptor: reading from a place, spooling without a name, appending. The only way
// the capture readers and writers touch the system.
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace sp3ctra {

/// Owns one file descriptor and closes it. read_at() may be called by many threads at once.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(other.release()) {}
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();

  /// Opens for reading; "-" is a duplicate of standard input.
  static Result<FileHandle> open_read(const std::string& path);
  /// Creates or empties a file for writing, mode 0600; "-" is a duplicate of standard output.
  static Result<FileHandle> open_write(const std::string& path);
  /// A file without a name in `directory` (the system's temporary one when empty): gone when
  /// closed, also after kill -9.
  static Result<FileHandle> open_spool(const std::string& directory);
  /// Another descriptor of the same open file.
  Result<FileHandle> duplicate() const;

  bool valid() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  int release();

  /// A regular file standing at its start can be read in place; anything else is spooled.
  bool readable_in_place() const;
  /// Size in bytes; 0 when it has none (a pipe).
  uint64_t size() const;
  /// False when nothing can be read within the time (a pipe still open, nothing sent yet).
  bool wait_readable(int timeout_ms) const;
  /// Reads on from the descriptor's place; 0 bytes = the end.
  Result<size_t> read(std::span<std::byte> into) const;
  /// Fills `into` from an offset; fewer bytes only at the end of the file.
  Result<size_t> read_at(std::span<std::byte> into, uint64_t offset) const;
  /// Writes everything at the descriptor's place.
  Status write_all(Bytes bytes) const;
  /// Cuts the file (or lengthens it with zeros) to `bytes`.
  Status cut_to(uint64_t bytes) const;
  /// Moves the descriptor's place.
  Status seek(uint64_t offset) const;
  /// Tells the system that the file will be read from start to end.
  void expect_sequential() const;

 private:
  int fd_ = -1;
};

}  // namespace sp3ctra
