#pragma once
// A live capture: the segment that every packet is written to first, and the thread that fills it.
#include <functional>
#include <map>
#include <mutex>

#include "capture/live_set.h"
#include "capture/pcapng_writer.h"
#include "capture/random_access.h"
#include "control/engine.h"
#include "pipeline/analysis.h"
#include "query/indexed_capture.h"

namespace sp3ctra {

/// Writes pcapng and lets readers in behind the writer. A full disk or quota ends the file after
/// its last whole packet; trouble() then says so. Capture thread, but reader() by any.
class SegmentWriter final : public PacketSink {
 public:
  /// Whether the file may have so many bytes. Called for every packet: must not block.
  using Room = std::function<bool(uint64_t bytes)>;
  /// Creates `path` (must not exist, 0600) with the source's interfaces. Without `room` only the
  /// disk bounds the file.
  static Result<std::unique_ptr<SegmentWriter>> create(
      const std::string& path, const std::vector<CaptureInterface>& interfaces, Room room = {});
  uint64_t write(const Packet& packet) override;
  uint64_t flush() override;
  void add_interface(const CaptureInterface& interface) override;
  /// Call flush() afterwards.
  void statistics(const FileStatistics& counted, Timestamp now) override;
  std::shared_ptr<const PacketFile> reader() const { return reader_; }
  uint64_t bytes_written() const { return writer_.bytes_written(); }
  /// Why the file ended early, in words, empty when it did not.
  const std::string& trouble() const { return trouble_; }
  /// Whether the file ends with a whole packet.
  bool whole() const { return whole_; }

 private:
  SegmentWriter(FileHandle file, FileHandle reading, Room room);
  void cut_to_whole_packets(const std::string& error);

  PcapngWriter writer_;
  std::shared_ptr<const PacketFile> reader_;
  Room room_;
  std::string trouble_;
  bool broken_ = false;         ///< the system refused to write
  bool whole_ = true;           ///< no half packet is at the end of the file
  uint64_t whole_packets_ = 0;  ///< in the file at the last flush
  uint64_t whole_bytes_ = 0;    ///< length of the file at the last flush
  std::vector<uint64_t> ends_;  ///< of the packets written since
};

/// One live capture from its start to its last written packet. run() is its thread's; the rest is
/// any thread's.
class LiveCapture {
 public:
  LiveCapture(std::unique_ptr<LiveSet> source, std::unique_ptr<SegmentWriter> writer,
              std::shared_ptr<IndexedCapture> view, int64_t since_ns);
  /// Captures until stop(), a full disk or quota. Then calls `closed`, tells the view, and last of
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
  void drain(Sink& sink);
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
