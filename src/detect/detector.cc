#include "detect/detector.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <exception>
#include <random>

#include "detect/thresholds.h"

namespace sp3ctra {

Timestamp safe_time(Timestamp t) noexcept {
  return {std::clamp(t.ns, thresholds::kTimeMinNs, thresholds::kTimeMaxNs)};
}

uint64_t address_hash(const IpAddress& address, uint64_t more) noexcept {
  return XXH3_64bits_withSeed(address.octets.data(), address.octets.size(),
                              more << 3 | address.version);
}

uint64_t table_seed() noexcept {
  static const uint64_t seed = []() -> uint64_t {
    try {
      std::random_device chance;
      return uint64_t{chance()} << 32 | chance();
    } catch (const std::exception&) {
      return 0;  // no source of chance: tables are slower at worst
    }
  }();
  return seed;
}

size_t PairHash::operator()(uint64_t pair) const noexcept {
  return XXH3_64bits_withSeed(&pair, sizeof(pair), table_seed());
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
