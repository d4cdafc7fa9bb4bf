#include "pipeline/worker.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "decode/registry.h"

namespace sp3ctra {
namespace {

constexpr size_t kSlotsPerShard = 64;

uint16_t bits_of(const Packet& packet, const Parsed& p, const FlowTracker& tracker) {
  uint16_t bits = 0;
  const auto set = [&bits](bool when, IndexBits bit) {
    if (when) bits = static_cast<uint16_t>(bits | bit);
  };
  set(p.anomaly_count > 0, kBitAnomaly);
  set(p.reassembled, kBitReassembled);
  set(tracker.began_flow(), kBitFlowStart);
  set(p.fragment, kBitFragment);
  set(p.tcp_analysis & (kTcpRetransmission | kTcpOutOfOrder), kBitRetransmission);
  set(packet.flags & kPacketOffload, kBitOffload);
  set(packet.flags & kPacketDuplicate, kBitDuplicate);
  set(!tracker.completed_after().empty(), kBitDatagramCompleted);
  set(p.direction == 1, kBitFromResponder);
  set(p.has_quoted, kBitQuoting);
  return bits;
}

}  // namespace

Worker::Worker(CaptureIndex& index, uint32_t flows_max, bool copies)
    : index_(index),
      copies_(copies),
      shards_({.flows_max = flows_max,
               .tree = nullptr,
               .events = this,
               .numbering = nullptr,
               .signals = this}),
      stack_cache_(limits::kShards * kSlotsPerShard) {}

void Worker::analyse(const PacketBatch& batch, Timestamp first, WorkDone& done) {
  done_ = &done;
  copied_bytes_ = 0;
  for (const PacketBatch::Item& i : batch.items) {
    const Dissection& d = shards_.dissect(i.packet, i.shard, i.now, first, i.previous);
    fill_row(i.packet, i.shard, d);
  }
  if (batch.end) shards_.finish(batch.now, batch.last_number);
  done.counters = shards_.counters();
  done.last_number = batch.last_number;
  done.end = batch.end;
}

void Worker::take(const Event& event) noexcept {
  if (event.kind == EventKind::kFlowEnd && event.flow.any())
    if (FlowRecord* f = index_.flow_record(event.flow))
      f->ended.store(true, std::memory_order_release);
  done_->events.push_back(event);
}

void Worker::signal(const FlowSignal& signal) noexcept { done_->signals.push_back(signal); }

void Worker::fill_row(const Packet& packet, uint8_t shard, const Dissection& d) {
  const Parsed& p = d.parsed;
  const FlowTracker& tracker = shards_.tracker(shard);
  IndexBlock& b = index_.block_of(packet.number);
  const size_t i = packet.number - b.first_number;
  b.flow[i] = p.flow.value;
  const uint64_t before = tracker.previous_frame();
  const uint64_t distance = before == 0 ? 0 : packet.number - before;
  b.previous[i] = distance > UINT32_MAX ? 0 : static_cast<uint32_t>(distance);
  b.tcp_flags[i] = p.tcp_flags;
  b.bits[i] = bits_of(packet, p, tracker);
  b.shown[i] = protocol_number(p.shown);
  b.stack[i] = stack_of(shard, p);
  if (p.flow.any()) record_flow(packet, tracker, p);
  for (const uint64_t fragment : tracker.completed_after())
    index_.link_datagram(shard, packet.number, fragment);
  if (const Flow* flow = tracker.current(); flow && copies_) copy_flow(*flow, packet);
}

void Worker::copy_flow(const Flow& flow, const Packet& packet) {
  const uint64_t packets = flow.packets[0] + flow.packets[1];
  if (packets % limits::kCheckpointPackets != 0) return;
  const size_t bytes = checkpoint_bytes(flow);
  if (bytes > limits::kCheckpointBytesMax || copied_bytes_ + bytes > limits::kCheckpointBatchBytes)
    return;
  copied_bytes_ += bytes;
  done_->checkpoints.push_back({flow.id, {packet.number, std::make_shared<const Flow>(flow)}});
}

uint16_t Worker::stack_of(uint8_t shard, const Parsed& p) {
  const uint64_t hash = XXH3_64bits(p.layers.data(), p.layer_count * sizeof p.layers[0]);
  StackSlot& slot = stack_cache_[shard * kSlotsPerShard + hash % kSlotsPerShard];
  if (slot.used && slot.hash == hash) return slot.id;
  StackRecord stack;
  stack.count = p.layer_count;
  for (size_t i = 0; i < p.layer_count; ++i) stack.protocols[i] = protocol_number(p.layers[i]);
  slot = {hash, index_.shard_stack(shard, stack), true};
  return slot.id;
}

void Worker::record_flow(const Packet& packet, const FlowTracker& tracker, const Parsed& p) {
  FlowRecord* r = index_.flow_record(p.flow);
  if (!r) return;
  r->last_frame.store(packet.number, std::memory_order_relaxed);
  const Flow* flow = tracker.current();
  if (tracker.began_flow()) {
    const bool forward = !flow || p.direction == 0;
    r->id = p.flow;
    r->orig = forward ? p.src : p.dst;
    r->resp = forward ? p.dst : p.src;
    r->orig_port = forward ? p.src_port : p.dst_port;
    r->resp_port = forward ? p.dst_port : p.src_port;
    r->vlan = p.vlan;
    r->has_vlan = p.has_vlan;
    r->first_frame = packet.number;
    r->ports_reused = (p.tcp_analysis & kTcpPortsReused) != 0;
    r->ip_proto = p.ip_proto;
    r->kind = static_cast<uint8_t>(flow ? flow->key.kind : FlowKind::kFragment);
  }
  if (flow && flow->application && r->application.load(std::memory_order_relaxed) == 255)
    r->application.store(protocol_number(flow->application), std::memory_order_relaxed);
}

}  // namespace sp3ctra
