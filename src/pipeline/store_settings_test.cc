#include "pipeline/store_settings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "pipeline/test_packets_test.h"

namespace sp3ctra {
namespace {

namespace fs = std::filesystem;

TEST(StoreSettings, AreTwoGigabytesUntilTheUserChooses) {
  test_packets::Directory data;
  const StoreSettings settings(data.path());
  EXPECT_EQ(settings.policy(), StorePolicy{});
  EXPECT_EQ(settings.policy().bytes, uint64_t{2} << 30);
  EXPECT_FALSE(settings.policy().asked);
  EXPECT_FALSE(fs::exists(data.path() + "/store.json"));
}

TEST(StoreSettings, SurviveTheProgram) {
  test_packets::Directory data;
  const StorePolicy chosen{true, 5, 6, 7, 8, StorePolicy::WhenFull::kPause, true};
  const LastCapture last{{"eth\xff", "lo"}, "port 80"};
  {
    StoreSettings settings(data.path());
    ASSERT_TRUE(settings.set_policy(chosen));
    ASSERT_TRUE(settings.set_last(last));
  }
  const StoreSettings again(data.path());
  EXPECT_EQ(again.policy(), chosen);
  EXPECT_EQ(again.last().bpf, last.bpf);
  EXPECT_EQ(again.last().interfaces.size(), 2u);
  const auto rights = fs::status(data.path() + "/store.json").permissions();
  EXPECT_EQ(rights, fs::perms::owner_read | fs::perms::owner_write);
}

TEST(StoreSettings, WhatTheyCannotReadIsTheDefault) {
  test_packets::Directory data;
  for (const char* text :
       {"", "{", "[1]", R"({"bytes":-1,"when_full":3,"interfaces":[1,"lo"],"bpf":7})",
        R"({"bytes":"x","always_on":1,"interfaces":"lo"})"}) {
    std::ofstream(data.path() + "/store.json") << text;
    const StoreSettings settings(data.path());
    EXPECT_EQ(settings.policy(), StorePolicy{}) << text;
  }
}

TEST(StoreSettings, AWriteThatFailsChangesNothing) {
  test_packets::Directory data;
  StoreSettings settings(data.path());
  ASSERT_TRUE(settings.set_policy({.asked = true, .bytes = 77}));
  fs::create_directory(data.path() + "/store.json.next");  // in the way
  fs::create_directory(data.path() + "/store.json.next/x");
  EXPECT_FALSE(settings.set_policy({.asked = true, .bytes = 88}));
  EXPECT_EQ(settings.policy().bytes, 77u);
  EXPECT_EQ(StoreSettings(data.path()).policy().bytes, 77u);
}

}  // namespace
}  // namespace sp3ctra
