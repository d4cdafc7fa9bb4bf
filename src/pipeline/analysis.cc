#include "pipeline/analysis.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <chrono>
#include <deque>
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
  Lane(CaptureIndex& index, uint32_t flows_max)
      : worker(index, flows_max), in(kBatches), back(kBatches + 1), out(kBatches * 2) {}
  static constexpr size_t kBatches = 256;
  Worker worker;
  SpscRing<BatchPtr> in, back;
  SpscRing<DonePtr> out;
  std::thread thread;
};

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
      : source_(source), index_(index), options_(options), stop_(stop) {}

  AnalysisReport run() {
    const unsigned n = std::clamp(options_.workers, 1u, limits::kWorkersMax);
    for (unsigned i = 0; i < n; ++i)
      lanes_.push_back(std::make_unique<Lane>(index_, options_.flows_max_per_shard));
    for (auto& lane : lanes_) lane->thread = std::thread([this, &lane] { work(*lane); });
    std::thread store([this] { commit_all(); });
    read_all();
    for (auto& lane : lanes_) lane->thread.join();
    store.join();
    for (auto& lane : lanes_) {
      report_.trackers += lane->worker.counters();
    }
    report_.events = events_;
    report_.events_digest = XXH3_64bits_digest(&digest_);
    return report_;
  }

 private:
  // ---- capture thread ----
  void read_all() {
    fresh_batches();
    Packet p;
    uint32_t filled = 0;
    while (!stop_.load(std::memory_order_relaxed)) {
      const PacketSource::Next next = source_.next(p);
      if (next == PacketSource::Next::kEnd) break;
      if (next == PacketSource::Next::kIdle) {
        if (filled > 0) hand_over(false);
        filled = 0;
        if (options_.wait && !options_.wait()) break;
        continue;
      }
      take(p);
      if (++filled == limits::kBatchPackets) {
        hand_over(false);
        filled = 0;
      }
    }
    report_.cancelled = stop_.load() && !options_.live;
    hand_over(true);
    for (auto& lane : lanes_) push_waiting(lane->in, BatchPtr{});
  }

  void take(Packet& p) {
    const uint64_t offset = options_.writer ? options_.writer->write(p) : p.file_offset;
    const auto shard = static_cast<uint8_t>(shard_of(p));
    p.number = index_.append(p.ts.ns, offset, p.len, p.caplen, p.interface_id, shard);
    if (p.number == 1) first_ = now_ = previous_ = p.ts;
    now_ = std::max(now_, p.ts);
    last_number_ = p.number;
    PacketBatch& b = *filling_[shard % lanes_.size()];
    b.add(p, shard, now_, previous_);
    previous_ = p.ts;
  }

  void hand_over(bool end) {
    if (options_.writer) options_.writer->flush();
    for (size_t i = 0; i < lanes_.size(); ++i) {
      PacketBatch& b = *filling_[i];
      b.seal();
      b.last_number = last_number_;
      b.now = now_;
      b.end = end;
      if (!lanes_[i]->in.try_push(std::move(filling_[i]))) wait_or_mark(i);
    }
    fresh_batches();
  }

  /// The worker is behind. A file waits; live the packets stay listed, marked not analysed.
  void wait_or_mark(size_t i) {
    PacketBatch& b = *filling_[i];
    if (options_.live && !b.items.empty()) {
      for (const PacketBatch::Item& item : b.items) {
        IndexBlock& block = index_.block_of(item.packet.number);
        const size_t row = item.packet.number - block.first_number;
        block.bits[row] |= kBitNotAnalysed;
        block.stack[row] = UINT16_MAX;  // no shard has this one: stays an empty stack
        block.shown[row] = UINT8_MAX;
      }
      report_.not_analysed += b.items.size();
      b.items.clear();
      b.bytes.clear();
    }
    push_waiting(lanes_[i]->in, std::move(filling_[i]));
  }

  void fresh_batches() {
    filling_.resize(lanes_.size());
    for (size_t i = 0; i < lanes_.size(); ++i) {
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
      push_waiting(lane.out, std::move(done));
      (void)lane.back.try_push(std::move(b));
    }
  }

  // ---- store thread ----
  void commit_all() {
    std::vector<std::deque<DonePtr>> waiting(lanes_.size());
    XXH3_64bits_reset(&digest_);
    int spins = 0;
    for (bool end = false; !end;) {
      bool all = true;
      for (size_t i = 0; i < lanes_.size(); ++i) {
        for (DonePtr d; lanes_[i]->out.try_pop(d);) waiting[i].push_back(std::move(d));
        all = all && !waiting[i].empty();
      }
      if (!all) {
        pause(spins);
        continue;
      }
      spins = 0;
      // Every lane answers every stretch of frames, so the fronts belong together.
      std::vector<DonePtr> done;
      for (auto& w : waiting) {
        done.push_back(std::move(w.front()));
        w.pop_front();
      }
      index_.commit(done[0]->last_number);
      end = done[0]->end;
      release(done);
    }
    report_.packets = index_.committed();
  }

  void release(const std::vector<DonePtr>& done) {
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
    for (const Event* e : ordered_) {
      bytes_.clear();
      append_event_bytes(bytes_, *e);
      XXH3_64bits_update(&digest_, bytes_.data(), bytes_.size());
      if (options_.on_event) options_.on_event(*e);
    }
    events_ += ordered_.size();
  }

  PacketSource& source_;
  CaptureIndex& index_;
  const AnalysisOptions& options_;
  std::atomic<bool>& stop_;
  AnalysisReport report_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  // capture thread
  std::vector<BatchPtr> filling_;
  Timestamp now_, first_, previous_;
  uint64_t last_number_ = 0;
  // store thread
  std::vector<const Event*> ordered_;
  std::vector<std::byte> bytes_;
  XXH3_state_t digest_;
  uint64_t events_ = 0;
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
