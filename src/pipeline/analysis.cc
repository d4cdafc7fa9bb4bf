#include "pipeline/analysis.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <chrono>
#include <thread>

#include "base/spsc_ring.h"
#include "decode/shard.h"
#include "pipeline/worker.h"

namespace sp3ctra {
namespace {

using BatchPtr = std::unique_ptr<PacketBatch>;
using DonePtr = std::unique_ptr<WorkDone>;

/// A worker thread with its rings: full batches in, empty ones back, answers out.
struct Lane {
  Lane(CaptureIndex& index, uint32_t flows_max, bool copies, uint32_t batches)
      : worker(index, flows_max, copies),
        in(batches),
        back(limits::kBatchesKept),
        out(size_t{batches} * 2) {}
  Worker worker;
  SpscRing<BatchPtr> in, back;
  SpscRing<DonePtr> out;
  /// Of packets in `in` and in the worker's hands, and of events in `out`.
  std::atomic<uint64_t> waiting_bytes{0};
  std::thread thread;
};

uint64_t answer_bytes(const WorkDone& done) {
  return done.events.size() * sizeof(Event) + done.signals.size() * sizeof(FlowSignal);
}

void pause(int& spins) {
  if (++spins < 64)
    std::this_thread::yield();
  else
    std::this_thread::sleep_for(std::chrono::microseconds(spins < 256 ? 50 : 500));
}

template <class Ring, class Item>
void push_waiting(Ring& ring, Item item) {
  for (int spins = 0; !ring.try_push(std::move(item));) pause(spins);
}

class Analysis {
 public:
  Analysis(PacketSource& source, CaptureIndex& index, const AnalysisOptions& options,
           std::atomic<bool>& stop)
      : source_(source),
        index_(index),
        options_(options),
        stop_(stop),
        counters_(options.counters ? *options.counters : own_counters_) {}

  AnalysisReport run() {
    const unsigned n = std::clamp(options_.workers, 1u, limits::kWorkersMax);
    for (unsigned i = 0; i < n; ++i)
      lanes_.push_back(std::make_unique<Lane>(index_, options_.flows_max_per_shard,
                                              options_.checkpoints != nullptr,
                                              std::max(options_.queue_batches, 1u)));
    for (auto& lane : lanes_) lane->thread = std::thread([this, &lane] { work(*lane); });
    std::thread store([this] { commit_all(); });
    read_all();
    for (auto& lane : lanes_) lane->thread.join();
    store.join();
    for (auto& lane : lanes_) {
      report_.trackers += lane->worker.counters();
    }
    report_.not_analysed = counters_.not_analysed;
    report_.not_written = counters_.not_written;
    report_.events = events_;
    report_.events_digest = XXH3_64bits_digest(&digest_);
    return report_;
  }

 private:
  // ---- capture thread ----
  void read_all() {
    fresh_batches();
    interfaces_told_ = source_.interfaces().size();
    Packet p;
    while (!stop_.load(std::memory_order_relaxed)) {
      const PacketSource::Next next = source_.next(p);
      if (next == PacketSource::Next::kEnd) break;
      if (options_.writer) tell_interfaces();
      if (next == PacketSource::Next::kIdle) {
        if (filled_ > 0 || owing_) hand_over(false);
        look_at_queues();
        if (options_.wait && !options_.wait()) break;
        continue;
      }
      take(p);
      if (filled_ == limits::kBatchPackets || filled_bytes_ >= limits::kBatchBytes)
        hand_over(false);
    }
    report_.cancelled = stop_.load() && !options_.live;
    hand_over(true);
    for (auto& lane : lanes_) push_waiting(lane->in, BatchPtr{});
  }

  void tell_interfaces() {
    const std::vector<CaptureInterface>& all = source_.interfaces();
    while (interfaces_told_ < all.size()) options_.writer->add_interface(all[interfaces_told_++]);
  }

  void take(Packet& p) {
    const uint64_t offset = options_.writer ? options_.writer->write(p) : p.file_offset;
    if (offset == PacketSink::kNotKept) {
      ++counters_.not_written;
      return;
    }
    const auto shard = static_cast<uint8_t>(shard_of(p));
    p.number = index_.append(p.ts.ns, offset, p.len, p.caplen, p.interface_id, shard);
    if (p.number == 1) first_ = now_ = before_ = previous_ = p.ts;
    now_ = std::max(now_, p.ts);
    last_number_ = p.number;
    PacketBatch& b = *filling_[shard % lanes_.size()];
    b.add(p, shard, now_, previous_);
    previous_ = p.ts;
    ++filled_;
    filled_bytes_ += p.caplen;
  }

