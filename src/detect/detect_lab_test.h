#pragma once
// For the tests of this folder: made packets go through the flow tracker into the detectors.
#include <algorithm>
#include <string>
#include <vector>

#include "decode/shard.h"
#include "detect/detector_set.h"
#include "flow/shard_set.h"

namespace sp3ctra::detect_lab {

inline IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }
/// 10.a.b.c and the like from a number.
inline IpAddress v4(uint32_t base, uint32_t n) { return IpAddress::v4(base + n); }

enum Flags : uint16_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32 };

inline void put16(std::vector<std::byte>& out, uint32_t v) {
  out.push_back(static_cast<std::byte>(v >> 8));
  out.push_back(static_cast<std::byte>(v));
}
inline void put_address(std::vector<std::byte>& out, const IpAddress& a) {
  out.insert(out.end(), a.bytes().begin(), a.bytes().end());
}

/// Ethernet and IPv4 or IPv6 around `payload`.
inline std::vector<std::byte> ip_packet(const IpAddress& src, const IpAddress& dst, uint8_t proto,
                                        const std::vector<std::byte>& payload) {
  std::vector<std::byte> out(12, std::byte{2});
  const auto n = static_cast<uint32_t>(payload.size());
  if (src.version == 4) {
    put16(out, 0x0800);
    put16(out, 0x4500);
    put16(out, 20 + n);
    for (int i = 0; i < 2; ++i) put16(out, 0);
    put16(out, uint32_t{64} << 8 | proto);
    put16(out, 0);
  } else {
    put16(out, 0x86dd);
    put16(out, 0x6000);
    put16(out, 0);
    put16(out, n);
    put16(out, uint32_t{proto} << 8 | 64);
  }
  put_address(out, src);
  put_address(out, dst);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

/// One detector set with a wire before it. Times are seconds since the first packet.
class Lab : public EventSink, public SignalSink {
 public:
  explicit Lab(std::shared_ptr<const Intel> intel = nullptr)
      : detectors_({std::move(intel), [this](const Alert& a) { alerts.push_back(a); }}),
        shards_({limits::kFlowsPerShard, nullptr, this, nullptr, this}) {}

  void tcp(double at, const IpAddress& src, uint16_t sport, const IpAddress& dst, uint16_t dport,
           uint16_t flags, std::string_view text = "", uint32_t seq = 1) {
    std::vector<std::byte> b;
    for (const uint32_t v : {uint32_t{sport}, uint32_t{dport}, seq >> 16, seq & 0xffff, 0u, 1u,
                             0x5000u | flags, 1024u, 0u, 0u})
      put16(b, v);
    for (const char c : text) b.push_back(static_cast<std::byte>(c));
    packet(at, ip_packet(src, dst, 6, b));
  }
  void udp(double at, const IpAddress& src, uint16_t sport, const IpAddress& dst, uint16_t dport,
           std::string_view text = "x") {
    packet(at, ip_packet(src, dst, 17, datagram(sport, dport, text)));
  }
  /// "Port unreachable" from dst, about a datagram src → dst.
  void unreachable(double at, const IpAddress& src, uint16_t sport, const IpAddress& dst,
                   uint16_t dport) {
    const auto quoted = ip_packet(src, dst, 17, datagram(sport, dport, "x"));
    std::vector<std::byte> b;
    put16(b, src.version == 4 ? 0x0303 : 0x0104);
    for (int i = 0; i < 3; ++i) put16(b, 0);
    b.insert(b.end(), quoted.begin() + 14, quoted.end());
    packet(at, ip_packet(dst, src, src.version == 4 ? 1 : 58, b));
  }
  /// A whole honest conversation: handshake, question, answer, end. 20 ms a round trip.
  void visit(double at, const IpAddress& client, uint16_t port, const IpAddress& server,
             uint16_t server_port) {
    tcp(at, client, port, server, server_port, kSyn, "", 100);
    tcp(at + 0.02, server, server_port, client, port, kSyn | kAck, "", 200);
    tcp(at + 0.021, client, port, server, server_port, kAck, "", 101);
    tcp(at + 0.022, client, port, server, server_port, kAck | kPsh, "hello", 101);
    tcp(at + 0.042, server, server_port, client, port, kAck | kPsh, "answer", 201);
    tcp(at + 0.05, client, port, server, server_port, kAck | kFin, "", 106);
  }
  void packet(double at, std::vector<std::byte> bytes) {
    waiting_.push_back({static_cast<int64_t>(at * 1e9), std::move(bytes)});
  }
  /// Sends all packets by time, then ends the capture.
  std::vector<Alert>& run() {
    std::stable_sort(waiting_.begin(), waiting_.end(),
                     [](const Waiting& a, const Waiting& b) { return a.ns < b.ns; });
    Timestamp first, previous;
    for (Waiting& w : waiting_) {
      Packet p;
      p.number = ++number_;
      p.ts = now_ = Timestamp{1'700'000'000'000'000'000 + w.ns};
      p.data = w.bytes;
      p.caplen = p.len = static_cast<uint32_t>(w.bytes.size());
      if (number_ == 1) first = previous = p.ts;
      shards_.dissect(p, shard_of(p), p.ts, first, previous);
      previous = p.ts;
    }
    shards_.finish(now_, number_);
    detectors_.finish();
    return alerts;
  }
  /// "syn_flood 1, port_scan 2": what was found, by kind.
  std::string found() {
    std::string out;
    for (const Alert& a : run())
      out += std::string(out.empty() ? "" : ", ") + std::string(a.kind->signature);
    return out;
  }
  uint64_t packets() const { return number_; }
  /// When packet `number` was sent, after run().
  double time_of(uint64_t number) const {
    return static_cast<double>(waiting_[number - 1].ns) / 1e9;
  }
  double seconds(Timestamp t) const {
    return static_cast<double>(t.ns - 1'700'000'000'000'000'000) / 1e9;
  }

  void take(const Event& event) noexcept override { detectors_.event(event); }
  void signal(const FlowSignal& s) noexcept override { detectors_.signal(s); }

  std::vector<Alert> alerts;

 private:
  static std::vector<std::byte> datagram(uint16_t sport, uint16_t dport, std::string_view text) {
    std::vector<std::byte> b;
    for (const uint32_t v :
         {uint32_t{sport}, uint32_t{dport}, static_cast<uint32_t>(8 + text.size()), 0u})
      put16(b, v);
    for (const char c : text) b.push_back(static_cast<std::byte>(c));
    return b;
  }
  struct Waiting {
    int64_t ns = 0;
    std::vector<std::byte> bytes;
  };
  std::vector<Waiting> waiting_;
  uint64_t number_ = 0;
  Timestamp now_;
  DetectorSet detectors_;
  ShardSet shards_;
};

}  // namespace sp3ctra::detect_lab
