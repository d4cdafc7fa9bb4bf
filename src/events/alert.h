#pragma once
// An alert: what a detector found, with the packets that prove it.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/timestamp.h"

namespace sp3ctra {

/// info = a fact; low = a weakness or a matter of policy; medium = attempted harm; high = likely
/// success; critical = confirmed compromise.
enum class Severity : uint8_t { kInfo, kLow, kMedium, kHigh, kCritical };
/// "info", "low", "medium", "high", "critical".
std::string_view severity_name(Severity severity);

/// What never changes between two alerts of a kind; in static storage (detect/catalog).
struct AlertKind {
  std::string_view signature;                  ///< stable: "syn_flood"
  uint32_t number = 0;                         ///< stable: the signature_id of EVE
  std::string_view category;                   ///< "denial-of-service"
  std::string_view title;                      ///< plain words, a few
  std::string_view technique;                  ///< MITRE ATT&CK, "T1046"
  std::string_view why;                        ///< why it matters
  std::span<const std::string_view> harmless;  ///< causes that are none of anybody's harm
  std::span<const std::string_view> advice;    ///< what to do
};

/// One finding. Bounded: limits::kAlertPacketsMax packets, kAlertPortsMax ports.
struct Alert {
  const AlertKind* kind = nullptr;
  uint64_t id = 0;  ///< counted from 1 in the order of a capture
  Timestamp ts;     ///< packet time at which it was certain
  Severity severity = Severity::kMedium;
  uint8_t confidence = 0;         ///< percent
  std::string_view basis;         ///< static: "rate", "failed tries", "list", "content"
  std::string_view protocol;      ///< static: "tcp", "udp", "icmp", "ip"
  IpAddress src, dst;             ///< none when there is not the one
  uint16_t src_port = 0;          ///< 0 = none
  std::vector<uint16_t> ports;    ///< of the destination
  std::string summary;            ///< one sentence; control characters are escaped
  std::vector<std::string> saw;   ///< what was seen, a sentence each; "#12" is packet 12
  std::vector<uint64_t> packets;  ///< evidence, ascending
};

/// One line of JSON (no line end): ts, id, signature, category, severity, confidence, basis,
/// technique, src, dst, ports, summary, packets, then title, saw, why, harmless, advice.
std::string alert_json(const Alert& alert);
/// One line of Suricata's EVE JSON.
std::string alert_eve(const Alert& alert);
/// Several lines for people, ending with an empty one.
std::string alert_text(const Alert& alert);

}  // namespace sp3ctra
