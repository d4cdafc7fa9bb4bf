#pragma once
// What this process costs the machine: shown in the state, so that nobody must guess.
#include <cstdint>
#include <mutex>

namespace sp3ctra {

/// Processor and memory of this process. Any thread.
class ProcessLoad {
 public:
  struct Figures {
    double cpu_percent = 0;     ///< of one processor, over the last second or more: several
                                ///< busy threads make it more than 100; whole numbers
    uint64_t memory_bytes = 0;  ///< its own memory: no files, nothing shared; whole MiB
  };
  /// Looks anew at most once a second; what it saw last otherwise.
  Figures figures();

 private:
  std::mutex mutex_;
  Figures last_;
  int64_t looked_ns_ = 0, used_ns_ = 0;
};

}  // namespace sp3ctra
