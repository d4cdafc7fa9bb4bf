// The tracker over packets built by hand: what it holds back is bounded, datagrams inside datagrams
// are put together, a copied flow goes on where it was.
#include "flow/tracker.h"

#include <gtest/gtest.h>

#include "decode/registry.h"
#include "flow/checkpoints.h"
#include "flow/shard_set.h"
#include "protocols/frame.h"

namespace sp3ctra {
namespace {

void put16(std::string& s, uint32_t v) {
  s.push_back(static_cast<char>(v >> 8));
  s.push_back(static_cast<char>(v));
}
void put32(std::string& s, uint32_t v) {
  put16(s, v >> 16);
  put16(s, v & 0xffff);
}

std::string ip4(uint8_t protocol, const std::string& payload, uint16_t id = 1,
                uint16_t fragment = 0x4000) {
  std::string s("\x45\x00", 2);
  put16(s, static_cast<uint32_t>(20 + payload.size()));
  put16(s, id);
  put16(s, fragment);
  s.push_back(64);
  s.push_back(static_cast<char>(protocol));
  put16(s, 0);
  put32(s, 0x0a000001);
  put32(s, 0x0a000002);
  return s + payload;
}

std::string frame_of(const std::string& ip) {
  return std::string("\2\0\0\0\0\2\2\0\0\0\0\1\x08\0", 14) + ip;
}

std::string tcp(uint16_t port, uint32_t seq, uint8_t flags, const std::string& payload) {
  std::string s;
  put16(s, port);
  put16(s, 80);
  put32(s, seq);
  put32(s, 1);
  s.push_back('\x50');
  s.push_back(static_cast<char>(flags));
  put16(s, 65535);
  put32(s, 0);
  return frame_of(ip4(6, s + payload));
}

/// Feeds frames one after the other to a tracker of its own.
class Feed {
 public:
  explicit Feed(TrackerOptions options = {}) : tracker(options) {}
  /// The frame's tracker is asked afterwards; the tree is the one of this frame.
  Dissection& give(const std::string& frame, int64_t after_ns = 1'000'000) {
    bytes_ = frame;
    now_.ns += after_ns;
    packet_.ts = now_;
    packet_.number = ++number_;
    packet_.data = as_bytes(bytes_);
    packet_.len = packet_.caplen = static_cast<uint32_t>(bytes_.size());
    tracker.begin(packet_, now_);
    dissection_ = std::make_unique<Dissection>(dispatch_tables(), tracker, &tree, nullptr);
    dissection_->reset(packet_);
    dissect_frame(*dissection_);
    return *dissection_;
  }
  FlowTracker tracker;
  Tree tree;

