#include "capture/duplicates.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <random>

namespace sp3ctra {
namespace {

/// Of this process: whoever sends packets must not be able to make two of them look alike.
uint64_t hash_seed() {
  static const uint64_t seed = [] {
    std::random_device random;
    return uint64_t{random()} << 32 | random();
  }();
  return seed;
}

/// Files may hold any times: their difference need not fit a signed number.
uint64_t apart_ns(int64_t a, int64_t b) {
  const auto ua = static_cast<uint64_t>(a), ub = static_cast<uint64_t>(b);
  return a > b ? ua - ub : ub - ua;
}

}  // namespace

DuplicateFinder::DuplicateFinder() : buckets_(limits::kDuplicateOriginals / kWays) {
  (void)hash_seed();
}

bool DuplicateFinder::seen_before(const Packet& p) noexcept {
  const uint64_t hash = XXH3_64bits_withSeed(p.data.data(), p.data.size(), hash_seed() + p.len);
  Bucket& bucket = buckets_[hash % buckets_.size()];
  const uint64_t bit = uint64_t{1} << (p.interface_id % 64);
  Original* first = nullptr;  // the oldest that this one may be
  Original* place = &bucket[0];
  for (Original& o : bucket) {
    if (o.ts_ns < place->ts_ns) place = &o;
    if (o.hash != hash || o.interface_id == p.interface_id || (o.answered & bit) != 0) continue;
    if (apart_ns(p.ts.ns, o.ts_ns) > uint64_t{limits::kDuplicateNs}) continue;
    if (first == nullptr || o.ts_ns < first->ts_ns) first = &o;
  }
  if (first != nullptr) {
    first->answered |= bit;
    return true;
  }
  *place = {hash, p.ts.ns, 0, p.interface_id};
  return false;
}

}  // namespace sp3ctra
