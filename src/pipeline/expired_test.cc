// A capture whose oldest packets are no longer kept, as its readers see it.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "capture/file_source.h"
#include "pipeline/segment_writer.h"
#include "pipeline/test_packets_test.h"
#include "query/indexed_capture.h"

namespace sp3ctra {
namespace {

using namespace std::chrono_literals;
using test_packets::Directory;
using test_packets::Source;

constexpr uint32_t kPackets = 5'000;
constexpr uint32_t kFlowsInTurn = 100;

/// Datagrams of 100 conversations in turn, a millisecond apart.
class Conversations final : public PacketSource {
 public:
  Next next(Packet& out) override {
    if (given_ == kPackets) return Next::kEnd;
    bytes_ = test_packets::frame(given_ % kFlowsInTurn, 1000);
    out = Packet{};
    out.ts = Timestamp{1'700'000'000'000'000'000 + int64_t{++given_} * 1'000'000};
    out.data = bytes_;
    out.caplen = out.len = static_cast<uint32_t>(bytes_.size());
    return Next::kPacket;
  }
  const std::vector<CaptureInterface>& interfaces() const override { return interfaces_; }
  const std::string& damage() const override { return damage_; }

 private:
  uint32_t given_ = 0;
  std::vector<std::byte> bytes_;
  std::vector<CaptureInterface> interfaces_{
      {"test0", {}, {}, LinkType::kEthernet, 0, 1'000'000'000}};
  std::string damage_;
};

class Expired : public testing::Test {
 protected:
  void SetUp() override {
    auto memory = mapped_index_memory(folder.path());
    ASSERT_TRUE(memory);
    index = std::make_shared<CaptureIndex>(*memory);
    SegmentWriter::Options o;
    o.folder = folder.path() + "/live";
    Conversations source;
    o.interfaces = source.interfaces();
    o.index = index;
    o.policy = [] { return StorePolicy{.bytes = 2'000'000}; };
    auto made = SegmentWriter::create(std::move(o));
    ASSERT_TRUE(made) << made.error().message;
    writer = std::move(*made);
    CaptureFacts facts;
    facts.interfaces = source.interfaces();
    view = std::make_unique<IndexedCapture>(pool, index, writer->reader(), facts);
    AnalysisOptions options;
    options.live = true;
    options.writer = writer.get();
    options.queue_bytes = 1u << 30;
    options.queue_batches = 4096;
    std::atomic<bool> stop{false};
    (void)analyse_capture(source, *index, options, stop);
    writer->close();
    first = index->first_kept();
    ASSERT_GT(first, 2'000u);
    ASSERT_LT(first, kPackets - 1'000u);
  }
  std::string filter(const char* text) {
    std::string reading;
    auto id = view->add_filter(text, reading);
    EXPECT_TRUE(id);
    for (int i = 0; i < 1000 && !view->progress(*id).complete; ++i)
      std::this_thread::sleep_for(5ms);
    return *id;
  }
  /// First bytes of the addresses of what was exported, as packets of a readable file.
  uint64_t exported(const ExportRequest& request, std::string* damage = nullptr) {
    const std::string path = folder.path() + "/out";
    auto file = FileHandle::open_write(path);
    const auto bytes = view->export_to(file->fd(), request, nullptr, nullptr);
    EXPECT_TRUE(bytes) << bytes.error().message;
    auto read = open_capture_file(path);
    EXPECT_TRUE(read);
    uint64_t n = 0;
    for (Packet p; (*read)->next(p) == PacketSource::Next::kPacket;) ++n;
    EXPECT_EQ((*read)->damage(), "");
    if (damage) *damage = (*read)->damage();
    return n;
  }

  Directory folder;
  QueryPool pool{1};
  std::shared_ptr<CaptureIndex> index;
  std::unique_ptr<SegmentWriter> writer;
  std::unique_ptr<IndexedCapture> view;
  uint64_t first = 0;
};

TEST_F(Expired, TheCaptureSaysWhatItStillHas) {
  const CaptureInfo info = view->info();
  EXPECT_EQ(info.packets, kPackets);
  EXPECT_EQ(info.first_number, first);
  EXPECT_GT(info.segments, 2u);
  EXPECT_EQ(info.first.ns, 1'700'000'000'000'000'000 + static_cast<int64_t>(first) * 1'000'000);
  EXPECT_EQ(view->progress("").first_row, first - 1);
}

TEST_F(Expired, RowsKeepTheirPlaceAndSayThatTheyAreGone) {
  const auto rows = view->rows("", first - 3, 4);
  ASSERT_TRUE(rows && rows->size() == 4u);
  for (int k = 0; k < 2; ++k) {
    EXPECT_EQ((*rows)[k].number, first - 2 + k);
    EXPECT_NE((*rows)[k].info.find("no longer kept"), std::string::npos);
    EXPECT_EQ((*rows)[k].src, "");
  }
  EXPECT_EQ((*rows)[2].number, first);
  EXPECT_EQ((*rows)[2].src, "10.0.0.1");
}

TEST_F(Expired, APacketThatIsGoneSaysSoAndOneThatIsThereOpens) {
  const auto gone = view->packet(first - 1);
  ASSERT_FALSE(gone);
  EXPECT_NE(gone.error().message.find("no longer kept"), std::string::npos);
  const auto there = view->packet(first);
  ASSERT_TRUE(there) << there.error().message;
  EXPECT_EQ(there->previous, 0u) << "the one before is gone";
  EXPECT_EQ(there->next, first + kFlowsInTurn);
  EXPECT_EQ(there->stream, fmt::format("udp:{}", (first - 1) % kFlowsInTurn));
  const auto said = [](const PacketDetail& d) {
    return std::any_of(d.words.facts.begin(), d.words.facts.end(), [](const Sentence& s) {
      return !s.empty() && s[0].text.find("began before the oldest packet") != std::string::npos;
    });
  };
  EXPECT_TRUE(said(*there)) << "drawn from what is kept";
  // Times are those of the whole capture.
  const auto relative =
      std::find_if(there->tree.nodes.begin(), there->tree.nodes.end(),
                   [](const auto& n) { return n.field && n.field->name == "frame.time_relative"; });
  ASSERT_NE(relative, there->tree.nodes.end());
  EXPECT_EQ(static_cast<uint64_t>(relative->number), (first - 1) * 1'000'000);
}

TEST_F(Expired, FiltersFindWhatIsKept) {
  // Header columns, and a filter that reads every packet.
  for (const char* text : {"ip.dst == 10.0.0.7", "udp.length == 1008 && ip.dst == 10.0.0.7"}) {
    const std::string id = filter(text);
    const FilterProgress progress = view->progress(id);
    EXPECT_TRUE(progress.complete);
    uint64_t wanted = 0;
    for (uint64_t n = first; n <= kPackets; ++n) wanted += (n - 1) % kFlowsInTurn == 7;
    EXPECT_EQ(progress.rows - progress.first_row, wanted) << text;
    const auto rows = view->rows(id, progress.first_row, 500);
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), wanted);
    for (const Row& row : *rows) EXPECT_EQ((row.number - 1) % kFlowsInTurn, 7u);
  }
}

TEST_F(Expired, SearchesAndChartsStayWithinWhatIsKept) {
  const auto backwards =
      view->find("", FindKind::kHex, "ff ff ff ff", kPackets, false, nullptr, nullptr);
  ASSERT_TRUE(backwards);
  EXPECT_FALSE(*backwards) << "ends at the first packet kept";
  const auto forwards = view->find("", FindKind::kHex, "0a 00 00 07", 0, true, nullptr, nullptr);
  ASSERT_TRUE(forwards && *forwards);
  EXPECT_GE((*forwards)->number, first);
  EXPECT_FALSE(view->find("", FindKind::kNumber, "1", 0, true, nullptr, nullptr));
  EXPECT_FALSE(view->conversation("", first, false));
  ASSERT_TRUE(view->conversation("", first, true));
  const SeriesBins series = view->series("", {}, {}, 10);
  uint64_t sum = 0;
  for (const uint64_t n : series.packets) sum += n;
  EXPECT_EQ(sum, kPackets - first + 1);
  EXPECT_EQ(series.from, view->info().first);
}

TEST_F(Expired, ExportsHoldWhatIsKept) {
  EXPECT_EQ(exported({}), kPackets - first + 1);
  ExportRequest pcap;
  pcap.pcapng = false;
  EXPECT_EQ(exported(pcap), kPackets - first + 1);
  ExportRequest marked;
  marked.numbers = {1, first - 1, first, kPackets};
  EXPECT_EQ(exported(marked), 2u);
  marked.pcapng = false;
  EXPECT_EQ(exported(marked), 2u);
}

}  // namespace
}  // namespace sp3ctra
