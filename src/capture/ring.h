#pragma once
// A TPACKET_V3 receive ring: blocks the kernel fills and we give back. One reading thread; a
// RingLease may be dropped by any thread.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "base/timestamp.h"
#include "capture/capd_descriptor.h"

namespace sp3ctra {

/// Size and pace of a ring.
struct RingShape {
  uint32_t block_bytes = 0;  ///< power of two
  uint32_t block_count = 0;
  uint32_t retire_ms = 0;
};

/// One frame in the current block, as the kernel describes it, its VLAN tag put back.
struct RingFrame {
  Bytes data;
  uint32_t wire_bytes = 0;  ///< with the tag
  Timestamp ts;
  uint16_t protocol = 0;  ///< ETH_P_*, host order
  bool outgoing = false;
  bool checksum_not_ready = false;
};

class Ring;

/// Keeps one block from going back to the kernel. Copy to share; the last one dropped returns the
/// block. Held too long (a turn of the ring) it makes the kernel drop packets, which is counted.
class RingLease {
 public:
  RingLease() = default;
  RingLease(const RingLease& other);
  RingLease(RingLease&& other) noexcept = default;
  RingLease& operator=(RingLease other) noexcept {
    std::swap(ring_, other.ring_);
    std::swap(block_, other.block_);
    return *this;
  }
  ~RingLease();
  bool held() const { return ring_ != nullptr; }

 private:
  friend class Ring;
  RingLease(std::shared_ptr<Ring> ring, uint32_t block) : ring_(std::move(ring)), block_(block) {}
  std::shared_ptr<Ring> ring_;
  uint32_t block_ = 0;
};

/// The mapped ring and its socket.
class Ring : public std::enable_shared_from_this<Ring> {
 public:
  /// Maps the ring that capd has set on `socket`. `shape` must be the one asked for.
  /// `has_ethernet`: frames begin with an Ethernet header, so that tags can be put back.
  static Result<std::shared_ptr<Ring>> map(Descriptor socket, RingShape shape, bool has_ethernet);
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring();

  int socket() const { return socket_.get(); }
  /// Whether next_block() would give one. Also false while the next block is still leased.
  bool ready() const;
  /// Gives the current block back (unless leased) and goes to the next filled one; false: none.
  bool next_block();
  /// Gives the current block back (unless leased). Frames of it must not be touched any more.
  void release_block();
  bool has_block() const { return current_; }
  /// The part of the ring that waits for its reader, 0 to 1. Any thread.
  double fill() const;
  uint32_t bytes() const { return shape_.block_bytes * shape_.block_count; }
  /// The next frame of the current block; false at its end.
  bool next_frame(RingFrame& out);
  /// A lease on the current block (there must be one).
  RingLease lease();

 private:
  friend class RingLease;
  Ring() = default;
  std::byte* block(uint32_t index) const { return memory_ + size_t{index} * shape_.block_bytes; }
  void hold(uint32_t index) { holds_[index].fetch_add(1, std::memory_order_relaxed); }
  void drop(uint32_t index);
  void restore_tag(std::byte* header, RingFrame& out, uint32_t mac);

  Descriptor socket_;
  RingShape shape_;
  bool has_ethernet_ = true;
  std::byte* memory_ = nullptr;
  std::unique_ptr<std::atomic<uint32_t>[]> holds_;  // per block: reader and leases
  uint32_t cursor_ = 0;                             // the block being read, or the one to come
  bool current_ = false;
  uint32_t frames_left_ = 0;
  uint32_t frame_offset_ = 0;  // of the next frame, in the current block
};

}  // namespace sp3ctra
