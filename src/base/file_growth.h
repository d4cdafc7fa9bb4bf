#pragma once
// A file that is read while its bytes still arrive.
#include <atomic>
#include <cstdint>

namespace sp3ctra {

/// Shared by who appends to a file in order and who reads it. Any thread.
struct FileGrowth {
  explicit FileGrowth(uint64_t announced_bytes) : bytes_total(announced_bytes) {}
  const uint64_t bytes_total;      ///< when whole, as announced
  std::atomic<bool> whole{false};  ///< nothing more will come: set after the last byte was written
};

}  // namespace sp3ctra
