// What is refused, where, and in which words; what is said of what was understood; completion.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "filter/filter.h"
#include "filter/filter_test_fields.h"

namespace sp3ctra {
namespace {

using filter_test::lookup;

struct Wrong {
  const char* text;
  uint32_t position, length;
  const char* words;  ///< part of the message
};

class Refuses : public testing::TestWithParam<Wrong> {};
TEST_P(Refuses, AtItsPlace) {
  const Wrong& w = GetParam();
  const auto f = parse_filter(w.text, lookup());
  ASSERT_FALSE(f.has_value()) << w.text;
  EXPECT_EQ(f.error().position, w.position) << w.text << ": " << f.error().message;
  EXPECT_EQ(f.error().length, w.length) << w.text << ": " << f.error().message;
  EXPECT_NE(f.error().message.find(w.words), std::string::npos) << f.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    All, Refuses,
    testing::Values(
        Wrong{"tpc.port == 80", 0, 8, "did you mean tcp.port?"},
        Wrong{"udp and ip.scr == 1.1.1.1", 8, 6, "did you mean ip.src?"},
        Wrong{"ip.srcc", 0, 7, "did you mean ip.src?"},
        Wrong{"TCP.PORT == 1", 0, 8, "did you mean tcp.port?"},
        Wrong{"tcp.port = 80", 9, 1, "write =="},
        Wrong{"tcp.port == 70000", 12, 5, "at most 65535"},
        Wrong{"tcp.port == x", 12, 1, "no number"}, Wrong{"tcp.port == -1", 12, 2, "negative"},
        Wrong{"tcp.port ==", 11, 0, "A value must follow"},
        Wrong{"dns or", 6, 0, "Something must follow “or”"},
        Wrong{"and dns", 0, 3, "cannot stand here"}, Wrong{"(tcp or udp", 0, 1, "no closing )"},
        Wrong{"tcp)", 3, 1, "closes nothing"}, Wrong{"tcp udp", 4, 3, "“and” or “or” before “udp”"},
        Wrong{"ip.addr == 300.1.1.1", 11, 9, "no IPv4 address"},
        Wrong{"ip.addr == fe80::1", 11, 7, "ipv6.addr"},
        Wrong{"ip.addr == 10.0.0.0/33", 11, 11, "no IPv4 address"},
        Wrong{"eth.src == 00:11", 11, 5, "MAC address"},
        Wrong{"dns.qry.name == \"abc", 16, 4, "closing"},
        Wrong{"dns.qry.name matches \"a(\"", 21, 4, "pattern"},
        Wrong{"tcp.port contains \"a\"", 9, 8, "contains looks inside"},
        Wrong{"tcp.port[0] == 1", 8, 3, "no bytes to cut"},
        Wrong{"eth.src[a] == 1", 7, 3, "Parts are written"},
        Wrong{"eth.src[0 == 1", 7, 7, "closing ]"}, Wrong{"tcp.port in {80", 12, 1, "no closing }"},
        Wrong{"tcp.port in {}", 13, 1, "empty"}, Wrong{"tcp.port in {5..1}", 16, 1, "ends before"},
        Wrong{"tcp.port in 80", 12, 2, "{ }"}, Wrong{"len(tcp.port) > 1", 0, 3, "len() works on"},
        Wrong{"foo(tcp.port) > 1", 0, 3, "no function"},
        Wrong{"frame.time > \"soon\"", 13, 6, "2026-01-31 12:00:00"}, Wrong{"53", 0, 2, "port 53"},
        Wrong{"port 99999", 5, 5, "at most 65535"}, Wrong{"host nowhere", 5, 7, "no address"},
        Wrong{"tcp.port == ip.src", 12, 6, ""}, Wrong{"dns @ tcp", 4, 1, "means nothing"},
        Wrong{"dns.qry.type == \"ZZ\"", 16, 4, "no value of this field"},
        Wrong{"dns.qry.name == \"\\q\"", 17, 2, "no escape"},
        Wrong{"len(dns.qry.name)", 17, 0, "needs a comparison"},
        Wrong{"any tcp.port", 12, 0, "need a comparison"}));

TEST(FilterError, DepthAndLengthAreLimited) {
  const size_t d = limits::kFilterDepthMax;
  EXPECT_TRUE(parse_filter(std::string(d, '(') + "tcp" + std::string(d, ')'), lookup()));
  auto deep = parse_filter(std::string(d + 1, '(') + "tcp" + std::string(d + 1, ')'), lookup());
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().position, d);
  EXPECT_FALSE(parse_filter(std::string(d + 1, '!') + "tcp", lookup()));
  EXPECT_TRUE(parse_filter(std::string(limits::kFilterBytesMax, ' '), lookup()));
  EXPECT_FALSE(parse_filter(std::string(limits::kFilterBytesMax + 1, ' '), lookup()));
}

TEST(FilterError, LongChainsAreNoDepth) {
  std::string text = "tcp";
  while (text.size() + 8 < limits::kFilterBytesMax) text += " or tcp";
  EXPECT_TRUE(parse_filter(text, lookup()));
}

TEST(FilterReading, SaysHowItWasUnderstood) {
  const auto reading = [](const char* text) { return parse_filter(text, lookup())->reading(); };
  EXPECT_EQ(reading(""), "Showing everything.");
  EXPECT_EQ(reading("dns"), "Showing only DNS.");
  EXPECT_EQ(reading("not ssh and not ip.src == 10.0.0.1"),
            "Showing everything except SSH and except packets that come from 10.0.0.1.");
  EXPECT_EQ(reading("dns or ssh"), "Showing only DNS or SSH.");
  EXPECT_EQ(reading("dns and 10.0.0.0/8"),
            "Showing only packets that are DNS and come from or go to the network 10.0.0.0/8.");
  EXPECT_EQ(reading("tcp.port == 443 and not dns"),
            "Showing only packets that use TCP port 443 and are not DNS.");
  EXPECT_EQ(reading("port 53"), "Showing only packets that use port 53 (TCP or UDP).");
  EXPECT_EQ(reading("ip.ttl < 5"), "Showing only packets that have Hops left (ip.ttl) below 5.");
  EXPECT_EQ(reading("google"),
            "Showing only packets that contain the text “google” anywhere (it is no field name).");
  EXPECT_EQ(reading("dnss"),
            "Showing only packets that contain the text “dnss” anywhere (it is no "
            "field name; did you mean dns?).");
  EXPECT_EQ(reading("tcp.port in {80, 443, 8000..8080}"),
            "Showing only packets that have some tcp.port equal to 80, 443 or 8000 to 8080.");
  EXPECT_EQ(reading("dns.qry.name == \"a\x1b[31m\"").find('\x1b'), std::string::npos);
}

TEST(FilterReading, WarnsWhereAndMeetsOr) {
  const auto f = parse_filter("tcp or udp and dns", lookup());
  ASSERT_EQ(f->warnings().size(), 1u);
  EXPECT_NE(f->warnings()[0].find("tcp or (udp and dns)"), std::string::npos) << f->warnings()[0];
  EXPECT_NE(f->reading().find(f->warnings()[0]), std::string::npos);
  EXPECT_TRUE(parse_filter("tcp or (udp and dns)", lookup())->warnings().empty());
  EXPECT_TRUE(parse_filter("(tcp or udp) and dns", lookup())->warnings().empty());
  EXPECT_EQ(parse_filter("ip.addr != 1.1.1.1", lookup())->warnings().size(), 1u);
  EXPECT_TRUE(parse_filter("ip.src != 1.1.1.1", lookup())->warnings().empty());
}

std::vector<std::string> options(std::string_view text,
                                 std::span<const std::pair<std::string, uint64_t>> counts = {}) {
  std::vector<std::string> out;
  for (const auto& o : complete(text, text.size(), counts, lookup()).options) out.push_back(o.text);
  return out;
}

TEST(FilterCompletion, NamesRelationsValues) {
  EXPECT_EQ(options("tcp.fl"),
            (std::vector<std::string>{"tcp.flags", "tcp.flags.ack", "tcp.flags.syn"}));
  EXPECT_EQ(complete("dns or tcp.fl", 13, {}, lookup()).from, 7u);
  const std::pair<std::string, uint64_t> counts[] = {{"ssh", 5}, {"dns", 100}};
  EXPECT_EQ(options("", counts).front(), "dns");
  EXPECT_EQ(options("not ", counts).front(), "dns");
  EXPECT_EQ(options("dns.qry.type == "), (std::vector<std::string>{"1", "28", "15"}));
  EXPECT_EQ(options("dns.qry.type == AA"), (std::vector<std::string>{"28"}));
  EXPECT_EQ(options("tcp.flags.syn == "), (std::vector<std::string>{"1", "0"}));
  EXPECT_EQ(options("dns.qry.type in {1, "), (std::vector<std::string>{"1", "28", "15"}));
  EXPECT_EQ(options("tcp.port ").front(), "==");
  EXPECT_EQ(options("tcp.port == 80 "), (std::vector<std::string>{"and", "or"}));
  EXPECT_EQ(options("tcp.port == 80 a"), (std::vector<std::string>{"and"}));
  EXPECT_TRUE(options("dns.qry.name == \"a").empty());
}

TEST(FilterCompletion, NeverMindsThePlace) {
  const std::string text =
      "tcp.port in {80, 81} and (not dns.qry.name == \"x\\\"\" or ip.src[0:2] == 0a:00)";
  for (size_t i = 0; i <= text.size() + 2; ++i) complete(text, i, {}, lookup());
}

}  // namespace
}  // namespace sp3ctra
