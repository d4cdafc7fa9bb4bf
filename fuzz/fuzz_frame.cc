// links: flow
// Frames of any link type, several in a row so that streams, fragments and States are reached,
// drawn with and without a tree. First byte: link type; then per frame two bytes of length, the
// bytes.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "decode/shard.h"
#include "decode/value_text.h"
#include "flow/shard_set.h"

using namespace sp3ctra;

namespace {

constexpr LinkType kLinks[] = {LinkType::kEthernet, LinkType::kRaw,       LinkType::kNull,
                               LinkType::kLinuxSll, LinkType::kLinuxSll2, LinkType::kLoop,
                               LinkType::kIpv4,     LinkType::kIpv6};

struct Swallow final : EventSink {
  void take(const Event&) noexcept override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const LinkType link = kLinks[data[0] % std::size(kLinks)];
  ByteReader reader(as_bytes({reinterpret_cast<const char*>(data + 1), size - 1}));
  Tree tree;
  Swallow events;
  CountingNumbering numbering;
  ShardSet shards({4, &tree, &events, &numbering});
  shards.want_info(true);
  Timestamp now{1'700'000'000'000'000'000};
  for (uint64_t number = 1; reader.left() > 2 && number < 64; ++number) {
    const size_t n = std::min<size_t>(reader.be16() % 2048, reader.left());
    const Bytes frame = reader.bytes(n);
    // A copy of the exact size: a read one byte too far is seen.
    const std::unique_ptr<std::byte[]> exact(new std::byte[n]);
    std::copy(frame.begin(), frame.end(), exact.get());
    Packet p;
    p.number = number;
    p.ts = now;
    p.caplen = static_cast<uint32_t>(n);
    p.len = p.caplen + (number % 5 == 0 ? 100 : 0);
    p.link_type = link;
    p.data = {exact.get(), n};
    const Dissection& d = shards.dissect(p, shard_of(p), now, Timestamp{}, now, number % 3 != 0);
    if (d.detailed())
      for (const Node& node : tree.nodes) (void)plain_value(tree, node);
    now.ns += 1'000'000;
  }
  shards.finish(now, 64);
  return 0;
}
