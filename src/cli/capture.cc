// sp3ctra capture: live packets to the screen, a pcapng file or a ring of files.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>

#include "api/interface_watch.h"
#include "capture/interfaces.h"
#include "capture/live_set.h"
#include "cli/capture_files.h"
#include "cli/capture_options.h"
#include "cli/color.h"
#include "cli/commands.h"
#include "cli/interface_rows.h"
#include "cli/packet_printer.h"
#include "cli/terminal.h"
#include "decode/shard.h"
#include "decode/value_text.h"
#include "filter/filter.h"
#include "flow/shard_set.h"

namespace sp3ctra::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kOutputBytes = 1 << 16;  // printed at once while packets are many
constexpr auto kWordsEvery = std::chrono::milliseconds(500);
constexpr auto kCountEvery = std::chrono::milliseconds(250);  // the running count

class Capture {
 public:
  Capture(const CaptureOptions& o, LiveSet& live, PacketPrinter printer, Filter filter,
          CaptureFiles* files)
      : options_(o),
        live_(live),
        printer_(std::move(printer)),
        filter_(std::move(filter)),
        files_(files),
        printing_(!o.quiet && (!files || o.print)),
        counting_(files && !o.quiet && !printing_ && is_terminal(2)),
        shards_({limits::kFlowsPerShard,
                 !filter_.everything() || printer_.wants_tree() ? &tree_ : nullptr, nullptr,
                 &numbering_}) {
    shards_.want_info(true);
  }

  int run() {
    begun_ = Clock::now();
    if (printing_) printer_.header(out_);
    bool stopping = false;
    for (Packet p;;) {
      if (!stopping && over()) {
        live_.stop();
        stopping = true;
      }
      const PacketSource::Next next = live_.next(p);
      if (next == PacketSource::Next::kEnd) break;
      if (next == PacketSource::Next::kIdle) {
        idle();
        live_.wait(100);
      } else if (!enough()) {
        one(p);
      }
    }
    return finish();
  }

 private:
  /// No further packet is wanted, also none that has come already.
  bool enough() const {
    const Bounds& b = options_.stop;
    if ((b.packets > 0 && shown_ >= b.packets) || full_ || left_) return true;
    if (!files_) return false;
    return (b.bytes > 0 && files_->bytes() >= b.bytes) ||
           (b.files > 0 && files_->files() >= b.files && (files_->due() || !files_->begun()));
  }

  bool over() const {
    return signalled() || enough() ||
           (options_.stop.duration_s > 0 &&
            std::chrono::duration<double>(Clock::now() - begun_).count() >=
                options_.stop.duration_s);
  }

  void idle() {
    print_out();
    if (files_) take(files_->flush());
    turn_file();
    show_count();
    show_words();
  }

  void one(Packet& p) {
    p.number = ++seen_;
    if (seen_ == 1) first_ = now_ = previous_ = p.ts;
    now_ = std::max(now_, p.ts);
    const Dissection* d = nullptr;
    // A file of everything needs no dissection, and can be written as fast as packets come.
    if (printing_ || !filter_.everything())
      d = &shards_.dissect(p, shard_of(p), now_, first_, previous_);
    previous_ = p.ts;
    if (!filter_.everything() && !filter_.matches(tree_, p.data)) return;
    ++shown_;
    if (files_) {
      turn_file();
      take(files_->write(p, live_.interfaces()));
      if ((shown_ & 0xff) == 0) show_count();
    }
    if (!printing_) return;
    printer_.print(out_, *d);
    if (options_.line_by_line || out_.size() > kOutputBytes) print_out();
  }

  void turn_file() {
    if (files_ && files_->due()) take(files_->end(live_.statistics(), now_));
  }

  void take(const Status& written) {
    if (written || full_ || left_) return;
    // Whoever read the capture has gone: nothing is wrong.
    left_ =
        options_.write == "-" && written.error().message.find("Broken pipe") != std::string::npos;
    if (left_) return;
    full_ = true;
    trouble_ = written.error().message;
  }

  void print_out() {
    if (out_.empty()) return;
    const bool ok =
        std::fwrite(out_.data(), 1, out_.size(), stdout) == out_.size() && std::fflush(stdout) == 0;
    out_.clear();
    if (!ok) left_ = true;
  }

