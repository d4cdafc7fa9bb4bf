#include "query/pool.h"

#include <chrono>

namespace sp3ctra {

QueryPool::QueryPool(unsigned threads) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

QueryPool::~QueryPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (auto& t : threads_) t.join();
}

void QueryPool::add(std::shared_ptr<SlicedJob> job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_front({job, false, false});
  wake_.notify_one();
}

void QueryPool::work() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    std::erase_if(jobs_, [](const Entry& e) { return !e.busy && e.job.expired(); });
    auto next = jobs_.end();
    for (auto it = jobs_.begin(); it != jobs_.end(); ++it)
      if (!it->busy && !it->idle) {
        next = it;
        break;
      }
    if (next == jobs_.end()) {
      // Idle jobs may have more to do once the capture has grown: look again.
      wake_.wait_for(lock, std::chrono::milliseconds(50));
      for (Entry& e : jobs_) e.idle = false;
      continue;
    }
    next->busy = true;
    std::shared_ptr<SlicedJob> job = next->job.lock();
    lock.unlock();
    const bool more = job && job->step();
    job.reset();
    lock.lock();
    next->busy = false;
    next->idle = !more;
  }
}

}  // namespace sp3ctra
