#pragma once
// The frames a filter matched: at most one bit a frame, and less where they are few. A match keeps
// its row when older ones are no longer kept.
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace sp3ctra {

/// Not thread-safe. Rows count from 0 over all matches ever added.
class MatchSet {
 public:
  /// Frame numbers are added in rising order.
  void add(uint64_t number);
  /// Forgets the matches below `number`, in whole blocks of frames.
  void drop_before(uint64_t number);
  /// All matches ever added.
  uint64_t size() const { return size_; }
  /// The first row that is still known.
  uint64_t first_row() const { return blocks_.empty() ? size_ : blocks_.front().rows_before; }
  /// Frame numbers of rows first …, at most `count`; rows no longer known are left out.
  std::vector<uint64_t> numbers(uint64_t first, uint64_t count) const;
  /// Row of the first known match at or after `number`; size() when none.
  uint64_t row_of(uint64_t number) const;
  bool has(uint64_t number) const;
  /// Memory taken, roughly.
  uint64_t bytes() const;

 private:
  static constexpr uint64_t kFrames = 65'536;         // of one block
  static constexpr size_t kFewMax = kFrames / 8 / 2;  // as many numbers take as much as the bits
  static constexpr size_t kWords = kFrames / 64;
  struct Block {
    uint64_t first = 0;        ///< frame number of its first bit
    uint64_t rows_before = 0;  ///< matches in all blocks before
    uint32_t count = 0;
    std::vector<uint16_t> few;         ///< the frames, or …
    std::unique_ptr<uint64_t[]> bits;  ///< … when they are many: kWords words
    uint32_t before(uint32_t frame) const;
    bool has(uint32_t frame) const;
    template <class F>
    void each_from(uint32_t skip, F f) const;
  };
  const Block* block_of(uint64_t number) const;

  std::deque<Block> blocks_;  ///< by frame; those without a match are not there
  uint64_t size_ = 0;
};

}  // namespace sp3ctra
