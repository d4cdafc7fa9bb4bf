#pragma once
// Files that belong to this user alone: 0600, never through a symbolic link. Names are made here or
// come from the engine, never from a request.
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sp3ctra {

/// An open file; closes, and removes itself when asked to, at the end of its life. One thread at a
/// time.
class PrivateFile {
 public:
  PrivateFile() = default;
  PrivateFile(PrivateFile&& other) noexcept;
  PrivateFile& operator=(PrivateFile&& other) noexcept;
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;
  ~PrivateFile();

  /// A new file (O_EXCL|O_NOFOLLOW, 0600), for reading and writing.
  static Result<PrivateFile> create(std::string path);
  /// A file that exists, for reading and writing.
  static Result<PrivateFile> open(std::string path);

  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  Result<uint64_t> size_bytes() const;
  Status write_at(uint64_t offset, std::string_view bytes);
  /// Up to `size` bytes from `offset`; fewer at the end of the file.
  Result<std::string> read_at(uint64_t offset, size_t size) const;
  /// Also deletes the file when this object goes.
  void remove_at_end(bool remove) { remove_ = remove; }
  void close();

 private:
  int fd_ = -1;
  bool remove_ = false;
  std::string path_;
};

/// Makes the folder (0700) when it is not there.
Status make_private_folder(const std::string& path);
/// Deletes the plain files directly in the folder that are called `prefix` + random_hex(bytes).
void remove_random_files(const std::string& folder, std::string_view prefix, size_t bytes);
/// The whole file, at most `limit_bytes`; an error when it is not there.
Result<std::string> read_private_file(const std::string& path, size_t limit_bytes);
/// Bytes behind the random names that replace_private_file() writes under.
inline constexpr size_t kReplacingBytes = 8;
/// Replaces the file as a whole: a new one, `path`.random_hex(kReplacingBytes), then renamed.
Status replace_private_file(const std::string& path, std::string_view text);
/// Text of n random bytes from the system in hex: for names that nobody can guess.
std::string random_hex(size_t bytes);

}  // namespace sp3ctra
