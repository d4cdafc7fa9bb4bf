#pragma once
// What following the flows had to give up, counted; each is shown beside what it makes less true.
#include <cstdint>
#include <string_view>
#include <vector>

namespace sp3ctra {

struct TrackerCounters {
  uint64_t flows_evicted = 0;      ///< table full: longest silent flow left early
  uint64_t buffers_full = 0;       ///< flows ended because the shard's stream bytes were used up
  uint64_t fragments_dropped = 0;  ///< datagrams never completed
  uint64_t stream_gaps = 0;        ///< stretches of a stream never seen
  uint64_t stream_gap_bytes = 0;
  uint64_t messages_cut = 0;  ///< messages longer than limits::kPduBytesKept

  TrackerCounters& operator+=(const TrackerCounters& o);
  bool operator==(const TrackerCounters&) const = default;
};

/// One counter with its name (as in `read --stats` and the API) and what it means.
struct GivenUp {
  std::string_view name;
  uint64_t count = 0;
  std::string_view words;  ///< follows the count: "conversations …"
};

/// All counters, zeros among them, in a fixed order.
std::vector<GivenUp> given_up(const TrackerCounters& counters);

}  // namespace sp3ctra
