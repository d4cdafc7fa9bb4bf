#include <gtest/gtest.h>

#include "capture/capture_bytes_testing.h"
#include "capture/pcapng_writer.h"
#include "capture/rewrite.h"

namespace sp3ctra {
namespace {

using testing::ByteText;
using testing::content_of;
using testing::file_of;
using testing::output_of;
using testing::read_all;
using testing::read_bytes;
using testing::Reading;

FileHandle spare(const FileHandle& file) { return std::move(*file.duplicate()); }

Packet packet_of(std::string_view data, int64_t ns, uint16_t interface = 0, uint16_t flags = 0) {
  Packet packet;
  packet.data = as_bytes(data);
  packet.caplen = static_cast<uint32_t>(data.size());
  packet.len = packet.caplen + 10;
  packet.ts.ns = ns;
  packet.interface_id = interface;
  packet.flags = flags;
  return packet;
}

TEST(PcapngWriter, EverythingComesBack) {
  const FileHandle file = file_of("");
  PcapngWriter writer(spare(file), {"cpu", "system", "program", "about it"});
  CaptureInterface interface;
  interface.name = "eth0";
  interface.description = "first";
  interface.filter = "tcp port 80";
  interface.snaplen = 96;
  EXPECT_EQ(writer.add_interface(interface), 0);
  const uint64_t first =
      writer.write_packet(packet_of("abcde", 1'234'567'890, 0, kPacketOutbound), {"one", "two"});
  interface.link_type = LinkType::kRaw;
  interface.name = "tun0";
  EXPECT_EQ(writer.add_interface(interface), 1);
  const uint64_t second = writer.write_packet(packet_of("", 5, 1, kPacketInbound));
  writer.write_packet(packet_of(std::string(262'144, 'z'), -3, 1));
  writer.write_names({{0, IpAddress::v4(0x0a000001), "a"}, {0, *IpAddress::parse("::2"), "b"}});
  writer.write_secrets(0x544c534b, as_bytes("KEYLOG7"));
  writer.write_statistics({0, 1, 1000, 3, 4}, {9});
  writer.write_verbatim(as_bytes(ByteText().block(0x1234, "kept").str()));
  ASSERT_TRUE(writer.flush());

  const std::string bytes = content_of(file);
  EXPECT_EQ(bytes.size(), writer.bytes_written());
  auto source = open_capture_file(file_of(bytes), "test");
  ASSERT_TRUE(source);
  const Reading reading = read_all(**source);
  EXPECT_EQ(reading.damage, "");
  ASSERT_EQ(reading.packets.size(), 3u);
  EXPECT_EQ(reading.packets[0].packet.file_offset, first);
  EXPECT_EQ(reading.packets[0].data, "abcde");
  EXPECT_EQ(reading.packets[0].packet.len, 15u);
  EXPECT_EQ(reading.packets[0].packet.ts.ns, 1'234'567'890);
  EXPECT_EQ(reading.packets[0].packet.flags, kPacketOutbound);
  EXPECT_EQ(reading.packets[1].packet.file_offset, second);
  EXPECT_EQ(reading.packets[1].packet.interface_id, 1);
  EXPECT_EQ(reading.packets[1].packet.link_type, LinkType::kRaw);
  EXPECT_EQ(reading.packets[1].packet.flags, kPacketInbound);
  EXPECT_EQ(reading.packets[2].data, std::string(262'144, 'z'));
  EXPECT_EQ(reading.packets[2].packet.ts.ns, 0);
  EXPECT_EQ(reading.interfaces[0].name, "eth0");
  EXPECT_EQ(reading.interfaces[0].filter, "tcp port 80");
  EXPECT_EQ(reading.interfaces[0].snaplen, 96u);
  const auto notes = (*source)->annotations();
  EXPECT_EQ(notes->packet_comments(first), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(notes->origins()[0].application, "program");
  EXPECT_EQ(notes->comments()[0].text, "about it");
  ASSERT_EQ(notes->names().size(), 2u);
  EXPECT_EQ(notes->names()[1].address.text(), "::2");
  EXPECT_EQ(notes->secrets()[0].bytes, "KEYLOG7");
  EXPECT_EQ(notes->statistics()[0].dropped, 3u);
  EXPECT_EQ(notes->statistics()[0].interface_id, 1);
  EXPECT_EQ(notes->unknown_blocks().at(0x1234), 1u);
}

TEST(PcapngWriter, WhatWasFlushedIsReadByOffsetWhileWriting) {
  const FileHandle file = file_of("");
  PcapngWriter writer(spare(file));
  writer.add_interface({});
  const PacketFile reader(std::make_shared<FileHandle>(spare(file)), writer.layout());
  std::vector<uint64_t> offsets;
  std::vector<std::byte> buffer;
  for (int i = 0; i < 300; ++i) {
    offsets.push_back(writer.write_packet(packet_of(std::string(i * 10, 'p'), i)));
    if (i == 150) writer.add_interface({});
    if (i % 50 != 0) continue;
    ASSERT_TRUE(writer.flush());
    for (size_t n = 0; n < offsets.size(); ++n) {
      auto packet = reader.read_at(offsets[n], buffer);
      ASSERT_TRUE(packet);
      EXPECT_EQ(packet->caplen, n * 10);
      EXPECT_EQ(packet->ts.ns, static_cast<int64_t>(n));
    }
  }
}

TEST(PcapngWriter, AFullDiskIsTold) {
  auto full = FileHandle::open_write("/dev/full");
  if (!full) GTEST_SKIP() << "no /dev/full here";
  PcapngWriter writer(std::move(*full));
  EXPECT_TRUE(writer.status());
  for (int i = 0; i < 100; ++i) writer.write_packet(packet_of(std::string(9000, 'x'), 1));
  ASSERT_FALSE(writer.flush());
  EXPECT_EQ(writer.status().error().message, "cannot write: No space left on device");
}

TEST(PcapWriter, NanosecondsComeBack) {
  const FileHandle file = file_of("");
  PcapWriter writer(spare(file), LinkType::kLinuxSll2, 4096);
  EXPECT_EQ(writer.write_packet(packet_of("abc", 1'700'000'000'123'456'789)), 24u);
  EXPECT_EQ(writer.write_packet(packet_of("de", 7)), 43u);
  ASSERT_TRUE(writer.flush());
  const Reading reading = read_bytes(content_of(file));
  ASSERT_EQ(reading.packets.size(), 2u);
  EXPECT_EQ(reading.packets[0].packet.ts.ns, 1'700'000'000'123'456'789);
  EXPECT_EQ(reading.packets[0].packet.len, 13u);
  EXPECT_EQ(reading.packets[0].packet.link_type, LinkType::kLinuxSll2);
  EXPECT_EQ(reading.interfaces[0].snaplen, 4096u);
}

// Two sections of different byte order with every kind of block: all of it, the packet blocks, and
// the other blocks that a rewrite keeps.
std::string many_blocks(std::vector<std::string>& packets, std::string& others) {
  std::string whole;
  for (const bool big : {true, false}) {
    const auto add = [&](const ByteText& block, bool packet, bool kept = true) {
      whole += block.str();
      if (packet) packets.push_back(block.str());
      if (!packet && kept) others += block.str();
    };
    add(std::move(ByteText(big).section(ByteText(big).option(4, "writer").u32(0).str())), false);
    add(std::move(ByteText(big).interface(1, 0)), false);
    const std::string comment = ByteText(big).option(1, "note").u32(0).str();
    add(std::move(ByteText(big).packet(0, 77, "enhanced", 99, comment)), true);
    add(std::move(ByteText(big).block(0x0bad, ByteText(big).u32(1).text("copy me").str())), false);
    add(std::move(ByteText(big).block(0x40000bad, ByteText(big).u32(1).text("not").str())), false,
        false);
    add(std::move(ByteText(big).block(3, ByteText(big).u32(4).text("simp").str())), true);
    add(std::move(ByteText(big).block(0x00abcdef, "who knows what this is")), false);
    add(std::move(ByteText(big).block(0x80000001, "")), false);
    add(std::move(ByteText(big).block(10, ByteText(big).u32(1).u32(3).text("key").str())), false);
    add(std::move(ByteText(big).packet(0, 78, "second", 6)), true);
    add(std::move(ByteText(big).block(5, ByteText(big).u32(0).u64(0).u32(0).str())), false);
  }
  return whole;
}

TEST(RewritePcapng, EveryOtherBlockByteForByteInItsSectionsOrder) {
  std::vector<std::string> packets;
  std::string others;
  const std::string whole = many_blocks(packets, others);
  ASSERT_EQ(packets.size(), 6u);
  const FileHandle out = file_of("");
  auto report = rewrite_pcapng(file_of(whole), spare(out), [](uint64_t) { return false; });
  ASSERT_TRUE(report);
  EXPECT_EQ(report->packets, 0u);
  EXPECT_EQ(report->blocks_left_out, 2u);
  EXPECT_EQ(report->damage, "");
  EXPECT_EQ(content_of(out), others);

  const FileHandle some = file_of("");
  report = rewrite_pcapng(file_of(whole), spare(some), [](uint64_t n) { return n % 2 == 0; });
  ASSERT_TRUE(report);
  EXPECT_EQ(report->packets, 3u);
  EXPECT_EQ(report->bytes, content_of(some).size());
  const std::string text = content_of(some);
  for (size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(text.find(packets[i]) != std::string::npos, i % 2 == 1) << i;
  }
  const Reading reading = read_bytes(text);
  EXPECT_EQ(reading.damage, "");
  ASSERT_EQ(reading.packets.size(), 3u);
  EXPECT_EQ(reading.packets[0].data, "simp");
}

TEST(RewritePcapng, ASectionsLengthBecomesUnknown) {
  ByteText body(true);
  body.u32(0x1a2b3c4d).u16(1).u16(0).u64(4711);
  ByteText file(true);
  file.block(0x0a0d0d0a, body.str()).interface(1, 0);
  const FileHandle out = file_of("");
  ASSERT_TRUE(rewrite_pcapng(file_of(file.str()), spare(out), [](uint64_t) { return true; }));
  EXPECT_EQ(content_of(out), ByteText(true).section().interface(1, 0).str());
}

TEST(RewritePcapng, DamagedInputIsCopiedUpToTheDamage) {
  std::vector<std::string> packets;
  std::string others;
  const std::string whole = many_blocks(packets, others);
  const FileHandle out = file_of("");
  auto report =
      rewrite_pcapng(file_of(whole + "cut off"), spare(out), [](uint64_t) { return true; });
  ASSERT_TRUE(report);
  EXPECT_NE(report->damage.find("cut short at byte"), std::string::npos);
  EXPECT_EQ(read_bytes(content_of(out)).packets.size(), 6u);
}

TEST(RewritePcapng, ProgressIsToldAndCancels) {
  ByteText file;
  file.section().interface(1, 0);
  for (int i = 0; i < 300; ++i) file.packet(0, i, std::string(60'000, 'x'), 60'000);
  const std::string bytes = file.str();
  std::vector<uint64_t> told;
  const FileHandle out = file_of("");
  auto report = rewrite_pcapng(
      file_of(bytes), spare(out), [](uint64_t) { return true; },
      [&](uint64_t done, uint64_t total) {
        EXPECT_EQ(total, bytes.size());
        told.push_back(done);
        return told.size() < 3;
      });
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->cancelled);
  EXPECT_EQ(told.size(), 3u);
  const Reading reading = read_bytes(content_of(out));
  EXPECT_EQ(reading.damage, "");
  EXPECT_EQ(reading.packets.size(), report->packets);
  EXPECT_GT(report->packets, 100u);
  EXPECT_LT(report->packets, 300u);
}

TEST(RewriteSource, PcapOfSeveralLinkTypesIsRefused) {
  ByteText file;
  file.section().interface(1, 0).interface(101, 0).packet(0, 1, "a", 1).packet(1, 2, "b", 1);
  const auto rewrite = [&](const KeepFrame& keep, Result<RewriteReport>& report) {
    auto source = open_capture_file(file_of(file.str()), "test");
    EXPECT_TRUE(source);
    const FileHandle out = file_of("");
    report = rewrite_source(**source, spare(out), RewriteFormat::kPcap, keep);
    return report ? read_bytes(content_of(out)) : Reading{};
  };
  Result<RewriteReport> report;
  rewrite([](uint64_t) { return true; }, report);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("use pcapng"), std::string::npos);
  const Reading one = rewrite([](uint64_t n) { return n == 2; }, report);
  ASSERT_TRUE(report);
  ASSERT_EQ(one.packets.size(), 1u);
  EXPECT_EQ(one.packets[0].packet.link_type, LinkType::kRaw);
}

}  // namespace
}  // namespace sp3ctra
