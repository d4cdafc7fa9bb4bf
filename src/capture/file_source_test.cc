#include "capture/file_source.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "capture/capture_bytes_testing.h"
#include "capture/merge_source.h"

namespace sp3ctra {
namespace {

using testing::ByteText;
using testing::file_of;
using testing::read_all;
using testing::read_bytes;
using testing::Reading;

std::string pcap_of(size_t packets, size_t bytes, uint32_t first_second = 1) {
  ByteText file;
  file.u32(0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(1);
  uint32_t noise = 1;
  for (size_t i = 0; i < packets; ++i) {
    std::string data(bytes, '\0');
    for (char& c : data) c = static_cast<char>((noise = noise * 1664525 + 1013904223) >> 24);
    file.u32(first_second + i).u32(0).u32(bytes).u32(bytes).text(data);
  }
  return file.str();
}

using Filter = int (*)(archive*);

std::string packed(std::string_view bytes, Filter filter) {
  std::string out(bytes.size() + (1 << 20), '\0');
  size_t used = 0;
  archive* a = archive_write_new();
  EXPECT_EQ(archive_write_set_format_raw(a), ARCHIVE_OK);
  EXPECT_EQ(filter(a), ARCHIVE_OK);
  archive_write_set_bytes_in_last_block(a, 1);
  EXPECT_EQ(archive_write_open_memory(a, out.data(), out.size(), &used), ARCHIVE_OK);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  EXPECT_EQ(archive_write_header(a, entry), ARCHIVE_OK);
  EXPECT_EQ(archive_write_data(a, bytes.data(), bytes.size()),
            static_cast<la_ssize_t>(bytes.size()));
  archive_entry_free(entry);
  EXPECT_EQ(archive_write_close(a), ARCHIVE_OK);
  archive_write_free(a);
  out.resize(used);
  return out;
}

struct Packing {
  const char* name;
  Filter filter;
};
class PackedFiles : public ::testing::TestWithParam<Packing> {};
INSTANTIATE_TEST_SUITE_P(All, PackedFiles,
                         ::testing::Values(Packing{"gz", archive_write_add_filter_gzip},
                                           Packing{"zst", archive_write_add_filter_zstd},
                                           Packing{"lz4", archive_write_add_filter_lz4},
                                           Packing{"xz", archive_write_add_filter_xz},
                                           Packing{"bz2", archive_write_add_filter_bzip2}),
                         [](const auto& p) { return p.param.name; });

TEST_P(PackedFiles, ReadByContentAndAgainByOffset) {
  const std::string plain = pcap_of(500, 1000);
  auto source = open_capture_file(file_of(packed(plain, GetParam().filter)), "test");
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ((*source)->compression(), GetParam().name);
  EXPECT_EQ((*source)->format(), "pcap");
  const Reading reading = read_all(**source);
  EXPECT_EQ(reading.damage, "");
  ASSERT_EQ(reading.packets.size(), 500u);
  EXPECT_EQ((*source)->bytes_done(), (*source)->bytes_total());
  std::vector<std::byte> buffer;
  for (const auto& seen : reading.packets) {
    auto again = (*source)->packet_file()->read_at(seen.packet.file_offset, buffer);
    ASSERT_TRUE(again);
    ASSERT_EQ(as_text(again->data), seen.data);
    ASSERT_EQ(seen.data, plain.substr(seen.packet.file_offset + 16, 1000));
  }
}

TEST_P(PackedFiles, CutShortGivesWhatCouldBeUnpackedAndSaysWhere) {
  const std::string whole = packed(pcap_of(12'000, 1000), GetParam().filter);  // lz4: 4 MB blocks
  const Reading reading = read_bytes(std::string_view(whole).substr(0, whole.size() * 2 / 3));
  EXPECT_LT(reading.packets.size(), 12'000u);
  EXPECT_GT(reading.packets.size(), 3'900u);
  EXPECT_NE(reading.damage.find("at byte"), std::string::npos) << reading.damage;
  for (size_t cut : {1, 5, 6, 10, 20, 60}) {
    EXPECT_NE(read_bytes(std::string_view(whole).substr(0, cut)).damage, "") << cut;
  }
}

TEST(FileSource, ACutGzGivesEveryPacketItStillHolds) {
  const std::string whole = packed(pcap_of(40, 1000), archive_write_add_filter_gzip);
  const Reading reading = read_bytes(std::string_view(whole).substr(0, whole.size() / 2));
  if (reading.packets.empty()) GTEST_SKIP() << "built without zlib";
  EXPECT_GE(reading.packets.size(), 18u);  // noise does not pack: half the bytes, half the packets
  EXPECT_NE(reading.damage.find("the gz file is cut short"), std::string::npos) << reading.damage;
  const Reading two = read_bytes(packed(pcap_of(3, 9), archive_write_add_filter_gzip) +
                                 packed(pcap_of(2, 9).substr(24), archive_write_add_filter_gzip) +
                                 std::string(8, '\0'));
  EXPECT_EQ(two.damage, "");
  EXPECT_EQ(two.packets.size(), 5u);  // members one after the other, padding ignored
}

TEST(FileSource, BombsEndAtTheRatioAndAtTheQuota) {
  ByteText file;
  file.text(pcap_of(0, 0));
  for (int i = 0; i < 400; ++i) {
    file.u32(1).u32(0).u32(100'000).u32(100'000).text(std::string(100'000, '\0'));
  }
  const std::string bomb = packed(file.str(), archive_write_add_filter_zstd);
  ASSERT_LT(bomb.size() * 1000, file.str().size());
  const Reading by_ratio = read_bytes(bomb);
  EXPECT_NE(by_ratio.damage.find("more than 1000 times its size"), std::string::npos)
      << by_ratio.damage;
  EXPECT_GT(by_ratio.packets.size(), 150u);  // 16 MiB are free of the ratio
  FileOptions options;
  options.spool.bytes_max = 1'000'000;
  const Reading by_quota =
      read_bytes(packed(pcap_of(3000, 1000), archive_write_add_filter_gzip), options);
  EXPECT_NE(by_quota.damage.find("limit of 1000000 bytes"), std::string::npos) << by_quota.damage;
  EXPECT_GT(by_quota.packets.size(), 800u);
  EXPECT_LT(by_quota.packets.size(), 1000u);
}

TEST(FileSource, SpoolLeavesNoNameBehind) {
  const std::string folder = ::testing::TempDir() + "sp3ctra_spool";
  std::filesystem::create_directory(folder);
  FileOptions options;
  options.spool.directory = folder;
  auto source = open_capture_file(file_of(packed(pcap_of(9, 9), archive_write_add_filter_gzip)),
                                  "test", options);
  ASSERT_TRUE(source);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_EQ(read_all(**source).packets.size(), 9u);
  std::filesystem::remove(folder);
  options.spool.directory = "/nonexistent";
  EXPECT_NE(read_bytes(packed(pcap_of(9, 9), archive_write_add_filter_gzip), options)
                .damage.find("/nonexistent"),
            std::string::npos);
}

PacketSource::Next next_of(FileSource& source, Packet& packet) { return source.next(packet); }

TEST(FileSource, APipeGivesPacketsAsTheyCome) {
  const std::string bytes = pcap_of(3, 50);
  testing::Pipe pipe = testing::make_pipe();
  auto source = open_capture_file(std::move(pipe.reading), "test");
  ASSERT_TRUE(source);
  Packet packet;
  const auto send = [&](size_t from, size_t to) {
    ASSERT_TRUE(pipe.writing.write_all(as_bytes(std::string_view(bytes).substr(from, to - from))));
  };
  EXPECT_EQ(next_of(**source, packet), PacketSource::Next::kIdle);
  EXPECT_EQ((*source)->packet_file(), nullptr);
  send(0, 3);
  EXPECT_EQ(next_of(**source, packet), PacketSource::Next::kIdle);
  send(3, 20);
  EXPECT_EQ(next_of(**source, packet), PacketSource::Next::kIdle);
  send(20, 24 + 66 + 10);
  ASSERT_EQ(next_of(**source, packet), PacketSource::Next::kPacket);
  EXPECT_EQ(packet.file_offset, 24u);
  EXPECT_EQ(next_of(**source, packet), PacketSource::Next::kIdle);
  std::vector<std::byte> buffer;
  auto again = (*source)->packet_file()->read_at(24, buffer);  // while the pipe is open
  ASSERT_TRUE(again);
  EXPECT_EQ(as_text(again->data), bytes.substr(40, 50));
  send(100, bytes.size());
  EXPECT_EQ(next_of(**source, packet), PacketSource::Next::kPacket);
  EXPECT_EQ(next_of(**source, packet), PacketSource::Next::kPacket);
  EXPECT_EQ(next_of(**source, packet), PacketSource::Next::kIdle);
  pipe.writing = FileHandle();
  EXPECT_EQ(next_of(**source, packet), PacketSource::Next::kEnd);
  EXPECT_EQ((*source)->damage(), "");
}

TEST(FileSource, APackedPipeAndOneThatIsNoCapture) {
  testing::Pipe pipe = testing::make_pipe();
  ASSERT_TRUE(
      pipe.writing.write_all(as_bytes(packed(pcap_of(20, 9), archive_write_add_filter_xz))));
  pipe.writing = FileHandle();
  auto source = open_capture_file(std::move(pipe.reading), "test");
  ASSERT_TRUE(source);
  EXPECT_EQ(read_all(**source).packets.size(), 20u);
  testing::Pipe words = testing::make_pipe();
  ASSERT_TRUE(words.writing.write_all(as_bytes("just words")));
  words.writing = FileHandle();
  auto none = open_capture_file(std::move(words.reading), "standard input");
  ASSERT_TRUE(none);
  EXPECT_EQ(read_all(**none).damage,
            "standard input: not a pcap, pcapng or snoop capture, begins with 6a757374");
}

TEST(FileSource, HeldBlocksKeepTheirBytes) {
  const std::string bytes = pcap_of(5000, 700);
  auto source = open_capture_file(file_of(bytes), "test");
  ASSERT_TRUE(source);
  std::vector<std::shared_ptr<const void>> held;
  std::vector<Packet> packets;
  Packet packet;
  while ((*source)->next(packet) == PacketSource::Next::kPacket) {
    if (held.empty() || held.back() != (*source)->hold()) held.push_back((*source)->hold());
    packets.push_back(packet);
  }
  source->reset();
  EXPECT_GE(held.size(), 13u);
  EXPECT_LE(held.size(), 16u);
  ASSERT_EQ(packets.size(), 5000u);
  for (const Packet& p : packets) {
    ASSERT_EQ(as_text(p.data), std::string_view(bytes).substr(p.file_offset + 16, 700));
  }
}

TEST(FileSource, WhatIsNoCaptureFailsToOpen) {
  const auto why = [](std::string_view bytes) {
    auto source = open_capture_file(file_of(bytes), "x");
    return source ? "" : source.error().message;
  };
  EXPECT_EQ(why(""), "x: empty");
  EXPECT_EQ(why("abc"), "x: too short to be a capture");
  EXPECT_EQ(why("abcdefgh"), "x: not a pcap, pcapng or snoop capture, begins with 61626364");
  EXPECT_NE(why(packed("words within", archive_write_add_filter_gzip)).find("776f7264"),
            std::string::npos);
  auto missing = open_capture_file("/nonexistent/file.pcap");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "cannot open /nonexistent/file.pcap: No such file or directory");
  EXPECT_FALSE(open_capture_file("/"));
}

std::unique_ptr<PacketSource> source_of(const std::string& bytes) {
  auto source = open_capture_file(file_of(bytes), "test");
  EXPECT_TRUE(source);
  return std::move(*source);
}

std::string pcapng_of(std::initializer_list<uint64_t> times, std::string_view mark) {
  ByteText file;
  file.section().interface(1, 0).interface(101, 0);
  uint32_t interface = 0;
  for (uint64_t time : times) {
    file.packet(interface, time, mark, 9);
    interface ^= 1;
  }
  return file.str();
}

TEST(MergeSource, ByTimeStableInterfacesConcatenated) {
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(source_of(pcapng_of({10, 30, 30, 20, 50}, "a")));  // 20 waits for its turn
  sources.push_back(source_of(pcapng_of({10, 25, 30, 60}, "b")));
  sources.push_back(source_of(pcapng_of({5}, "c")));
  auto merged = MergeSource::create(std::move(sources));
  ASSERT_TRUE(merged);
  const Reading reading = read_all(**merged);
  std::string order;
  for (const auto& seen : reading.packets) {
    order += seen.data + std::to_string(seen.packet.ts.ns / 1000) + " ";
    const auto& interface = reading.interfaces.at(seen.packet.interface_id);
    EXPECT_EQ(interface.link_type, seen.packet.link_type);
    EXPECT_EQ((*merged)->source_of(seen.packet.interface_id), size_t(seen.data[0] - 'a'));
  }
  EXPECT_EQ(order, "c5 a10 b10 b25 a30 a30 a20 b30 a50 b60 ");
  EXPECT_EQ(reading.interfaces.size(), 6u);
  EXPECT_EQ((*merged)->bytes_done(), (*merged)->bytes_total());
}

TEST(MergeSource, DamageNamesItsSource) {
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(source_of(pcapng_of({1, 2}, "a")));
  sources.push_back(source_of(pcapng_of({1, 2}, "b") + "cut"));
  auto merged = MergeSource::create(std::move(sources));
  ASSERT_TRUE(merged);
  const Reading reading = read_all(**merged);
  EXPECT_EQ(reading.packets.size(), 4u);
  EXPECT_EQ(reading.damage.find("source 2: cut short at byte"), 0u) << reading.damage;
  EXPECT_FALSE(MergeSource::create({}));
}

}  // namespace
}  // namespace sp3ctra
