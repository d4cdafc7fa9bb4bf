#include "control/job.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sp3ctra {

std::string_view job_state_text(JobState state) {
  switch (state) {
    case JobState::kRunning:
      return "running";
    case JobState::kDone:
      return "done";
    case JobState::kFailed:
      return "failed";
    case JobState::kCancelled:
      return "cancelled";
  }
  return "running";
}

int64_t monotonic_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Job::Job(std::string id, std::string kind, MonotonicClock clock)
    : id_(std::move(id)), kind_(std::move(kind)), clock_(clock), started_ns_(clock()) {}

void Job::set_done(uint64_t done) {
  uint64_t before = done_.load(std::memory_order_relaxed);
  while (before < done && !done_.compare_exchange_weak(before, done, std::memory_order_relaxed)) {
  }
}

void Job::end(JobState state, std::string error) {
  const std::lock_guard lock(mutex_);
  if (!running()) return;
  error_ = std::move(error);
  ended_ns_ = clock_();
  state_.store(state, std::memory_order_release);
}

void Job::finish(bool complete) {
  end(complete || !cancelled() ? JobState::kDone : JobState::kCancelled, {});
}

void Job::fail(Error error) { end(JobState::kFailed, std::move(error.message)); }

JobSnapshot Job::snapshot() const {
  JobSnapshot s;
  s.id = id_;
  s.kind = kind_;
  int64_t until_ns = clock_();
  {
    const std::lock_guard lock(mutex_);
    s.state = state_.load(std::memory_order_relaxed);
    s.error = error_;
    if (s.state != JobState::kRunning) until_ns = ended_ns_;
  }
  s.done = done_.load(std::memory_order_relaxed);
  s.total = total_.load(std::memory_order_relaxed);
  if (s.total != 0) s.total = std::max(s.total, s.done);
  s.bytes = bytes_.load(std::memory_order_relaxed);
  const double seconds = static_cast<double>(until_ns - started_ns_) / 1e9;
  if (seconds > 0) s.rate = static_cast<double>(s.done) / seconds;
  if (s.state != JobState::kRunning) {
    s.left_s = 0;
  } else if (s.total != 0 && s.rate > 0) {
    s.left_s = static_cast<double>(s.total - s.done) / s.rate;
  }
  return s;
}

Result<std::shared_ptr<Job>> JobTable::start(std::string kind) {
  const std::lock_guard lock(mutex_);
  if (jobs_.size() >= capacity_) {
    const auto ended = std::find_if(jobs_.begin(), jobs_.end(),
                                    [](const auto& j) { return !j.second->running(); });
    if (ended == jobs_.end()) {
      return sp3ctra::fail("{} tasks are already running; cancel one or wait", jobs_.size());
    }
    jobs_.erase(ended);
  }
  const uint64_t number = next_++;
  auto job = std::make_shared<Job>(fmt::format("j{}", number), std::move(kind), clock_);
  jobs_.emplace(number, job);
  return job;
}

std::shared_ptr<Job> JobTable::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, job] : jobs_) {
    if (job->id() == id) return job;
  }
  return nullptr;
}

bool JobTable::cancel(std::string_view id) {
  const auto job = find(id);
  if (job) job->cancel();
  return job != nullptr;
}

void JobTable::cancel_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, job] : jobs_) job->cancel();
}

std::vector<JobSnapshot> JobTable::snapshots() const {
  std::vector<JobSnapshot> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [number, job] : jobs_) out.push_back(job->snapshot());
  return out;
}

}  // namespace sp3ctra
