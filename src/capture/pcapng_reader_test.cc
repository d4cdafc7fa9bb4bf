#include "capture/pcapng_reader.h"

#include <gtest/gtest.h>

#include "capture/capture_bytes_testing.h"

namespace sp3ctra {
namespace {

using testing::ByteText;
using testing::file_of;
using testing::read_all;
using testing::read_bytes;
using testing::Reading;

std::unique_ptr<FileSource> open_bytes(std::string_view bytes) {
  auto source = open_capture_file(file_of(bytes), "test");
  EXPECT_TRUE(source);
  return std::move(*source);
}

class PcapngBothOrders : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Orders, PcapngBothOrders, ::testing::Bool());

TEST_P(PcapngBothOrders, EveryKindOfPacketBlock) {
  const bool big = GetParam();
  ByteText file(big);
  file.section().interface(1, 4).interface(101, 0,
                                           ByteText(big)
                                               .option(2, "eth7")
                                               .option(3, "the seventh")
                                               .option(9, "\x09")
                                               .option(11, std::string("\0tcp", 4))
                                               .u32(0)
                                               .str());
  file.packet(1, 1'700'000'000'123'456'789, "abcde", 60,
              ByteText(big).option(1, "hello").option(2, ByteText(big).u32(2).str()).u32(0).str());
  file.block(3, ByteText(big).u32(9).text("wxyz12345").str());
  file.block(
      2, ByteText(big).u16(0).u16(3).u32(0).u32(5'000'000).u32(2).u32(7).text("ob").pad().str());
  auto source = open_bytes(file.str());
  const Reading reading = read_all(*source);
  EXPECT_EQ(reading.damage, "");
  ASSERT_EQ(reading.packets.size(), 3u);
  const Packet& enhanced = reading.packets[0].packet;
  EXPECT_EQ(enhanced.ts.ns, 1'700'000'000'123'456'789);
  EXPECT_EQ(reading.packets[0].data, "abcde");
  EXPECT_EQ(enhanced.len, 60u);
  EXPECT_EQ(enhanced.interface_id, 1);
  EXPECT_EQ(enhanced.link_type, LinkType::kRaw);
  EXPECT_EQ(enhanced.flags, kPacketOutbound);
  EXPECT_EQ(source->annotations()->packet_comments(enhanced.file_offset),
            std::vector<std::string>{"hello"});
  const Packet& simple = reading.packets[1].packet;
  EXPECT_EQ(reading.packets[1].data, "wxyz");  // cut to the snap length
  EXPECT_EQ(simple.len, 9u);
  EXPECT_EQ(simple.flags, kPacketNoTime);
  EXPECT_EQ(simple.ts, enhanced.ts);
  EXPECT_EQ(reading.packets[2].data, "ob");
  EXPECT_EQ(reading.packets[2].packet.ts.ns, 5'000'000'000);
  ASSERT_EQ(reading.interfaces.size(), 2u);
  EXPECT_EQ(reading.interfaces[1].name, "eth7");
  EXPECT_EQ(reading.interfaces[1].description, "the seventh");
  EXPECT_EQ(reading.interfaces[1].filter, "tcp");
  EXPECT_EQ(reading.interfaces[1].ts_units_per_second, 1'000'000'000u);
}

TEST_P(PcapngBothOrders, EverythingBesidePackets) {
  const bool big = GetParam();
  ByteText file(big);
  file.section(ByteText(big)
                   .option(1, "of the section")
                   .option(2, "cpu")
                   .option(3, "linux")
                   .option(4, "me")
                   .u32(0)
                   .str());
  file.interface(1, 0);
  file.block(4, ByteText(big)
                    .option(1, std::string("\x0a\0\0\x01router\0gw\0", 14))
                    .option(2, std::string(15, '\0') + '\1' + "six" + '\0')
                    .u32(0)
                    .str());
  file.block(10, ByteText(big).u32(0x544c534b).u32(5).text("KEYS!").str());
  file.block(5, ByteText(big)
                    .u32(0)
                    .u32(0)
                    .u32(1)
                    .option(4, ByteText(big).u64(100).str())
                    .option(5, ByteText(big).u64(7).str())
                    .u32(0)
                    .str());
  file.block(0x0bad, ByteText(big).u32(32473).text("custom").str());
  file.block(0x77777777, "abcd").block(0x77777777, "");
  auto source = open_bytes(file.str());
  EXPECT_EQ(read_all(*source).damage, "");
  const auto notes = source->annotations();
  ASSERT_EQ(notes->comments().size(), 1u);
  EXPECT_EQ(notes->comments()[0].text, "of the section");
  EXPECT_FALSE(notes->comments()[0].on_packet);
  ASSERT_EQ(notes->origins().size(), 1u);
  EXPECT_EQ(notes->origins()[0].application, "me");
  ASSERT_EQ(notes->names().size(), 3u);
  EXPECT_EQ(notes->names()[0].name, "router");
  EXPECT_EQ(notes->names()[1].name, "gw");
  EXPECT_EQ(notes->names()[1].address.text(), "10.0.0.1");
  EXPECT_EQ(notes->names()[2].address.text(), "::1");
  ASSERT_EQ(notes->secrets().size(), 1u);
  EXPECT_EQ(notes->secrets()[0].bytes, "KEYS!");
  EXPECT_EQ(notes->secrets()[0].type, 0x544c534bu);
  ASSERT_EQ(notes->statistics().size(), 1u);
  EXPECT_EQ(notes->statistics()[0].received, 100u);
  EXPECT_EQ(notes->statistics()[0].dropped, 7u);
  EXPECT_EQ(notes->statistics()[0].dropped_by_system, FileStatistics::kUnknown);
  const std::map<uint32_t, uint64_t> unknown{{0x0bad, 1}, {0x77777777, 2}};
  EXPECT_EQ(notes->unknown_blocks(), unknown);
}

TEST(PcapngReader, SectionsOfBothOrdersAndRandomAccess) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    const bool big = i % 2 == 1;
    ByteText part(big);
    part.section().interface(1, 0);
    if (i == 2) part.interface(101, 0, ByteText(big).option(9, "\x09").u32(0).str());
    part.packet(i == 2 ? 1 : 0, 1000 + i, "packet " + std::to_string(i), 99);
    bytes += part.str();
  }
  auto source = open_bytes(bytes);
  const Reading reading = read_all(*source);
  ASSERT_EQ(reading.packets.size(), 4u);
  ASSERT_EQ(reading.interfaces.size(), 5u);
  EXPECT_EQ(reading.interfaces[3].section, 2u);
  EXPECT_EQ(reading.interfaces[3].id_in_section, 1u);
  EXPECT_EQ(reading.packets[2].packet.interface_id, 3);
  EXPECT_EQ(reading.packets[2].packet.ts.ns, 1002);
  EXPECT_EQ(reading.packets[3].packet.interface_id, 4);
  std::vector<std::byte> buffer;
  for (const auto& seen : reading.packets) {
    auto again = source->packet_file()->read_at(seen.packet.file_offset, buffer);
    ASSERT_TRUE(again);
    EXPECT_EQ(as_text(again->data), seen.data);
    EXPECT_EQ(again->ts, seen.packet.ts);
    EXPECT_EQ(again->interface_id, seen.packet.interface_id);
  }
  EXPECT_FALSE(source->packet_file()->read_at(0, buffer));  // a section header
  EXPECT_FALSE(source->packet_file()->read_at(1, buffer));  // the middle of one
  EXPECT_FALSE(source->packet_file()->read_at(1 << 30, buffer));
}

Timestamp time_with(uint8_t resolution, int64_t offset_s, uint64_t units) {
  ByteText options;
  options.option(9, std::string(1, static_cast<char>(resolution)));
  options.option(14, ByteText().u64(static_cast<uint64_t>(offset_s)).str()).u32(0);
  ByteText file;
  file.section().interface(1, 0, options.str()).packet(0, units, "x", 1);
  return read_bytes(file.str()).packets.at(0).packet.ts;
}

TEST(PcapngReader, AnyTimeResolutionAndOffset) {
  EXPECT_EQ(time_with(0, 0, 5).ns, 5'000'000'000);
  EXPECT_EQ(time_with(3, 0, 1234).ns, 1'234'000'000);
  EXPECT_EQ(time_with(9, 100, 7).ns, 100'000'000'007);
  EXPECT_EQ(time_with(6, -2, 500'000).ns, -1'500'000'000);
  EXPECT_EQ(time_with(12, 0, 1'234'567'890).ns, 1'234'567);
  EXPECT_EQ(time_with(18, 0, 12'000'000'000'000'000'000u).ns, 12'000'000'000);
  EXPECT_EQ(time_with(0x80 | 10, 0, 1536).ns, 1'500'000'000);
  EXPECT_EQ(time_with(0x80 | 63, 0, uint64_t{1} << 63).ns, 1'000'000'000);
  EXPECT_EQ(time_with(0x80 | 32, 1, uint64_t{3} << 31).ns, 2'500'000'000);
  EXPECT_EQ(time_with(127, 0, ~uint64_t{0}).ns, 0);
  EXPECT_EQ(time_with(0xff, 0, ~uint64_t{0}).ns, 0);
  EXPECT_EQ(time_with(0, 0, ~uint64_t{0}).ns, INT64_MAX);
  EXPECT_EQ(time_with(6, INT64_MIN, 0).ns, INT64_MIN);
  EXPECT_EQ(time_with(6, 0, ~uint64_t{0}).ns, INT64_MAX);
}

std::string start() { return ByteText().section().interface(1, 0).packet(0, 1, "ab", 2).str(); }

TEST(PcapngReader, DamageOfTheChainEndsTheReading) {
  const std::string good = start();
  const std::string at = std::to_string(good.size());
  EXPECT_EQ(good.size(), 28u + 20 + 36);
  const auto damage = [&](const std::string& more) {
    const Reading reading = read_bytes(good + more);
    EXPECT_EQ(reading.packets.size(), 1u);
    return reading.damage;
  };
  EXPECT_EQ(damage(""), "");
  EXPECT_EQ(damage(ByteText().u32(6).u32(8).u32(8).str()),
            "damaged at byte " + at + ": a block of 8 bytes");
  EXPECT_EQ(damage(ByteText().u32(6).u32(14).u32(8).str()),
            "damaged at byte " + at + ": a block of 14 bytes");
  EXPECT_EQ(damage(ByteText().u32(6).u32(0x7ffffffc).u32(8).str()),
            "damaged at byte " + at + ": a block of 2147483644 bytes");
  EXPECT_EQ(damage(ByteText().u32(99).u32(16).u32(0).u32(12).str()),
            "damaged at byte " + at + ": a block's two lengths differ: 16 and 12");
  EXPECT_EQ(damage(ByteText().u32(99).u32(16).u32(0).str()),
            "cut short at byte 96: a block begun at byte 84 lacks 4 bytes");
  EXPECT_EQ(damage("abc"), "cut short at byte 87: a block begun at byte 84 lacks 9 bytes");
  EXPECT_EQ(damage(ByteText().block(0x0a0d0d0a, std::string(16, 'x')).str()),
            "damaged at byte " + at + ": a section header in neither byte order");
  EXPECT_EQ(damage(ByteText().block(1, "abcd").str()),
            "damaged at byte " + at + ": an interface description of 16 bytes");
}

TEST(PcapngReader, DamageInsideAPacketBlockSkipsIt) {
  ByteText more;
  more.packet(1, 1, "no such interface", 17);
  more.block(6, ByteText().u32(0).u32(0).u32(0).u32(400).u32(400).text("short").str());
  more.block(6, "abc").block(3, "");
  more.packet(0, 2, "fine", 4);
  const Reading reading = read_bytes(start() + more.str());
  ASSERT_EQ(reading.packets.size(), 2u);
  EXPECT_EQ(reading.packets[1].data, "fine");
  EXPECT_EQ(reading.damage,
            "damaged at byte 84: a packet of an interface that the section does not describe "
            "(4 packets skipped)");
}

TEST(PcapngReader, OptionsThatDoNotFitAreIgnored) {
  ByteText file;
  file.section().interface(1, 0);
  file.packet(0, 1, "ab", 2, ByteText().option(2, "wrong length").u16(1).u16(999).str());
  const Reading reading = read_bytes(file.str());
  EXPECT_EQ(reading.damage, "");
  ASSERT_EQ(reading.packets.size(), 1u);
  EXPECT_EQ(reading.packets[0].packet.flags, 0);
}

TEST(PcapngReader, MoreInterfacesThanTheLimitAreRefused) {
  ByteText file;
  file.section();
  for (uint32_t i = 0; i <= limits::kInterfacesPerFileMax; ++i) file.interface(1, 0);
  const Reading reading = read_bytes(file.str());
  EXPECT_EQ(reading.interfaces.size(), limits::kInterfacesPerFileMax);
  EXPECT_NE(reading.damage.find("more than 4096 interfaces"), std::string::npos);
}

TEST(PcapngReader, AnnotationsAreBounded) {
  ByteText file;
  file.section().interface(1, 0);
  const std::string comment = ByteText().option(1, std::string(60'000, 'c')).u32(0).str();
  for (int i = 0; i < 400; ++i) file.packet(0, 1, "ab", 2, comment);
  auto source = open_bytes(file.str());
  EXPECT_EQ(read_all(*source).packets.size(), 400u);
  EXPECT_LT(source->annotations()->comments().size(), 281u);
  EXPECT_GT(source->annotations()->left_out(), 100u);
}

TEST(CaptureLayout, DecodeRefusesDamage) {
  CaptureLayout layout;
  layout.add_section(0, true);
  layout.add_interface({LinkType::kRaw, 96, {0x8a, -7}});
  const std::string encoded = layout.encode();
  auto back = CaptureLayout::decode(as_bytes(encoded));
  ASSERT_TRUE(back);
  EXPECT_EQ((*back)->encode(), encoded);
  for (size_t n = 0; n < encoded.size(); ++n) {
    EXPECT_FALSE(CaptureLayout::decode(as_bytes(std::string_view(encoded).substr(0, n)))) << n;
  }
  for (size_t n = 0; n < encoded.size() * 8; ++n) {
    std::string flipped = encoded;
    flipped[n / 8] = static_cast<char>(flipped[n / 8] ^ 1 << n % 8);
    auto result = CaptureLayout::decode(as_bytes(flipped));
    if (result) {
      EXPECT_LE((*result)->interface_count(), 1u);
    }
  }
}

}  // namespace
}  // namespace sp3ctra
