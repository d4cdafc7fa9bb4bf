#include "query/match_set.h"

#include <algorithm>
#include <bit>

namespace sp3ctra {

void MatchSet::add(uint64_t number) {
  const uint64_t first = number / kFrames * kFrames;
  if (blocks_.empty() || blocks_.back().first != first) {
    Block block;
    block.first = first;
    block.rows_before = size_;
    if (!blocks_.empty()) blocks_.back().few.shrink_to_fit();
    blocks_.push_back(std::move(block));
  }
  Block& b = blocks_.back();
  const auto frame = static_cast<uint16_t>(number - first);
  if (!b.bits && b.few.size() == kFewMax) {
    b.bits = std::make_unique<uint64_t[]>(kWords);
    for (const uint16_t f : b.few) b.bits[f / 64] |= uint64_t{1} << (f % 64);
    std::vector<uint16_t>().swap(b.few);
  }
  if (b.bits)
    b.bits[frame / 64] |= uint64_t{1} << (frame % 64);
  else
    b.few.push_back(frame);
  ++b.count;
  ++size_;
}

void MatchSet::drop_before(uint64_t number) {
  while (!blocks_.empty() && blocks_.front().first + kFrames <= number) blocks_.pop_front();
}

uint32_t MatchSet::Block::before(uint32_t frame) const {
  if (!bits)
    return static_cast<uint32_t>(std::lower_bound(few.begin(), few.end(), frame) - few.begin());
  uint32_t n = 0;
  for (uint32_t w = 0; w < frame / 64; ++w) n += static_cast<uint32_t>(std::popcount(bits[w]));
  const uint64_t below = (uint64_t{1} << (frame % 64)) - 1;
  return n + static_cast<uint32_t>(std::popcount(bits[frame / 64] & below));
}

bool MatchSet::Block::has(uint32_t frame) const {
  if (bits) return (bits[frame / 64] >> (frame % 64) & 1) != 0;
  return std::binary_search(few.begin(), few.end(), static_cast<uint16_t>(frame));
}

/// Calls f(frame) for the matches behind the first `skip` until it is false.
template <class F>
void MatchSet::Block::each_from(uint32_t skip, F f) const {
  if (!bits) {
    for (size_t i = skip; i < few.size(); ++i)
      if (!f(uint32_t{few[i]})) return;
    return;
  }
  for (uint32_t w = 0; w < kWords; ++w) {
    uint64_t word = bits[w];
    if (const auto n = static_cast<uint32_t>(std::popcount(word)); n <= skip) {
      skip -= n;
      continue;
    }
    for (; word != 0; word &= word - 1) {
      if (skip > 0) {
        --skip;
        continue;
      }
      if (!f(w * 64 + static_cast<uint32_t>(std::countr_zero(word)))) return;
    }
  }
}

std::vector<uint64_t> MatchSet::numbers(uint64_t first, uint64_t count) const {
  std::vector<uint64_t> out;
  first = std::max(first, first_row());
  auto at = std::upper_bound(blocks_.begin(), blocks_.end(), first,
                             [](uint64_t row, const Block& b) { return row < b.rows_before; });
  if (at != blocks_.begin()) --at;
  for (; at != blocks_.end() && out.size() < count; ++at) {
    if (first >= at->rows_before + at->count) continue;
    at->each_from(static_cast<uint32_t>(first - at->rows_before), [&](uint32_t frame) {
      out.push_back(at->first + frame);
      ++first;
      return out.size() < count;
    });
  }
  return out;
}

const MatchSet::Block* MatchSet::block_of(uint64_t number) const {
  auto at = std::upper_bound(blocks_.begin(), blocks_.end(), number,
                             [](uint64_t n, const Block& b) { return n < b.first; });
  return at == blocks_.begin() ? nullptr : &*--at;
}

uint64_t MatchSet::row_of(uint64_t number) const {
  const Block* b = block_of(number);
  if (!b) return first_row();
  if (number - b->first >= kFrames) return b->rows_before + b->count;
  return b->rows_before + b->before(static_cast<uint32_t>(number - b->first));
}

bool MatchSet::has(uint64_t number) const {
  const Block* b = block_of(number);
  return b && number - b->first < kFrames && b->has(static_cast<uint32_t>(number - b->first));
}

uint64_t MatchSet::bytes() const {
  uint64_t bytes = 0;
  for (const Block& b : blocks_)
    bytes += sizeof b + b.few.capacity() * sizeof(uint16_t) + (b.bits ? kWords * 8 : 0);
  return bytes;
}

}  // namespace sp3ctra
