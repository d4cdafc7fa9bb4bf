#pragma once
// A live capture: its source, its segments, and the thread between them.
#include <functional>
#include <mutex>

#include "capture/live_source.h"
#include "control/engine.h"
#include "pipeline/segment_writer.h"
#include "query/indexed_capture.h"

namespace sp3ctra {

/// One live capture from its start to its last written packet. run() is its thread's; the rest is
/// any thread's.
class LiveCapture {
 public:
  LiveCapture(std::unique_ptr<LiveSource> source, std::unique_ptr<SegmentWriter> writer,
              std::shared_ptr<IndexedCapture> view, std::string bpf, int64_t since_ns);
  /// Captures until stop() or a removed interface. Then calls `closed`, tells
  /// the view, and last of all is ended().
  void run(unsigned workers, const std::function<void()>& closed);
  void stop();
  /// Nothing of the capture moves any more: its file is whole, another may start.
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  const std::string& id() const { return id_; }
  const std::shared_ptr<IndexedCapture>& view() const { return view_; }
  /// Fills what the state says of the capture: name, counters, rates, words.
  void describe(EngineState& state);

 private:
  void add_rates(EngineState& state);

  LiveStats stats();

  const std::unique_ptr<SegmentWriter> writer_;
  const std::shared_ptr<IndexedCapture> view_;
  const std::string id_, interface_name_, bpf_;
  const int64_t since_ns_;
  AnalysisCounters counters_;
  std::atomic<bool> stopping_{false}, ended_{false};
  std::mutex mutex_;                    ///< the rest; the capture thread reads source_ without it
  std::unique_ptr<LiveSource> source_;  ///< gone when ended: the ring is 64 MiB of kernel memory
  LiveStats last_stats_;
  int64_t rate_ns_ = 0;
  uint64_t rate_packets_ = 0, rate_bytes_ = 0;
  double packets_per_s_ = 0, bits_per_s_ = 0;
};

}  // namespace sp3ctra
