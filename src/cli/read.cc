// sp3ctra read: packets of files as text, fields or a new file.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "capture/file_source.h"
#include "capture/merge_source.h"
#include "capture/pcapng_writer.h"
#include "cli/commands.h"
#include "cli/packet_printer.h"
#include "decode/shard.h"
#include "decode/value_text.h"
#include "filter/filter.h"
#include "flow/shard_set.h"

namespace sp3ctra::cli {
namespace {

struct ReadOptions {
  std::vector<std::string> files, fields;
  std::string filter, format = "text", write;
  uint64_t packets_max = 0, only = 0;
  bool count = false, stats = false;
};

/// Everything one `read` needs while packets pass.
class Reading {
 public:
  explicit Reading(const ReadOptions& o) : options_(o) {}

  int run() {
    if (const Status s = understand(); !s) {
      failed(s.error().message);
      return kUsage;
    }
    if (const Status s = open(); !s) return failed(s.error().message);
    std::string out;
    printer_.header(out);
    Packet p;
    for (;;) {
      const PacketSource::Next next = source_->next(p);
      if (next == PacketSource::Next::kEnd) break;
      if (next == PacketSource::Next::kIdle) continue;
      if (!one(p, out)) break;
      if (out.size() > 1 << 16 && !put(out)) return kDone;  // the reader of the pipe has left
    }
    return finish(out);
  }

 private:
  /// What was asked for, before any file is touched; an error here is wrong usage.
  Status understand() {
    auto format = parse_format(options_.format);
    if (!format) return tl::unexpected(std::move(format.error()));
    auto printer = PacketPrinter::make(*format, options_.fields);
    if (!printer) return tl::unexpected(std::move(printer.error()));
    printer_ = std::move(*printer);
    auto filter = parse_filter(options_.filter);
    if (!filter) {
      const FilterParseError& e = filter.error();
      // The position counts bytes, the terminal characters.
      const auto before = std::string_view(options_.filter).substr(0, e.position);
      const auto columns = std::count_if(before.begin(), before.end(),
                                         [](char c) { return (c & '\xc0') != '\x80'; });
      return fail("-Y: {}\n  {}\n  {:>{}}", e.message, options_.filter, "^", columns + 1);
    }
    filter_ = std::move(*filter);
    return {};
  }

  Status open() {
    quiet_ = options_.count || options_.stats || !options_.write.empty();
    tree_wanted_ = !filter_.everything() || (!quiet_ && printer_.wants_tree());
    shards_ = std::make_unique<ShardSet>(ShardSetOptions{
        limits::kFlowsPerShard, tree_wanted_ ? &tree_ : nullptr, nullptr, &numbering_});
    shards_->want_info(!quiet_);
    TRY(open_files());
    if (options_.write.empty()) return {};
    auto file = FileHandle::open_write(options_.write);
    if (!file) return tl::unexpected(std::move(file.error()));
    writer_ = std::make_unique<PcapngWriter>(std::move(*file), WriterOrigin{"", "", "sp3ctra", ""});
    return {};
  }

  Status open_files() {
    if (options_.files.size() == 1) {
      auto source = open_capture_file(options_.files[0]);
      if (!source) return tl::unexpected(std::move(source.error()));
      source_ = std::move(*source);
      return {};
    }
    std::vector<std::unique_ptr<PacketSource>> sources;
    for (const std::string& f : options_.files) {
      auto source = open_capture_file(f);
      if (!source) return tl::unexpected(std::move(source.error()));
      sources.push_back(std::move(*source));
    }
    auto merged = MergeSource::create(std::move(sources));
    if (!merged) return tl::unexpected(std::move(merged.error()));
    source_ = std::move(*merged);
    return {};
  }

  /// False when enough packets were shown.
  bool one(Packet& p, std::string& out) {
    p.number = ++number_;
    if (number_ == 1) first_ = now_ = previous_ = p.ts;
    now_ = std::max(now_, p.ts);
    bytes_ += p.len;
    const Dissection& d = shards_->dissect(p, shard_of(p), now_, first_, previous_);
    previous_ = p.ts;
    if (!filter_.everything() && !filter_.matches(tree_, p.data)) return true;
    ++shown_;
    if (writer_) write(p);
    if (!quiet_) printer_.print(out, d);
    return options_.packets_max == 0 || shown_ < options_.packets_max;
  }

  void write(Packet p) {
    while (interfaces_written_ < source_->interfaces().size())
      writer_->add_interface(source_->interfaces()[interfaces_written_++]);
    writer_->write_packet(p);
  }

  bool put(std::string& out) {
    const bool ok = std::fwrite(out.data(), 1, out.size(), stdout) == out.size();
    out.clear();
    return ok;
  }

  int finish(std::string& out) {
    if (options_.count) out += fmt::format("{}\n", shown_);
    if (options_.stats) {
      out += fmt::format("packets {}\nshown {}\nbytes {}\nfirst {}\nlast {}\n", number_, shown_,
                         bytes_, rfc3339(first_), rfc3339(now_));
      for (const GivenUp& g : given_up(shards_->counters()))
        out += fmt::format("{} {}\n", g.name, g.count);
    }
    put(out);
    std::fflush(stdout);
    if (writer_) {
      if (const Status s = writer_->flush(); !s) return failed(s.error().message);
    }
    if (!source_->damage().empty()) {
      failed(fmt::format("{}; the {} packets before it were read", source_->damage(), number_));
      return kFailed;
    }
    return kDone;
  }

  const ReadOptions& options_;
  PacketPrinter printer_;
  Filter filter_;
  bool quiet_ = false, tree_wanted_ = false;
  Tree tree_;
  CountingNumbering numbering_;
  std::unique_ptr<ShardSet> shards_;
  std::unique_ptr<PacketSource> source_;
  std::unique_ptr<PcapngWriter> writer_;
  size_t interfaces_written_ = 0;
  Timestamp first_, now_, previous_;
  uint64_t number_ = 0, shown_ = 0, bytes_ = 0;
};

}  // namespace

int failed(std::string_view message) {
  std::fflush(stdout);
  // A message may name a file or quote a filter: their control characters reach no terminal either.
  std::string safe = "sp3ctra: ";
  do {
    const std::string_view line = message.substr(0, message.find('\n'));
    safe += escape_text(line) + '\n';
    message.remove_prefix(std::min(message.size(), line.size() + 1));
  } while (!message.empty());
  std::fputs(safe.c_str(), stderr);
  return kFailed;
}

void add_read(CLI::App& app, Action& chosen) {
  auto o = std::make_shared<ReadOptions>();
  CLI::App* c = app.add_subcommand("read", "packets of capture files: list, fields, tree, copy");
  c->add_option("FILE", o->files, "pcap or pcapng, also packed; - is standard input")->required();
  c->add_option("-Y,--filter", o->filter, "show only what matches this display filter")
      ->type_name("FILTER");
  c->add_option("-e,--field", o->fields, "a field to print, may be repeated")
      ->type_name("FIELD")
      ->allow_extra_args(false);
  c->add_option("-o,--output", o->format, "how packets are printed")->type_name(kFormatChoices);
  c->add_option("-w,--write", o->write, "write what is shown to this pcapng file")
      ->type_name("FILE");
  c->add_option("-c,--packets", o->packets_max, "stop after N shown packets")->type_name("N");
  c->add_flag("--count", o->count, "print only how many packets match");
  c->add_flag("--stats", o->stats, "print counts, times and what was given up");
  c->callback([o, &chosen] { chosen = [o] { return Reading(*o).run(); }; });
}

}  // namespace sp3ctra::cli
