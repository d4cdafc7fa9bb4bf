#pragma once
// For tests: runs one protocol over bytes, with memory between packets but without flows.
#include <map>
#include <memory>

#include "protocols/dissection.h"

namespace sp3ctra {

/// A StreamContext that only keeps State, and a Dissection around it.
class AppProbe : public StreamContext, public EventSink {
 public:
  AppProbe() : d(tables, *this, &tree, this) { d.want_info(true); }

  TcpView tcp_segment(Dissection&, const TcpHeader&) noexcept override { return {}; }
  void tcp_payload(Dissection&, const TcpHeader&, Input) noexcept override {}
  UdpView udp_datagram(Dissection&) noexcept override { return {}; }
  uint8_t other(Dissection&) noexcept override { return 0; }
  const Protocol* udp_application(Dissection&, Bytes) noexcept override { return nullptr; }
  void* state(const Protocol& p) noexcept override {
    auto& block = states_[&p];
    if (!block) {
      block = std::make_unique<std::array<uint64_t, 512>>();
      p.state_init(block->data());
    }
    return block->data();
  }
  Input ip_fragment(Dissection&, const Fragment&, Input) noexcept override { return {}; }
  void take(const Event& e) noexcept override { events.push_back(e); }

  /// Dissects a message as packet `number` at `ts_ns`.
  void run(const Protocol& p, Bytes message, uint64_t number = 1, int64_t ts_ns = 0,
           uint8_t direction = 0, uint8_t ip_proto = 17, uint32_t reported = 0) {
    packet.number = number;
    packet.ts.ns = ts_ns;
    d.reset(packet);
    d.parsed.ip_proto = ip_proto;
    d.parsed.direction = direction;
    const auto size = static_cast<uint32_t>(message.size());
    d.call(p, {message, 0, 0, reported > size ? reported : size});
  }
  const Node* find(std::string_view name) const {
    for (const Node& n : tree.nodes)
      if (n.field->name == name) return &n;
    return nullptr;
  }
  uint64_t number(std::string_view name) const {
    const Node* n = find(name);
    return n ? n->number : UINT64_MAX;
  }
  std::string text(std::string_view name) const {
    const Node* n = find(name);
    return n ? std::string(tree.text_of(*n)) : std::string("(none)");
  }
  std::string info() const { return std::string(d.info()); }

  /// Feeds a stream in chunks of `chunk` bytes to the framer; the lengths of the messages it cuts.
  std::vector<size_t> cut(const Protocol& p, Bytes stream, size_t chunk, uint8_t direction = 0) {
    std::vector<size_t> sizes;
    size_t open = 0;
    for (size_t at = 0; at < stream.size();) {
      Bytes part = stream.subspan(at, std::min(chunk, stream.size() - at));
      while (!part.empty()) {
        const FrameStep step = p.frame(d, state(p), direction, part);
        if (step.lost) {
          sizes.push_back(SIZE_MAX);
          return sizes;
        }
        open += step.consumed;
        at += step.consumed;
        part = part.subspan(step.consumed);
        if (step.complete) {
          sizes.push_back(open);
          open = 0;
        } else if (!part.empty()) {
          return sizes;  // a framer must take everything or complete
        }
      }
    }
    if (open > 0) sizes.push_back(open);
    return sizes;
  }

  DispatchTables tables;
  Tree tree;
  Packet packet;
  std::vector<Event> events;
  Dissection d;

 private:
  std::map<const Protocol*, std::unique_ptr<std::array<uint64_t, 512>>> states_;
};

}  // namespace sp3ctra
