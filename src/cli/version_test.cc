#include "cli/version.h"

#include <gtest/gtest.h>

#include <regex>

#include "api/state_json.h"

namespace sp3ctra::cli {
namespace {

TEST(Version, NamesNumberCommitAndLibraries) {
  const std::string text = version_text();
  EXPECT_TRUE(std::regex_search(text, std::regex("^sp3ctra \\d+\\.\\d+\\.\\d+\n"))) << text;
  EXPECT_TRUE(std::regex_search(text, std::regex("\ncommit ([0-9a-f]{40}(, changed)?|unknown)\n")))
      << text;
  for (const char* name : {"libpcap", "OpenSSL", "libarchive", "PCRE2", "libsodium", "fmt", "Boost",
                           "CLI11", "nlohmann-json", "tl-expected", "xxHash"})
    EXPECT_NE(text.find("\n" + std::string(name) + " "), std::string::npos) << name;
}

TEST(Version, IsTheSameEverywhere) { EXPECT_EQ(api::kVersion, kVersion); }

TEST(Version, EveryLibraryHasANumber) {
  for (const LibraryVersion& l : library_versions())
    EXPECT_TRUE(std::regex_match(l.version, std::regex("\\d+(\\.\\d+)+[a-z]?")))
        << l.name << l.version;
}

}  // namespace
}  // namespace sp3ctra::cli
