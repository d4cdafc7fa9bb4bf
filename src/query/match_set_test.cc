#include "query/match_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace sp3ctra {
namespace {

/// Matches as frequent as one in `every`, in `frames` frames, beside the plain list of them.
std::vector<uint64_t> fill(MatchSet& set, uint64_t frames, unsigned every, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<uint64_t> all;
  for (uint64_t n = 1; n <= frames; ++n)
    if (random() % every == 0) {
      all.push_back(n);
      set.add(n);
    }
  return all;
}

TEST(MatchSet, AnswersLikeTheListOfAllMatches) {
  for (const unsigned every : {1u, 3u, 40u, 5000u}) {
    MatchSet set;
    const std::vector<uint64_t> all = fill(set, 300'000, every, every);
    ASSERT_EQ(set.size(), all.size());
    std::mt19937 random(7);
    for (int i = 0; i < 300; ++i) {
      const uint64_t row = random() % (all.size() + 2), count = random() % 700;
      const auto from = all.begin() + static_cast<std::ptrdiff_t>(std::min(row, all.size()));
      const auto to =
          from + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(count), all.end() - from);
      ASSERT_EQ(set.numbers(row, count), std::vector<uint64_t>(from, to));
      const uint64_t number = random() % 400'000;
      const auto at = std::lower_bound(all.begin(), all.end(), number);
      ASSERT_EQ(set.row_of(number), static_cast<uint64_t>(at - all.begin())) << number;
      ASSERT_EQ(set.has(number), at != all.end() && *at == number) << number;
    }
  }
}

TEST(MatchSet, ForgetsTheOldestAndTheOthersKeepTheirRow) {
  MatchSet set;
  const std::vector<uint64_t> all = fill(set, 500'000, 2, 1);
  set.drop_before(250'000);
  const uint64_t first = set.first_row();
  EXPECT_EQ(set.size(), all.size());
  EXPECT_GT(first, 50'000u);
  EXPECT_LE(all[first], 250'000u) << "nothing that is kept is forgotten";
  EXPECT_EQ(set.numbers(0, 3), (std::vector<uint64_t>{all[first], all[first + 1], all[first + 2]}));
  EXPECT_EQ(set.numbers(first + 1000, 1), std::vector<uint64_t>{all[first + 1000]});
  EXPECT_EQ(set.row_of(all[first + 777]), first + 777);
  EXPECT_FALSE(set.has(all[10]));
  set.drop_before(UINT64_MAX);
  EXPECT_EQ(set.first_row(), all.size());
  EXPECT_EQ(set.numbers(0, 10).size(), 0u);
}

TEST(MatchSet, TakesABitAFrameAtMostAndStaysFlat) {
  MatchSet set;
  uint64_t most = 0;
  for (uint64_t n = 1; n <= 20'000'000; ++n) {
    set.add(n);
    if (n % 65'536 == 0 && n > 2'000'000) set.drop_before(n - 2'000'000);
    if (n % 1'000'000 == 0) most = std::max(most, set.bytes());
  }
  EXPECT_EQ(set.size(), 20'000'000u);
  EXPECT_LT(most, 400'000u) << "2 million frames are kept";
}

}  // namespace
}  // namespace sp3ctra
