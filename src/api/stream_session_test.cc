#include "api/stream_session.h"

#include <gtest/gtest.h>

#include "api/fakes_test.h"
#include "api/json.h"
#include "api/state_json.h"
#include "base/limits.h"

namespace sp3ctra::api {
namespace {

constexpr int64_t kMs = 1'000'000;

class StreamTest : public ::testing::Test {
 protected:
  /// The numbers that the tests ask of the binary messages among these.
  struct Batch {
    uint32_t view = 0, count = 0;
    double first = 0, all = 0;
  };
  static std::vector<Batch> batches(const std::vector<StreamMessage>& messages) {
    std::vector<Batch> out;
    for (const StreamMessage& message : messages) {
      if (!message.binary) continue;
      Batch batch;
      std::memcpy(&batch.view, message.bytes.data() + 4, 4);
      std::memcpy(&batch.first, message.bytes.data() + 8, 8);
      std::memcpy(&batch.all, message.bytes.data() + 16, 8);
      std::memcpy(&batch.count, message.bytes.data() + 24, 4);
      out.push_back(batch);
    }
    return out;
  }
  static size_t count_op(const std::vector<StreamMessage>& messages, std::string_view op) {
    size_t n = 0;
    for (const StreamMessage& message : messages)
      n += !message.binary && message.bytes.starts_with(fmt::format(R"({{"op":"{}")", op));
    return n;
  }
  bool view(uint32_t id, uint64_t first, uint32_t count, bool follow = false,
            std::string_view filter = "null") {
    return session.take(fmt::format(
        R"({{"op":"view","view":{},"capture":"c1","filter":{},"first":{},"count":{},"follow":{}}})",
        id, filter, first, count, follow));
  }

  fakes::Folder folder;
  fakes::FakeEngine engine{folder.path()};
  fakes::FakeLibrary library;
  Api api{engine, library, {}, folder.path()};
  StreamSession session{api};
};

TEST_F(StreamTest, NewestViewWinsAndIsAnsweredOnce) {
  for (uint32_t i = 0; i < 100; ++i) EXPECT_TRUE(view(1, i * 10, 60));
  EXPECT_TRUE(session.waiting());
  const auto answer = batches(session.due(1000 * kMs));
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].first, 990);
  EXPECT_EQ(answer[0].count, 10u);
  EXPECT_EQ(answer[0].all, 1000);
  EXPECT_EQ(library.view->rows_calls, 1);
  EXPECT_FALSE(session.waiting());
  EXPECT_TRUE(batches(session.due(2000 * kMs)).empty());
}

TEST_F(StreamTest, FollowSendsTheTailOnlyWhenThereIsNews) {
  view(1, 0, 60, true);
  auto answer = batches(session.due(1000 * kMs));
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].first, 940);
  EXPECT_TRUE(batches(session.due(1050 * kMs)).empty());
  library.view->row_count = 1100;
  answer = batches(session.due(1100 * kMs));
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].first, 1040);
}

TEST_F(StreamTest, AScreenAtTheEndIsFilledAsRowsCome) {
  view(1, 990, 60);
  EXPECT_EQ(batches(session.due(1000 * kMs)).at(0).count, 10u);
  library.view->row_count = 1030;
  EXPECT_EQ(batches(session.due(1200 * kMs)).at(0).count, 40u);
  library.view->row_count = 2000;
  EXPECT_EQ(batches(session.due(1400 * kMs)).at(0).count, 60u);
  library.view->row_count = 3000;
  EXPECT_TRUE(batches(session.due(1600 * kMs)).empty());
}

TEST_F(StreamTest, CountsTenAndStatesFourASecond) {
  view(1, 0, 60);
  size_t counts = 0, captures = 0, states = 0;
  for (int64_t ms = 1000; ms < 2000; ms += 10) {
    ++library.view->row_count;
    const auto messages = session.due(ms * kMs);
    counts += count_op(messages, "rows");
    captures += count_op(messages, "captures");
    states += count_op(messages, "state");
  }
  EXPECT_EQ(counts, 10u);
  EXPECT_EQ(captures, 4u);
  EXPECT_EQ(states, 1u);  // it did not change
}

