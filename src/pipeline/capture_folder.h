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

/// One whole capture of the folder: a file, or a folder of segments.
struct StoredFile {
  std::string path;
  std::string name;  ///< as shown
  uint64_t bytes = 0;
  int64_t modified_ns = 0;  ///< since 1970
  uint64_t segments = 1;    ///< files it lies in
};

/// Live captures are folders `live-<digits>` (or `always-<digits>`) of segments, in earlier
/// versions files `live-…pcapng`; what was sent in is a file `upload-…`. One still coming in ends
/// in ".part", and the name to show lies beside it in ".name". Any thread; nothing here is called
/// while packets move but live_room(). Only plain files count and are listed: links and other
/// folders are somebody else's. The exports of data/exports stand in the same account.
class CaptureFolder {
 public:
  /// `data_directory` exists; its folder "captures" may not.
  CaptureFolder(const std::string& data_directory, uint64_t quota_bytes);
  /// From now on.
  void set_quota(uint64_t bytes) { quota_bytes_ = bytes; }

  /// Deletes what a killed run left: uploads that did not end, captures without a byte, names
  /// without a file. Only what is
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
  /// What the live capture may have. Never blocks; the others are as last looked at.
  uint64_t live_room() const noexcept {
    const uint64_t quota = quota_bytes_, others = others_bytes_.load(std::memory_order_relaxed);
    return quota > others ? quota - others : 0;
  }

  /// A new file (0600) for an upload of this size, counted with it at once; its path. Fails with
  /// words when the quota does not hold it.
  Result<std::string> reserve(const std::string& name, uint64_t size_bytes);
  /// An upload is whole: its path as a capture.
  Result<std::string> complete(const std::string& path, const std::string& name);
  /// The folder for a live capture (not made here), which is then the one that grows. Fails when
  /// the quota is used up. `always`: its segments may go when a later one of its kind needs room.
  Result<std::string> begin_live(int64_t since_ns, const std::string& name, bool always);
  void end_live();
  /// Of the captures that were "always on", but neither growing nor `open` (paths): deletes the
  /// segments last written before `before_ns`, with INT64_MAX only the oldest one. Whether any was;
  /// what is wholly gone goes to `gone`.
  bool drop_oldest(int64_t before_ns, const std::vector<std::string>& open,
                   std::vector<std::string>& gone);
  /// Deletes a capture of this folder and its name.
  Status remove(const std::string& path);

 private:
  void look();
  void keep_name(const std::string& path, const std::string& name);

  const std::string folder_, exports_;
  std::atomic<uint64_t> quota_bytes_;
  std::mutex mutex_;                           ///< what follows
  std::map<std::string, uint64_t> announced_;  ///< uploads under way, by path
  std::string growing_;                        ///< the live file, empty when none
  uint64_t growing_bytes_ = 0, serial_ = 0;
  std::chrono::steady_clock::time_point looked_{};
  std::atomic<uint64_t> others_bytes_{0};  ///< all but the growing one
};

}  // namespace sp3ctra
