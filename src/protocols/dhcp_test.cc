#include <gtest/gtest.h>

#include "protocols/app_probe.h"

namespace sp3ctra {
extern const Protocol kDhcp;
extern const Protocol kDns, kMdns, kLlmnr, kHttp, kTls;
namespace {

std::string header(uint8_t op, const std::string& yours = std::string(4, '\0')) {
  std::string h = std::string(1, static_cast<char>(op)) + std::string("\1\6\0", 3) + "ABCD" +
                  std::string("\0\0\x80\0", 4) + std::string(4, '\0') + yours +
                  std::string(8, '\0') + std::string("\2\0\0\0\0\1", 6) + std::string(10, '\0');
  h += std::string(64 + 128, '\0');
  return h + "\x63\x82\x53\x63";
}
std::string option(uint8_t code, const std::string& v) {
  return std::string(1, static_cast<char>(code)) + std::string(1, static_cast<char>(v.size())) + v;
}
std::string offer() {
  return header(2, "\xc0\xa8\1\x17") + option(53, "\2") +
         option(1, std::string("\xff\xff\xff\0", 4)) + option(3, "\xc0\xa8\1\1") +
         option(51, std::string("\0\1\x51\x80", 4)) + option(6, "\xc0\xa8\1\1\x9\x9\x9\x9") +
         "\xff" + std::string(6, '\0');
}

TEST(Dhcp, DiscoverNamesTheDevice) {
  AppProbe p;
  p.run(kDhcp, as_bytes(header(1) + option(53, "\1") + option(12, "laptop") + "\xff"));
  EXPECT_EQ(p.number("dhcp.type"), 1u);
  EXPECT_EQ(p.number("dhcp.flags.bc"), 1u);
  EXPECT_EQ(p.number("dhcp.hw.mac_addr"), 0x020000000001u);
  EXPECT_EQ(p.text("dhcp.option.hostname"), "laptop");
  EXPECT_EQ(p.info(), "asks for an address (laptop)");
  ASSERT_EQ(p.events.size(), 1u);
  EXPECT_EQ(p.events[0].kind, EventKind::kLink);
}

TEST(Dhcp, OfferTellsAddressAndHowLong) {
  AppProbe p;
  p.run(kDhcp, as_bytes(offer()));
  EXPECT_EQ(p.number("dhcp.ip.your"), 0xc0a80117u);
  EXPECT_EQ(p.number("dhcp.option.router"), 0xc0a80101u);
  EXPECT_EQ(p.number("dhcp.option.ip_address_lease_time"), 86'400u);
  EXPECT_EQ(p.number("dhcp.option.end"), 255u);
  EXPECT_EQ(p.info(), "offers 192.168.1.23 for 24 hours");
}

TEST(Dhcp, FullNameInDnsForm) {
  AppProbe p;
  p.run(kDhcp, as_bytes(header(1) + option(53, "\3") +
                        option(81, std::string("\5\0\0\2pc\4home\0", 12)) + "\xff"));
  EXPECT_EQ(p.number("dhcp.fqdn.s"), 1u);
  EXPECT_EQ(p.text("dhcp.fqdn.name"), "pc.home");
}

TEST(Dhcp, EveryCutIsSafeAndACutOptionIsNamed) {
  const std::string whole = offer();
  for (size_t n = 0; n <= whole.size(); ++n) {
    AppProbe p;
    p.run(kDhcp, as_bytes(whole).first(n), 1, 0, 0, 17, static_cast<uint32_t>(whole.size()));
  }
  AppProbe p;
  p.run(kDhcp, as_bytes(header(1) + "\x0c\x20" + "short"));
  ASSERT_EQ(p.d.parsed.anomaly_count, 1);
  EXPECT_EQ(p.d.parsed.anomalies[0]->name, "dhcp.option_cut");
}

TEST(AppFields, EveryFieldHasAWordAndASentence) {
  size_t count = 0;
  for (const Protocol* p : {&kDns, &kMdns, &kLlmnr, &kHttp, &kTls, &kDhcp}) {
    EXPECT_FALSE(p->words.empty()) << p->name;
    EXPECT_EQ(p->fields[0].type, FieldType::kProtocol) << p->name;
    for (const FieldDef& f : p->fields) {
      ++count;
      EXPECT_FALSE(f.label.empty()) << f.name;
      EXPECT_GE(f.words.size(), 5u) << f.name;
    }
    for (const AnomalyDef& a : p->anomalies) EXPECT_GE(a.words.size(), 20u) << a.name;
  }
  EXPECT_GE(count, 400u);
}

}  // namespace
}  // namespace sp3ctra
