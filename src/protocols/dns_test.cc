#include "protocols/dns.h"

#include <gtest/gtest.h>

#include "protocols/app_probe.h"

namespace sp3ctra {
extern const Protocol kDns;
extern const Protocol kMdns;
namespace {

std::string be16(unsigned v) { return {static_cast<char>(v >> 8), static_cast<char>(v & 255)}; }

std::string header(unsigned id, unsigned flags, unsigned q, unsigned an, unsigned ns = 0,
                   unsigned ar = 0) {
  return be16(id) + be16(flags) + be16(q) + be16(an) + be16(ns) + be16(ar);
}

const std::string kName("\3www\7example\3org\0", 17);

std::string query() { return header(0x1234, 0x0100, 1, 0) + kName + be16(1) + be16(1); }

std::string record(unsigned type, const std::string& data) {
  return be16(0xc00c) + be16(type) + be16(1) + std::string("\0\0\2\x58", 4) +
         be16(static_cast<unsigned>(data.size())) + data;
}

std::string answer() {
  return header(0x1234, 0x8180, 1, 2) + kName + be16(1) + be16(1) +
         record(5, std::string("\3cdn\xc0\x10", 6)) + record(1, std::string("\xc0\x00\x02\x07", 4));
}

TEST(Dns, QuestionIsReadAndSaidInWords) {
  AppProbe p;
  p.run(kDns, as_bytes(query()));
  EXPECT_EQ(p.number("dns.id"), 0x1234u);
  EXPECT_EQ(p.text("dns.qry.name"), "www.example.org");
  EXPECT_EQ(p.number("dns.count.labels"), 3u);
  EXPECT_EQ(p.number("dns.qry.name.len"), 15u);
  EXPECT_EQ(p.info(), "asks: where is www.example.org?");
  ASSERT_EQ(p.events.size(), 1u);
  EXPECT_STREQ(p.events[0].name, "query");
}

TEST(Dns, AnswerFollowsPointersAndIsMatchedWithItsQuestion) {
  AppProbe p;
  p.run(kDns, as_bytes(query()), 7, 1'000'000);
  p.run(kDns, as_bytes(answer()), 8, 19'200'000, 1);
  EXPECT_EQ(p.text("dns.cname"), "cdn.example.org");
  EXPECT_EQ(p.number("dns.a"), 0xc0000207u);
  EXPECT_EQ(p.number("dns.resp.ttl"), 600u);
  EXPECT_EQ(p.number("dns.response_to"), 7u);
  EXPECT_EQ(p.number("dns.time"), 18'200'000u);
  EXPECT_EQ(p.info(), "answers: www.example.org is at 192.0.2.7");
  ASSERT_EQ(p.events.size(), 2u);
  EXPECT_EQ(p.events[1].first_frame, 7u);
}

TEST(Dns, RepeatedQuestionNamesTheFirst) {
  AppProbe p;
  p.run(kDns, as_bytes(query()), 7, 0);
  p.run(kDns, as_bytes(query()), 9, 1'000'000'000);
  EXPECT_EQ(p.number("dns.retransmit_request_in"), 7u);
  p.run(kDns, as_bytes(query()), 11, 9'000'000'000);
  EXPECT_EQ(p.find("dns.retransmit_request_in"), nullptr) << "later is a new question";
}

TEST(Dns, NameThatPointsAtItselfEnds) {
  AppProbe p;
  const std::string loop = header(1, 0x0100, 1, 0) + be16(0xc00c) + be16(1) + be16(1);
  p.run(kDns, as_bytes(loop));
  ASSERT_EQ(p.d.parsed.anomaly_count, 1);
  EXPECT_EQ(p.d.parsed.anomalies[0]->name, "dns.name_broken");
}

TEST(Dns, MissingNameIsSaidSo) {
  AppProbe p;
  const std::string none = header(2, 0x8183, 1, 0) + kName + be16(1) + be16(1);
  p.run(kDns, as_bytes(none));
  EXPECT_EQ(p.info(), "answers: www.example.org does not exist");
}

TEST(Dns, ServiceRecordAndClientSubnet) {
  AppProbe p;
  const std::string https = std::string("\0\1\0", 3) + be16(1) + be16(3) + std::string("\2h2", 3);
  const std::string opt = std::string("\0\0\x29\x04\xd0\0\0\x80\0", 9) + be16(11) + be16(8) +
                          be16(7) + be16(1) + std::string("\x18\0\xc0\0\2", 5);
  const std::string m =
      header(3, 0x8180, 1, 1, 0, 1) + kName + be16(65) + be16(1) + record(65, https) + opt;
  p.run(kDns, as_bytes(m));
  EXPECT_EQ(p.number("dns.svcb.svcpriority"), 1u);
  EXPECT_EQ(p.text("dns.svcb.targetname"), "<Root>");
  EXPECT_EQ(p.text("dns.svcb.svcparam.alpn"), "h2");
  EXPECT_EQ(p.number("dns.resp.z.do"), 1u);
  EXPECT_EQ(p.number("dns.opt.client.addr4"), 0xc0000200u);
}

TEST(Dns, EveryCutIsSafeAndShowsWhatIsThere) {
  const std::string whole = answer();
  for (size_t n = 0; n <= whole.size(); ++n) {
    AppProbe p;
    p.run(kDns, as_bytes(whole).first(n), 1, 0, 0, 17, static_cast<uint32_t>(whole.size()));
    EXPECT_EQ(p.find("dns.a") != nullptr, n == whole.size()) << n;
  }
}

TEST(Dns, FramerCutsAtTheSamePlacesHoweverItIsFed) {
  std::string stream;
  for (const std::string& m : {query(), answer(), query()})
    stream += be16(static_cast<unsigned>(m.size())) + m;
  AppProbe whole;
  const auto want = whole.cut(kDns, as_bytes(stream), stream.size());
  EXPECT_EQ(want.size(), 3u);
  for (size_t chunk = 1; chunk < 9; ++chunk) {
    AppProbe p;
    EXPECT_EQ(p.cut(kDns, as_bytes(stream), chunk), want) << chunk;
  }
}

TEST(Dns, OverTcpTheLengthComesFirst) {
  AppProbe p;
  const std::string m = be16(static_cast<unsigned>(query().size())) + query();
  p.run(kDns, as_bytes(m), 1, 0, 0, 6);
  EXPECT_EQ(p.number("dns.length"), query().size());
  EXPECT_EQ(p.text("dns.qry.name"), "www.example.org");
}

TEST(Mdns, TopBitOfTheClassIsAFlag) {
  AppProbe p;
  const std::string m = header(0, 0, 1, 0) + kName + be16(12) + be16(0x8001);
  p.run(kMdns, as_bytes(m));
  EXPECT_EQ(p.number("dns.qry.qu"), 1u);
  EXPECT_EQ(p.number("dns.qry.class"), 1u);
}

}  // namespace
}  // namespace sp3ctra
