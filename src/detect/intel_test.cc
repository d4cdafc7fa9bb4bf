#include "detect/intel.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "detect/detect_lab_test.h"
#include "detect/thresholds.h"

namespace sp3ctra {
namespace {

using namespace detect_lab;

std::shared_ptr<Intel> lists(std::string_view bad, std::string_view good = "") {
  auto intel = std::make_shared<Intel>();
  intel->add("bad.txt", bad, false);
  if (!good.empty()) intel->add("good.txt", good, true);
  intel->seal();
  return intel;
}

TEST(Intel, PlainCidrRangesAndHostsFiles) {
  const auto i = lists(
      "# a comment\r\n203.0.113.7\r\n198.51.100.0/28 ; why\n\n45.0.0.10-45.0.0.20\n"
      "2a00:bad::/32\n2a01::5\nBad.Example\n*.worse.example\n||worst.example^\n"
      "0.0.0.0 only-this.example other.example # hosts\n127.0.0.1 localhost\n");
  EXPECT_EQ(i->counts().not_understood, 0u);
  for (const char* a : {"203.0.113.7", "198.51.100.0", "198.51.100.15", "45.0.0.10", "45.0.0.20",
                        "2a00:bad::1", "2a01::5"})
    EXPECT_TRUE(i->find(ip(a))) << a;
  for (const char* a : {"203.0.113.8", "198.51.100.16", "45.0.0.9", "45.0.0.21", "2a00:bae::1",
                        "2a01::6", "8.8.8.8"})
    EXPECT_FALSE(i->find(ip(a))) << a;
  for (const char* n : {"bad.example", "BAD.example.", "a.b.bad.example", "x.worse.example",
                        "worst.example", "only-this.example", "other.example"})
    EXPECT_TRUE(i->find(std::string_view(n))) << n;
  for (const char* n : {"example", "notbad.example", "sub.only-this.example", "localhost", "", "."})
    EXPECT_FALSE(i->find(std::string_view(n))) << n;
  EXPECT_EQ(i->find(ip("198.51.100.3"))->line, 3u);
  EXPECT_EQ(i->find("www.bad.example")->entry, "bad.example");
  EXPECT_EQ(i->find("www.bad.example")->list, "bad.txt");
}

TEST(Intel, KnownGoodWins) {
  const auto i = lists("203.0.113.0/24\nbad.example\n", "203.0.113.7\nfine.bad.example\n");
  EXPECT_TRUE(i->find(ip("203.0.113.8")));
  EXPECT_FALSE(i->find(ip("203.0.113.7")));
  EXPECT_TRUE(i->find("other.bad.example"));
  EXPECT_FALSE(i->find("fine.bad.example"));
  EXPECT_FALSE(i->find("below.fine.bad.example"));
}

TEST(Intel, WhatWouldBeEverybodyIsLeftOut) {
  const auto i = lists("0.0.0.0/0\n10.0.0.0/8\n192.168.1.1\nff02::1\nfe80::/10\ncom\n32.0.0.0/3\n");
  EXPECT_EQ(i->counts().left_out, 7u);
  EXPECT_EQ(i->counts().addresses + i->counts().domains, 0u);
  EXPECT_FALSE(i->find(ip("8.8.8.8")));
}

TEST(Intel, NonsenseIsCounted) {
  const auto i =
      lists("1.2.3\n1.2.3.4/33\nhttp://bad.example/x\nnot a list\n..\n1.2.3.4-1.2.3.1\n" +
            std::string(5000, 'a') + "\n");
  EXPECT_EQ(i->counts().not_understood, 7u);
  EXPECT_FALSE(i->find(ip("1.2.3.4")));
}

TEST(Intel, OverlappingRangesKeepTheirLines) {
  const auto i = lists("50.0.0.0/16\n50.0.255.0-50.1.0.255\n50.0.3.0/24\n");
  EXPECT_EQ(i->find(ip("50.0.3.1"))->line, 1u);
  EXPECT_EQ(i->find(ip("50.0.255.255"))->line, 1u);
  EXPECT_EQ(i->find(ip("50.1.0.7"))->line, 2u);
  EXPECT_FALSE(i->find(ip("50.1.1.0")));
}

TEST(Intel, FolderWithGoodAndBad) {
  char name[] = "/tmp/sp3ctra-intel-test-XXXXXX";
  const std::string folder = ::mkdtemp(name);
  std::filesystem::create_directory(folder + "/good");
  std::ofstream(folder + "/a.txt") << "203.0.113.7\n203.0.113.8\n";
  std::ofstream(folder + "/good/mine.txt") << "203.0.113.8\n";
  std::ofstream(folder + "/.hidden") << "203.0.113.9\n";
  std::ofstream(folder + "/empty");
  const auto i = Intel::load(folder);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(i) << i.error().message;
  EXPECT_TRUE((*i)->find(ip("203.0.113.7")));
  EXPECT_FALSE((*i)->find(ip("203.0.113.8")));
  EXPECT_FALSE((*i)->find(ip("203.0.113.9")));
  EXPECT_EQ((*i)->counts().files, 3u);
  EXPECT_FALSE(Intel::load(folder));
}

TEST(Intel, AListTooLargeIsRefusedUnread) {
  char name[] = "/tmp/sp3ctra-intel-test-XXXXXX";
  const std::string folder = ::mkdtemp(name);
  std::ofstream(folder + "/z.txt") << "203.0.113.7\n";
  std::filesystem::resize_file(folder + "/z.txt", limits::kIntelFileBytesMax + 1);  // a hole
  const auto refused = Intel::load(folder);
  for (uint32_t i = 0; i < limits::kIntelFilesMax; ++i)
    std::ofstream(folder + "/list" + std::to_string(i)) << "203.0.113.8\n";
  const auto one_more = Intel::load(folder);  // more files than are read: not even looked at
  std::filesystem::remove_all(folder);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("z.txt is larger than 256 MiB"), std::string::npos)
      << refused.error().message;
  ASSERT_TRUE(one_more) << one_more.error().message;
  EXPECT_EQ((*one_more)->counts().files, limits::kIntelFilesMax);
  EXPECT_EQ((*one_more)->counts().too_many, 1u);
}

TEST(Intel, AMillionEntries) {
  std::string text;
  for (uint32_t i = 0; i < 500'000; ++i) {
    text += IpAddress::v4(0x2e000000 + i * 31).text() + '\n';
    text += "host" + std::to_string(i) + ".bad" + std::to_string(i % 977) + ".example\n";
  }
  const auto intel = lists(text);
  EXPECT_EQ(intel->counts().addresses, 500'000u);
  EXPECT_EQ(intel->counts().domains, 500'000u);
  EXPECT_LT(intel->memory_bytes(), 32u << 20);
  uint32_t hits = 0;
  constexpr uint32_t kAsked = 200'000;
  std::vector<std::string> names;
  for (uint32_t i = 0; i < kAsked; ++i)
    names.push_back("www.host" + std::to_string(i * 2) + ".bad" + std::to_string(i * 2 % 977) +
                    ".example");
  // Processor time: other programs may be at work.
  const std::clock_t begin = std::clock();
  for (uint32_t i = 0; i < kAsked; ++i)
    hits += intel->find(IpAddress::v4(0x2e000000 + i * 62)).has_value();
  const std::clock_t middle = std::clock();
  for (const std::string& n : names) hits += intel->find(std::string_view(n)).has_value();
  const std::clock_t end = std::clock();
  EXPECT_EQ(hits, 2 * kAsked);
  const auto ns = [](std::clock_t d) {
    return static_cast<double>(d) * 1e9 / CLOCKS_PER_SEC / kAsked;
  };
  // Written down, not judged: how fast depends on the machine and on the sanitizers.
  RecordProperty("address_ns", static_cast<int>(ns(middle - begin)));
  RecordProperty("name_ns", static_cast<int>(ns(end - middle)));
  std::printf("look-up among a million: %.0f ns an address, %.0f ns a name, %.1f MiB\n",
              ns(middle - begin), ns(end - middle),
              static_cast<double>(intel->memory_bytes()) / 1048576);
}

TEST(Intel, MoreEntriesThanFitAreCounted) {
  Intel intel;
  std::string text;
  for (uint32_t i = 0; i < 100'000; ++i) text += IpAddress::v4(0x2e000000 + i * 3).text() + '\n';
  while (intel.counts().too_many == 0 && intel.counts().files < 30) intel.add("list", text, false);
  EXPECT_GT(intel.counts().too_many, 0u);
  EXPECT_EQ(intel.counts().addresses, limits::kIntelEntriesMax);
}

TEST(KnownBad, ContactsBothWaysAndOnce) {
  Lab lab(lists("203.0.113.0/24\n"));
  for (uint16_t i = 0; i < 5; ++i)
    lab.visit(i, ip("192.168.1.5"), 30000 + i, ip("203.0.113.9"), 443);
  lab.visit(9, ip("203.0.113.77"), 999, ip("192.168.1.5"), 22);
  lab.visit(10, ip("192.168.1.5"), 31000, ip("198.51.100.1"), 443);
  const auto& found = lab.run();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].severity, Severity::kHigh);
  EXPECT_EQ(found[0].dst, ip("203.0.113.9"));
  EXPECT_EQ(found[0].packets, std::vector<uint64_t>{1});
  EXPECT_EQ(found[1].severity, Severity::kMedium);
  EXPECT_EQ(found[1].src, ip("203.0.113.77"));
}

TEST(KnownBad, NamesInDnsAndHttp) {
  Lab lab(lists("bad.example\n"));
  using namespace std::string_view_literals;
  const auto query =
      "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\x03"
      "bad\x07"
      "example\0\0\x01\0\x01"sv;
  lab.udp(1, ip("192.168.1.5"), 40000, ip("192.168.1.1"), 53, query);
  const IpAddress web = ip("198.51.100.7"), me = ip("192.168.1.5");
  lab.tcp(2, me, 5000, web, 80, kSyn, "", 1);
  lab.tcp(2.01, web, 80, me, 5000, kSyn | kAck, "", 1);
  lab.tcp(2.02, me, 5000, web, 80, kAck | kPsh, "GET / HTTP/1.1\r\nHost: bad.example:80\r\n\r\n",
          2);
  const auto& found = lab.run();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NE(found[0].summary.find("looked up www.bad.example"), std::string::npos);
  EXPECT_EQ(found[0].severity, Severity::kMedium);
  EXPECT_NE(found[1].summary.find("asked a web server for bad.example"), std::string::npos);
  EXPECT_EQ(found[1].severity, Severity::kHigh);
}

TEST(KnownBad, SilentWithoutLists) {
  Lab lab;
  lab.visit(1, ip("192.168.1.5"), 30000, ip("203.0.113.9"), 443);
  EXPECT_EQ(lab.found(), "");
}

}  // namespace
}  // namespace sp3ctra
