#pragma once
// A live capture: its source, its segments, and the thread between them.
#include <functional>
#include <map>
#include <mutex>

#include "capture/live_set.h"
#include "control/engine.h"
#include "pipeline/segment_writer.h"
#include "query/indexed_capture.h"

namespace sp3ctra {

/// One live capture from its start to its last written packet. run() is its thread's; the rest is
/// any thread's.
class LiveCapture {
 public:
  LiveCapture(std::unique_ptr<LiveSet> source, std::unique_ptr<SegmentWriter> writer,
              std::shared_ptr<IndexedCapture> view, int64_t since_ns);
  /// Captures until stop(). Then calls `closed`, tells the view, and last of
  /// all is ended(). What it gives back is to be let go: the kernel takes its time to close rings.
  [[nodiscard]] std::shared_ptr<LiveSet> run(unsigned workers, const std::function<void()>& closed);
  void stop();
  bool stopping() const { return stopping_; }
  /// Nothing of the capture moves any more: its file is whole, another may start.
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  const std::string& id() const { return id_; }
  const std::shared_ptr<IndexedCapture>& view() const { return view_; }
  /// Fills what the state says of the capture: name, counters, rates, words.
  void describe(EngineState& state);
  /// What is captured on; null when it has ended. Adds, removes, filters.
  std::shared_ptr<LiveSet> source() const;

 private:
  class Sink;
  struct Rate {
    uint64_t packets = 0, bytes = 0;
    double packets_per_s = 0, bits_per_s = 0;
    void step(uint64_t now_packets, uint64_t now_bytes, double seconds);
  };
  void tell_ended(Sink& sink, bool all);
  void add_interfaces(EngineState& state);
  void add_rates(EngineState& state);

  const std::unique_ptr<SegmentWriter> writer_;
  const std::shared_ptr<IndexedCapture> view_;
  const std::string id_;
  const int64_t since_ns_;
  AnalysisCounters counters_;
  std::atomic<bool> stopping_{false}, ended_{false};
  mutable std::mutex mutex_;         ///< the rest
  std::shared_ptr<LiveSet> source_;  ///< gone when ended: the rings are 64 MiB of kernel memory
  std::vector<LiveInterfaceState> last_states_;
  std::string last_bpf_, last_notice_;
  int64_t rate_ns_ = 0;
  Rate rate_;
  std::map<std::string, Rate> interface_rates_;
};

}  // namespace sp3ctra
