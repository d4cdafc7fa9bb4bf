#pragma once
// The folder data/captures: what lies there, what it is called, and who holds how much of the
// quota.
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sp3ctra {

/// One whole capture file of the folder.
struct StoredFile {
  std::string path;
  std::string name;  ///< as shown
  uint64_t bytes = 0;
  int64_t modified_ns = 0;  ///< since 1970
};

/// Files are `live-…pcapng` and `upload-…`; one still coming in ends in ".part", and the name to
/// show lies beside it in ".name". Any thread; nothing here is called while packets move but
/// has_room(). Only plain files count and are listed: links and folders are somebody else's. The
/// exports of data/exports stand in the same account.
class CaptureFolder {
 public:
  /// `data_directory` exists; its folder "captures" may not.
  CaptureFolder(const std::string& data_directory, uint64_t quota_bytes);

  /// Deletes what a killed run left: uploads that did not end, names without a file. Only what is
  /// called exactly as this class calls it: the directory may hold files of its owner.
  void remove_leftovers();
  /// Whole captures, newest first, at most limits::kStoredCapturesMax.
  std::vector<StoredFile> files() const;
  /// One of them; empty when it is not there (any more).
  std::optional<StoredFile> file(const std::string& path) const;
  /// Whether the path lies in this folder, whatever `..` it contains.
  bool holds(const std::string& path) const;
  /// The path as files() gives it, of a file of this folder that is named in any way; else empty.
  std::string own_path(const std::string& path) const;

  uint64_t quota_bytes() const { return quota_bytes_; }
  /// Bytes of all files, uploads with what they announced. Looks at most every kDiskLookMs.
  uint64_t used_bytes();
  /// Fails with words when the quota does not hold `more` bytes. Looks.
  Status room_for(uint64_t more_bytes);
  /// Whether the live file may grow to `bytes`. Never blocks; the others are as last looked at.
  bool has_room(uint64_t bytes) const noexcept {
    return others_bytes_.load(std::memory_order_relaxed) + bytes <= quota_bytes_;
  }

  /// A new file (0600) for an upload of this size, counted with it at once; its path. Fails with
  /// words when the quota does not hold it.
  Result<std::string> reserve(const std::string& name, uint64_t size_bytes);
  /// An upload is whole: its path as a capture.
  Result<std::string> complete(const std::string& path, const std::string& name);
  /// The path for a live capture (not made here), which is then the one that grows. Fails when the
  /// quota is used up.
  Result<std::string> begin_live(int64_t since_ns, const std::string& name);
  void end_live();
  /// Deletes a capture of this folder and its name.
  Status remove(const std::string& path);

 private:
  void look();
  void keep_name(const std::string& path, const std::string& name);

  const std::string folder_, exports_;
  const uint64_t quota_bytes_;
  std::mutex mutex_;                           ///< what follows
  std::map<std::string, uint64_t> announced_;  ///< uploads under way, by path
  std::string growing_;                        ///< the live file, empty when none
  uint64_t growing_bytes_ = 0, serial_ = 0;
  std::chrono::steady_clock::time_point looked_{};
  std::atomic<uint64_t> others_bytes_{0};  ///< all but the growing one
};

}  // namespace sp3ctra
