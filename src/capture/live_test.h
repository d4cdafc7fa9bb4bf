#pragma once
// For the tests of live capture: a fixture with a virtual cable in a network namespace of its own
// and sp3ctra-capd with the right to capture there.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "capture/live_test_namespace.h"

namespace sp3ctra::live_test {

/// Whether `condition` holds within the time; asked every 5 ms.
inline bool soon(const std::function<bool()>& condition, int limit_ms = 20000) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(limit_ms);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

inline int ip(std::vector<std::string> words) {
  words.insert(words.begin(), "ip");
  return run(words);
}

/// A cable with two ends, both switched on; false when one of them was there already.
inline bool make_cable(const std::string& a, const std::string& b) {
  const bool made = ip({"link", "add", a, "type", "veth", "peer", "name", b}) == 0;
  return ip({"link", "set", a, "up"}) == 0 && ip({"link", "set", b, "up"}) == 0 && made;
}

/// sp3a–sp3b, both up, and a capd. Skips where that cannot be had. What a test opens through capd_
/// must go before the fixture's TearDown().
class LiveTest : public testing::Test {
 protected:
  void SetUp() override {
    namespace_ = std::make_unique<Namespace>();
    if (!namespace_->problem().empty()) GTEST_SKIP() << namespace_->problem();
    capd_ = Capd::start(beside_test());
    if (!capd_.rights().can_capture) GTEST_SKIP() << "no right to capture: " << capd_.rights().why;
  }

  std::unique_ptr<Namespace> namespace_;
  Capd capd_;
};

}  // namespace sp3ctra::live_test
