#pragma once
// Long work: progress that is true, a cancel that is heard, an end that is kept until somebody has
// seen it. The worker holds a shared_ptr<Job>; page and CLI read snapshots. Any thread.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace sp3ctra {

enum class JobState : uint8_t { kRunning, kDone, kFailed, kCancelled };

/// running, done, failed or cancelled, as the API spells them.
std::string_view job_state_text(JobState state);

/// One moment of a job, as `GET /jobs/{j}` shows it.
struct JobSnapshot {
  std::string id;
  std::string kind;  ///< "export", "filter" …
  JobState state = JobState::kRunning;
  uint64_t done = 0;
  uint64_t total = 0;  ///< 0 = not known
  double rate = 0;     ///< units of `done` per second, mean since the start
  double left_s = -1;  ///< -1 = not known
  std::string error;   ///< of a failed job
  uint64_t bytes = 0;  ///< of the result, when it is a file
};

/// Nanoseconds of a clock that never goes back; tests give their own.
using MonotonicClock = int64_t (*)();
int64_t monotonic_ns();

/// One piece of long work.
class Job {
 public:
  Job(std::string id, std::string kind, MonotonicClock clock = &monotonic_ns);

  const std::string& id() const { return id_; }
  /// The worker: progress. `done` never goes back; more than total raises total.
  void set_total(uint64_t total) { total_.store(total, std::memory_order_relaxed); }
  void set_done(uint64_t done);
  void set_bytes(uint64_t bytes) { bytes_.store(bytes, std::memory_order_relaxed); }
  /// The worker asks at least every 50 ms.
  bool cancelled() const { return cancel_.load(std::memory_order_relaxed); }
  /// Anybody. The job is cancelled when its worker has heard it: finish() then says so.
  void cancel() { cancel_.store(true, std::memory_order_relaxed); }
  /// The worker, once, at its end: done; cancelled, when that was asked and `complete` is false;
  /// a second call changes nothing.
  void finish(bool complete);
  void fail(Error error);
  bool running() const { return state_.load(std::memory_order_acquire) == JobState::kRunning; }
  JobSnapshot snapshot() const;

 private:
  void end(JobState state, std::string error);

  const std::string id_;
  const std::string kind_;
  const MonotonicClock clock_;
  const int64_t started_ns_;
  std::atomic<JobState> state_{JobState::kRunning};
  std::atomic<uint64_t> done_{0};
  std::atomic<uint64_t> total_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<bool> cancel_{false};
  mutable std::mutex mutex_;  // of the two below
  std::string error_;
  int64_t ended_ns_ = 0;
};

/// All jobs, at most limits::kJobsMax: a new one pushes out the ended one that is oldest.
class JobTable {
 public:
  explicit JobTable(size_t capacity = limits::kJobsMax, MonotonicClock clock = &monotonic_ns)
      : capacity_(capacity), clock_(clock) {}
  /// A new running job, id "j1", "j2" …; an error when every place is taken by running work.
  Result<std::shared_ptr<Job>> start(std::string kind);
  /// Null when there is none (any more).
  std::shared_ptr<Job> find(std::string_view id) const;
  /// False when there is none.
  bool cancel(std::string_view id);
  void cancel_all();
  /// Oldest first.
  std::vector<JobSnapshot> snapshots() const;

 private:
  const size_t capacity_;
  const MonotonicClock clock_;
  mutable std::mutex mutex_;
  uint64_t next_ = 1;
  std::map<uint64_t, std::shared_ptr<Job>> jobs_;
};

}  // namespace sp3ctra
