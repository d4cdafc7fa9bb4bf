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
  EXPECT_EQ(settings.policy().bytes, 2'000'000'000u);
  EXPECT_FALSE(settings.policy().asked);
  EXPECT_FALSE(fs::exists(data.path() + "/store.json"));
}

TEST(StoreSettings, SurviveTheProgram) {
  test_packets::Directory data;
  const StorePolicy chosen{true, 50 << 20, 6, 7, 8, StorePolicy::WhenFull::kPause, true};
  const LastCapture last{{"eth\xff", "lo"}, "port 80", false, 96, 8 << 20};
  {
    StoreSettings settings(data.path());
    ASSERT_TRUE(settings.set_policy(chosen));
    ASSERT_TRUE(settings.set_last(last));
  }
  const StoreSettings again(data.path());
  EXPECT_EQ(again.policy(), chosen);
  EXPECT_EQ(again.last().bpf, last.bpf);
  EXPECT_EQ(again.last().interfaces.size(), 2u);
  EXPECT_FALSE(again.last().promiscuous);
  EXPECT_EQ(again.last().snaplen, 96u);
  EXPECT_EQ(again.last().ring_bytes, 8u << 20);
  const auto rights = fs::status(data.path() + "/store.json").permissions();
  EXPECT_EQ(rights, fs::perms::owner_read | fs::perms::owner_write);
}

TEST(StoreSettings, WhatTheyCannotReadIsTheDefault) {
  test_packets::Directory data;
  for (const char* text :
       {"", "{", "[1]", R"({"bytes":-1,"when_full":3,"interfaces":[1,"lo"],"bpf":7})",
        R"({"bytes":1,"hours":8785,"files":1,"min_free_bytes":18446744073709551615})",
        R"({"bytes":18446744073709551615,"hours":5124095576030431,"files":4294967296})",
        R"({"bytes":"x","always_on":1,"interfaces":"lo"})"}) {
    std::ofstream(data.path() + "/store.json") << text;
    const StoreSettings settings(data.path());
    EXPECT_EQ(settings.policy(), StorePolicy{}) << text;
  }
}

TEST(StoreSettings, WhatIsOutOfBoundsDoesNotHarmTheRest) {
  test_packets::Directory data;
  std::ofstream(data.path() + "/store.json")
      << R"({"hours":99999,"files":3,"promiscuous":false,"snaplen":4294967392,)"
      << R"("ring_bytes":4294967296,"interfaces":["lo"]})";
  const StoreSettings settings(data.path());
  EXPECT_EQ(settings.policy().hours, 0u);
  EXPECT_EQ(settings.policy().files, 3u);
  EXPECT_EQ(settings.last(), (LastCapture{{"lo"}, "", false, 0, 0}));
}

TEST(StoreSettings, AWriteThatFailsChangesNothing) {
  test_packets::Directory data;
  StoreSettings settings(data.path());
  ASSERT_TRUE(settings.set_policy({.asked = true, .bytes = 77 << 20}));
  fs::create_directory(data.path() + "/store.json.next");  // in the way
  fs::create_directory(data.path() + "/store.json.next/x");
  EXPECT_FALSE(settings.set_policy({.asked = true, .bytes = 88 << 20}));
  EXPECT_EQ(settings.policy().bytes, 77u << 20);
  EXPECT_EQ(StoreSettings(data.path()).policy().bytes, 77u << 20);
}

}  // namespace
}  // namespace sp3ctra
