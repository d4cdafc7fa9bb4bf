#pragma once
// The same packet seen on two interfaces: a bridge and its member, both ends of a virtual cable.
#include <array>
#include <cstdint>
#include <vector>

#include "base/limits.h"
#include "capture/packet.h"

namespace sp3ctra {

/// Finds packets whose bytes came on another interface at most limits::kDuplicateNs before (or
/// after, by their times). Each original is answered once by each other interface, so that a packet
/// sent twice and seen twice on both sides is two originals and two duplicates. Bounded: of very
/// many packets within that time the oldest are forgotten. The answer depends on nothing but the
/// packets given and their order. One thread.
class DuplicateFinder {
 public:
  DuplicateFinder();
  /// Whether this packet was seen before on another interface. Give every packet, in order.
  bool seen_before(const Packet& packet) noexcept;

 private:
  struct Original {
    uint64_t hash = 0;
    int64_t ts_ns = INT64_MIN / 2;
    uint64_t answered = 0;  ///< bit i: by interface i (of 64)
    uint16_t interface_id = 0;
  };
  static constexpr size_t kWays = 8;
  using Bucket = std::array<Original, kWays>;
  static_assert(limits::kDuplicateOriginals % kWays == 0);
  std::vector<Bucket> buckets_;
};

}  // namespace sp3ctra
