#pragma once
// Where an index lies: on the heap for a file that was opened, in a file without a name for a live
// capture, which may go on for ever and must not fill the memory.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace sp3ctra {

/// Gives out memory in whole pages. Any thread.
class IndexMemory {
 public:
  static constexpr size_t kPageBytes = 4096;
  struct Range {
    std::byte* at = nullptr;
    size_t bytes = 0;
  };

  virtual ~IndexMemory() = default;
  /// Zeros, a multiple of kPageBytes; null when there is no room for them. They never move.
  virtual std::byte* take(size_t bytes) = 0;
  /// What lies there is not needed any more: it reads as zeros or still as it was. The addresses
  /// stay readable as long as this object lives, for whoever is about to look. Sorts `ranges`.
  virtual void give_back(std::vector<Range>& ranges) = 0;
  /// Makes sure of room for the next pieces, so that take() seldom waits for the disk.
  virtual void grow_ahead() {}
  /// Whether take() last failed because the disk is full, and not for want of memory.
  bool out_of_disk() const { return out_of_disk_.load(std::memory_order_relaxed); }
  /// Taken and not given back.
  uint64_t bytes_in_use() const { return in_use_.load(std::memory_order_relaxed); }
  /// How often the file system was asked to take room back: each time may wait for the disk.
  uint64_t holes_made() const { return holes_made_.load(std::memory_order_relaxed); }

 protected:
  std::atomic<uint64_t> in_use_{0}, holes_made_{0};
  std::atomic<bool> out_of_disk_{false};
};

/// Anonymous memory; nothing is given back before the end.
std::shared_ptr<IndexMemory> heap_index_memory();
/// A file without a name in `directory`, mapped: its pages are the system's to write out, and
/// those given back are taken out of the file, but for 64 MiB at most that wait for their
/// neighbours. Room on the disk is made sure of in take().
Result<std::shared_ptr<IndexMemory>> mapped_index_memory(const std::string& directory);

}  // namespace sp3ctra
