// Every capture of the corpus: the same count, lengths and times as capinfos prints; every packet
// again by its offset; a rewritten file that tells the same.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "capture/capture_bytes_testing.h"
#include "capture/rewrite.h"

namespace sp3ctra {
namespace {

using testing::output_of;

std::string corpus() {
  const char* folder = std::getenv("SP3CTRA_CORPUS");
  return folder != nullptr ? folder : "";
}

std::vector<std::string> captures() {
  std::vector<std::string> paths;
  std::ifstream manifest(corpus() + "/MANIFEST.tsv");
  std::string line;
  std::getline(manifest, line);
  while (std::getline(manifest, line)) {
    std::istringstream columns(line);
    std::string set, path;
    std::getline(columns, set, '\t');
    std::getline(columns, path, '\t');
    if (!path.empty() && std::ifstream(corpus() + "/" + path).good()) paths.push_back(path);
  }
  return paths;
}

#define NEEDS_CORPUS() \
  if (corpus().empty()) GTEST_SKIP() << "SP3CTRA_CORPUS is not set: no captures to read"

constexpr int kSunAtm = 123;

// What capinfos says of a file: packets, bytes on the wire, first and last time.
struct Facts {
  std::string packets, bytes, first, last;
};

Facts facts_from_capinfos(const std::string& path) {
  const std::string text =
      output_of({"capinfos", "-T", "-r", "-M", "-S", "-c", "-d", "-a", "-e", path});
  std::istringstream columns(text.substr(0, text.find('\n')));
  Facts facts;
  std::string name;
  std::getline(columns, name, '\t');
  std::getline(columns, facts.packets, '\t');
  std::getline(columns, facts.bytes, '\t');
  std::getline(columns, facts.first, '\t');
  std::getline(columns, facts.last, '\t');
  return facts;
}

// A time as capinfos prints it, with as many digits as `like` has.
std::string time_like(Timestamp time, const std::string& like) {
  const size_t dot = like.find('.');
  const size_t digits = dot == std::string::npos ? 0 : like.size() - dot - 1;
  const std::string text = epoch_text(time);
  const size_t ours = text.find('.');
  return digits == 0 ? text.substr(0, ours) : text.substr(0, ours + 1 + digits);
}

void expect_equal(const Facts& theirs, PacketSource& source, const std::string& path) {
  uint64_t packets = 0, bytes = 0;
  Timestamp first{INT64_MAX}, last{INT64_MIN};
  Packet packet;
  while (source.next(packet) == PacketSource::Next::kPacket) {
    ++packets;
    // capinfos counts a SunATM packet without the four bytes that the card puts before it.
    bytes += packet.len - (static_cast<int>(packet.link_type) == kSunAtm ? 4 : 0);
    if (packet.flags & kPacketNoTime) continue;
    first = std::min(first, packet.ts);
    last = std::max(last, packet.ts);
  }
  EXPECT_EQ(std::to_string(packets), theirs.packets) << path;
  EXPECT_EQ(std::to_string(bytes), theirs.bytes) << path;
  // No time at all, or one whose fraction is a negative number to capinfos.
  if (theirs.last == "n/a" || theirs.last.find(".-") != std::string::npos) return;
  EXPECT_EQ(time_like(first, theirs.first), theirs.first) << path;
  EXPECT_EQ(time_like(last, theirs.last), theirs.last) << path;
}

TEST(FileCorpus, CountTimesAndLengthsAreThoseOfCapinfos) {
  NEEDS_CORPUS();
  if (output_of({"capinfos", "-v"}).empty()) GTEST_SKIP() << "capinfos is not installed";
  size_t compared = 0;
  std::set<std::string> refused, unknown_there;
  for (const std::string& path : captures()) {
    const std::string full = corpus() + "/" + path;
    auto source = open_capture_file(full);
    if (!source) {
      refused.insert(source.error().message.substr(corpus().size() + 1));
      continue;
    }
    const Facts theirs = facts_from_capinfos(full);
    if (theirs.packets.empty()) {  // link types that capinfos does not know
      unknown_there.insert(path);
      continue;
    }
    expect_equal(theirs, **source, path);
    if (!(*source)->damage().empty()) std::cout << path << ": " << (*source)->damage() << "\n";
    ++compared;
  }
  for (const std::string& why : refused) ADD_FAILURE() << "not read: " << why;
  for (const std::string& path : unknown_there) std::cout << "capinfos reads not: " << path << "\n";
  std::cout << compared << " captures compared, " << refused.size() << " not read here, "
            << unknown_there.size() << " not read by capinfos\n";
  EXPECT_GT(compared, 0u);
}

TEST(FileCorpus, EveryPacketIsReadAgainByItsOffset) {
  NEEDS_CORPUS();
  for (const std::string& path : captures()) {
    auto source = open_capture_file(corpus() + "/" + path);
    if (!source) continue;
    const testing::Reading reading = testing::read_all(**source);
    const auto file = (*source)->packet_file();
    auto kept = CaptureLayout::decode(as_bytes(file->layout().encode()));
    ASSERT_TRUE(kept) << path;
    const PacketFile reopened(
        std::make_shared<FileHandle>(std::move(*file->file()->parts()[0].file->duplicate())),
        *kept);
    std::vector<std::byte> buffer;
    for (const testing::SeenPacket& seen : reading.packets) {
      for (const PacketFile* reader : {file.get(), &reopened}) {
        auto again = reader->read_at(seen.packet.file_offset, buffer);
        ASSERT_TRUE(again) << path << ": " << again.error().message;
        ASSERT_EQ(as_text(again->data), seen.data) << path;
        ASSERT_EQ(again->len, seen.packet.len) << path;
        ASSERT_EQ(again->interface_id, seen.packet.interface_id) << path;
        ASSERT_EQ(again->link_type, seen.packet.link_type) << path;
        ASSERT_EQ(again->flags, seen.packet.flags) << path;
        if (!(again->flags & kPacketNoTime)) {
          ASSERT_EQ(again->ts, seen.packet.ts) << path;
        }
      }
    }
  }
}

TEST(FileCorpus, ARewrittenFileTellsTheSame) {
  NEEDS_CORPUS();
  const std::string copy = ::testing::TempDir() + "sp3ctra_rewritten.pcapng";
  const bool have_capinfos = !output_of({"capinfos", "-v"}).empty();
  for (const std::string& path : captures()) {
    const std::string full = corpus() + "/" + path;
    auto source = open_capture_file(full);
    if (!source) continue;
    const testing::Reading before = testing::read_all(**source);
    auto out = FileHandle::open_write(copy);
    ASSERT_TRUE(out);
    auto report = rewrite_capture(full, std::move(*out), RewriteFormat::kPcapng,
                                  [](uint64_t) { return true; });
    ASSERT_TRUE(report) << path << ": " << report.error().message;
    auto again = open_capture_file(copy);
    ASSERT_TRUE(again) << path;
    const testing::Reading after = testing::read_all(**again);
    EXPECT_EQ(after.damage, "") << path;
    ASSERT_EQ(after.packets.size(), before.packets.size()) << path;
    for (size_t i = 0; i < after.packets.size(); ++i) {
      ASSERT_EQ(after.packets[i].data, before.packets[i].data) << path << " packet " << i + 1;
      ASSERT_EQ(after.packets[i].packet.ts, before.packets[i].packet.ts) << path;
      ASSERT_EQ(after.packets[i].packet.len, before.packets[i].packet.len) << path;
    }
    if (!have_capinfos) continue;
    const Facts theirs = facts_from_capinfos(copy), original = facts_from_capinfos(full);
    if (original.packets.empty()) continue;
    EXPECT_EQ(theirs.packets, original.packets) << path;
    EXPECT_EQ(theirs.bytes, original.bytes) << path;
  }
}

}  // namespace
}  // namespace sp3ctra
