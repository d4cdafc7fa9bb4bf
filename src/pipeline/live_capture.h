#pragma once
// A live capture: the segment that every packet is written to first, and the thread that fills it.
#include <functional>
#include <mutex>

#include "capture/live_source.h"
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
  /// Interface statistics at the end: what the kernel dropped.
  void finish(uint64_t received, uint64_t dropped, Timestamp now);
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
  LiveCapture(std::unique_ptr<LiveSource> source, std::unique_ptr<SegmentWriter> writer,
              std::shared_ptr<IndexedCapture> view, std::string bpf, int64_t since_ns);
  /// Captures until stop(), a removed interface, a full disk or quota. Then calls `closed`, tells
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
  void drain();
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
