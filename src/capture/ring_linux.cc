// TPACKET_V3: the layout is the kernel's (linux/if_packet.h), the walk and the leases are ours.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/mman.h>

#include <cstring>

#include "base/check.h"
#include "capture/ring.h"

namespace sp3ctra {
namespace {

tpacket_block_desc* descriptor(std::byte* block) {
  return reinterpret_cast<tpacket_block_desc*>(block);
}

// The kernel writes the word on another CPU: these two order our reads and writes around it.
uint32_t load_status(std::byte* block) {
  return __atomic_load_n(&descriptor(block)->hdr.bh1.block_status, __ATOMIC_ACQUIRE);
}
void store_status(std::byte* block, uint32_t status) {
  __atomic_store_n(&descriptor(block)->hdr.bh1.block_status, status, __ATOMIC_RELEASE);
}

constexpr uint32_t kSourceMacAndDestination = 12;

}  // namespace

RingLease::RingLease(const RingLease& other) : ring_(other.ring_), block_(other.block_) {
  if (ring_) ring_->hold(block_);
}

RingLease::~RingLease() {
  if (ring_) ring_->drop(block_);
}

Result<std::shared_ptr<Ring>> Ring::map(Descriptor socket, RingShape shape, bool has_ethernet) {
  std::shared_ptr<Ring> ring(new Ring);
  const size_t bytes = size_t{shape.block_bytes} * shape.block_count;
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, socket.get(), 0);
  if (memory == MAP_FAILED) return fail_errno("cannot map the capture ring");
  ring->memory_ = static_cast<std::byte*>(memory);
  ring->socket_ = std::move(socket);
  ring->shape_ = shape;
  ring->has_ethernet_ = has_ethernet;
  ring->holds_ = std::make_unique<std::atomic<uint32_t>[]>(shape.block_count);
  return ring;
}

Ring::~Ring() {
  if (memory_) ::munmap(memory_, size_t{shape_.block_bytes} * shape_.block_count);
}

bool Ring::ready() const {
  const uint32_t at = current_ ? (cursor_ + 1) % shape_.block_count : cursor_;
  // A held block still carries the status of the turn before.
  return holds_[at].load(std::memory_order_acquire) == 0 &&
         (load_status(block(at)) & TP_STATUS_USER) != 0;
}

double Ring::fill() const {
  uint32_t waiting = 0;
  for (uint32_t i = 0; i < shape_.block_count; ++i) {
    waiting += (load_status(block(i)) & TP_STATUS_USER) != 0;
  }
  return static_cast<double>(waiting) / shape_.block_count;
}

bool Ring::next_block() {
  release_block();
  if (!ready()) return false;
  hold(cursor_);
  current_ = true;
  const tpacket_hdr_v1& h = descriptor(block(cursor_))->hdr.bh1;
  frames_left_ = h.num_pkts;
  frame_offset_ = h.offset_to_first_pkt;
  return true;
}

void Ring::release_block() {
  if (!current_) return;
  current_ = false;
  frames_left_ = 0;
  const uint32_t done = cursor_;
  cursor_ = (cursor_ + 1) % shape_.block_count;
  drop(done);
}

void Ring::drop(uint32_t index) {
  // The status is stored before the count reaches 0: ready() must never see an unheld old block.
  uint32_t held = holds_[index].load(std::memory_order_acquire);
  for (;;) {
    DCHECK(held > 0);
    if (held == 1) store_status(block(index), TP_STATUS_KERNEL);
    if (holds_[index].compare_exchange_weak(held, held - 1, std::memory_order_acq_rel)) return;
  }
}

RingLease Ring::lease() {
  CHECK(current_);
  hold(cursor_);
  return RingLease(shared_from_this(), cursor_);
}

bool Ring::next_frame(RingFrame& out) {
  if (!current_ || frames_left_ == 0) return false;
  std::byte* start = block(cursor_);
  // The block is the kernel's word, but a wrong offset must not leave it.
  if (frame_offset_ > shape_.block_bytes - sizeof(tpacket3_hdr)) return false;
  std::byte* header = start + frame_offset_;
  const auto& h = *reinterpret_cast<const tpacket3_hdr*>(header);
  const uint32_t room = shape_.block_bytes - frame_offset_;
  if (h.tp_mac > room || h.tp_snaplen > room - h.tp_mac) return false;
  out.data = {header + h.tp_mac, h.tp_snaplen};
  out.wire_bytes = h.tp_len;
  out.ts = {int64_t{h.tp_sec} * Timestamp::kSecond + h.tp_nsec};
  out.checksum_not_ready = (h.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
  const auto& from =
      *reinterpret_cast<const sockaddr_ll*>(header + TPACKET_ALIGN(sizeof(tpacket3_hdr)));
  out.outgoing = from.sll_pkttype == PACKET_OUTGOING;
  out.protocol = ntohs(from.sll_protocol);
  if (has_ethernet_ && (h.tp_status & TP_STATUS_VLAN_VALID)) restore_tag(header, out, h.tp_mac);
  --frames_left_;
  frame_offset_ += h.tp_next_offset;
  return true;
}

void Ring::restore_tag(std::byte* header, RingFrame& out, uint32_t mac) {
  const auto& h = *reinterpret_cast<const tpacket3_hdr*>(header);
  constexpr uint32_t kTagBytes = 4;
  const uint32_t first_free = TPACKET_ALIGN(sizeof(tpacket3_hdr)) + sizeof(sockaddr_ll);
  if (out.data.size() < kSourceMacAndDestination || mac < first_free + kTagBytes) return;
  std::byte* at = header + mac - kTagBytes;
  std::memmove(at, header + mac, kSourceMacAndDestination);
  const bool has_type = (h.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
  const uint16_t type = htons(has_type ? h.hv1.tp_vlan_tpid : uint16_t{ETH_P_8021Q});
  const uint16_t tag = htons(static_cast<uint16_t>(h.hv1.tp_vlan_tci));
  std::memcpy(at + kSourceMacAndDestination, &type, sizeof type);
  std::memcpy(at + kSourceMacAndDestination + 2, &tag, sizeof tag);
  out.data = {at, out.data.size() + kTagBytes};
  out.wire_bytes += kTagBytes;
}

}  // namespace sp3ctra
