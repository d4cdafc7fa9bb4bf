#include <time.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "pipeline/process_load.h"

namespace sp3ctra {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

int64_t clock_ns(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return t.tv_sec * kSecondNs + t.tv_nsec;
}

/// Pages in memory less those of files and shared ones (proc(5), statm); 0 when not told.
uint64_t own_memory_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (!file) return 0;
  std::array<char, 128> line{};
  const bool told = std::fgets(line.data(), line.size(), file) != nullptr;
  std::fclose(file);
  if (!told) return 0;
  char* at = line.data();
  (void)std::strtoull(at, &at, 10);  // the size of the address space
  const uint64_t resident = std::strtoull(at, &at, 10);
  const uint64_t shared = std::strtoull(at, &at, 10);
  if (resident < shared) return 0;
  return (resident - shared) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

ProcessLoad::Figures ProcessLoad::figures() {
  const std::lock_guard lock(mutex_);
  const int64_t now = clock_ns(CLOCK_MONOTONIC);
  if (looked_ns_ != 0 && now - looked_ns_ < kSecondNs) return last_;
  const int64_t used = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  if (looked_ns_ != 0)
    last_.cpu_percent = std::round(100.0 * static_cast<double>(used - used_ns_) /
                                   static_cast<double>(now - looked_ns_));
  last_.memory_bytes = own_memory_bytes() >> 20 << 20;
  looked_ns_ = now;
  used_ns_ = used;
  return last_;
}

}  // namespace sp3ctra
