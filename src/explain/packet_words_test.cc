#include "explain/packet_words.h"

#include <gtest/gtest.h>

#include "decode/registry.h"
#include "protocols/app_probe.h"

namespace sp3ctra {
namespace {

std::string flat(const Sentence& s) {
  std::string out;
  for (const Run& r : s) out += r.packet ? "#" + std::to_string(r.packet) : r.text;
  return out;
}

std::string flat(const PlainWords& w) {
  std::string out = flat(w.lead) + "\n";
  for (const Sentence& s : w.facts) out += flat(s) + "\n";
  return out + w.verdict + ": " + flat(w.reason) + "\n" + w.basis;
}

std::string dns(bool answer) {
  std::string m = answer ? std::string("\x12\x34\x81\x80\0\1\0\1\0\0\0\0", 12)
                         : std::string("\x12\x34\1\0\0\1\0\0\0\0\0\0", 12);
  m += std::string("\7example\3org\0\0\1\0\1", 17);
  if (answer) m += std::string("\xc0\x0c\0\1\0\1\0\0\2\x58\0\4\xc0\0\2\7", 16);
  return m;
}

TEST(ExplainPacket, AnswerLinksItsQuestion) {
  AppProbe p;
  const Protocol& dns_protocol = *find_protocol("dns");
  p.run(dns_protocol, as_bytes(dns(false)), 7, 0);
  p.run(dns_protocol, as_bytes(dns(true)), 8, 18'200'000, 1);
  p.d.parsed.src = IpAddress::v4(0xc0a80101);
  const std::string words = flat(explain_packet(p.tree, p.d.parsed, p.packet));
  EXPECT_NE(words.find("192.168.1.1 answers: example.org is at 192.0.2.7."), std::string::npos)
      << words;
  EXPECT_NE(words.find("#7 after 18.2 ms"), std::string::npos) << words;
  EXPECT_NE(words.find("may be kept for 10 minutes"), std::string::npos) << words;
  EXPECT_NE(words.find("Read directly from this packet and 1 other."), std::string::npos) << words;
}

TEST(ExplainPacket, ReadablePasswordIsBad) {
  AppProbe p;
  p.run(*find_protocol("http"),
        as_bytes("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dTpw\r\n\r\n"), 1, 0, 0, 6);
  EXPECT_EQ(explain_packet(p.tree, p.d.parsed, p.packet).verdict, "bad");
}

TEST(ExplainPacket, TextOfPacketsIsEscaped) {
  AppProbe p;
  p.run(*find_protocol("http"), as_bytes("GET /\x1b[31m HTTP/1.1\r\nHost: evil\x07\r\n\r\n"), 1, 0,
        0, 6);
  const std::string words = flat(explain_packet(p.tree, p.d.parsed, p.packet));
  EXPECT_EQ(words.find('\x1b'), std::string::npos);
  EXPECT_EQ(words.find('\x07'), std::string::npos);
}

TEST(ExplainPacket, AnomaliesAreSaidAndLookedAt) {
  AppProbe p;
  p.run(*find_protocol("dns"),
        as_bytes(std::string("\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", 18)));
  const PlainWords w = explain_packet(p.tree, p.d.parsed, p.packet);
  EXPECT_EQ(w.verdict, "look");
  EXPECT_NE(flat(w).find("A name points at itself"), std::string::npos);
}

TEST(ExplainPacket, EveryProtocolGetsALeadAReasonAndABasisEvenWithoutATree) {
  for (const Protocol* protocol : all_protocols()) {
    Tree tree;
    tree.clear();
    Parsed parsed;
    parsed.shown = protocol;
    for (const bool fragment : {false, true}) {
      parsed.fragment = fragment;
      const PlainWords w = explain_packet(tree, parsed, Packet{});
      EXPECT_FALSE(w.lead.empty()) << protocol->name;
      EXPECT_FALSE(w.reason.empty()) << protocol->name;
      EXPECT_FALSE(w.basis.empty()) << protocol->name;
    }
  }
}

TEST(ExplainPacket, HelloNamesTheSite) {
  AppProbe p;
  std::string sni(
      "\0\0\0\x0e\0\x0c\0\0\x09"
      "a.example",
      18);
  std::string body = std::string("\3\3", 2) + std::string(32, 'r') +
                     std::string("\0\0\2\x13\1\1\0", 7) + std::string("\0\x12", 2) + sni;
  std::string m = std::string("\x16\3\1\0", 4) + static_cast<char>(body.size() + 4) +
                  std::string("\1\0\0", 3) + static_cast<char>(body.size()) + body;
  p.run(*find_protocol("tls"), as_bytes(m), 1, 0, 0, 6);
  EXPECT_NE(flat(explain_packet(p.tree, p.d.parsed, p.packet)).find("a.example"),
            std::string::npos);
}

}  // namespace
}  // namespace sp3ctra
