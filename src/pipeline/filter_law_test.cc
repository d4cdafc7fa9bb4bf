// A filter that the index answers finds the packets that the same filter finds in a pass over the
// drawn trees, whatever the index leaves open: fragments, quoted packets, tunnels, damage.
#include <gtest/gtest.h>

#include "capture/file_source.h"
#include "decode/shard.h"
#include "flow/shard_set.h"
#include "pipeline/analysis.h"
#include "pipeline/corpus_test.h"
#include "query/filter_scan.h"

namespace sp3ctra {
namespace {

constexpr const char* kFilters[] = {
    "tcp.port == 80",
    "not tcp.port == 80",
    "udp.port == 53",
    "udp.srcport < 1024",
    "tcp.dstport in {1..1023}",
    "ip.src == 10.0.0.0/8",
    "ip.dst == 192.168.0.0/16",
    "not ip.addr == 192.168.0.0/16",
    "ipv6.src == fe80::/10",
    "ipv6.addr",
    "tcp.flags.syn == 1 and tcp.flags.ack == 0",
    "frame.len > 100",
    "dns or icmp",
    "not tcp and not udp",
    "tcp.stream == 0",
    "vlan.id == 100",
};

std::vector<std::string> files_to_ask() {
  return testing::with_demo(testing::corpus_captures(testing::long_form() ? 20'000'000 : 60'000));
}

using Numbers = std::vector<uint64_t>;

/// Frame numbers that match each filter in a pass that draws every tree.
std::vector<Numbers> numbers_of_pass(const std::string& path, const std::vector<Filter>& filters) {
  std::vector<Numbers> out(filters.size());
  auto source = open_capture_file(path);
  if (!source) return out;
  Tree tree;
  CountingNumbering numbering;
  ShardSet shards({limits::kFlowsPerShard, &tree, nullptr, &numbering});
  Timestamp now, first, previous;
  Packet p;
  uint64_t number = 0;
  while ((*source)->next(p) == PacketSource::Next::kPacket) {
    p.number = ++number;
    if (number == 1) first = now = previous = p.ts;
    now = std::max(now, p.ts);
    shards.dissect(p, shard_of(p), now, first, previous);
    previous = p.ts;
    for (size_t i = 0; i < filters.size(); ++i)
      if (filters[i].matches(tree, p.data)) out[i].push_back(number);
  }
  return out;
}

TEST(FilterLaw, TheIndexFindsWhatAPassFinds) {
  const auto files = files_to_ask();
  if (files.empty()) GTEST_SKIP() << "neither SP3CTRA_CORPUS nor SP3CTRA_SOURCE is set";
  std::vector<Filter> filters;
  for (const char* text : kFilters) {
    auto filter = parse_filter(text);
    ASSERT_TRUE(filter) << text << ": " << filter.error().message;
    filters.push_back(std::move(*filter));
  }
  uint64_t matches = 0;
  for (const std::string& path : files) {
    auto source = open_capture_file(path);
    if (!source) continue;
    auto index = std::make_shared<CaptureIndex>();
    std::atomic<bool> stop{false};
    (void)analyse_capture(**source, *index, {}, stop);
    const auto wanted = numbers_of_pass(path, filters);
    for (size_t i = 0; i < filters.size(); ++i) {
      FilterScan scan(index, (*source)->packet_file(), std::make_shared<Checkpoints>(), filters[i]);
      while (scan.step()) {
      }
      const Numbers found = scan.numbers(0, UINT32_MAX);
      EXPECT_EQ(found, wanted[i]) << kFilters[i] << " in " << path;
      matches += found.size();
    }
  }
  EXPECT_GT(matches, 1000u);
}

}  // namespace
}  // namespace sp3ctra