  void hand_over(bool end) {
    if (options_.writer) keep_written();
    owing_ = false;
    for (size_t i = 0; i < lanes_.size(); ++i) {
      PacketBatch& b = *filling_[i];
      b.seal();
      b.last_number = last_number_;
      b.now = now_;
      b.end = end;
      // A file waits for its worker. Live nothing waits but the end.
      for (int spins = 0; filling_[i] && !offer(i);) {
        if (options_.live && !end) {
          leave_out(b);
          owing_ = true;
          break;
        }
        pause(spins);
      }
    }
    look_at_queues();
    before_ = now_;
    kept_before_ = previous_;
    filled_ = 0;
    filled_bytes_ = 0;
    fresh_batches();
  }

  void look_at_queues() {
    uint64_t most = 0;
    for (const auto& lane : lanes_)
      most = std::max(most, lane->waiting_bytes.load(std::memory_order_relaxed));
    const auto may = static_cast<double>(options_.queue_bytes / lanes_.size());
    counters_.queue_fill.store(may > 0 ? std::min(1.0, static_cast<double>(most) / may) : 0,
                               std::memory_order_relaxed);
  }

  /// Takes back the packets that the writer could not put into the file.
  void keep_written() {
    const uint64_t kept = options_.writer->flush();
    if (kept >= last_number_) return;
    counters_.not_written += last_number_ - kept;
    last_number_ = kept;
    index_.take_back(kept);
    now_ = before_;
    previous_ = kept_before_;
    for (const BatchPtr& b : filling_) {
      while (!b->items.empty() && b->items.back().packet.number > kept) b->items.pop_back();
      if (b->items.empty()) continue;
      now_ = std::max(now_, b->items.back().now);
      if (b->items.back().packet.number == kept) previous_ = b->items.back().packet.ts;
    }
  }

  /// False when the worker has as much before it as it may have.
  bool offer(size_t i) {
    Lane& lane = *lanes_[i];
    const uint64_t bytes = filling_[i]->bytes.size();
    const uint64_t waiting = lane.waiting_bytes.load(std::memory_order_relaxed);
    if (waiting > 0 && waiting + bytes > options_.queue_bytes / lanes_.size()) return false;
    lane.waiting_bytes.fetch_add(bytes, std::memory_order_relaxed);
    if (lane.in.try_push(std::move(filling_[i]))) return true;
    lane.waiting_bytes.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }

  /// The worker is behind: its packets stay listed, marked not analysed. The emptied batch takes
  /// the next stretch.
  void leave_out(PacketBatch& b) {
    for (const PacketBatch::Item& item : b.items) {
      IndexBlock& block = index_.block_of(item.packet.number);
      const size_t row = item.packet.number - block.first_number;
      block.bits[row] |= kBitNotAnalysed;
      if (item.packet.flags & kPacketDuplicate) block.bits[row] |= kBitDuplicate;
      block.stack[row] = UINT16_MAX;  // no shard has this one: stays an empty stack
      block.shown[row] = UINT8_MAX;
    }
    counters_.not_analysed += b.items.size();
    b.clear();
  }

  void fresh_batches() {
    filling_.resize(lanes_.size());
    for (size_t i = 0; i < lanes_.size(); ++i) {
      if (filling_[i]) continue;
      BatchPtr b;
      if (!lanes_[i]->back.try_pop(b)) b = std::make_unique<PacketBatch>();
      b->clear();
      filling_[i] = std::move(b);
    }
  }

  // ---- worker threads ----
  void work(Lane& lane) {
    int spins = 0;
    for (;;) {
      BatchPtr b;
      if (!lane.in.try_pop(b)) {
        pause(spins);
        continue;
      }
      spins = 0;
      if (!b) return;
      auto done = std::make_unique<WorkDone>();
      lane.worker.analyse(*b, first_, *done);
      // The answer waits too, and a packet's events may be larger than the packet.
      lane.waiting_bytes.fetch_add(answer_bytes(*done), std::memory_order_relaxed);
      lane.waiting_bytes.fetch_sub(b->bytes.size(), std::memory_order_relaxed);
      push_waiting(lane.out, std::move(done));
      (void)lane.back.try_push(std::move(b));
    }
  }