  void show_count() {
    if (!counting_ || Clock::now() - counted_ < kCountEvery) return;
    counted_ = Clock::now();
    fmt::print(stderr, "\r{} packets, {} kB ", shown_, files_->bytes() / 1000);
    std::fflush(stderr);
  }

  int finish() {
    print_out();
    bool counted = false;
    if (files_ && files_->begun() && !left_) {
      const Status ended = files_->end(live_.statistics(true), now_);
      counted = ended.has_value();
      take(ended);
    }
    if (left_) return kDone;
    print_counts();
    if (full_) {
      const bool disk = trouble_.find("No space left") != std::string::npos;
      return failed(fmt::format(
          "{}: {}\n  It ends after its last whole packet; {} of {} packets are written.{}{}",
          files_->path(), disk ? "the disk is full" : trouble_, files_->packets(), shown_,
          counted ? "" : "\n  There was no room in it for the counts below its packets.",
          disk ? "\n  A ring of files needs a bounded space: -b filesize:KB -b files:N" : ""));
    }
    return kDone;
  }

  /// What befalls an interface while the others go on.
  void show_words() {
    if (Clock::now() - worded_ < kWordsEvery) return;
    worded_ = Clock::now();
    for (const LiveInterfaceState& i : live_.states()) {
      std::string& said = words_[i.name];
      if (said == i.words) continue;
      said = i.words;
      if (!said.empty() || i.state == LiveInterfaceState::kRunning)
        fmt::print(stderr, "{}{}: {}\n", counting_ ? "\n" : "", escape_text(i.name),
                   said.empty() ? "captured again" : said);
    }
  }

  /// What tcpdump's users look for; of several interfaces each by itself, too.
  void print_counts() {
    const std::vector<LiveInterfaceState> states = live_.states();
    LiveStats all;
    uint64_t duplicates = 0;
    std::string text = "\n";
    for (const LiveInterfaceState& i : states) {
      all.received += i.stats.received;
      all.kernel_drops += i.stats.kernel_drops;
      all.card_drops += i.stats.card_drops;
      duplicates += i.duplicates;
      if (states.size() > 1)
        text += fmt::format(
            "{}: {} captured, {} received by filter, {} dropped by kernel, {} "
            "dropped by interface\n",
            escape_text(i.name), i.packets, i.stats.received, i.stats.kernel_drops,
            i.stats.card_drops);
    }
    text += fmt::format("{} packets captured\n", shown_);
    if (duplicates > 0)
      text += fmt::format("{} of all were seen on another interface, too\n", duplicates);
    text += fmt::format(
        "{} packets received by filter\n{} packets dropped by kernel\n{} packets "
        "dropped by interface\n",
        all.received, all.kernel_drops, all.card_drops);
    std::fputs(text.c_str(), stderr);
  }

  const CaptureOptions& options_;
  LiveSet& live_;
  PacketPrinter printer_;
  Filter filter_;
  CaptureFiles* files_;
  const bool printing_, counting_;
  Tree tree_;
  CountingNumbering numbering_;
  ShardSet shards_;
  Clock::time_point begun_, counted_, worded_;
  std::map<std::string, std::string> words_;  // said of an interface, last
  std::string out_, trouble_;
  bool full_ = false;  ///< the file took no more
  bool left_ = false;  ///< nobody reads any more
  Timestamp first_, now_, previous_;
  uint64_t seen_ = 0, shown_ = 0;
};

int usage(std::string_view message) {
  failed(message);
  return kUsage;
}

/// `name`, or the interface of that number in -D's list; null when there is neither.
const InterfaceInfo* interface_of(const std::string& name, const std::vector<InterfaceInfo>& list) {
  for (const InterfaceInfo& i : list)
    if (i.name == name) return &i;
  size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool is_number = error == std::errc() && end == name.data() + name.size();
  return is_number && number >= 1 && number <= list.size() ? &list[number - 1] : nullptr;
}

