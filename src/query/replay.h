#pragma once
// The tree of any packet on demand: walks the flow's `previous` links back, feeds the packets
// before it forward through the same code as the pass, then draws. Equal to the tree of a pass in
// order.
#include <list>
#include <memory>
#include <vector>

#include "capture/random_access.h"
#include "flow/checkpoints.h"
#include "flow/tracker.h"
#include "store/index.h"

namespace sp3ctra {

/// Single thread; one object per query thread or behind a lock. Keeps the last few flows walked, so
/// that reading on in a conversation does not start over.
class Replay {
 public:
  static constexpr size_t kFlowsKept = 32;

  /// `checkpoints` may be null: walks begin at the flow's first packet then.
  Replay(const CaptureIndex& index, std::shared_ptr<const PacketFile> file,
         std::shared_ptr<Checkpoints> checkpoints = nullptr)
      : index_(index), file_(std::move(file)), checkpoints_(std::move(checkpoints)) {}

  /// What one dissection gives; valid until the next call.
  struct Opened {
    Packet packet;
    Parsed parsed;
    std::string_view info;
  };
  /// Dissects packet `number` into `tree` (null: only parsed and info). `walk_max` bounds how many
  /// earlier packets may be read; beyond it the walk starts in the middle and `whole` turns false.
  Result<Opened> open(uint64_t number, Tree* tree, uint64_t walk_max, bool* whole);
  /// Packets read so far, those walked through among them.
  uint64_t packets_read() const { return packets_read_; }

 private:
  struct Walked final : StreamNumbering {
    FlowId flow;
    uint32_t stream = 0;
    uint64_t last_fed = 0;
    bool whole = true;
    Timestamp now;
    std::unique_ptr<FlowTracker> tracker;
    uint64_t reused_at = 0;  ///< first frame of a flow on ports that were used before, else 0
    uint32_t number(FlowId, FlowKind) noexcept override { return stream; }
    bool ports_reused(uint64_t frame) const noexcept override { return frame == reused_at; }
  };
  void fresh_tracker(Walked& walked) const;
  void resume(Walked& walked, uint64_t number) const;
  Walked& walked(FlowId flow, uint64_t number, uint64_t walk_max);
  bool chain_before(uint64_t number, uint64_t last_fed, uint64_t walk_max,
                    std::vector<uint64_t>& chain) const;
  Result<Packet> read(uint64_t number);
  void set_times(FlowTracker& tracker, uint64_t number, Timestamp& now) const;

  const CaptureIndex& index_;
  std::shared_ptr<const PacketFile> file_;
  std::shared_ptr<Checkpoints> checkpoints_;
  uint64_t packets_read_ = 0;
  std::vector<std::byte> buffer_;
  std::list<Walked> kept_;  ///< most recently used first
  std::unique_ptr<Dissection> drawn_;
};

}  // namespace sp3ctra
