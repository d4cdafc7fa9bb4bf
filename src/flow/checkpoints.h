#pragma once
// Copies of flows taken while a capture is read, so that opening packet N of a long flow walks from
// the last copy before N and not from the flow's first packet.
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "flow/flow.h"

namespace sp3ctra {

/// Bytes that a copy of the flow takes, roughly.
size_t checkpoint_bytes(const Flow& flow);

/// At most limits::kCheckpointBytes and limits::kCheckpointsPerFlow a flow: when a flow has that
/// many, every second one goes and the spacing doubles; when memory is short, the flows asked for
/// or added to least recently go whole. Any thread. Answers depend on what was given up; what is
/// drawn from them does not.
class Checkpoints {
 public:
  explicit Checkpoints(size_t bytes_max = limits::kCheckpointBytes) : bytes_max_(bytes_max) {}

  struct Copy {
    uint64_t frame = 0;                ///< the flow as it was after this packet; 0 = none
    std::shared_ptr<const Flow> flow;  ///< null = none
  };
  /// Frames of one flow must come in order.
  void add(FlowId id, Copy copy);
  /// The latest copy taken before frame `number`.
  Copy before(FlowId id, uint64_t number);
  size_t bytes() const;
  size_t count(FlowId id) const;

 private:
  struct Entry {
    std::vector<Copy> copies;  ///< by frame
    size_t bytes = 0;
    uint32_t offered = 0, step = 1;
    std::list<uint32_t>::iterator age;
  };
  void thin(Entry& entry);

  const size_t bytes_max_;
  mutable std::mutex mutex_;
  std::unordered_map<uint32_t, Entry> flows_;
  std::list<uint32_t> ages_;  ///< longest untouched first
  size_t bytes_ = 0;
};

}  // namespace sp3ctra
