#include "events/alert.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sp3ctra {
namespace {

constexpr std::string_view kHarmless[] = {"a test"};
constexpr std::string_view kAdvice[] = {"look"};
const AlertKind kKind{"port_scan", 1002,      "scan",    "Port scan",
                      "T1046",     "because", kHarmless, kAdvice};

Alert made() {
  Alert a;
  a.kind = &kKind;
  a.id = 3;
  a.ts = Timestamp{1'700'000'000'123'456'789};
  a.confidence = 90;
  a.basis = "failed tries";
  a.protocol = "tcp";
  a.src = *IpAddress::parse("10.0.0.1");
  a.dst = *IpAddress::parse("10.0.0.2");
  a.ports = {22, 80};
  a.summary = "It was so \xff.";
  a.saw = {"packet #7"};
  a.packets = {7, 9};
  return a;
}

TEST(Alert, JsonKeysInTheirOrder) {
  const auto j = nlohmann::ordered_json::parse(alert_json(made()));
  std::string keys;
  for (const auto& [key, value] : j.items()) keys += key + ' ';
  EXPECT_EQ(keys,
            "ts id signature category severity confidence basis technique src dst ports summary "
            "packets title saw why harmless advice ");
  EXPECT_EQ(j["ts"], "2023-11-14T22:13:20.123456789Z");
  EXPECT_EQ(j["severity"], "medium");
  EXPECT_EQ(j["packets"], (std::vector<int>{7, 9}));
  Alert many = made();
  many.dst = {};
  EXPECT_TRUE(nlohmann::json::parse(alert_json(many))["dst"].is_null());
}

TEST(Alert, EveAsSuricataWritesIt) {
  const auto j = nlohmann::json::parse(alert_eve(made()));
  EXPECT_EQ(j["timestamp"], "2023-11-14T22:13:20.123456+0000");
  EXPECT_EQ(j["event_type"], "alert");
  EXPECT_EQ(j["src_ip"], "10.0.0.1");
  EXPECT_EQ(j["dest_port"], 22);
  EXPECT_EQ(j["proto"], "TCP");
  EXPECT_EQ(j["alert"]["signature_id"], 1002);
  EXPECT_EQ(j["alert"]["severity"], 2);
  EXPECT_EQ(j["alert"]["metadata"]["mitre_technique_id"][0], "T1046");
  EXPECT_EQ(alert_eve(made()).find('\n'), std::string::npos);
}

TEST(Alert, TextTellsAll) {
  const std::string t = alert_text(made());
  for (const char* part : {"2023-11-14T22:13:20", "[medium]", "It was so", "#7 #9", "because",
                           "a test", "look", "T1046", "90 %"})
    EXPECT_NE(t.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace sp3ctra
