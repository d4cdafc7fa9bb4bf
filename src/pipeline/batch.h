#pragma once
// What crosses the rings between the capture thread, the workers and the store thread.
#include <memory>
#include <vector>

#include "capture/packet.h"
#include "events/event.h"
#include "events/flow_signal.h"
#include "flow/checkpoints.h"
#include "flow/tracker_counters.h"

namespace sp3ctra {

/// Packets of one worker out of one stretch of frames. Recycled: clear() keeps the memory.
struct PacketBatch {
  struct Item {
    Packet packet;  ///< data points into `bytes` once seal() was called
    size_t at = 0;
    Timestamp now;       ///< largest time stamp up to this frame
    Timestamp previous;  ///< time of the frame before
    uint8_t shard = 0;
  };
  std::vector<Item> items;
  std::vector<std::byte> bytes;
  uint64_t last_number = 0;  ///< every frame up to here was given to some worker
  Timestamp now;
  bool end = false;  ///< no more batches

  void clear();
  void add(const Packet& packet, uint8_t shard, Timestamp now, Timestamp previous);
  /// Points the packets at their bytes; call after the last add().
  void seal();
};

/// A worker's answer to one batch.
struct WorkDone {
  uint64_t last_number = 0;
  bool end = false;
  std::vector<Event> events;        ///< in order of emission
  std::vector<FlowSignal> signals;  ///< likewise
  std::vector<std::pair<FlowId, Checkpoints::Copy>> checkpoints;
  TrackerCounters counters;  ///< of all the worker did so far
};

}  // namespace sp3ctra
