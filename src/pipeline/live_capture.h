#pragma once
// A live capture's file: the segment that every packet is written to first.
#include "capture/pcapng_writer.h"
#include "capture/random_access.h"
#include "pipeline/analysis.h"

namespace sp3ctra {

/// Writes pcapng and lets readers in behind the writer. Capture thread, but reader() by any.
class SegmentWriter final : public PacketSink {
 public:
  /// Creates `path` (must not exist, 0600) with the source's interfaces.
  static Result<std::unique_ptr<SegmentWriter>> create(
      const std::string& path, const std::vector<CaptureInterface>& interfaces);
  uint64_t write(const Packet& packet) override { return writer_.write_packet(packet); }
  void flush() override;
  /// Interface statistics at the end: what the kernel dropped.
  void finish(uint64_t received, uint64_t dropped, Timestamp now);
  std::shared_ptr<const PacketFile> reader() const { return reader_; }
  uint64_t bytes_written() const { return writer_.bytes_written(); }
  /// The first error in words, empty when none.
  const std::string& trouble() const { return trouble_; }

 private:
  SegmentWriter(FileHandle file, FileHandle reading);
  PcapngWriter writer_;
  std::shared_ptr<const PacketFile> reader_;
  std::string trouble_;
};

}  // namespace sp3ctra
