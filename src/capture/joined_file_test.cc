#include "capture/joined_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "capture/file_source.h"
#include "capture/pcapng_writer.h"

namespace sp3ctra {
namespace {

namespace fs = std::filesystem;

class SegmentsTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sp3ctra-segments-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string path(uint64_t k) const { return folder_ + "/" + segment_name(k); }

  /// Packets of `bytes` bytes each on interface `k % 2`, numbered on by their first byte.
  void write_segment(uint64_t k, uint8_t first, uint8_t packets, const char* second = "two") {
    PcapngWriter writer(*FileHandle::open_write(path(k)));
    CaptureInterface i;
    i.name = "one";
    writer.add_interface(i);
    i.name = second;
    i.link_type = LinkType::kRaw;
    writer.add_interface(i);
    for (uint8_t n = 0; n < packets; ++n) {
      const std::vector<std::byte> data(100, static_cast<std::byte>(first + n));
      Packet p;
      p.interface_id = (first + n) % 2;
      p.ts = Timestamp{1'000'000 + first + n};
      p.data = data;
      p.len = p.caplen = 100;
      writer.write_packet(p);
    }
    ASSERT_TRUE(writer.flush());
  }
  /// First bytes of the packets that are read; checks their interface and that each can be read
  /// again by its offset.
  std::vector<int> read(std::string* damage = nullptr) {
    std::vector<int> out;
    auto source = open_capture_file(folder_);
    EXPECT_TRUE(source) << source.error().message;
    if (!source) return out;
    Packet p;
    std::vector<std::byte> buffer;
    while ((*source)->next(p) == PacketSource::Next::kPacket) {
      const int first = static_cast<int>(p.data[0]);
      EXPECT_EQ(p.interface_id, first % 2);
      EXPECT_EQ(p.link_type, first % 2 ? LinkType::kRaw : LinkType::kEthernet);
      const auto again = (*source)->packet_file()->read_at(p.file_offset, buffer);
      EXPECT_TRUE(again) << again.error().message;
      if (again) {
        EXPECT_EQ(static_cast<int>(again->data[0]), first);
        EXPECT_EQ(again->interface_id, first % 2);
      }
      out.push_back(first);
    }
    interfaces_ = (*source)->interfaces().size();
    if (damage)
      *damage = (*source)->damage();
    else
      EXPECT_EQ((*source)->damage(), "");
    return out;
  }

  std::string folder_;
  size_t interfaces_ = 0;
};

TEST_F(SegmentsTest, AreOneCaptureWithTheInterfacesOfTheFirst) {
  write_segment(9, 0, 3);
  write_segment(10, 3, 2);
  write_segment(1'000'000, 5, 2);
  EXPECT_EQ(read(), (std::vector<int>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(interfaces_, 2u);
}

TEST_F(SegmentsTest, TheLastMayBeCutAnywhere) {
  write_segment(1, 0, 2);
  write_segment(2, 2, 3);
  const auto whole = fs::file_size(path(2));
  for (uint64_t bytes = 0; bytes < whole; bytes += 7) {
    fs::resize_file(path(2), bytes);
    std::string damage;
    const std::vector<int> got = read(&damage);
    ASSERT_GE(got.size(), 2u) << bytes;
    ASSERT_LE(got.size(), 4u);
    fs::remove(path(2));
    write_segment(2, 2, 3);
  }
}

TEST_F(SegmentsTest, DamageOfOneEndsWithIt) {
  write_segment(1, 0, 2);
  write_segment(2, 2, 3);
  write_segment(3, 5, 2);
  {
    std::fstream file(path(2), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(path(2))) - 132 - 130);
    file.write("\xff\xff\xff", 3);
  }
  std::string damage;
  const std::vector<int> got = read(&damage);
  EXPECT_NE(damage, "");
  ASSERT_GE(got.size(), 5u);
  EXPECT_EQ(got[got.size() - 2], 5);
  EXPECT_EQ(got.back(), 6);
}

TEST_F(SegmentsTest, ACutOneInTheMiddleDoesNotSwallowTheNext) {
  write_segment(1, 0, 2);
  write_segment(2, 2, 3);
  write_segment(3, 5, 2);
  fs::resize_file(path(2), fs::file_size(path(2)) - 20);
  std::string damage;
  EXPECT_EQ(read(&damage), (std::vector<int>{0, 1, 2, 3, 5, 6}));
  EXPECT_NE(damage.find("more than its segment has"), std::string::npos) << damage;
}

TEST_F(SegmentsTest, OnlyPlainFilesThatAreNamedSoCount) {
  write_segment(1, 0, 1);
  std::ofstream(folder_ + "/notes.txt") << "x";
  fs::create_symlink(path(1), path(2));
  fs::create_directory(path(3));
  EXPECT_EQ(segment_paths(folder_), std::vector<std::string>{path(1)});
  EXPECT_FALSE(open_capture_file("/tmp"));
}

TEST_F(SegmentsTest, ADroppedPartIsNoLongerKeptButForWhoHoldsIt) {
  write_segment(1, 0, 2);
  write_segment(2, 2, 2);
  auto first = std::make_shared<const FileHandle>(*FileHandle::open_read(path(1)));
  auto second = std::make_shared<const FileHandle>(*FileHandle::open_read(path(2)));
  JoinedFile joined;
  const uint64_t border = first->size();
  joined.add(first, 0, 1);
  joined.add(second, border, 3);
  const auto held = joined.snapshot();
  std::vector<std::byte> bytes(200);
  ASSERT_TRUE(joined.read_at(bytes, border - 100));
  joined.drop_before(border);
  fs::remove(path(1));
  EXPECT_FALSE(joined.read_at(bytes, border - 100));
  EXPECT_EQ(joined.first_offset(), border);
  EXPECT_EQ(*held->read_at(bytes, border - 100), 200u);
  EXPECT_EQ(held->parts().front().first_number, 1u);
  joined.drop_before(UINT64_MAX);
  EXPECT_EQ(joined.first_offset(), border) << "the one being written stays";
}

}  // namespace
}  // namespace sp3ctra
