#include "flow/tracker_counters.h"

namespace sp3ctra {

TrackerCounters& TrackerCounters::operator+=(const TrackerCounters& o) {
  flows_evicted += o.flows_evicted;
  buffers_full += o.buffers_full;
  fragments_dropped += o.fragments_dropped;
  stream_gaps += o.stream_gaps;
  stream_gap_bytes += o.stream_gap_bytes;
  messages_cut += o.messages_cut;
  return *this;
}

std::vector<GivenUp> given_up(const TrackerCounters& c) {
  return {{"flows_evicted", c.flows_evicted,
           "conversations were let go early because too many lived at once; what they sent later "
           "counts as new conversations"},
          {"buffers_full", c.buffers_full,
           "conversations were let go early because they held back too much unfinished data"},
          {"fragments_dropped", c.fragments_dropped,
           "packets sent in pieces were never completed within 30 seconds"},
          {"stream_gaps", c.stream_gaps, "stretches of connections were never captured"},
          {"stream_gap_bytes", c.stream_gap_bytes, "bytes lay in those stretches"},
          {"messages_cut", c.messages_cut,
           "messages were longer than 128 KiB; only their beginning is read"}};
}

}  // namespace sp3ctra
