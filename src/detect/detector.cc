#include "detect/detector.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

#include "detect/thresholds.h"

namespace sp3ctra {

uint64_t address_hash(const IpAddress& address, uint64_t more) noexcept {
  return XXH3_64bits_withSeed(address.octets.data(), address.octets.size(),
                              more << 3 | address.version);
}

std::vector<uint64_t> evidence(std::vector<uint64_t> frames) {
  std::sort(frames.begin(), frames.end());
  frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
  constexpr size_t kHalf = limits::kAlertPacketsMax / 2;
  if (frames.size() > 2 * kHalf) frames.erase(frames.begin() + kHalf, frames.end() - kHalf);
  return frames;
}

std::string packet_words(const std::vector<uint64_t>& frames, size_t most) {
  std::string out;
  for (size_t i = 0; i < frames.size(); ++i) {
    if (frames.size() > most && i + 1 == most) {
      out += fmt::format(" … #{}", frames.back());
      break;
    }
    out += fmt::format("{}#{}", i ? ", " : "", frames[i]);
  }
  return out;
}

}  // namespace sp3ctra
