#include "cli/live_feed.h"

namespace sp3ctra::cli {

tl::expected<std::unique_ptr<LiveFeed>, BpfError> LiveFeed::open(
    Capd& capd, const std::vector<std::string>& names, const Options& options) {
  if (names.size() != 1)
    return tl::unexpected(BpfError{"one interface at a time can be captured", 0, 0});
  LiveSource::Options o;
  o.interface_name = names[0];
  o.bpf = options.bpf;
  o.snaplen = options.snaplen;
  o.promiscuous = options.promiscuous;
  o.ring_bytes = options.ring_bytes;
  auto source = LiveSource::open(capd, o);
  if (!source) return tl::unexpected(std::move(source.error()));
  auto feed = std::make_unique<LiveFeed>();
  feed->source_ = std::move(*source);
  return feed;
}

PacketSource::Next LiveFeed::next(Packet& out) {
  const PacketSource::Next next = source_->next(out);
  if (next == PacketSource::Next::kPacket) ++packets_;
  return next;
}

std::vector<InterfaceCount> LiveFeed::counts() {
  const LiveStats s = source_->stats();
  return {{interfaces()[0].name, packets_, s.packets, s.kernel_drops, 0, source_->damage()}};
}

std::vector<FileStatistics> LiveFeed::statistics() {
  const LiveStats s = source_->stats();
  FileStatistics out;
  out.received = s.packets;
  out.dropped = s.kernel_drops;
  return {out};
}

}  // namespace sp3ctra::cli
