// Which shard a packet belongs to: everything two hosts say to each other lands together.
#include "decode/shard.h"

#include <gtest/gtest.h>

#include <set>

#include "base/limits.h"
#include "decode/registry.h"

namespace sp3ctra {
namespace {

std::string ipv4(uint8_t src, uint8_t dst, uint8_t proto, const std::string& payload,
                 uint16_t fragment = 0) {
  std::string ip("\x45\0\0\0\0\1\0\0\x40\0\0\0\x0a\0\0\0\x0a\0\0\0", 20);
  ip[6] = static_cast<char>(fragment >> 8);
  ip[7] = static_cast<char>(fragment);
  ip[9] = static_cast<char>(proto);
  ip[15] = static_cast<char>(src);
  ip[19] = static_cast<char>(dst);
  return ip + payload;
}

uint32_t shard(const std::string& ip, std::string_view ethertype = {"\x08\0", 2}) {
  const std::string frame = std::string(12, '\2') + std::string(ethertype) + ip;
  Packet p;
  p.link_type = LinkType::kEthernet;
  p.data = as_bytes(frame);
  p.caplen = p.len = static_cast<uint32_t>(frame.size());
  return shard_of(p);
}

TEST(Shard, BothDirectionsPortsAndPiecesLandTogether) {
  const std::string ports("\xc3\x50\0\x35\0\x08\0\0", 8);
  const uint32_t there = shard(ipv4(1, 2, 17, ports));
  EXPECT_EQ(shard(ipv4(2, 1, 17, ports)), there);
  EXPECT_EQ(shard(ipv4(1, 2, 6, std::string(20, 'x'))), there);
  EXPECT_EQ(shard(ipv4(1, 2, 17, "piece", 0x0010)), there);
  EXPECT_EQ(shard(ipv4(1, 2, 17, ports), {"\x81\0\0\x64\x08\0", 6}), there) << "tagged";
}

TEST(Shard, AnErrorGoesWithThePacketItQuotes) {
  const std::string quoted = ipv4(1, 2, 17, std::string(8, '\0'));
  const std::string unreachable("\3\3\0\0\0\0\0\0", 8), ping("\x08\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(shard(ipv4(9, 1, 1, unreachable + quoted)), shard(quoted));
  EXPECT_NE(shard(ipv4(9, 1, 1, ping + quoted)), shard(quoted)) << "its data is nobody's packet";
}

TEST(Shard, HostsAreSpreadAndTheRestIsZero) {
  std::set<uint32_t> used;
  for (int host = 2; host < 255; ++host)
    used.insert(shard(ipv4(1, static_cast<uint8_t>(host), 6, "")));
  EXPECT_GT(used.size(), limits::kShards / 2);
  for (const uint32_t s : used) EXPECT_LT(s, limits::kShards);
  EXPECT_EQ(shard(std::string(28, 'x'), {"\x08\x06", 2}), 0u);
  EXPECT_EQ(shard("\x45"), 0u);
}

TEST(Registry, NamesAliasesAndNumbers) {
  EXPECT_EQ(find_fields("ip.src").size(), 1u);
  EXPECT_EQ(find_fields("ip.addr").size(), 2u) << "source and destination answer to it";
  EXPECT_TRUE(find_fields("no.such.field").empty());
  ASSERT_NE(find_protocol("dns"), nullptr);
  EXPECT_EQ(all_protocols()[protocol_number(find_protocol("dns"))], find_protocol("dns"));
  EXPECT_EQ(protocol_number(nullptr), 255);
  EXPECT_EQ(dispatch_tables().find(Table::kEthertype, 0x0806), find_protocol("arp"));
  const auto names = all_field_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_TRUE(std::binary_search(names.begin(), names.end(), "ip.addr"));
}

}  // namespace
}  // namespace sp3ctra
