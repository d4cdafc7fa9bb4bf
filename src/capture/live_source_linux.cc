// Live capture: the ring's frames become Packets.

#include <errno.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "capture/live_source.h"

namespace sp3ctra {
namespace {

int64_t monotonic_ms() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

Timestamp wall_clock() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  return {int64_t{t.tv_sec} * Timestamp::kSecond + t.tv_nsec};
}

/// The ARPHRD_* number of an interface, before there is a capture socket.
Result<uint32_t> hardware_type_of(const std::string& name) {
  ifreq ask{};
  if (name.empty() || name.size() >= sizeof ask.ifr_name) {
    return fail("“{}” is not an interface name", name);
  }
  std::memcpy(ask.ifr_name, name.data(), name.size());
  const Descriptor any(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::ioctl(any.get(), SIOCGIFHWADDR, &ask) != 0) {
    return fail("there is no interface {}", name);
  }
  return uint32_t{ask.ifr_hwaddr.sa_family};
}

constexpr uint32_t kEthernetHeaderBytes = 14;
constexpr int64_t kFromTimeToFilterNs = 50'000'000;
constexpr size_t kReignsMax = 16;  // filters changed while the ring holds packets from before
constexpr Timestamp kEver{INT64_MAX};

}  // namespace

std::optional<LiveLink> live_link(uint32_t hardware_type) {
  switch (hardware_type) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:
      return LiveLink{LinkType::kEthernet, false};
    // Tunnels: each has a header of its own or none; cooked frames all begin with the IP header.
    case ARPHRD_NONE:
    case ARPHRD_RAWIP:
    case ARPHRD_PPP:
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
    case ARPHRD_IP6GRE:
      return LiveLink{LinkType::kRaw, true};
    default:
      return std::nullopt;
  }
}

bool is_offload(Bytes frame, uint32_t wire_bytes, uint32_t mtu, LinkType link) {
  if (mtu == 0) return false;
  if (link != LinkType::kEthernet) return wire_bytes > mtu;
  if (wire_bytes <= mtu + kEthernetHeaderBytes) return false;
  uint32_t header = kEthernetHeaderBytes;
  for (int tags = 0; tags < 2 && frame.size() >= header; ++tags) {
    const uint16_t type = load_be16(frame, header - 2);
    if (type != ETH_P_8021Q && type != ETH_P_8021AD) break;
    header += 4;
  }
  return wire_bytes > mtu + header;
}

