#include "events/alert.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>
#include <nlohmann/json.hpp>

namespace sp3ctra {
namespace {

using nlohmann::ordered_json;

std::string line_of(const ordered_json& j) {
  return j.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

/// Suricata's: microseconds and a numeric zone.
std::string eve_time(Timestamp t) {
  const std::string z = rfc3339(t);  // 2026-11-22T06:45:11.000000000Z
  return z.substr(0, z.size() - 4) + "+0000";
}

ordered_json address(const IpAddress& a) {
  return a.any() ? ordered_json(a.text()) : ordered_json(nullptr);
}

/// Suricata counts the other way: 1 is the worst.
int eve_severity(Severity s) { return s >= Severity::kHigh ? 1 : s == Severity::kMedium ? 2 : 3; }

}  // namespace

std::string_view severity_name(Severity severity) {
  constexpr std::string_view kNames[] = {"info", "low", "medium", "high", "critical"};
  return kNames[static_cast<size_t>(severity)];
}

std::string alert_json(const Alert& a) {
  ordered_json j;
  j["ts"] = rfc3339(a.ts);
  j["id"] = a.id;
  j["signature"] = a.kind->signature;
  j["category"] = a.kind->category;
  j["severity"] = severity_name(a.severity);
  j["confidence"] = a.confidence;
  j["basis"] = a.basis;
  j["technique"] = a.kind->technique;
  j["src"] = address(a.src);
  j["dst"] = address(a.dst);
  j["ports"] = a.ports;
  j["summary"] = a.summary;
  j["packets"] = a.packets;
  j["title"] = a.kind->title;
  j["saw"] = a.saw;
  j["why"] = a.kind->why;
  j["harmless"] = a.kind->harmless;
  j["advice"] = a.kind->advice;
  return line_of(j);
}

std::string alert_eve(const Alert& a) {
  ordered_json j;
  j["timestamp"] = eve_time(a.ts);
  j["event_type"] = "alert";
  if (!a.packets.empty()) j["pcap_cnt"] = a.packets.back();
  if (a.src.any()) j["src_ip"] = a.src.text();
  if (a.src_port) j["src_port"] = a.src_port;
  if (a.dst.any()) j["dest_ip"] = a.dst.text();
  if (!a.ports.empty()) j["dest_port"] = a.ports.front();
  std::string proto(a.protocol);
  for (char& c : proto) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  j["proto"] = proto;
  j["alert"] = {{"action", "allowed"},
                {"gid", 1},
                {"signature_id", a.kind->number},
                {"rev", 1},
                {"signature", a.kind->title},
                {"category", a.kind->category},
                {"severity", eve_severity(a.severity)},
                {"metadata",
                 {{"signature", {a.kind->signature}},
                  {"confidence", {std::to_string(a.confidence)}},
                  {"mitre_technique_id", {a.kind->technique}}}}};
  j["sp3ctra"] = {{"id", a.id}, {"summary", a.summary}, {"packets", a.packets}};
  return line_of(j);
}

std::string alert_text(const Alert& a) {
  std::string out = fmt::format("{}  [{}]  {}\n  {}\n", rfc3339(a.ts), severity_name(a.severity),
                                a.kind->title, a.summary);
  for (const std::string& s : a.saw) out += fmt::format("  saw: {}\n", s);
  out += fmt::format("  packets: #{}\n", fmt::join(a.packets, " #"));
  out += fmt::format("  why it matters: {}\n", a.kind->why);
  for (const std::string_view s : a.kind->harmless) out += fmt::format("  harmless if: {}\n", s);
  for (const std::string_view s : a.kind->advice) out += fmt::format("  what to do: {}\n", s);
  out += fmt::format("  {} · {} · {} % sure, by {} · alert {}\n\n", a.kind->signature,
                     a.kind->technique, a.confidence, a.basis, a.id);
  return out;
}

}  // namespace sp3ctra
