// A file that is read while it is still being written.
#include <gtest/gtest.h>

#include "capture/capture_bytes_testing.h"
#include "capture/file_source.h"

namespace sp3ctra {
namespace {

using namespace testing;

std::string some_packets(int count) {
  ByteText file;
  file.section().interface(1, 0);
  for (int i = 0; i < count; ++i) file.packet(0, static_cast<uint64_t>(i), "packet", 6);
  return file.str();
}

TEST(FileGrowth, WhatHasComeIsReadAndTheEndIsTheEndWhenWhole) {
  const std::string all = some_packets(10);
  const FileHandle file = file_of(all.substr(0, all.size() / 2));
  const auto growth = std::make_shared<FileGrowth>(all.size());
  FileOptions options;
  options.growth = growth;
  auto source = open_capture_file(std::move(*file.duplicate()), "test", options);
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->bytes_total(), all.size());
  Packet packet;
  int packets = 0;
  while ((*source)->next(packet) == PacketSource::Next::kPacket) ++packets;
  EXPECT_GT(packets, 2);
  EXPECT_LT(packets, 10);
  EXPECT_EQ((*source)->next(packet), PacketSource::Next::kIdle);
  EXPECT_EQ((*source)->damage(), "");
  refill(file, all);
  growth->whole = true;
  while ((*source)->next(packet) == PacketSource::Next::kPacket) ++packets;
  EXPECT_EQ(packets, 10);
  EXPECT_EQ((*source)->next(packet), PacketSource::Next::kEnd);
  EXPECT_EQ((*source)->damage(), "");
}

TEST(FileGrowth, AFileThatStaysShortIsSaidToBeCutShort) {
  const std::string all = some_packets(10);
  const auto growth = std::make_shared<FileGrowth>(all.size());
  FileOptions options;
  options.growth = growth;
  auto source = open_capture_file(file_of(all.substr(0, all.size() - 5)), "test", options);
  ASSERT_TRUE(source);
  growth->whole = true;
  Packet packet;
  int packets = 0;
  while ((*source)->next(packet) == PacketSource::Next::kPacket) ++packets;
  EXPECT_EQ(packets, 9);
  EXPECT_NE((*source)->damage().find("cut short"), std::string::npos);
}

}  // namespace
}  // namespace sp3ctra
