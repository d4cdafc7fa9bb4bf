// Alerts over real captures: the same with any number of workers, and none where nothing happened.
#include <gtest/gtest.h>

#include <map>

#include "capture/file_source.h"
#include "detect/detector_set.h"
#include "pipeline/analysis.h"
#include "pipeline/corpus_test.h"

namespace sp3ctra {
namespace {

std::vector<Alert> alerts_of(const std::string& path, unsigned workers,
                             std::shared_ptr<const Intel> intel = nullptr,
                             uint32_t flows_max = limits::kFlowsPerShard) {
  std::vector<Alert> out;
  auto source = open_capture_file(path);
  if (!source) return out;
  DetectorSet detectors({std::move(intel), [&](const Alert& a) { out.push_back(a); }});
  CaptureIndex index;
  AnalysisOptions options;
  options.workers = workers;
  options.flows_max_per_shard = flows_max;
  options.on_signal = [&](const FlowSignal& s) { detectors.signal(s); };
  options.on_event = [&](const Event& e) { detectors.event(e); };
  std::atomic<bool> stop{false};
  (void)analyse_capture(**source, index, options, stop);
  detectors.finish();
  return out;
}

std::string as_lines(const std::vector<Alert>& alerts) {
  std::string out;
  for (const Alert& a : alerts) out += alert_json(a) + '\n';
  return out;
}

bool below(const std::string& path, std::string_view folder) {
  return path.find(folder) != std::string::npos;
}

/// Listed: documentation networks and names nobody owns, so that lists are in use.
std::shared_ptr<const Intel> some_lists() {
  auto intel = std::make_shared<Intel>();
  intel->add("listed.txt", "203.0.113.0/24\n198.51.100.0/24\n2001:db8::/32\nlisted.example\n",
             false);
  intel->seal();
  return intel;
}

/// Alerts in quiet folders that are right all the same: by file, with the reason.
const std::map<std::string, std::string> kExceptions = {
    {"emix.pcap",
     "host_sweep: packets 3255 to 3353, one machine tries TCP 139 of 98 machines in 3 s, none of "
     "which answers"}};

TEST(Alerts, SameWithAnyNumberOfWorkers) {
  const auto files = testing::with_demo(testing::corpus_captures(400'000));
  if (files.empty()) GTEST_SKIP() << "neither SP3CTRA_CORPUS nor SP3CTRA_SOURCE is set";
  size_t alerts = 0;
  for (const std::string& f : files) {
    if (!below(f, "/scan/") && !below(f, "/attacks/web/") && !below(f, "demo") &&
        !testing::long_form())
      continue;
    for (const uint32_t flows_max : {limits::kFlowsPerShard, 2u}) {
      const auto one = alerts_of(f, 1, some_lists(), flows_max);
      alerts += one.size();
      EXPECT_EQ(as_lines(one), as_lines(alerts_of(f, 3, some_lists(), flows_max))) << f;
    }
  }
  EXPECT_GT(alerts, 0u);
}

TEST(Alerts, ScansOfTheCorpusAreFound) {
  std::map<std::string, std::string> found;
  for (const std::string& f : testing::corpus_captures()) {
    if (!below(f, "/scan/")) continue;
    for (const Alert& a : alerts_of(f, 2))
      found[f.substr(f.rfind('/') + 1)] += std::string(a.kind->signature) + ' ';
  }
  if (testing::corpus_captures().empty()) GTEST_SKIP() << "SP3CTRA_CORPUS is not set";
  EXPECT_EQ(found["synscan.pcap"], "port_scan ");
  EXPECT_EQ(found["test7-malicious.pcap"], "host_sweep host_sweep ");
  EXPECT_EQ(found["backscatter.trace"], "");
}

TEST(Alerts, QuietFoldersAreSilent) {
  // Documentation networks are in use in these captures; what benchmarks own is not.
  auto quiet = std::make_shared<Intel>();
  quiet->add("listed.txt", "198.18.0.0/15\n3fff::/20\nlisted.example\n", false);
  quiet->seal();
  size_t files = 0;
  for (const std::string& f : testing::corpus_captures()) {
    if (!below(f, "/attacks/benign_fp/") && !below(f, "/mixed/") && !below(f, "/protocols/"))
      continue;
    ++files;
    const bool excepted = kExceptions.contains(f.substr(f.rfind('/') + 1));
    size_t loud = 0;
    for (const Alert& a : alerts_of(f, 2, quiet)) {
      if (a.kind->signature == "cleartext_login") continue;  // those are wanted there
      ++loud;
      if (!excepted) ADD_FAILURE() << f << ": " << alert_text(a);
    }
    if (excepted) EXPECT_EQ(loud, 1u) << f;
  }
  if (files == 0) GTEST_SKIP() << "SP3CTRA_CORPUS is not set";
  EXPECT_GT(files, 50u);
}

}  // namespace
}  // namespace sp3ctra
