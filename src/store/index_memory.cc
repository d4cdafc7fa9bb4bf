#include "store/index_memory.h"

#include <cstdlib>
#include <mutex>

namespace sp3ctra {
namespace {

class HeapMemory final : public IndexMemory {
 public:
  HeapMemory() = default;
  HeapMemory(const HeapMemory&) = delete;
  HeapMemory& operator=(const HeapMemory&) = delete;
  ~HeapMemory() override {
    for (void* p : pieces_) std::free(p);
  }
  std::byte* take(size_t bytes) override {
    // calloc: large pieces come zeroed from the system and are touched only when used.
    void* p = std::calloc(1, bytes);
    if (p == nullptr) return nullptr;
    in_use_.fetch_add(bytes, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    pieces_.push_back(p);
    return static_cast<std::byte*>(p);
  }
  void give_back(std::vector<Range>&) override {}

 private:
  std::mutex mutex_;
  std::vector<void*> pieces_;
};

}  // namespace

std::shared_ptr<IndexMemory> heap_index_memory() { return std::make_shared<HeapMemory>(); }

}  // namespace sp3ctra