  // ---- store thread ----
  void commit_all() {
    std::vector<DonePtr> fronts(lanes_.size());
    lane_counters_.resize(lanes_.size());
    XXH3_64bits_reset(&digest_);
    int spins = 0;
    for (bool end = false; !end;) {
      // What cannot be committed yet stays in the rings, which are bounded.
      bool all = true;
      for (size_t i = 0; i < lanes_.size(); ++i)
        all = (fronts[i] || lanes_[i]->out.try_pop(fronts[i])) && all;
      if (!all) {
        pause(spins);
        continue;
      }
      spins = 0;
      // A lane that left a stretch out answers a later one: it has nothing to say of the earlier.
      const auto order = [](const DonePtr& d) { return std::pair(d->last_number, d->end); };
      auto next = order(fronts[0]);
      for (const DonePtr& d : fronts) next = std::min(next, order(d));
      std::vector<DonePtr> done;
      for (size_t i = 0; i < lanes_.size(); ++i) {
        if (order(fronts[i]) != next) continue;
        lane_counters_[i] = fronts[i]->counters;
        lanes_[i]->waiting_bytes.fetch_sub(answer_bytes(*fronts[i]), std::memory_order_relaxed);
        done.push_back(std::move(fronts[i]));
      }
      index_.commit(next.first);
      end = next.second;
      release(done);
    }
    report_.packets = index_.committed();
  }

  void release(const std::vector<DonePtr>& done) {
    TrackerCounters counters;
    for (const TrackerCounters& of_lane : lane_counters_) counters += of_lane;
    if (options_.on_counters && counters != counters_told_) options_.on_counters(counters);
    counters_told_ = counters;
    if (options_.checkpoints) {
      for (const DonePtr& d : done)
        for (auto& [id, copy] : d->checkpoints) options_.checkpoints->add(id, std::move(copy));
    }
    ordered_.clear();
    for (const DonePtr& d : done)
      for (const Event& e : d->events) ordered_.push_back(&e);
    std::stable_sort(ordered_.begin(), ordered_.end(), [](const Event* a, const Event* b) {
      return std::tuple(a->frame, a->flow.any() ? a->flow.shard() : 0, a->sequence) <
             std::tuple(b->frame, b->flow.any() ? b->flow.shard() : 0, b->sequence);
    });
    signals_.clear();
    for (const DonePtr& d : done)
      for (const FlowSignal& s : d->signals) signals_.push_back(&s);
    // A frame belongs to one shard, so its number and the order within it are enough.
    std::stable_sort(signals_.begin(), signals_.end(),
                     [](const FlowSignal* a, const FlowSignal* b) {
                       return std::tuple(a->frame, a->sequence) < std::tuple(b->frame, b->sequence);
                     });
    tell_in_order();
    events_ += ordered_.size();
  }

  void tell_in_order() {
    size_t at = 0;
    const auto signals_until = [&](uint64_t frame) {
      for (; at < signals_.size() && signals_[at]->frame <= frame; ++at) {
        bytes_.clear();
        append_signal_bytes(bytes_, *signals_[at]);
        XXH3_64bits_update(&digest_, bytes_.data(), bytes_.size());
        if (options_.on_signal) options_.on_signal(*signals_[at]);
      }
    };
    for (const Event* e : ordered_) {
      signals_until(e->frame);
      bytes_.clear();
      append_event_bytes(bytes_, *e);
      XXH3_64bits_update(&digest_, bytes_.data(), bytes_.size());
      if (options_.on_event) options_.on_event(*e);
    }
    signals_until(UINT64_MAX);
  }