TEST_F(StreamTest, StoredCapturesAreToldOnlyWhenTheyChange) {
  const auto told = [&](int64_t ms) {
    size_t with = 0, without = 0;
    for (const StreamMessage& message : session.due(ms * kMs)) {
      if (!message.bytes.starts_with(R"({"op":"captures")")) continue;
      (message.bytes.find(R"("stored":[)") == std::string::npos ? without : with) += 1;
    }
    return std::pair{with, without};
  };
  EXPECT_EQ(told(1000), std::pair(size_t{1}, size_t{0}));
  ++library.view->row_count;
  EXPECT_EQ(told(2000), std::pair(size_t{0}, size_t{1}));
  EXPECT_EQ(told(3000), std::pair(size_t{0}, size_t{0}));
  engine.stored_captures.clear();
  EXPECT_EQ(told(4000), std::pair(size_t{1}, size_t{0})) << "the last one has gone";
  EXPECT_EQ(told(5000), std::pair(size_t{0}, size_t{0}));
}

TEST_F(StreamTest, CountSaysTheFilterAndAsManyRowsAsAsked) {
  view(3, 0, 100'000, false, "\"nothing\"");
  const auto messages = session.due(1000 * kMs);
  EXPECT_EQ(batches(messages).at(0).all, 0);
  bool told = false;
  for (const StreamMessage& message : messages)
    told |= message.bytes.find(R"("view":3,"capture":"c1","filter":"nothing","rows":0,"of":1000,)"
                               R"("complete":true)") != std::string::npos;
  EXPECT_TRUE(told);
  view(4, 0, 100'000);
  EXPECT_EQ(batches(session.due(1001 * kMs)).at(0).count, limits::kRowsPerRequestMax);
}

TEST_F(StreamTest, UnknownCaptureIsAnEmptyAnswer) {
  EXPECT_TRUE(session.take(R"({"op":"view","view":1,"capture":"zz","first":0,"count":9})"));
  EXPECT_EQ(batches(session.due(1000 * kMs)).at(0).count, 0u);
}

TEST_F(StreamTest, JobsAreToldWhenTheyMove) {
  (void)api.exports.start(library.view, {}, steady_ns());
  ASSERT_TRUE(fakes::soon([&] { return api.exports.jobs(steady_ns()).at(0)["state"] == "done"; }));
  EXPECT_EQ(count_op(session.due(1000 * kMs), "job"), 1u);
  EXPECT_EQ(count_op(session.due(2000 * kMs), "job"), 0u);
}

TEST_F(StreamTest, GarbageIsRefused) {
  for (const std::string_view bad :
       {"", "{}", "[1]", "{\"op\":\"view\"}", "{\"op\":\"view\",\"view\":-1}", "\xff",
        R"({"op":"view","view":1,"capture":"c1","first":-5,"count":1})",
        R"({"op":"view","view":4294967296,"capture":"c1","first":0,"count":1})"})
    EXPECT_FALSE(session.take(bad)) << bad;
  EXPECT_EQ(hello_secret(R"({"op":"hello","secret":"s"})"), "s");
  EXPECT_FALSE(hello_secret(R"({"op":"view","secret":"s"})"));
  EXPECT_FALSE(hello_secret(R"({"op":"hello","secret":5})"));
}

/// Interfaces that the test changes.
class InterfaceStreamTest : public StreamTest {
 protected:
  InterfaceStreamTest() {
    InterfaceRow lo, eth;
    lo.name = "lo", lo.loopback = lo.capturable = lo.up = true;
    eth.name = "eth0", eth.why = "it is switched off", eth.fix = "sudo the-fix";
    rows = {lo, eth};
  }
  size_t told(StreamSession& page, int64_t ms) {
    const auto messages = page.due(ms * kMs);
    for (const StreamMessage& m : messages)
      if (m.bytes.starts_with(R"({"op":"interfaces")")) last = parse_object(m.bytes).value();
    return count_op(messages, "interfaces");
  }

  std::vector<InterfaceRow> rows;
  int lists = 0;
  JsonIn last;
  Api with_list{engine, library, {[this] { return ++lists, rows; }, {}}, folder.path()};
  StreamSession one{with_list}, two{with_list};
};

TEST_F(InterfaceStreamTest, AChangeReachesEveryPageWithinTwoSeconds) {
  EXPECT_EQ(told(one, 1000), 1u);
  EXPECT_EQ(told(two, 1010), 1u);
  for (int64_t ms = 1250; ms < 5000; ms += 250) {
    rows[0].rx_bytes += 1000;  // no news to a page that did not ask
    EXPECT_EQ(told(one, ms) + told(two, ms + 10), 0u) << ms;
  }
  EXPECT_LE(lists, 6) << "read once a second, not once a page";
  for (const auto& change : std::vector<std::function<void()>>{
           [&] { rows[1].up = rows[1].capturable = true; }, [&] { rows[1].name = "lan0"; },
           [&] { rows[1].addresses = {"10.0.0.7"}; }, [&] { rows.pop_back(); },
           [&] { rows.push_back(rows[0]); }}) {
    const int64_t begin = 10'000 + 10'000 * lists;
    EXPECT_EQ(told(one, begin) + told(two, begin), 0u);
    change();
    size_t first = 0, second = 0;
    for (int64_t ms = begin + 250; ms <= begin + 2000; ms += 250) {
      first += told(one, ms);
      second += told(two, ms);
    }
    EXPECT_EQ(first, 1u);
    EXPECT_EQ(second, 1u);
    ASSERT_EQ(last["interfaces"].size(), rows.size());
    EXPECT_EQ(last["interfaces"].back()["name"], rows.back().name);
    EXPECT_EQ(last["interfaces"].back()["up"], rows.back().up);
  }
}

TEST_F(InterfaceStreamTest, CountersOnceASecondOnlyToPagesThatAsked) {
  told(one, 1000), told(two, 1000);
  EXPECT_FALSE(one.take(R"({"op":"interfaces"})"));
  EXPECT_TRUE(one.take(R"({"op":"interfaces","on":true})"));
  size_t first = 0, second = 0;
  for (int64_t ms = 2000; ms < 12'000; ms += 50) {
    rows[0].rx_bytes += 1000;
    first += told(one, ms);
    second += told(two, ms);
  }
  EXPECT_GE(first, 9u);
  EXPECT_LE(first, 11u);
  EXPECT_EQ(second, 0u);
  EXPECT_GT(last["interfaces"][0]["rx_bytes"], 170'000);
  EXPECT_TRUE(one.take(R"({"op":"interfaces","on":false})"));
  for (int64_t ms = 20'000; ms < 23'000; ms += 250) EXPECT_EQ(told(one, ms), 0u);
}

TEST_F(InterfaceStreamTest, NothingToCaptureOnIsAStateOfItsOwn) {
  EngineState state;
  state.can_capture = true;
  state.rights_state = "ready";
  EXPECT_EQ(state_json(state, no_interface(rows))["rights"]["state"], "ready");
  rows[0].capturable = false;
  rows[0].why = "it is switched off";
  rows[0].fix = "sudo the-loopback-fix";
  const Json rights = state_json(state, no_interface(rows))["rights"];
  EXPECT_EQ(rights["state"], "no_interface");
  EXPECT_EQ(rights["can_capture"], false);
  EXPECT_EQ(rights["why"], "there is no interface to capture on; eth0: it is switched off");
  EXPECT_EQ(rights["fix"], "sudo the-fix");
  rows.clear();
  EXPECT_EQ(state_json(state, no_interface(rows))["rights"]["why"],
            "this machine has no network interface");
  state.can_capture = false;  // without rights that is what to say first
  state.rights_state = "no_capd";
  EXPECT_EQ(state_json(state, no_interface(rows))["rights"]["state"], "no_capd");
}

}  // namespace
}  // namespace sp3ctra::api
