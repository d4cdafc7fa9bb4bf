#pragma once
// An array that grows by pages of index memory: elements never move, old pages can be given back.
#include <array>
#include <atomic>
#include <new>
#include <vector>

#include "store/index_memory.h"

namespace sp3ctra {

/// One writer, any readers of what was published to them; drop() by a third thread. Elements must
/// be trivially destructible and mean nothing when all their bytes are zero.
template <class T, size_t kTop = 1024>
class PagedArray {
 public:
  static constexpr size_t kPerPage = IndexMemory::kPageBytes / sizeof(T);
  static_assert(kPerPage > 0 && std::is_trivially_destructible_v<T>);

  PagedArray() : top_(new std::atomic<Leaf*>[kTop] {}) {}
  void use(IndexMemory& memory) { memory_ = &memory; }

  /// Writer only: the element, made if needed; null when there is no room or it was dropped.
  T* at_or_make(size_t i) {
    const size_t page = i / kPerPage;
    if (page / kLeafPages >= kTop) return nullptr;
    std::atomic<Leaf*>& top = top_[page / kLeafPages];
    if (!top.load(std::memory_order_relaxed)) {
      std::byte* bytes = memory_->take(sizeof(Leaf));
      if (!bytes) return nullptr;
      top.store(new (bytes) Leaf, std::memory_order_release);
    }
    std::atomic<T*>& at = (*top.load(std::memory_order_relaxed))[page % kLeafPages];
    if (!at.load(std::memory_order_relaxed)) {
      std::byte* bytes = memory_->take(IndexMemory::kPageBytes);
      if (!bytes) return nullptr;
      T* first = new (bytes) T;
      for (size_t k = 1; k < kPerPage; ++k) new (bytes + k * sizeof(T)) T;
      at.store(first, std::memory_order_release);
    }
    T* first = at.load(std::memory_order_relaxed);
    return first == dropped() ? nullptr : first + i % kPerPage;
  }
  /// Reader: null when never made, or dropped.
  T* find(size_t i) const {
    T* first = page(i / kPerPage);
    return first == nullptr || first == dropped() ? nullptr : first + i % kPerPage;
  }
  /// Whether that page was ever made.
  bool made(size_t page_number) const { return page(page_number) != nullptr; }
  /// Its memory is for the caller to give back.
  void drop(size_t page_number, std::vector<IndexMemory::Range>& ranges) {
    T* first = page(page_number);
    if (first == nullptr || first == dropped()) return;
    (*top_[page_number / kLeafPages].load())[page_number % kLeafPages].store(dropped());
    ranges.push_back({reinterpret_cast<std::byte*>(first), IndexMemory::kPageBytes});
  }

 private:
  static constexpr size_t kLeafPages = IndexMemory::kPageBytes / sizeof(void*);
  using Leaf = std::array<std::atomic<T*>, kLeafPages>;
  static T* dropped() {
    alignas(T) static std::byte mark[sizeof(T)];
    return reinterpret_cast<T*>(mark);
  }
  T* page(size_t number) const {
    if (number / kLeafPages >= kTop) return nullptr;
    Leaf* leaf = top_[number / kLeafPages].load(std::memory_order_acquire);
    return leaf ? (*leaf)[number % kLeafPages].load(std::memory_order_acquire) : nullptr;
  }

  IndexMemory* memory_ = nullptr;
  std::unique_ptr<std::atomic<Leaf*>[]> top_;
};

}  // namespace sp3ctra