 private:
  std::string bytes_;
  Packet packet_;
  Timestamp now_;
  uint64_t number_ = 0;
  std::unique_ptr<Dissection> dissection_;
};

TEST(Tracker, WhatFlowsHoldBackIsBoundedPerShard) {
  TrackerOptions options;
  options.stream_bytes_max = 200'000;
  Feed feed(options);
  const std::string late(1400, 'x');
  for (uint16_t port = 2000; port < 2400; ++port) {
    feed.give(tcp(port, 0, kTcpSyn, ""));
    feed.give(tcp(port, 5000, kTcpAck, late));  // bytes 1 … 4999 are still to come
    EXPECT_LE(feed.tracker.stream_bytes(), options.stream_bytes_max);
  }
  EXPECT_GT(feed.tracker.stream_bytes(), 100'000u);
  EXPECT_GT(feed.tracker.counters().buffers_full, 200u);
  EXPECT_LT(feed.tracker.live_flows(), 200u);
}

TEST(Tracker, NothingIsHeldBackForAFlowInOrder) {
  Feed feed;
  feed.give(tcp(2000, 0, kTcpSyn, ""));
  feed.give(tcp(2000, 1, kTcpAck, "GET / HTTP/1.0\r\n"));
  EXPECT_GT(feed.tracker.stream_bytes(), 16u);
  feed.give(tcp(2000, 17, kTcpAck, "\r\n"));
  EXPECT_LT(feed.tracker.stream_bytes(), 1000u);  // what waits for its acknowledgement
}

TEST(Tracker, AMessageThatWasReadLeavesNoMemoryBehind) {
  Feed feed;
  feed.give(tcp(2000, 0, kTcpSyn, ""));
  feed.give(tcp(2000, 1, kTcpAck, "POST / HTTP/1.1\r\nContent-Length: 60000\r\n\r\n"));
  uint32_t seq = 1 + 42;
  for (int i = 0; i < 60; ++i, seq += 1000)
    feed.give(tcp(2000, seq, kTcpAck, std::string(1000, 'x')));
  EXPECT_LT(feed.tracker.stream_bytes(), 10'000u);
  feed.give(tcp(2000, seq + 2000, kTcpAck, std::string(1400, 'y')));
  EXPECT_GT(feed.tracker.stream_bytes(), 1400u);
}

std::string fragment(const std::string& datagram, uint8_t protocol, uint16_t id, size_t at,
                     size_t size) {
  const bool more = at + size < datagram.size();
  return ip4(protocol, datagram.substr(at, size), id,
             static_cast<uint16_t>((more ? 0x2000 : 0) | at / 8));
}

TEST(Tracker, DatagramsFragmentedInsideOneAnother) {
  std::string udp;
  put16(udp, 4000);
  put16(udp, 9999);
  put16(udp, 8 + 400);
  put16(udp, 0);
  udp += std::string(400, 'u');
  // The inner datagram in two fragments, the second of which travels in fragments of its own.
  const std::string inner = fragment(udp, 17, 7, 200, 208);
  Feed feed;
  feed.give(frame_of(ip4(4, fragment(udp, 17, 7, 0, 200))));
  feed.give(frame_of(fragment(inner, 4, 9, 0, 104)));
  EXPECT_TRUE(feed.tracker.completed_after().empty());
  const Dissection& d = feed.give(frame_of(fragment(inner, 4, 9, 104, 124)));
  EXPECT_EQ(d.parsed.dst_port, 9999);
  ASSERT_EQ(feed.tracker.completed_after().size(), 2u);
  EXPECT_EQ(feed.tracker.completed_after()[0], 2u);
  EXPECT_EQ(feed.tracker.completed_after()[1], 1u);
  EXPECT_EQ(feed.tracker.stream_bytes(), 0u);
}

TEST(Tracker, TinyFragmentsInAnyOrderMakeTheSameDatagram) {
  std::string udp;
  put16(udp, 4000);
  put16(udp, 9999);
  put16(udp, 8 + 8192);
  put16(udp, 0);
  for (int i = 0; i < 8192; ++i) udp.push_back(static_cast<char>('a' + i / 8 % 26));
  Feed feed;
  std::vector<size_t> order;
  for (size_t at = 0; at < udp.size(); at += 16) order.push_back(at);
  for (size_t at = 8; at < udp.size(); at += 16) order.push_back(at);
  for (const size_t at : order) {
    EXPECT_TRUE(feed.tracker.completed_after().empty());
    feed.give(frame_of(fragment(udp, 17, 3, at, 8)));
  }
  ASSERT_EQ(feed.tracker.completed_after().size(), 1u);
  bool found = false;
  for (const TreeSource& s : feed.tree.sources)
    found = found || as_text(s.bytes) == std::string_view(udp);
  EXPECT_TRUE(found);
}

TEST(Tracker, ACopiedFlowGoesOnWhereItWas) {
  Feed whole;
  whole.give(tcp(2000, 0, kTcpSyn, ""));
  whole.give(tcp(2000, 1, kTcpAck, "GET /here HTTP/1.0\r\n"));
  const Flow copy = *whole.tracker.current();
  Feed resumed;
  resumed.tracker.resume(copy, 5);
  const auto& d = resumed.give(tcp(2000, 21, kTcpAck, "\r\n"));
  EXPECT_EQ(d.parsed.shown->name, "http");
  EXPECT_TRUE(d.parsed.reassembled);
  EXPECT_EQ(resumed.tracker.current()->stream, 5u);
  EXPECT_FALSE(resumed.tracker.began_flow());
  EXPECT_LT(resumed.tracker.stream_bytes(), 1000u);
}

Checkpoints::Copy copy_at(uint64_t frame, size_t message = 0) {
  auto flow = std::make_shared<Flow>();
  flow->tcp = std::make_unique<TcpFlow>();
  flow->tcp->side[0].message.resize(message);
  return {frame, flow};
}

TEST(CheckpointStore, LatestBeforeAndSpacingThatDoubles) {
  Checkpoints store;
  const FlowId id = FlowId::make(3, 4);
  EXPECT_EQ(store.before(id, 10).frame, 0u);
  for (uint64_t frame = 1; frame <= 1000; ++frame) store.add(id, copy_at(frame * 10));
  EXPECT_LE(store.count(id), limits::kCheckpointsPerFlow);
  EXPECT_GE(store.count(id), limits::kCheckpointsPerFlow / 2 - 1);
  EXPECT_EQ(store.before(id, 10).frame, 0u);
  for (const uint64_t number : {1000u, 5000u, 10'001u}) {
    const uint64_t at = store.before(id, number).frame;
    EXPECT_LT(at, number);
    EXPECT_GT(at + 10 * 1000 / 16, number);
  }
  EXPECT_EQ(store.before(FlowId::make(3, 5), 99).frame, 0u);
}

TEST(CheckpointStore, MemoryIsBoundedAndTheLongestUntouchedFlowGoes) {
  Checkpoints store(1 << 20);
  for (uint32_t flow = 1; flow <= 100; ++flow) {
    store.add(FlowId::make(0, flow), copy_at(flow, 60'000));
    EXPECT_NE(store.before(FlowId::make(0, 1), 1000).frame, 0u) << "asked for all the time";
    EXPECT_LE(store.bytes(), size_t{1} << 20);
  }
  EXPECT_EQ(store.count(FlowId::make(0, 2)), 0u);
  EXPECT_EQ(store.count(FlowId::make(0, 100)), 1u);
}

}  // namespace
}  // namespace sp3ctra
