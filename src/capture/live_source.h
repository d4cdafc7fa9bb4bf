#pragma once
// Live packets of one interface through a TPACKET_V3 ring. One capture thread calls next(), wait()
// and lease(); stop(), stats() and state questions may come from any thread.
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "capture/bpf.h"
#include "capture/capd.h"
#include "capture/packet_source.h"
#include "capture/ring.h"

namespace sp3ctra {

/// What was counted since the capture began.
struct LiveStats {
  uint64_t received = 0;      ///< past the capture filter, those dropped by the kernel too
  uint64_t kernel_drops = 0;  ///< the ring was full
  uint64_t card_drops = 0;    ///< lost before the filter: the card or the kernel's input queue
};

/// Captures on one interface until stopped.
class LiveSource : public PacketSource {
 public:
  struct Options {
    std::string interface_name;
    std::string bpf;  ///< empty = everything
    uint32_t snaplen = limits::kPacketBytesMax;
    bool promiscuous = true;
    uint32_t ring_bytes =
        limits::kRingBytes;  ///< halved down to kRingBytesMin when memory is short
    uint32_t block_bytes = limits::kRingBlockBytes;
    uint32_t retire_ms = limits::kRingRetireMs;
  };
  /// Opens the socket through `capd`. A wrong filter's error has a position; all others have
  /// position 0 and length 0 and name what to do.
  static tl::expected<std::unique_ptr<LiveSource>, BpfError> open(Capd& capd,
                                                                  const Options& options);
  ~LiveSource() override;

  /// kIdle: nothing yet, call wait(). `out.data` is valid until the next call, longer with lease().
  /// After stop(): what the ring still holds, then kEnd (≤ 50 ms when it is read as fast as it
  /// comes). Also kEnd when the interface is removed; damage() then says so.
  Next next(Packet& out) override;
  /// Waits for packets, stop() or an error; at most `timeout_ms`. Call only after kIdle.
  void wait(int timeout_ms);
  /// Ends the capture: no further packet enters the ring. Wakes wait(). Any thread.
  void stop();
  /// Keeps the bytes of the last packet (and of its block) after the next call of next().
  RingLease lease() { return ring_->lease(); }
  /// Gives the current block back early; the bytes of its packets are gone unless leased.
  void release_block() { ring_->release_block(); }

  /// Capture thread: from now on `program` decides. What came before was judged by the program
  /// before, and nothing is lost or judged twice in between.
  void set_filter(BpfProgram program);
  /// The kernel filters frames of this type and cuts them to this length. Any thread.
  LinkType link_type() const { return link_; }
  uint32_t snaplen() const { return snaplen_; }

  /// Any thread, one at a time. Counts no card drops.
  LiveStats stats();
  /// False once the interface was removed (or moved to another namespace), for good: whatever has
  /// its name or number afterwards is another one. Any thread.
  bool bound() const;
  /// The part of the ring that waits to be read, 0 to 1. Any thread.
  double fill() const { return ring_->fill(); }
  uint32_t interface_index() const { return interface_index_; }
  /// For poll(): readable when there is a block; an error is told once and cleared by
  /// heard_error().
  int socket() const { return ring_->socket(); }
  void heard_error();
  /// After stop(): nothing enters the ring any more, so wait for milliseconds only.
  bool sealed() const { return sealed_; }
  /// After stop(): the kernel did not close the ring, so what came later was left out by its time.
  bool refused_seal() const { return refused_seal_; }
  /// Frames longer than this are named "offload". Any thread.
  void set_mtu(uint32_t mtu) { mtu_.store(mtu, std::memory_order_relaxed); }
  /// The interface is switched off; capturing goes on when it comes back. Any thread.
  bool interface_down() const;

  const std::vector<CaptureInterface>& interfaces() const override { return interfaces_; }
  const std::string& damage() const override { return damage_; }
  uint32_t mtu() const { return mtu_.load(std::memory_order_relaxed); }
  uint32_t ring_bytes() const { return ring_bytes_; }

 private:
  LiveSource() = default;
  Status open_ring(Capd& capd, const Options& options);
  bool accept(const RingFrame& frame, Packet& out);
  bool wanted(const RingFrame& frame);
  bool attach(const std::vector<BpfInstruction>& code) const;
  Next after_stop();
  void look_at_error();

  std::shared_ptr<Ring> ring_;
  Descriptor wake_;     // an eventfd
  BpfProgram program_;  // as opened
  /// A filter and the packets it judges, by their time: from `since` to the next one's. Between
  /// `in_kernel` and `until` the kernel surely ran it.
  struct Reign {
    BpfProgram program;
    Timestamp since, in_kernel, until;
  };
  std::deque<Reign> reigns_;  // the last one goes on; earlier ones while the ring holds of theirs
  std::vector<CaptureInterface> interfaces_;
  std::string damage_;
  LinkType link_ = LinkType::kEthernet;
  bool loopback_ = false;
  uint32_t interface_index_ = 0;
  std::atomic<uint32_t> mtu_{0};
  uint32_t snaplen_ = 0;
  uint32_t ring_bytes_ = 0;
  uint32_t retire_ms_ = 0;
  std::atomic<bool> stopping_{false};
  bool sealed_ = false;  // after stop: nothing enters the ring any more
  bool refused_seal_ = false;
  Timestamp open_until_ = {INT64_MAX};  // with a refused seal
  int64_t sealed_at_ms_ = 0;
  std::atomic<uint64_t> received_{0};
  std::atomic<uint64_t> kernel_drops_{0};
  std::atomic<uint64_t> unwanted_{0};  // past the kernel's filter, but not past ours
};

/// The link type of frames that AF_PACKET gives for an ARPHRD_* number, and whether they come
/// without link header; empty when this program cannot capture there.
struct LiveLink {
  LinkType link_type = LinkType::kEthernet;
  bool cooked = false;
};
std::optional<LiveLink> live_link(uint32_t hardware_type);

/// Whether a frame is longer than an MTU allows on the wire: the card or kernel joins or splits
/// segments ("offload"). `frame` begins with its link header.
bool is_offload(Bytes frame, uint32_t wire_bytes, uint32_t mtu, LinkType link);

}  // namespace sp3ctra