tl::expected<std::unique_ptr<LiveSource>, BpfError> LiveSource::open(Capd& capd,
                                                                     const Options& options) {
  const auto wrong = [](std::string words) {
    return tl::unexpected(BpfError{std::move(words), 0, 0});
  };
  const auto hardware = hardware_type_of(options.interface_name);
  if (!hardware) return wrong(hardware.error().message);
  const auto link = live_link(*hardware);
  if (!link) {
    return wrong(fmt::format("{} carries frames of a kind (number {}) that sp3ctra cannot read",
                             options.interface_name, *hardware));
  }
  std::unique_ptr<LiveSource> source(new LiveSource);
  source->snaplen_ = options.snaplen ? std::min(options.snaplen, limits::kPacketBytesMax)
                                     : limits::kPacketBytesMax;
  auto program = compile_bpf(options.bpf, link->link_type, source->snaplen_);
  if (!program) return tl::unexpected(program.error());
  source->program_ = std::move(*program);
  source->reigns_.push_back({source->program_, {INT64_MIN}, {INT64_MIN}, kEver});
  source->link_ = link->link_type;
  source->loopback_ = *hardware == ARPHRD_LOOPBACK;
  source->retire_ms_ = options.retire_ms;
  source->wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!source->wake_.open()) return wrong(fail_errno("cannot make an eventfd").value().message);
  if (auto opened = source->open_ring(capd, options); !opened) return wrong(opened.error().message);
  source->interfaces_.push_back(
      {options.interface_name, {}, options.bpf, link->link_type, source->snaplen_, 1'000'000'000});
  return source;
}

Status LiveSource::open_ring(Capd& capd, const Options& options) {
  const std::vector<BpfInstruction> everything = keep_all(snaplen_);
  SocketSpec spec;
  spec.interface_name = options.interface_name;
  spec.cooked = link_ == LinkType::kRaw;
  spec.promiscuous = options.promiscuous && !loopback_;
  spec.block_bytes = options.block_bytes;
  spec.retire_ms = options.retire_ms;
  spec.filter = program_.needs_tags ? everything : program_.code;
  const uint32_t least = std::min(options.ring_bytes, limits::kRingBytesMin);
  for (ring_bytes_ = options.ring_bytes;; ring_bytes_ /= 2) {
    spec.block_count = std::max(2u, ring_bytes_ / spec.block_bytes);
    auto socket = capd.open(spec);
    if (!socket) {
      if (ring_bytes_ / 2 < least || !capd.rights().can_capture ||
          socket.error().message.find("no memory") == std::string::npos) {
        return tl::unexpected(socket.error());
      }
      continue;
    }
    interface_index_ = socket->interface_index;
    mtu_ = socket->mtu;
    const RingShape shape{spec.block_bytes, spec.block_count, spec.retire_ms};
    auto ring = Ring::map(std::move(socket->descriptor), shape, link_ == LinkType::kEthernet);
    if (!ring) return tl::unexpected(ring.error());
    ring_ = std::move(*ring);
    return {};
  }
}

LiveSource::~LiveSource() = default;

bool LiveSource::wanted(const RingFrame& frame) {
  // capd asks the kernel to leave these out; kernels before 4.20 cannot.
  if (loopback_ && frame.outgoing) return false;
  while (reigns_.size() > 1 && frame.ts >= reigns_[1].since) reigns_.pop_front();
  const Reign& r = reigns_.front();
  const bool by_kernel = frame.ts >= r.in_kernel && frame.ts < r.until;
  if (by_kernel && !r.program.needs_tags) return true;
  return r.program.match(frame.data, frame.wire_bytes) != 0;
}

/// False when the kernel does not take the filter: then everything enters and is judged here.
bool LiveSource::attach(const std::vector<BpfInstruction>& code) const {
  static_assert(sizeof(BpfInstruction) == sizeof(sock_filter));
  const sock_fprog program = {
      static_cast<unsigned short>(code.size()),
      reinterpret_cast<sock_filter*>(const_cast<BpfInstruction*>(code.data()))};
  if (::setsockopt(ring_->socket(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0) {
    return true;
  }
  const int none = 0;
  (void)::setsockopt(ring_->socket(), SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
  return false;
}

void LiveSource::set_filter(BpfProgram program) {
  // Between the two filters everything enters the ring and is judged here, by its time: so each
  // packet meets exactly one of them.
  if (sealed_) return;
  // A packet has its time some while before it meets the filter.
  reigns_.back().until = {wall_clock().ns - kFromTimeToFilterNs};
  attach(keep_all(snaplen_));
  Reign next{std::move(program), wall_clock(), {}, kEver};
  const bool by_kernel = !next.program.needs_tags && attach(next.program.code);
  next.in_kernel = by_kernel ? wall_clock() : kEver;
  reigns_.push_back(std::move(next));
  if (reigns_.size() > kReignsMax) reigns_.pop_front();
}

bool LiveSource::accept(const RingFrame& frame, Packet& out) {
  if (!wanted(frame)) {
    unwanted_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  Bytes data = frame.data;
  if (data.size() > snaplen_) data = data.first(snaplen_);  // a tag put back made it longer
  out = Packet{};
  out.ts = frame.ts;
  out.caplen = static_cast<uint32_t>(data.size());
  out.len = frame.wire_bytes;
  out.link_type = link_;
  out.flags = frame.outgoing ? kPacketOutbound : kPacketInbound;
  if (frame.checksum_not_ready) out.flags |= kPacketChecksumNotReady;
  if (is_offload(data, frame.wire_bytes, mtu(), link_)) out.flags |= kPacketOffload;
  out.data = data;
  return true;
}

PacketSource::Next LiveSource::next(Packet& out) {
  if (!damage_.empty() && !ring_->has_block()) return Next::kEnd;
  // Sealed before the ring is looked at, so that what entered before stop() is still given out.
  if (stopping_.load(std::memory_order_acquire) && !sealed_) {
    sock_filter nothing = {BPF_RET | BPF_K, 0, 0, 0};
    const sock_fprog program = {1, &nothing};
    if (::setsockopt(ring_->socket(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)) {
      refused_seal_ = true;
      open_until_ = wall_clock();
    }
    sealed_ = true;
    sealed_at_ms_ = monotonic_ms();
  }
  RingFrame frame;
  do {
    while (ring_->next_frame(frame)) {
      if (frame.ts > open_until_) return Next::kEnd;
      if (accept(frame, out)) return Next::kPacket;
    }
  } while (ring_->next_block());
  return sealed_ ? after_stop() : Next::kIdle;
}

PacketSource::Next LiveSource::after_stop() {
  // The kernel hands over a part-filled block when its timer fires: within one period, two when
  // the timer had just looked.
  const int64_t patience_ms = 2 * int64_t{retire_ms_} + 4;
  if (monotonic_ms() - sealed_at_ms_ <= patience_ms) return Next::kIdle;
  // A ring that the kernel did not close is ready as long as packets come.
  if (ring_->ready() && !refused_seal_) return Next::kIdle;
  return Next::kEnd;
}

void LiveSource::wait(int timeout_ms) {
  if (sealed_) timeout_ms = std::min(timeout_ms, 2);
  pollfd watched[2] = {{ring_->socket(), POLLIN | POLLERR, 0}, {wake_.get(), POLLIN, 0}};
  // A leased block keeps poll() ready without anything to read: then only the clock helps.
  if (sealed_) watched[1].fd = -1;
  const int n = ::poll(watched, 2, timeout_ms);
  if (n <= 0) return;
  if (watched[0].revents & (POLLERR | POLLHUP | POLLNVAL)) look_at_error();
  if ((watched[0].revents & POLLIN) && !ring_->ready() && !stopping_.load()) {
    ::poll(&watched[1], 1, 1);
  }
}

void LiveSource::heard_error() {
  int code = 0;
  socklen_t length = sizeof code;
  // Reading it clears it: an interface switched off is reported once and poll() waits again.
  ::getsockopt(ring_->socket(), SOL_SOCKET, SO_ERROR, &code, &length);
}

bool LiveSource::bound() const {
  sockaddr_ll address{};
  socklen_t length = sizeof address;
  if (::getsockname(ring_->socket(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return false;
  }
  return address.sll_ifindex == static_cast<int>(interface_index_);
}

void LiveSource::look_at_error() {
  heard_error();
  ifreq ask{};
  ask.ifr_ifindex = static_cast<int>(interface_index_);
  if (::ioctl(ring_->socket(), SIOCGIFNAME, &ask) != 0) {
    damage_ = fmt::format("the interface {} was removed", interfaces_[0].name);
  }
}

bool LiveSource::interface_down() const {
  ifreq ask{};
  ask.ifr_ifindex = static_cast<int>(interface_index_);
  if (::ioctl(ring_->socket(), SIOCGIFNAME, &ask) != 0) return true;
  return ::ioctl(ring_->socket(), SIOCGIFFLAGS, &ask) != 0 || (ask.ifr_flags & IFF_UP) == 0;
}

void LiveSource::stop() {
  stopping_.store(true, std::memory_order_release);
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

LiveStats LiveSource::stats() {
  // Before the kernel's count, so that each of them is part of it.
  const uint64_t unwanted = unwanted_.load(std::memory_order_acquire);
  tpacket_stats_v3 since_last{};
  socklen_t length = sizeof since_last;
  if (::getsockopt(ring_->socket(), SOL_PACKET, PACKET_STATISTICS, &since_last, &length) == 0) {
    // Reading resets the kernel's counters, so every read is added, whoever reads.
    received_.fetch_add(since_last.tp_packets, std::memory_order_relaxed);
    kernel_drops_.fetch_add(since_last.tp_drops, std::memory_order_relaxed);
  }
  const uint64_t received = received_.load(std::memory_order_relaxed);
  return {received - std::min(unwanted, received), kernel_drops_.load(std::memory_order_relaxed),
          0};
}

}  // namespace sp3ctra
