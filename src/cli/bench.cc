// sp3ctra bench: packets/s and ns/packet by stage over a file, and a digest of the results.
#include <fmt/format.h>

#include <chrono>

#include "capture/file_source.h"
#include "cli/commands.h"
#include "decode/registry.h"
#include "decode/shard.h"
#include "flow/shard_set.h"
#include "pipeline/analysis.h"

namespace sp3ctra::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string file;
  unsigned workers = 1;
  uint32_t flows_max = limits::kFlowsPerShard;
  bool digest_only = false;
};

double seconds_since(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

struct Stage {
  std::string name;
  double seconds = 0;
  uint64_t packets = 0;
  void print() const {
    fmt::print("{:<28} {:>9.1f} ns/packet  {:>8.3f} M packets/s\n", name,
               seconds * 1e9 / static_cast<double>(std::max<uint64_t>(packets, 1)),
               static_cast<double>(packets) / seconds / 1e6);
  }
};

/// Reads the file once, calling f for each packet.
template <class F>
Result<Stage> pass(const std::string& file, std::string name, F f) {
  auto source = open_capture_file(file);
  if (!source) return tl::unexpected(std::move(source.error()));
  const auto start = Clock::now();
  Stage s{std::move(name), 0, 0};
  Packet p;
  for (PacketSource::Next n; (n = (*source)->next(p)) != PacketSource::Next::kEnd;) {
    if (n == PacketSource::Next::kIdle) continue;
    p.number = ++s.packets;
    f(p);
  }
  s.seconds = seconds_since(start);
  return s;
}

int bench(const Options& o) {
  const auto start = Clock::now();
  (void)dispatch_tables();
  const double start_up = seconds_since(start);
  if (!o.digest_only) {
    auto read = pass(o.file, "read", [](Packet&) {});
    if (!read) return failed(read.error().message);
    uint64_t sum = 0;
    auto shard = pass(o.file, "read + shard", [&](Packet& p) { sum += shard_of(p); });
    if (!shard) return failed(shard.error().message);
    ShardSet shards({o.flows_max, nullptr, nullptr, nullptr});
    Timestamp now, first, previous;
    auto dissect = pass(o.file, "read + shard + dissect", [&](Packet& p) {
      if (p.number == 1) first = previous = p.ts;
      now = std::max(now, p.ts);
      shards.dissect(p, shard_of(p), now, first, previous);
      previous = p.ts;
    });
    if (!dissect) return failed(dissect.error().message);
    fmt::print("start-up                     {:>9.3f} ms\n", start_up * 1e3);
    read->print();
    shard->print();
    dissect->print();
  }
  auto source = open_capture_file(o.file);
  if (!source) return failed(source.error().message);
  CaptureIndex index;
  AnalysisOptions options;
  options.workers = o.workers;
  options.flows_max_per_shard = o.flows_max;
  std::atomic<bool> stop{false};
  const auto begin = Clock::now();
  const AnalysisReport r = analyse_capture(**source, index, options, stop);
  Stage whole{fmt::format("whole pipeline, {} worker{}", o.workers, o.workers == 1 ? "" : "s"),
              seconds_since(begin), r.packets};
  if (!o.digest_only) whole.print();
  fmt::print("packets {}\nevents {}\nflows_evicted {}\ndigest index {:016x} events {:016x}\n",
             r.packets, r.events, r.trackers.flows_evicted, index_digest(index), r.events_digest);
  if ((*source)->damage().empty()) return kDone;
  return failed((*source)->damage());
}

}  // namespace

void add_bench(CLI::App& app, Action& chosen) {
  auto o = std::make_shared<Options>();
  CLI::App* c = app.add_subcommand("bench", "speed by stage and a digest of the results");
  c->add_option("FILE", o->file, "capture file")->required();
  c->add_option("--workers", o->workers, "worker threads")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
  c->add_option("--flows-max", o->flows_max, "live flows per shard, to reach the limit on purpose")
      ->type_name("N")
      ->check(CLI::Range(1u, limits::kFlowsPerShard));
  c->add_flag("--digest", o->digest_only, "only the digest");
  c->callback([o, &chosen] { chosen = [o] { return bench(*o); }; });
}

}  // namespace sp3ctra::cli
