#include "serve/lanes.h"

#include "base/limits.h"

namespace sp3ctra::serve {
namespace {

/// Threads per lane, in the order of api::Lane.
constexpr std::array<int, api::kLanes> kThreads = {1, 2, 3, 4};

}  // namespace

Lanes::Lanes() {
  for (size_t lane = 0; lane < queues_.size(); ++lane)
    for (int i = 0; i < kThreads[lane]; ++i)
      threads_.emplace_back([this, lane] { work(queues_[lane]); });
}

bool Lanes::post(api::Lane lane, std::function<void()> work) {
  Queue& queue = queues_[static_cast<size_t>(lane)];
  {
    const std::lock_guard lock(queue.mutex);
    if (queue.stopping || queue.waiting.size() >= limits::kLaneWaitingMax) return false;
    queue.waiting.push_back(std::move(work));
  }
  queue.wake.notify_one();
  return true;
}

void Lanes::work(Queue& queue) {
  for (;;) {
    std::function<void()> next;
    {
      std::unique_lock lock(queue.mutex);
      queue.wake.wait(lock, [&] { return queue.stopping || !queue.waiting.empty(); });
      if (queue.stopping) return;
      next = std::move(queue.waiting.front());
      queue.waiting.pop_front();
    }
    next();
  }
}

void Lanes::stop() {
  for (Queue& queue : queues_) {
    std::deque<std::function<void()>> dropped;
    {
      const std::lock_guard lock(queue.mutex);
      queue.stopping = true;
      dropped.swap(queue.waiting);
    }
    queue.wake.notify_all();
  }
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

}  // namespace sp3ctra::serve
