#pragma once
// The live packets that `sp3ctra capture` reads, and what their interfaces counted.
#include <memory>
#include <string>
#include <vector>

#include "capture/file_annotations.h"
#include "capture/live_source.h"

namespace sp3ctra::cli {

/// What one interface counted since the capture began.
struct InterfaceCount {
  std::string name;
  uint64_t captured = 0;  ///< given to us
  uint64_t received = 0;  ///< past the kernel's filter, the dropped ones too
  uint64_t kernel_drops = 0, card_drops = 0;
  std::string words;  ///< what befell it; empty when nothing did
};

/// One thread, but stop().
class LiveFeed {
 public:
  struct Options {
    std::string bpf;
    uint32_t snaplen = 0, ring_bytes = 0;
    bool promiscuous = true;
  };
  static tl::expected<std::unique_ptr<LiveFeed>, BpfError> open(
      Capd& capd, const std::vector<std::string>& names, const Options& options);
  PacketSource::Next next(Packet& out);
  void wait(int timeout_ms) { source_->wait(timeout_ms); }
  void stop() { source_->stop(); }
  const std::vector<CaptureInterface>& interfaces() const { return source_->interfaces(); }
  std::vector<InterfaceCount> counts();
  std::vector<FileStatistics> statistics();

 private:
  std::unique_ptr<LiveSource> source_;
  uint64_t packets_ = 0;
};

}  // namespace sp3ctra::cli