  PacketSource& source_;
  CaptureIndex& index_;
  const AnalysisOptions& options_;
  std::atomic<bool>& stop_;
  AnalysisCounters own_counters_;
  AnalysisCounters& counters_;
  AnalysisReport report_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  // capture thread
  std::vector<BatchPtr> filling_;
  Timestamp now_, first_, previous_;
  Timestamp before_, kept_before_;  ///< now_ and previous_ as they were when the stretch began
  uint64_t last_number_ = 0, filled_bytes_ = 0;
  uint32_t filled_ = 0;
  size_t interfaces_told_ = 0;
  bool owing_ = false;  ///< a lane left the last stretch out: what others know of it waits for it
  // store thread
  std::vector<const Event*> ordered_;
  std::vector<const FlowSignal*> signals_;
  std::vector<std::byte> bytes_;
  XXH3_state_t digest_;
  uint64_t events_ = 0;
  std::vector<TrackerCounters> lane_counters_;  ///< as last told: not every lane answers each time
  TrackerCounters counters_told_;
};

template <class T>
void append_number(std::vector<std::byte>& out, T v) {
  const auto* p = reinterpret_cast<const std::byte*>(&v);
  out.insert(out.end(), p, p + sizeof v);
}

void append_text(std::vector<std::byte>& out, std::string_view s) {
  append_number(out, static_cast<uint32_t>(s.size()));
  const Bytes b = as_bytes(s);
  out.insert(out.end(), b.begin(), b.end());
}

}  // namespace

AnalysisReport analyse_capture(PacketSource& source, CaptureIndex& index,
                               const AnalysisOptions& options, std::atomic<bool>& stop) {
  return Analysis(source, index, options, stop).run();
}

void append_event_bytes(std::vector<std::byte>& out, const Event& e) {
  append_number(out, static_cast<uint8_t>(e.kind));
  append_number(out, e.ip_proto);
  append_number(out, e.flow.value);
  append_number(out, e.ts.ns);
  append_number(out, e.first_ts.ns);
  append_number(out, e.frame);
  append_number(out, e.first_frame);
  for (const IpAddress* a : {&e.orig, &e.resp}) append_text(out, as_text(a->bytes()));
  append_number(out, e.orig_port);
  append_number(out, e.resp_port);
  for (const uint64_t n : {e.orig_packets, e.resp_packets, e.orig_bytes, e.resp_bytes})
    append_number(out, n);
  append_text(out, e.protocol);
  append_text(out, e.name);
  for (size_t i = 0; i < e.field_count; ++i) {
    append_text(out, e.fields[i].key);
    append_text(out, e.value(i));
  }
}

void append_signal_bytes(std::vector<std::byte>& out, const FlowSignal& s) {
  append_number(out, static_cast<uint8_t>(s.kind));
  append_number(out, s.ip_proto);
  append_number(out, s.tcp_flags);
  append_number(out, s.orig_port);
  append_number(out, s.resp_port);
  for (const IpAddress* a : {&s.orig, &s.resp}) append_text(out, as_text(a->bytes()));
  append_number(out, s.flow.value);
  append_number(out, s.ts.ns);
  append_number(out, s.first_ts.ns);
  append_number(out, s.frame);
}

uint64_t index_digest(const CaptureIndex& index) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  const auto add = [&state](const auto* p, size_t n) {
    XXH3_64bits_update(&state, p, n * sizeof *p);
  };
  std::vector<std::byte> flows;
  index.scan(1, index.committed(), [&](const IndexBlock& b, uint32_t row, uint32_t n) {
    add(b.ts_ns.get() + row, n);
    add(b.offset.get() + row, n);
    add(b.len.get() + row, n);
    add(b.caplen.get() + row, n);
    add(b.flow.get() + row, n);
    add(b.previous.get() + row, n);
    add(b.stack.get() + row, n);
    add(b.tcp_flags.get() + row, n);
    add(b.bits.get() + row, n);
    add(b.interface_id.get() + row, n);
    add(b.shown.get() + row, n);
    for (uint32_t i = row; i < row + n; ++i) {
      if (!(b.bits[i] & kBitFlowStart)) continue;
      const FlowRecord* f = index.find_flow(FlowId{b.flow[i]});
      if (!f) continue;
      append_text(flows, as_text(f->orig.bytes()));
      append_text(flows, as_text(f->resp.bytes()));
      append_number(flows, f->orig_port);
      append_number(flows, f->resp_port);
      append_number(flows, f->application.load());
      append_number(flows, f->stream.load());
    }
    return true;
  });
  add(flows.data(), flows.size());
  return XXH3_64bits_digest(&state);
}

}  // namespace sp3ctra
