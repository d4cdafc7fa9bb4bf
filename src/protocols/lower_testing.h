#pragma once
// For the tests of the lower protocols: bytes written by hand, a stream context that knows nothing
// but what it is told, and the values a tree holds.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "protocols/frame.h"

namespace sp3ctra::testing {

/// Bytes of "45 00 …"; anything but hex digits is skipped.
inline std::vector<std::byte> hex(std::string_view text) {
  std::vector<std::byte> out;
  int high = -1;
  for (const char c : text) {
    const int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (v < 0) continue;
    if (high < 0) {
      high = v;
    } else {
      out.push_back(static_cast<std::byte>(high * 16 + v));
      high = -1;
    }
  }
  return out;
}

/// One flow for everything; joins nothing unless `datagram` is set.
class FakeStreams : public StreamContext {
 public:
  TcpView tcp_segment(Dissection&, const TcpHeader& h) noexcept override {
    ++segments;
    header = h;
    return tcp;
  }
  void tcp_payload(Dissection& d, const TcpHeader&, Input in) noexcept override {
    payload = in.reported;
    d.opaque(in);
  }
  UdpView udp_datagram(Dissection&) noexcept override {
    ++datagrams;
    return udp;
  }
  uint8_t other(Dissection& d) noexcept override {
    ++others;
    seen = d.parsed;
    d.parsed.flow = FlowId::make(0, 1);
    return 0;
  }
  const Protocol* udp_application(Dissection&, Bytes) noexcept override { return nullptr; }
  void* state(const Protocol& p) noexcept override {
    if (p.state_size == 0) return nullptr;
    for (auto& s : states)
      if (s.first == &p) return s.second.get();
    states.emplace_back(&p, std::make_unique<std::byte[]>(p.state_size));
    if (p.state_init) p.state_init(states.back().second.get());
    return states.back().second.get();
  }
  Input ip_fragment(Dissection& d, const Fragment& f, Input) noexcept override {
    fragments.push_back(f);
    if (datagram.empty()) return {};
    const uint64_t frames[] = {1, 2};
    const uint16_t source = d.add_source("Reassembled IPv4", datagram, frames);
    return {datagram, 0, source, static_cast<uint32_t>(datagram.size())};
  }

  TcpView tcp;
  UdpView udp;
  TcpHeader header;
  Parsed seen;
  uint32_t payload = 0;
  int segments = 0, datagrams = 0, others = 0;
  std::vector<Fragment> fragments;
  std::vector<std::byte> datagram;
  std::vector<std::pair<const Protocol*, std::unique_ptr<std::byte[]>>> states;
};

/// The lower protocols alone, bound as the registry binds them.
const DispatchTables& lower_tables();

/// Dissects frames; keeps the last tree and what was learned.
class Bench {
 public:
  explicit Bench(LinkType link = LinkType::kEthernet) : link_(link) {}

  /// `kept` bytes of the frame reach the dissector in a copy of exactly that size.
  const Parsed& run(const std::vector<std::byte>& frame, size_t kept = SIZE_MAX,
                    bool drawn = true) {
    const size_t n = std::min(kept, frame.size());
    bytes_ = std::make_unique<std::byte[]>(n);
    std::copy_n(frame.begin(), n, bytes_.get());
    packet_.number += 1;
    packet_.ts.ns += 1'000'000;
    packet_.caplen = static_cast<uint32_t>(n);
    packet_.len = static_cast<uint32_t>(cut_by_sender_ ? n : frame.size());
    packet_.link_type = link_;
    packet_.data = {bytes_.get(), n};
    dissection_ =
        std::make_unique<Dissection>(lower_tables(), streams, drawn ? &tree : nullptr, nullptr);
    dissection_->want_info(true);
    dissection_->reset(packet_);
    dissect_frame(*dissection_);
    return dissection_->parsed;
  }

  /// Every length from 0 on, drawn and not, cut by the capture and by the sender: must not crash,
  /// and both depths must learn the same.
  void run_every_length(const std::vector<std::byte>& frame) {
    for (const bool by_sender : {false, true}) {
      cut_by_sender_ = by_sender;
      for (size_t n = 0; n <= frame.size(); ++n) {
        run(frame, n);
        const Parsed drawn = parsed();
        run(frame, n, false);
        EXPECT_EQ(drawn.layer_count, parsed().layer_count) << n;
        EXPECT_EQ(drawn.anomaly_count, parsed().anomaly_count) << n;
        EXPECT_EQ(drawn.src_port, parsed().src_port) << n;
        EXPECT_EQ(drawn.ip_proto, parsed().ip_proto) << n;
      }
    }
    cut_by_sender_ = false;
  }

  const Parsed& parsed() const { return dissection_->parsed; }
  std::string info() const { return std::string(dissection_->info()); }
  void flags(uint16_t f) { packet_.flags = f; }

  const Node* node(std::string_view field, size_t nth = 0) const {
    for (const Node& n : tree.nodes)
      if (n.field->name == field && nth-- == 0) return &n;
    return nullptr;
  }
  int64_t number(std::string_view field, size_t nth = 0) const {
    const Node* n = node(field, nth);
    EXPECT_NE(n, nullptr) << field;
    return n ? static_cast<int64_t>(n->number) : -999;
  }
  std::string text(std::string_view field, size_t nth = 0) const {
    const Node* n = node(field, nth);
    EXPECT_NE(n, nullptr) << field;
    return n ? std::string(tree.text_of(*n)) : std::string("(none)");
  }
  bool odd(std::string_view anomaly) const {
    for (size_t i = 0; i < parsed().anomaly_count; ++i)
      if (parsed().anomalies[i]->name == anomaly) return true;
    return false;
  }

  FakeStreams streams;
  Tree tree;

 private:
  LinkType link_;
  Packet packet_;
  bool cut_by_sender_ = false;
  std::unique_ptr<std::byte[]> bytes_;
  std::unique_ptr<Dissection> dissection_;
};

}  // namespace sp3ctra::testing
