// What an export of an opened or growing capture holds: the packets that were chosen, and of a
// pcapng original everything else, too.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "capture/capture_bytes_testing.h"
#include "capture/file_source.h"
#include "pipeline/analysis.h"
#include "query/indexed_capture.h"

namespace sp3ctra {
namespace {

using testing::ByteText;

/// A file of these bytes that leaves with the object.
struct File {
  File(std::string_view name, std::string_view bytes)
      : path(::testing::TempDir() + "sp3ctra-export-" + std::to_string(::getpid()) + "-" +
             std::string(name)) {
    put(bytes);
  }
  ~File() { std::filesystem::remove(path); }
  void put(std::string_view bytes) const {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
  }
  std::string path;
};

/// What the packets of a capture hold, in order, and how it ends.
struct Reading {
  std::vector<std::string> packets;
  std::string damage;
};

Reading read_bytes(std::string_view bytes) {
  const File file("again", bytes);
  Reading out;
  auto source = open_capture_file(file.path);
  if (!source) return {{}, source.error().message};
  Packet packet;
  while ((*source)->next(packet) == PacketSource::Next::kPacket)
    out.packets.emplace_back(as_text(packet.data));
  out.damage = (*source)->damage();
  return out;
}

std::string dns_frame(uint8_t last) {
  std::string eth(12, '\x02');
  eth += std::string("\x08\x00", 2);
  std::string ip("\x45\x00\x00\x20\x00\x00\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x01\x0a\x00\x00",
                 19);
  ip += static_cast<char>(last);
  return eth + ip + std::string("\x30\x39\x30\x3a\x00\x0c\x00\x00", 8) + "ping";
}

struct Original {
  std::string bytes;
  std::vector<std::string> packets, others;
};

/// Two sections, one in each byte order, of packets with a comment and blocks nobody here knows.
Original many_blocks() {
  Original o;
  for (const bool big : {true, false}) {
    const auto add = [&](ByteText&& block, std::vector<std::string>* to) {
      o.bytes += block.str();
      if (to) to->push_back(block.str());
    };
    const auto body = [&] { return ByteText(big); };
    add(std::move(ByteText(big).section(body().option(4, "writer").u32(0).str())), &o.others);
    add(std::move(ByteText(big).interface(1, 0)), &o.others);
    const std::string note = body().option(1, "a note").u32(0).str();
    for (uint8_t i = 1; i <= 3; ++i) {
      const std::string frame = dns_frame(i);
      add(std::move(
              ByteText(big).packet(0, i * 1000, frame, static_cast<uint32_t>(frame.size()), note)),
          &o.packets);
    }
    add(std::move(ByteText(big).block(0x0bad, body().u32(1).text("copy me").str())), &o.others);
    add(std::move(ByteText(big).block(0x40000bad, body().u32(1).text("leave me").str())), nullptr);
    add(std::move(ByteText(big).block(0x00abcdef, "who knows what this is")), &o.others);
    add(std::move(ByteText(big).block(4, body().u32(0).str())), &o.others);
    add(std::move(ByteText(big).block(10, body().u32(1).u32(3).text("key").str())), &o.others);
    add(std::move(ByteText(big).block(5, body().u32(0).u64(0).u32(0).str())), &o.others);
  }
  return o;
}

/// An opened capture and everything it stands on.
struct Opened {
  QueryPool pool{1};
  File file;
  std::shared_ptr<CaptureIndex> index = std::make_shared<CaptureIndex>();
  std::shared_ptr<IndexedCapture> view;

