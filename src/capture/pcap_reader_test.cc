#include "capture/pcap_reader.h"

#include <gtest/gtest.h>

#include "capture/capture_bytes_testing.h"

namespace sp3ctra {
namespace {

using testing::ByteText;
using testing::read_bytes;
using testing::Reading;

struct Variant {
  bool big_endian;
  uint32_t magic;
  const char* name;
};

ByteText header(const Variant& v, uint32_t link = 1, uint16_t minor = 4) {
  ByteText file(v.big_endian);
  file.u32(v.magic).u16(2).u16(minor).u32(0).u32(0).u32(65535).u32(link);
  return file;
}

ByteText& record(ByteText& file, const Variant& v, uint32_t fraction, std::string_view data,
                 uint32_t len, uint8_t packet_type = 0) {
  file.u32(1'700'000'000).u32(fraction).u32(data.size()).u32(len);
  if (v.magic == 0xa1b2cd34) file.u32(7).u16(0x0800).u8(packet_type).u8(0);
  return file.text(data);
}

class PcapVariants : public ::testing::TestWithParam<Variant> {};

TEST_P(PcapVariants, PacketsTimesAndLengths) {
  const Variant v = GetParam();
  ByteText file = header(v, 113);
  record(file, v, 123'456, "abcde", 60);
  record(file, v, 999'999, "", 0, 4);
  const Reading reading = read_bytes(file.str());
  EXPECT_EQ(reading.damage, "");
  ASSERT_EQ(reading.packets.size(), 2u);
  const Packet& first = reading.packets[0].packet;
  EXPECT_EQ(first.ts.ns,
            1'700'000'000'000'000'000 + (v.magic == 0xa1b23c4d ? 123'456 : 123'456'000));
  EXPECT_EQ(first.file_offset, 24u);
  EXPECT_EQ(first.caplen, 5u);
  EXPECT_EQ(first.len, 60u);
  EXPECT_EQ(first.link_type, LinkType::kLinuxSll);
  EXPECT_EQ(reading.packets[0].data, "abcde");
  const bool modified = v.magic == 0xa1b2cd34;
  EXPECT_EQ(reading.packets[1].packet.file_offset, 24u + (modified ? 24 : 16) + 5);
  EXPECT_EQ(reading.packets[1].packet.flags, modified ? kPacketOutbound : 0);
  ASSERT_EQ(reading.interfaces.size(), 1u);
  EXPECT_EQ(reading.interfaces[0].snaplen, 65535u);
  EXPECT_EQ(reading.interfaces[0].ts_units_per_second,
            v.magic == 0xa1b23c4d ? 1'000'000'000u : 1'000'000u);
}

INSTANTIATE_TEST_SUITE_P(All, PcapVariants,
                         ::testing::Values(Variant{false, 0xa1b2c3d4, "micro_le"},
                                           Variant{true, 0xa1b2c3d4, "micro_be"},
                                           Variant{false, 0xa1b23c4d, "nano_le"},
                                           Variant{true, 0xa1b23c4d, "nano_be"},
                                           Variant{false, 0xa1b2cd34, "modified_le"},
                                           Variant{true, 0xa1b2cd34, "modified_be"}),
                         [](const auto& v) { return v.param.name; });

constexpr Variant kPlain{false, 0xa1b2c3d4, ""};

TEST(PcapReader, LinkTypeWithoutCheckSequenceBits) {
  EXPECT_EQ(read_bytes(header(kPlain, 0x54000001).str()).interfaces[0].link_type,
            LinkType::kEthernet);
}

TEST(PcapReader, OldVersionsSwapTheLengths) {
  ByteText file = header(kPlain, 1, 2);
  file.u32(1).u32(0).u32(60).u32(3).text("abc");
  const Reading reading = read_bytes(file.str());
  ASSERT_EQ(reading.packets.size(), 1u);
  EXPECT_EQ(reading.packets[0].packet.caplen, 3u);
  EXPECT_EQ(reading.packets[0].packet.len, 60u);
  ByteText maybe = header(kPlain, 1, 3);
  maybe.u32(1).u32(0).u32(60).u32(3).text("abc").u32(1).u32(0).u32(2).u32(9).text("de");
  const Reading both = read_bytes(maybe.str());
  ASSERT_EQ(both.packets.size(), 2u);
  EXPECT_EQ(both.packets[0].packet.len, 60u);
  EXPECT_EQ(both.packets[1].packet.len, 9u);
}

TEST(PcapReader, CutShortSaysWhere) {
  ByteText file = header(kPlain);
  record(file, kPlain, 0, "abcdef", 6);
  const std::string whole = file.str();
  EXPECT_EQ(read_bytes(whole + "1234").damage,
            "cut short at byte 50: the header of a packet begun at byte 46 lacks 12 bytes");
  const Reading cut = read_bytes(std::string_view(whole).substr(0, 44));
  EXPECT_EQ(cut.damage, "cut short at byte 44: a packet begun at byte 24 lacks 2 bytes");
  EXPECT_EQ(cut.packets.size(), 0u);
  EXPECT_EQ(read_bytes(std::string_view(whole).substr(0, 10)).damage,
            "cut short at byte 10: the file header begun at byte 0 lacks 14 bytes");
  EXPECT_EQ(read_bytes(std::string_view(whole).substr(0, 24)).damage, "");
}

TEST(SnoopReader, PacketsTimesLengthsAndFilling) {
  ByteText file(true);
  file.text(std::string_view("snoop\0\0\0", 8)).u32(2).u32(4);
  file.u32(60).u32(5).u32(32).u32(0).u32(1'700'000'000).u32(123'456).text("abcde").text("\1\2\3");
  file.u32(3).u32(3).u32(28).u32(0).u32(1'700'000'001).u32(0).text("xyz");
  const Reading reading = read_bytes(file.str());
  EXPECT_EQ(reading.damage, "");
  ASSERT_EQ(reading.packets.size(), 2u);
  EXPECT_EQ(reading.packets[0].packet.ts.ns, 1'700'000'000'123'456'000);
  EXPECT_EQ(reading.packets[0].packet.file_offset, 16u);
  EXPECT_EQ(reading.packets[0].packet.len, 60u);
  EXPECT_EQ(reading.packets[0].packet.link_type, LinkType::kEthernet);
  EXPECT_EQ(reading.packets[0].data, "abcde");
  EXPECT_EQ(reading.packets[1].packet.file_offset, 48u);
  EXPECT_EQ(reading.packets[1].data, "xyz");
  ByteText odd(true);
  odd.text(std::string_view("snoop\0\0\0", 8)).u32(2).u32(4);
  odd.u32(60).u32(5).u32(20).u32(0).u32(1).u32(0).text("abcde");
  EXPECT_NE(read_bytes(odd.str()).damage.find("byte 16: the lengths"), std::string::npos);
  ByteText atm(true);
  atm.text(std::string_view("snoop\0\0\0", 8)).u32(2).u32(18);
  EXPECT_NE(read_bytes(atm.str()).damage.find("data link of snoop"), std::string::npos);
}

TEST(PcapReader, ALengthBeyondAllReasonIsDamage) {
  ByteText file = header(kPlain);
  record(file, kPlain, 0, "abcd", 4);
  file.u32(1).u32(0).u32(262'145).u32(60).text(std::string(300'000, 'x'));
  const Reading reading = read_bytes(file.str());
  EXPECT_EQ(reading.packets.size(), 1u);
  EXPECT_EQ(reading.damage, "damaged at byte 44: a packet of 262145 bytes, more than 262144");
}

TEST(PcapReader, PacketsLargerThanAReadBlock) {
  ByteText file = header(kPlain);
  std::string large(262'144, 'y');
  for (int i = 0; i < 5; ++i) {
    large[0] = static_cast<char>('a' + i);
    record(file, kPlain, 0, large, 262'144);
    record(file, kPlain, 0, "z", 1);
  }
  const Reading reading = read_bytes(file.str());
  ASSERT_EQ(reading.packets.size(), 10u);
  for (size_t i = 0; i < 5; ++i) {
    large[0] = static_cast<char>('a' + i);
    EXPECT_EQ(reading.packets[2 * i].data, large);
    EXPECT_EQ(reading.packets[2 * i + 1].data, "z");
  }
}

}  // namespace
}  // namespace sp3ctra
