#pragma once
// How much of what was captured is kept, and what of it is kept now.
#include <cstdint>
#include <string>

#include "base/limits.h"

namespace sp3ctra {

/// What the user chose for live captures; 0 = no limit. Kept in the data directory.
struct StorePolicy {
  enum class WhenFull : uint8_t {
    kOverwrite,  ///< the oldest packets go
    kPause,      ///< the newest are not written until there is room again
  };
  bool asked = false;                        ///< the user has chosen once
  uint64_t bytes = limits::kDiskQuotaBytes;  ///< of all captures together
  uint64_t hours = 0;                        ///< older packets go, whatever when_full says
  uint64_t files = 0;                        ///< segments of a capture
  uint64_t min_free_bytes = 0;               ///< what must stay free on the disk
  WhenFull when_full = WhenFull::kOverwrite;
  /// Keeps the last 24 hours: no limit in bytes but what must stay free, and the capture starts
  /// with the program.
  bool always_on = false;
  bool operator==(const StorePolicy&) const = default;

  // What may be chosen, besides 0.
  static constexpr uint64_t kBytesMin = 16u << 20;  ///< fewer hold no segment worth the name
  static constexpr uint64_t kBytesMax = uint64_t{1} << 60;
  static constexpr uint64_t kHoursMax = 24 * 366, kFilesMin = 2;
  static constexpr uint64_t kFilesMax = 1024;  ///< each stays open; programs may open thousands
};

/// Of the running capture; a copy.
struct StoreState {
  uint64_t segments = 0, bytes = 0;  ///< kept now
  int64_t oldest_ns = 0;             ///< time of the oldest packet kept, since 1970
  uint64_t expired_packets = 0, expired_segments = 0;
  bool paused = false;
  std::string
      words;  ///< why it is paused, or what is no longer kept; empty when nothing is missing
};

}  // namespace sp3ctra