/// The names to capture on, or why one of them cannot be.
Result<std::vector<std::string>> choose(const std::vector<std::string>& wanted,
                                        const std::vector<InterfaceInfo>& list) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const std::string& w : wanted) {
    const InterfaceInfo* i = interface_of(w, list);
    if (!i && w == "any") {
      for (const InterfaceInfo& each : list)
        if (each.capturable) add(each.name);
      continue;
    }
    if (!i) return fail("there is no interface {}; sp3ctra interfaces lists them", w);
    if (!i->capturable)
      return fail("{} cannot be captured: {}{}{}", i->name, i->why, i->fix.empty() ? "" : "\n  ",
                  i->fix);
    add(i->name);
  }
  if (wanted.empty())
    if (const InterfaceInfo* best = preferred_interface(list)) add(best->name);
  if (!names.empty()) return names;
  const auto none = api::no_interface(interface_rows(list));
  if (!none) return fail("there is no interface to capture on");
  return fail("{}{}{}", none->why, none->fix.empty() ? "" : "\n  ", none->fix);
}

int list_interfaces_shortly(const std::vector<InterfaceInfo>& list) {
  for (size_t k = 0; k < list.size(); ++k)
    fmt::print("{}. {} ({}, {}{})\n", k + 1, escape_text(list[k].name), list[k].friendly,
               list[k].up ? "up" : "down", list[k].capturable ? "" : "; cannot be captured");
  return kDone;
}

int capture(CaptureOptions& o) {
  if (o.list_presets) {
    fmt::print("{}", presets_text());
    return kDone;
  }
  if (const Status s = understand(o); !s) return usage(s.error().message);
  auto format = parse_format(o.format);
  if (!format) return usage(format.error().message);
  auto printer = PacketPrinter::make(*format, o.fields);
  if (!printer) return usage(printer.error().message);
  auto filter = parse_filter(o.filter);
  if (!filter) return usage("-Y: " + filter.error().message);
  Capd capd = Capd::start();
  if (const Status s = drop_all_capabilities(); !s) return failed(s.error().message);
  const auto list = list_interfaces(capd.rights());
  if (!list) return failed(list.error().message);
  if (o.list_interfaces) return list_interfaces_shortly(*list);
  if (!capd.rights().can_capture)
    return failed(fmt::format("{}\n  {}", capd.rights().why, capd.rights().fix));
  const auto names = choose(o.interfaces, *list);
  if (!names) return failed(names.error().message);
  catch_signals();
  const uint32_t ring_kib = std::max(o.ring_kib, kRingKibMin);
  LiveSet::Options lo;
  lo.bpf = o.bpf;
  lo.snaplen = o.snaplen;
  lo.promiscuous = !o.no_promiscuous;
  lo.ring_bytes = ring_kib * 1024;
  lo.may_grow = false;
  auto live = LiveSet::open(capd, *names, lo);
  if (!live) {
    const BpfError& e = live.error();
    if (e.length == 0 && e.position == 0) return failed(e.message);
    return usage(
        fmt::format("capture filter: {}\n  {}\n  {:>{}}", e.message, o.bpf, "^", e.position + 1));
  }
  std::unique_ptr<CaptureFiles> files;
  if (!o.write.empty()) {
    auto made = CaptureFiles::open({o.write, o.in_ring(), o.ring, o.packet_by_packet},
                                   (*live)->interfaces());
    if (!made) return failed(made.error().message);
    files = std::move(*made);
  }
  printer->set_paint(Paint{use_color(o.color, 1)});
  if (names->size() > 1) printer->name_interfaces(&(*live)->interfaces());
  if (!o.quiet || o.write.empty())
    fmt::print(stderr, "capturing on {}; Ctrl-C ends it\n",
               escape_text(fmt::format("{}", fmt::join(*names, ", "))));
  return Capture(o, **live, std::move(*printer), std::move(*filter), files.get()).run();
}

}  // namespace

void add_capture(CLI::App& app, Action& chosen) {
  auto o = std::make_shared<CaptureOptions>();
  CLI::App* c = app.add_subcommand("capture", "live packets to the screen or into pcapng files");
  declare_capture_options(*c, *o);
  c->callback([o, &chosen] { chosen = [o] { return capture(*o); }; });
}

}  // namespace sp3ctra::cli
