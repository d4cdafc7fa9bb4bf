#pragma once
// pcapng's if_tsresol and if_tsoffset: from a file's time units to nanoseconds (pcapng 4.2).
#include <cstdint>
#include <limits>

#include "base/timestamp.h"

namespace sp3ctra {

/// How an interface counts time. `resolution` is the option's byte: 10^-n, or 2^-n with bit 7 set.
struct TimeScale {
  uint8_t resolution = 6;
  int64_t offset_s = 0;

  /// Units in one second; the largest number when it does not fit.
  uint64_t units_per_second() const;
  /// A count of units as a time; beyond 1677..2262 the nearest end of that range.
  Timestamp time(uint64_t units) const {
    if (offset_s == 0 && resolution == 6 && units < kMicroMax) {
      return {static_cast<int64_t>(units * 1000)};
    }
    if (offset_s == 0 && resolution == 9 && units <= kNanoMax) return {static_cast<int64_t>(units)};
    return any_time(units);
  }

 private:
  Timestamp any_time(uint64_t units) const;
  static constexpr uint64_t kNanoMax = std::numeric_limits<int64_t>::max();
  static constexpr uint64_t kMicroMax = kNanoMax / 1000;
};

}  // namespace sp3ctra
