// sp3ctra alerts: what the detectors find in capture files, with the packets that prove it.
#include <fmt/format.h>

#include <cstdio>

#include "capture/file_source.h"
#include "capture/merge_source.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "detect/detector_set.h"
#include "pipeline/analysis.h"

namespace sp3ctra::cli {
namespace {

struct AlertsOptions {
  std::vector<std::string> files;
  std::string format = "text", intel;
  unsigned workers = 0;
};

Result<std::unique_ptr<PacketSource>> open_all(const std::vector<std::string>& files) {
  if (files.size() == 1) return open_capture_file(files[0]);
  std::vector<std::unique_ptr<PacketSource>> sources;
  for (const std::string& f : files) {
    auto source = open_capture_file(f);
    if (!source) return tl::unexpected(std::move(source.error()));
    sources.push_back(std::move(*source));
  }
  auto merged = MergeSource::create(std::move(sources));
  if (!merged) return tl::unexpected(std::move(merged.error()));
  return std::unique_ptr<PacketSource>(std::move(*merged));
}

/// What makes the answer less true, on standard error.
void tell_losses(const DetectorSet& detectors, const Intel* intel) {
  for (const DetectorCounter& c : detectors.counters())
    if (c.count > 0) fmt::print(stderr, "sp3ctra: {} {}\n", c.count, c.words);
  if (!intel) return;
  const IntelCounts& n = intel->counts();
  fmt::print(stderr,
             "sp3ctra: lists: {} files, {} addresses and {} names known-bad, {} known-good\n",
             n.files, n.addresses, n.domains, n.good_addresses + n.good_domains);
  if (n.not_understood)
    fmt::print(stderr, "sp3ctra: lists: {} lines were not understood\n", n.not_understood);
  if (n.left_out)
    fmt::print(stderr, "sp3ctra: lists: {} entries are private, reserved or too wide: left out\n",
               n.left_out);
  if (n.too_many) fmt::print(stderr, "sp3ctra: lists: {} entries too many\n", n.too_many);
}

int alerts(const AlertsOptions& o) {
  const auto encode = o.format == "text"    ? alert_text
                      : o.format == "jsonl" ? alert_json
                                            : alert_eve;
  std::shared_ptr<const Intel> intel;
  if (!o.intel.empty()) {
    auto loaded = Intel::load(o.intel);
    if (!loaded) return failed(loaded.error().message);
    intel = std::move(*loaded);
  }
  auto source = open_all(o.files);
  if (!source) return failed(source.error().message);
  std::atomic<bool> stop{false};
  DetectorSet detectors({intel, [&](const Alert& a) {
                           std::string line = encode(a);
                           if (o.format != "text") line += '\n';
                           if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size())
                             stop = true;  // the reader of the pipe has left
                           std::fflush(stdout);
                         }});
  CaptureIndex index;
  AnalysisOptions options;
  options.workers = o.workers ? o.workers : default_workers();
  options.on_signal = [&](const FlowSignal& s) { detectors.signal(s); };
  options.on_event = [&](const Event& e) { detectors.event(e); };
  const AnalysisReport report = analyse_capture(**source, index, options, stop);
  detectors.finish();
  if (o.format == "text")
    fmt::print("{} alert{} in {} packets\n", detectors.alerts(), detectors.alerts() == 1 ? "" : "s",
               report.packets);
  std::fflush(stdout);
  tell_losses(detectors, intel.get());
  if ((*source)->damage().empty()) return kDone;
  return failed(
      fmt::format("{}; the {} packets before it were read", (*source)->damage(), report.packets));
}

}  // namespace

void add_alerts(CLI::App& app, Action& chosen) {
  auto o = std::make_shared<AlertsOptions>();
  CLI::App* c = app.add_subcommand("alerts", "what the detectors find, with the packets behind it");
  c->add_option("FILE", o->files, "pcap or pcapng, also packed; - is standard input")->required();
  c->add_option("-o,--output", o->format, "text, jsonl or eve")
      ->check(CLI::IsMember({"text", "jsonl", "eve"}));
  c->add_option("--intel", o->intel, "a folder of lists of known-bad addresses and names");
  c->add_option("--workers", o->workers, "worker threads; the answer does not depend on them")
      ->check(CLI::Range(1, 64));
  c->callback([o, &chosen] { chosen = [o] { return alerts(*o); }; });
}

}  // namespace sp3ctra::cli
