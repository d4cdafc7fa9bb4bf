#include "pipeline/batch.h"

#include "base/limits.h"

namespace sp3ctra {

void PacketBatch::clear() {
  items.clear();
  // One batch of giants must not hold its memory for the rest of the run.
  if (bytes.capacity() > limits::kBatchBytesKept) bytes = {};
  bytes.clear();
  last_number = 0;
  end = false;
}

void PacketBatch::add(const Packet& packet, uint8_t shard, Timestamp at_now, Timestamp previous) {
  items.push_back({packet, bytes.size(), at_now, previous, shard});
  bytes.insert(bytes.end(), packet.data.begin(), packet.data.end());
}

void PacketBatch::seal() {
  for (Item& i : items) i.packet.data = Bytes(bytes).subspan(i.at, i.packet.caplen);
}

}  // namespace sp3ctra
