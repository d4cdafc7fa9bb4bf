#pragma once
// One capture being read: source → numbered, sharded batches → workers → committed rows, events.
#include <atomic>
#include <functional>
#include <memory>

#include "capture/file_annotations.h"
#include "capture/packet_source.h"
#include "flow/checkpoints.h"
#include "flow/tracker.h"
#include "store/index.h"

namespace sp3ctra {

/// Where a live capture's packets are written before anything else looks at them.
class PacketSink {
 public:
  virtual ~PacketSink() = default;
  /// What write() says of a packet that was not taken: it gets no number.
  static constexpr uint64_t kNotKept = UINT64_MAX;
  /// Appends; the offset of the record in the file, or kNotKept while there is no room for it.
  virtual uint64_t write(const Packet& packet) = 0;
  /// Makes what was written readable; called before its rows are committed. How many of the packets
  /// taken since the beginning lie whole in the file. When they are fewer than were taken, the last
  /// ones are lost: they lose their numbers again, and the next packet taken follows the kept ones.
  virtual uint64_t flush() = 0;
  /// An interface that was not there when the analysis began: called in order of its number, before
  /// the first packet of it. Those that were there are the writer's from the beginning.
  virtual void add_interface(const CaptureInterface& interface) = 0;
  /// What an interface counted so far, at the end and when it goes; later numbers replace earlier.
  virtual void statistics(const FileStatistics& counted, Timestamp now) = 0;
};

/// What a running analysis counts, for other threads to look at.
struct AnalysisCounters {
  std::atomic<uint64_t> not_analysed{0};  ///< live: queue full; listed, but not dissected
  std::atomic<uint64_t> not_written{0};   ///< the writer could not take them; not listed
  std::atomic<double> queue_fill{0};      ///< of the fullest worker, 0 to 1
};

struct AnalysisOptions {
  unsigned workers = 1;
  uint32_t flows_max_per_shard = limits::kFlowsPerShard;
  PacketSink* writer = nullptr;                ///< live only
  Checkpoints* checkpoints = nullptr;          ///< filled when there
  bool live = false;                           ///< full queues mark rows instead of waiting
  std::function<void(const Event&)> on_event;  ///< store thread, in order
  /// Store thread, in order; those of a frame before its events.
  std::function<void(const FlowSignal&)> on_signal;
  /// Store thread: what all workers had to give up so far, when it changed.
  std::function<void(const TrackerCounters&)> on_counters;
  std::function<bool()> wait;                            ///< live: sleeps until packets or wake-up
  AnalysisCounters* counters = nullptr;                  ///< counted while it runs
  uint32_t queue_batches = limits::kWorkerQueueBatches;  ///< waiting for one worker
  uint64_t queue_bytes = limits::kWorkerQueueBytes;      ///< waiting for all workers together
};

struct AnalysisReport {
  uint64_t packets = 0;
  uint64_t not_analysed = 0;  ///< as in AnalysisCounters
  uint64_t not_written = 0;
  uint64_t events = 0;
  uint64_t events_digest = 0;  ///< XXH3 over all signals and events in order
  TrackerCounters trackers;
  bool cancelled = false;
};

/// Reads `source` to its end (or until `stop`). Blocks: the caller's thread is the capture thread.
/// The same bytes give the same index and events with any number of workers.
AnalysisReport analyse_capture(PacketSource& source, CaptureIndex& index,
                               const AnalysisOptions& options, std::atomic<bool>& stop);

/// XXH3 over all columns of all committed rows and over the flow records: equal index, equal
/// digest.
uint64_t index_digest(const CaptureIndex& index);

/// Bytes of an event that do not depend on padding, for digests and comparisons.
void append_event_bytes(std::vector<std::byte>& out, const Event& event);
void append_signal_bytes(std::vector<std::byte>& out, const FlowSignal& signal);

}  // namespace sp3ctra
