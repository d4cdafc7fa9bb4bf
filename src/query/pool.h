#pragma once
// The query pool: a few threads that advance unfinished jobs a slice at a time, newest asked first.
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace sp3ctra {

/// Something that can be done in slices. step() is called by one pool thread at a time.
class SlicedJob {
 public:
  virtual ~SlicedJob() = default;
  /// Works for at most ~20 ms. True when there is more to do right now.
  virtual bool step() = 0;
};

class QueryPool {
 public:
  explicit QueryPool(unsigned threads);
  ~QueryPool();
  /// Keeps stepping the job, ahead of older ones, until its last owner outside the pool lets go.
  void add(std::shared_ptr<SlicedJob> job);

 private:
  void work();
  struct Entry {
    std::weak_ptr<SlicedJob> job;
    bool busy = false, idle = false;
  };
  std::mutex mutex_;
  std::condition_variable wake_;
  std::list<Entry> jobs_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sp3ctra
