#include <gtest/gtest.h>

#include <thread>

#include "control/capture_state.h"
#include "control/command.h"
#include "control/job.h"

namespace sp3ctra {
namespace {

using S = LiveState;
using T = LiveStep;

TEST(LiveState, GoesTheWholeWayRound) {
  LiveStateMachine m;
  EXPECT_EQ(m.state(), S::kStopped);
  for (auto [step, state] : {std::pair{T::kStartAsked, S::kStarting},
                             {T::kStarted, S::kRunning},
                             {T::kStopAsked, S::kStopping},
                             {T::kDrained, S::kStopped}}) {
    EXPECT_TRUE(m.take(step));
    EXPECT_EQ(m.state(), state) << state_text(state);
  }
}

TEST(LiveState, EveryStepFitsOnlyWhereItMay) {
  // rows: state; columns: step; '-' = refused, else the first letter(s) of the state after.
  const char* table[4] = {"g----", "-rsp-", "--pp-", "-pp-s"};
  // g = STARTING, r = RUNNING, p = STOPPING, s = STOPPED
  for (int state = 0; state < 4; ++state) {
    for (int step = 0; step < 5; ++step) {
      const auto next = after_step(static_cast<S>(state), static_cast<T>(step));
      const char want = table[state][step];
      const char got = !next                   ? '-'
                       : *next == S::kStarting ? 'g'
                       : *next == S::kRunning  ? 'r'
                       : *next == S::kStopping ? 'p'
                                               : 's';
      EXPECT_EQ(got, want) << state << " " << step;
    }
  }
}

TEST(LiveState, RefusalsHaveWords) {
  EXPECT_EQ(refusal_text(S::kStopped, T::kStartAsked), "");
  EXPECT_NE(refusal_text(S::kRunning, T::kStartAsked).find("already running"),
            std::string_view::npos);
  EXPECT_NE(refusal_text(S::kStopped, T::kStopAsked).find("no capture"), std::string_view::npos);
  EXPECT_FALSE(refusal_text(S::kStopping, T::kStopAsked).empty());
}

TEST(CommandQueue, KeepsOrderAndRefusesWhenFull) {
  CommandQueue q(2);
  std::string refusal;
  EXPECT_TRUE(q.push({StartCapture{{"eth0"}, "tcp"}, {}}));
  EXPECT_TRUE(q.push({StopCapture{}, {}}));
  EXPECT_FALSE(q.push({Shutdown{}, [&](const CommandResult& r) { refusal = r.error; }}));
  EXPECT_NE(refusal.find("too many"), std::string::npos);
  auto first = q.pop(std::chrono::milliseconds(0));
  ASSERT_TRUE(first);
  EXPECT_EQ(std::get<StartCapture>(first->body).interfaces, std::vector<std::string>{"eth0"});
  EXPECT_TRUE(std::holds_alternative<StopCapture>(q.pop(std::chrono::milliseconds(0))->body));
  EXPECT_FALSE(q.pop(std::chrono::milliseconds(1)));
}

TEST(CommandQueue, CloseAnswersTheWaitingAndWakesTheReader) {
  CommandQueue q;
  int refused = 0;
  q.push({StopCapture{}, [&](const CommandResult& r) { refused += r.ok ? 0 : 1; }});
  q.close();
  EXPECT_EQ(refused, 1);
  EXPECT_FALSE(q.push({StopCapture{}, [&](const CommandResult& r) { refused += r.ok ? 0 : 1; }}));
  EXPECT_EQ(refused, 2);
  EXPECT_TRUE(q.closed());

  CommandQueue other;
  std::thread closer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    other.close();
  });
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(other.pop(std::chrono::seconds(20)));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
  closer.join();
}

TEST(CommandQueue, ManyPushersLoseNothing) {
  CommandQueue q(1000);
  std::vector<std::thread> pushers;
  for (int t = 0; t < 4; ++t) {
    pushers.emplace_back([&] {
      for (int i = 0; i < 200; ++i) q.push({StopCapture{}, {}});
    });
  }
  int got = 0;
  while (got < 800 && q.pop(std::chrono::seconds(10))) ++got;
  for (auto& p : pushers) p.join();
  EXPECT_EQ(got, 800);
}

int64_t fake_now_ns = 0;
int64_t fake_clock() { return fake_now_ns; }

TEST(Job, ProgressHasRateAndTimeLeft) {
  fake_now_ns = 5'000'000'000;
  Job job("j1", "export", &fake_clock);
  EXPECT_EQ(job.snapshot().left_s, -1);
  job.set_total(1000);
  fake_now_ns += 2'000'000'000;
  job.set_done(200);
  job.set_done(100);  // never back
  JobSnapshot s = job.snapshot();
  EXPECT_EQ(s.done, 200u);
  EXPECT_DOUBLE_EQ(s.rate, 100);
  EXPECT_DOUBLE_EQ(s.left_s, 8);
  job.set_done(1500);  // more than announced: total follows
  EXPECT_EQ(job.snapshot().total, 1500u);
  job.set_bytes(77);
  job.finish(true);
  fake_now_ns += 60'000'000'000;  // the rate of an ended job stands still
  s = job.snapshot();
  EXPECT_EQ(s.state, JobState::kDone);
  EXPECT_DOUBLE_EQ(s.rate, 750);
  EXPECT_EQ(s.left_s, 0);
  EXPECT_EQ(s.bytes, 77u);
}

TEST(Job, CancelIsHeardByTheWorkerAndTheFirstEndStands) {
  Job job("j1", "filter");
  EXPECT_FALSE(job.cancelled());
  job.cancel();
  EXPECT_TRUE(job.cancelled());
  EXPECT_TRUE(job.running()) << "only the worker ends a job";
  job.finish(false);
  EXPECT_EQ(job.snapshot().state, JobState::kCancelled);
  job.fail({"too late"});
  EXPECT_EQ(job.snapshot().state, JobState::kCancelled);
  EXPECT_EQ(job.snapshot().error, "");

  Job late("j2", "filter");
  late.cancel();
  late.finish(true);  // everything was done before the cancel was heard
  EXPECT_EQ(late.snapshot().state, JobState::kDone);
}

TEST(JobTable, BoundedAndDropsEndedOnesFirst) {
  JobTable table(2);
  auto a = table.start("export");
  auto b = table.start("export");
  ASSERT_TRUE(a && b);
  auto c = table.start("export");
  ASSERT_FALSE(c);
  EXPECT_NE(c.error().message.find("running"), std::string::npos);
  (*b)->fail({"disk full"});
  EXPECT_EQ(table.find((*b)->id())->snapshot().error, "disk full");
  c = table.start("filter");
  ASSERT_TRUE(c);
  EXPECT_EQ(table.find((*b)->id()), nullptr);
  EXPECT_NE(table.find((*a)->id()), nullptr);
  EXPECT_NE((*c)->id(), (*b)->id()) << "ids are never used again";
  EXPECT_EQ(table.snapshots().size(), 2u);
  EXPECT_TRUE(table.cancel((*a)->id()));
  EXPECT_FALSE(table.cancel("j99"));
  EXPECT_TRUE((*a)->cancelled());
  table.cancel_all();
  EXPECT_TRUE((*c)->cancelled());
}

}  // namespace
}  // namespace sp3ctra
