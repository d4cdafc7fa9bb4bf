// sp3ctra capture: live packets of one interface to the screen or a pcapng file.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "capture/interfaces.h"
#include "cli/commands.h"
#include "cli/packet_printer.h"
#include "cli/terminal.h"
#include "decode/shard.h"
#include "filter/filter.h"
#include "pipeline/live_capture.h"

namespace sp3ctra::cli {
namespace {

struct Options {
  std::string interface_name, bpf, filter, write, format = "text";
  uint64_t packets_max = 0;
  uint32_t snaplen = limits::kPacketBytesMax, ring_kib = limits::kRingBytes / 1024;
  bool no_promiscuous = false, quiet = false;
  double duration_s = 0;
  std::string stop_condition;
};

class Capture {
 public:
  Capture(const Options& o, LiveSource& source, PacketPrinter printer, Filter filter,
          PcapngWriter* writer)
      : options_(o),
        source_(source),
        printer_(std::move(printer)),
        filter_(std::move(filter)),
        writer_(writer),
        shards_({limits::kFlowsPerShard,
                 !filter_.everything() || printer_.wants_tree() ? &tree_ : nullptr, nullptr,
                 &numbering_}) {
    shards_.want_info(true);
  }

  int run() {
    using Clock = std::chrono::steady_clock;
    const auto end =
        Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(options_.duration_s * 1000));
    bool stopping = false;
    std::string out;
    for (Packet p;;) {
      const bool over = signalled() || (options_.duration_s > 0 && Clock::now() >= end) ||
                        (options_.packets_max > 0 && shown_ >= options_.packets_max) ||
                        (writer_ && !writer_->status());
      if (over && !stopping) {
        source_.stop();
        stopping = true;
      }
      const PacketSource::Next next = source_.next(p);
      if (next == PacketSource::Next::kEnd) break;
      if (next == PacketSource::Next::kIdle) {
        if (writer_) (void)writer_->flush();
        source_.wait(100);
        continue;
      }
      if (options_.packets_max > 0 && shown_ >= options_.packets_max) continue;
      one(p, out);
      std::fwrite(out.data(), 1, out.size(), stdout);
      std::fflush(stdout);
      out.clear();
    }
    return finish();
  }

 private:
  void one(Packet& p, std::string& out) {
    p.number = ++seen_;
    if (seen_ == 1) first_ = now_ = previous_ = p.ts;
    now_ = std::max(now_, p.ts);
    const Dissection& d = shards_.dissect(p, shard_of(p), now_, first_, previous_);
    previous_ = p.ts;
    if (!filter_.everything() && !filter_.matches(tree_, p.data)) return;
    ++shown_;
    if (writer_) writer_->write_packet(p);
    if (!options_.quiet && !writer_) printer_.print(out, d);
  }

  int finish() {
    const LiveStats s = source_.stats();
    if (writer_) {
      FileStatistics stats;
      stats.received = s.received;
      stats.dropped = s.kernel_drops;
      writer_->write_statistics(stats, now_);
      if (const Status st = writer_->flush(); !st) return failed(st.error().message);
    }
    fmt::print(stderr,
               "\n{} packets captured\n{} packets received by the filter\n"
               "{} packets dropped by the kernel\n",
               shown_, s.received, s.kernel_drops);
    if (!source_.damage().empty()) return failed(source_.damage());
    return kDone;
  }

  const Options& options_;
  LiveSource& source_;
  PacketPrinter printer_;
  Filter filter_;
  PcapngWriter* writer_;
  Tree tree_;
  CountingNumbering numbering_;
  ShardSet shards_;
  Timestamp first_, now_, previous_;
  uint64_t seen_ = 0, shown_ = 0;
};

int usage(std::string_view message) {
  failed(message);
  return kUsage;
}

int capture(Options o) {
  if (!o.stop_condition.empty()) {
    if (!o.stop_condition.starts_with("duration:"))
      return usage("-a: only duration:SECONDS is known");
    o.duration_s = std::strtod(o.stop_condition.c_str() + 9, nullptr);
    if (o.duration_s <= 0) return usage("-a duration: needs a number of seconds above 0");
  }
  auto format = parse_format(o.format);
  if (!format) return usage(format.error().message);
  auto printer = PacketPrinter::make(*format, {});
  if (!printer) return usage(printer.error().message);
  auto filter = parse_filter(o.filter);
  if (!filter) return usage("-Y: " + filter.error().message);
  Capd capd = Capd::start();
  if (const Status s = drop_all_capabilities(); !s) return failed(s.error().message);
  if (!capd.rights().can_capture)
    return failed(fmt::format("{}\n  {}", capd.rights().why, capd.rights().fix));
  if (o.interface_name.empty()) {
    const auto list = list_interfaces(capd.rights());
    const InterfaceInfo* best = list ? preferred_interface(*list) : nullptr;
    if (!best) return failed("no interface to capture on; see sp3ctra interfaces");
    o.interface_name = best->name;
  }
  catch_signals();
  LiveSource::Options lo;
  lo.interface_name = o.interface_name;
  lo.bpf = o.bpf;
  lo.snaplen = o.snaplen == 0 ? limits::kPacketBytesMax : o.snaplen;
  lo.promiscuous = !o.no_promiscuous;
  lo.ring_bytes = o.ring_kib * 1024;
  auto source = LiveSource::open(capd, lo);
  if (!source) {
    const BpfError& e = source.error();
    if (e.length == 0 && e.position == 0) return failed(e.message);
    return usage(fmt::format("-f: {}\n  {}\n  {:>{}}", e.message, o.bpf, "^", e.position + 1));
  }
  std::unique_ptr<PcapngWriter> writer;
  if (!o.write.empty()) {
    auto file = FileHandle::open_write(o.write);
    if (!file) return failed(file.error().message);
    writer = std::make_unique<PcapngWriter>(std::move(*file), WriterOrigin{"", "", "sp3ctra", ""});
    for (const CaptureInterface& i : (*source)->interfaces()) writer->add_interface(i);
  }
  fmt::print(stderr, "capturing on {}; Ctrl-C ends it\n", o.interface_name);
  return Capture(o, **source, std::move(*printer), std::move(*filter), writer.get()).run();
}

}  // namespace

void add_capture(CLI::App& app, Action& chosen) {
  auto o = std::make_shared<Options>();
  CLI::App* c = app.add_subcommand("capture", "live packets of an interface");
  c->add_option("-i,--interface", o->interface_name, "default: the way to the internet");
  c->add_option("-f,--capture-filter", o->bpf, "capture filter (BPF), for example: not port 22");
  c->add_option("-Y,--filter", o->filter, "display filter: what is shown or written");
  c->add_option("-w,--write", o->write, "pcapng file; - is standard output");
  c->add_option("-c,--packets", o->packets_max, "end after N packets");
  c->add_option("-s,--snaplen", o->snaplen, "bytes kept of each packet, 0 = all")
      ->check(CLI::Range(0u, limits::kPacketBytesMax));
  c->add_option("-B,--buffer", o->ring_kib, "ring in KiB")->check(CLI::Range(2048u, 1u << 20));
  c->add_flag("-p,--no-promiscuous", o->no_promiscuous, "only packets for this machine");
  c->add_flag("-q,--quiet", o->quiet, "print no packets");
  c->add_option("-a,--autostop", o->stop_condition, "duration:SECONDS");
  c->add_option("-o,--output", o->format, "text, jsonl or tree");
  c->callback([o, &chosen] { chosen = [o] { return capture(*o); }; });
}

}  // namespace sp3ctra::cli
