// Every capture of the corpus cut at every length up to 256 bytes and flipped bit by bit by seed:
// no crash, no hang, and every packet given out is whole.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "capture/capture_bytes_testing.h"
#include "capture/rewrite.h"

namespace sp3ctra {
namespace {

using testing::content_of;
using testing::file_of;
using testing::refill;

constexpr size_t kCutsMax = 256;
constexpr int kFlipsPerFile = 48;
constexpr size_t kFlippedFileBytesMax = 256 * 1024;  // keeps the test's time below a minute

std::vector<std::string> corpus_files() {
  std::vector<std::string> paths;
  const char* folder = std::getenv("SP3CTRA_CORPUS");
  if (folder == nullptr || *folder == '\0') return paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string path = entry.path().string();
    if (path.find("_truth") != std::string::npos) continue;
    if (open_capture_file(path)) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Reads to the end, touching every byte; every packet must be readable again by its offset.
uint64_t read_damaged(const FileHandle& file) {
  auto source = open_capture_file(std::move(*file.duplicate()), "damaged");
  if (!source) return 0;
  Packet packet;
  uint64_t packets = 0;
  volatile uint8_t touched = 0;
  std::vector<std::byte> buffer;
  while ((*source)->next(packet) == PacketSource::Next::kPacket) {
    ++packets;
    EXPECT_EQ(packet.caplen, packet.data.size());
    EXPECT_LT(packet.interface_id, (*source)->interfaces().size());
    for (std::byte b : packet.data) touched = static_cast<uint8_t>(b);
    if (packets % 16 != 1) continue;
    auto again = (*source)->packet_file()->read_at(packet.file_offset, buffer);
    EXPECT_TRUE(again);
    if (again) {
      EXPECT_EQ(as_text(again->data), as_text(packet.data));
    }
  }
  EXPECT_EQ((*source)->next(packet), PacketSource::Next::kEnd);
  (void)touched;
  return packets;
}

TEST(FileDamage, EveryCaptureCutAtEveryLengthUpTo256) {
  const auto paths = corpus_files();
  if (paths.empty()) GTEST_SKIP() << "SP3CTRA_CORPUS is not set: no captures to damage";
  const FileHandle file = file_of("");
  for (const std::string& path : paths) {
    const std::string bytes = content_of(path).substr(0, kCutsMax);
    uint64_t before = 0;
    for (size_t n = 0; n <= bytes.size(); ++n) {
      refill(file, std::string_view(bytes).substr(0, n));
      const uint64_t packets = read_damaged(file);
      EXPECT_GE(packets, before) << path << " cut at " << n;
      before = packets;
    }
  }
}

TEST(FileDamage, EveryCaptureWithBitsFlippedBySeed) {
  const auto paths = corpus_files();
  if (paths.empty()) GTEST_SKIP() << "SP3CTRA_CORPUS is not set: no captures to damage";
  const FileHandle file = file_of("");
  std::mt19937 random(42);
  for (const std::string& path : paths) {
    const std::string bytes = content_of(path).substr(0, kFlippedFileBytesMax);
    for (int i = 0; i < kFlipsPerFile; ++i) {
      std::string flipped = bytes;
      // Half of the flips fall into the first bytes, where headers and interfaces lie.
      const size_t range = i % 2 == 0 ? flipped.size() : std::min<size_t>(flipped.size(), 600);
      for (int flips = 1 + i / 12; flips > 0; --flips) {
        flipped[random() % range] ^= static_cast<char>(1 << random() % 8);
      }
      refill(file, flipped);
      read_damaged(file);
      if (i % 8 != 0) continue;
      auto report = rewrite_pcapng(std::move(*file.duplicate()), file_of(""),
                                   [](uint64_t n) { return n % 3 != 0; });
      EXPECT_TRUE(report);
    }
  }
}

}  // namespace
}  // namespace sp3ctra
