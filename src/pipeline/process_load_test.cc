#include "pipeline/process_load.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

namespace sp3ctra {
namespace {

TEST(ProcessLoad, SeesWorkAndMemory) {
  using Clock = std::chrono::steady_clock;
  ProcessLoad load;
  const ProcessLoad::Figures before = load.figures();
  EXPECT_EQ(before.cpu_percent, 0);
  EXPECT_GT(before.memory_bytes, 0u);
  std::vector<char> taken(64u << 20);
  std::memset(taken.data(), 1, taken.size());
  volatile uint64_t work = 0;
  const auto end = Clock::now() + std::chrono::milliseconds(1100);
  while (Clock::now() < end) work = work + 1;
  const ProcessLoad::Figures busy = load.figures();
  EXPECT_GT(busy.cpu_percent, 2);  // a busy machine leaves little
  EXPECT_LT(busy.cpu_percent, 400);
  EXPECT_GE(busy.memory_bytes, before.memory_bytes + (48u << 20));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  EXPECT_LT(load.figures().cpu_percent, busy.cpu_percent);
}

}  // namespace
}  // namespace sp3ctra