  explicit Opened(const std::string& bytes) : file("original", bytes) {
    auto source = open_capture_file(file.path);
    EXPECT_TRUE(source);
    std::atomic<bool> stop{false};
    analyse_capture(**source, *index, {}, stop);
    CaptureFacts facts;
    facts.interfaces = (*source)->interfaces();
    view = std::make_shared<IndexedCapture>(pool, index, (*source)->packet_file(), facts);
  }
  std::string exported(const ExportRequest& request, ProgressFn progress = nullptr) const {
    const auto out = FileHandle::open_spool("");
    EXPECT_TRUE(out);
    const auto written = view->export_to(out->fd(), request, progress, nullptr);
    if (!written) return "failed: " + written.error().message;
    std::string text(out->size(), '\0');
    EXPECT_TRUE(out->read_at({reinterpret_cast<std::byte*>(text.data()), text.size()}, 0));
    EXPECT_EQ(*written, text.size());
    return text;
  }
};

TEST(Export, AllOfAPcapngIsTheOriginalWithoutBlocksThatMayNotBeCopied) {
  const Original o = many_blocks();
  std::string expected = o.bytes;
  for (const bool big : {true, false}) {
    const std::string gone =
        ByteText(big).block(0x40000bad, ByteText(big).u32(1).text("leave me").str()).str();
    const size_t at = expected.find(gone);
    ASSERT_NE(at, std::string::npos);
    expected.erase(at, gone.size());
  }
  EXPECT_EQ(Opened(o.bytes).exported({}), expected);
}

TEST(Export, ChosenPacketsOfAPcapngKeepEveryOtherBlock) {
  const Original o = many_blocks();
  const Opened opened(o.bytes);
  std::string reading;
  const auto filter = opened.view->add_filter("ip.dst == 10.0.0.2", reading);
  ASSERT_TRUE(filter);
  ExportRequest filtered, marked, window;
  filtered.filter = *filter;
  marked.numbers = {5, 2, 2};
  window.from = Timestamp{2'000'000};
  window.to = Timestamp{2'000'000};
  for (const ExportRequest& request : {filtered, marked, window}) {
    const std::string text = opened.exported(request);
    for (const std::string& block : o.others) EXPECT_NE(text.find(block), std::string::npos);
    for (size_t i = 0; i < o.packets.size(); ++i)
      EXPECT_EQ(text.find(o.packets[i]) != std::string::npos, i % 3 == 1) << i;
    const Reading again = read_bytes(text);
    EXPECT_EQ(again.damage, "");
    EXPECT_EQ(again.packets.size(), 2u);
  }
}

TEST(Export, PcapHoldsTheChosenPacketsOfAPcapng) {
  const Original o = many_blocks();
  ExportRequest request;
  request.pcapng = false;
  request.numbers = {1, 6};
  const Reading again = read_bytes(Opened(o.bytes).exported(request));
  ASSERT_EQ(again.packets.size(), 2u);
  EXPECT_EQ(again.packets[0], dns_frame(1));
  EXPECT_EQ(again.packets[1], dns_frame(3));
}

/// Keeps the pool's only thread until let go, so that no filter gets on.
struct Occupied : SlicedJob {
  std::atomic<bool> begun{false}, let_go{false};
  bool step() override {
    begun = true;
    while (!let_go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return false;
  }
};

TEST(Export, ProgressHasOneTotalAndNeverGoesBackWhileTheFilterIsStillAtWork) {
  const auto occupied = std::make_shared<Occupied>();
  std::string reading;
  ExportRequest request;
  Opened waiting(many_blocks().bytes);
  waiting.pool.add(occupied);
  while (!occupied->begun) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto filter = waiting.view->add_filter("ip.dst == 10.0.0.2", reading);
  ASSERT_TRUE(filter);
  request.filter = *filter;
  struct Told {
    Occupied& occupied;
    std::vector<std::pair<uint64_t, uint64_t>> all;
  } told{*occupied, {}};
  const auto note = [](void* user, uint64_t done, uint64_t total) {
    auto& t = *static_cast<Told*>(user);
    t.all.emplace_back(done, total);
    if (t.all.size() == 5) t.occupied.let_go = true;
    return t.all.size() < 5000;
  };
  const auto out = FileHandle::open_spool("");
  ASSERT_TRUE(out);
  ASSERT_TRUE(waiting.view->export_to(out->fd(), request, note, &told));
  ASSERT_GE(told.all.size(), 5u);
  for (size_t i = 0; i < told.all.size(); ++i) {
    EXPECT_EQ(told.all[i].second, 6u) << i;
    EXPECT_LE(told.all[i].first, told.all[i].second) << i;
    if (i > 0) {
      EXPECT_GE(told.all[i].first, told.all[i - 1].first) << i;
    }
  }
  EXPECT_EQ(told.all.back().first, 6u);
}

TEST(Export, PacketsBehindTheCommittedOnesAreLeftOut) {
  const Original o = many_blocks();
  const Opened opened(o.bytes.substr(0, o.bytes.find(o.packets[2])));
  opened.file.put(o.bytes);  // a live capture's file grows meanwhile
  ASSERT_EQ(opened.index->committed(), 2u);
  EXPECT_EQ(read_bytes(opened.exported({})).packets.size(), 2u);
  const auto nothing = [](void*, uint64_t, uint64_t) { return false; };
  EXPECT_EQ(opened.exported({}, nothing), "failed: cancelled");
}

}  // namespace
}  // namespace sp3ctra
