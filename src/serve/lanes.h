#pragma once
// Threads for calls that may block: a few per lane, each with a bounded queue, so that a slow
// search never stands before Stop.
#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "api/request.h"

namespace sp3ctra::serve {

class Lanes {
 public:
  Lanes();
  ~Lanes() { stop(); }
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  /// False when limits::kLaneWaitingMax calls wait already, or after stop(). Any thread.
  bool post(api::Lane lane, std::function<void()> work);
  /// Drops what waits, lets what runs end, ends the threads.
  void stop();

 private:
  struct Queue {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::function<void()>> waiting;
    bool stopping = false;
  };
  static void work(Queue& queue);

  std::array<Queue, api::kLanes> queues_;
  std::vector<std::thread> threads_;
};

}  // namespace sp3ctra::serve
