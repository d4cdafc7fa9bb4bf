#pragma once
// Recycled read blocks that their users share: a packet's bytes stay while anyone holds the block.
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"

namespace sp3ctra {

/// Gives out blocks of one size; a block comes back when its last holder lets go, from any thread.
/// At most `kept` unused blocks are kept for reuse. Outlives nothing: blocks may outlive the pool.
class BlockPool {
 public:
  BlockPool(size_t block_bytes, size_t kept) : shelf_(std::make_shared<Shelf>()) {
    shelf_->block_bytes = block_bytes;
    shelf_->kept = kept;
  }
  size_t block_bytes() const { return shelf_->block_bytes; }

  /// A block of at least `bytes` bytes, its content undefined.
  std::shared_ptr<std::byte[]> take(size_t bytes) {
    if (bytes > shelf_->block_bytes) {
      return std::shared_ptr<std::byte[]>(new std::byte[bytes]);  // rare and large: not kept
    }
    std::unique_ptr<std::byte[]> block = shelf_->pop();
    if (!block) block = std::make_unique_for_overwrite<std::byte[]>(shelf_->block_bytes);
    return {block.release(),
            [shelf = shelf_](std::byte* p) { shelf->push(std::unique_ptr<std::byte[]>(p)); }};
  }

 private:
  struct Shelf {
    std::mutex mutex;
    std::vector<std::unique_ptr<std::byte[]>> blocks;
    size_t block_bytes = 0;
    size_t kept = 0;

    std::unique_ptr<std::byte[]> pop() {
      std::lock_guard lock(mutex);
      if (blocks.empty()) return nullptr;
      auto block = std::move(blocks.back());
      blocks.pop_back();
      return block;
    }
    void push(std::unique_ptr<std::byte[]> block) {
      std::lock_guard lock(mutex);
      if (blocks.size() < kept) blocks.push_back(std::move(block));
    }
  };
  std::shared_ptr<Shelf> shelf_;
};

}  // namespace sp3ctra
