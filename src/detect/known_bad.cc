#include "detect/known_bad.h"

#include <fmt/format.h>

#include "decode/value_text.h"
#include "detect/catalog.h"

namespace sp3ctra {
namespace {

uint64_t text_hash(std::string_view s) {
  uint64_t h = 0xcbf29ce484222325;
  for (const char c : s) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return h;
}

std::string_view protocol_of(const Event& e) {
  switch (e.ip_proto) {
    case 6:
      return "tcp";
    case 17:
      return "udp";
    case 1:
    case 58:
      return "icmp";
    default:
      return "ip";
  }
}

std::string told_by(const IntelHit& hit) {
  return fmt::format("line {} of the list {} says {}", hit.line, escape_text(hit.list),
                     escape_text(hit.entry));
}

}  // namespace

bool KnownBad::fresh(uint64_t pair, Timestamp now) {
  now = safe_time(now);
  bool made = false;
  Timestamp& told = seen_.touch(pair, &made);
  const bool is = made || now.ns - told.ns > thresholds::kIntelQuietNs;
  if (is) told = now;
  return is;
}

void KnownBad::event(const Event& e, AlertSink& out) {
  if (e.kind == EventKind::kFlowStart) return address(e, out);
  if (e.kind != EventKind::kTransaction) return;
  const std::string_view name = e.name;
  for (size_t i = 0; i < e.field_count; ++i) {
    const std::string_view key = e.fields[i].key;
    if (key == "dns.qry.name" && name == "query") this->name(e, e.value(i), "looked up", out);
    if (key == "tls.handshake.extensions_server_name" && name == "client_hello")
      this->name(e, e.value(i), "opened an encrypted connection to", out);
    if (key == "http.host" && name == "request") {
      const std::string_view host = e.value(i);
      this->name(e, host.substr(0, host.find(':')), "asked a web server for", out);
    }
  }
}

void KnownBad::address(const Event& e, AlertSink& out) {
  for (const bool outgoing : {true, false}) {
    const IpAddress& bad = outgoing ? e.resp : e.orig;
    const IpAddress& ours = outgoing ? e.orig : e.resp;
    const auto hit = intel_->find(bad);
    if (!hit || !fresh(address_hash(bad, address_hash(ours)), e.ts)) continue;
    Alert a;
    a.kind = &catalog::kBadAddress;
    a.ts = e.ts;
    // What a machine of one's own begins weighs more than a knock from outside.
    a.severity = outgoing ? Severity::kHigh : Severity::kMedium;
    a.confidence = outgoing ? 70 : 50;
    a.basis = "list";
    a.protocol = protocol_of(e);
    a.src = e.orig;
    a.dst = e.resp;
    a.src_port = e.orig_port;
    if (e.resp_port) a.ports.push_back(e.resp_port);
    a.packets = evidence({e.frame});
    a.summary = outgoing ? fmt::format("{} contacted {}, which is on the list {}.", ours.text(),
                                       bad.text(), escape_text(hit->list))
                         : fmt::format("{}, which is on the list {}, contacted {}.", bad.text(),
                                       escape_text(hit->list), ours.text());
    a.saw.push_back(
        fmt::format("packet #{} is the first between {} and {}", e.frame, ours.text(), bad.text()));
    a.saw.push_back(fmt::format("line {} of the list {}", hit->line, escape_text(hit->list)));
    out.raise(std::move(a));
  }
}

void KnownBad::name(const Event& e, std::string_view used, std::string_view how, AlertSink& out) {
  const auto hit = intel_->find(used);
  if (!hit || !fresh(address_hash(e.orig, text_hash(hit->entry) ^ text_hash(how)), e.ts)) return;
  Alert a;
  a.kind = &catalog::kBadDomain;
  a.ts = e.ts;
  const bool asked_only = how == "looked up";
  a.severity = asked_only ? Severity::kMedium : Severity::kHigh;
  a.confidence = asked_only ? 60 : 75;
  a.basis = "list";
  a.protocol = protocol_of(e);
  a.src = e.orig;
  a.dst = e.resp;
  a.src_port = e.orig_port;
  if (e.resp_port) a.ports.push_back(e.resp_port);
  a.packets = evidence({e.frame});
  a.summary = fmt::format("{} {} {}, which is on the list {}.", e.orig.text(), how,
                          escape_text(used), escape_text(hit->list));
  a.saw.push_back(fmt::format("packet #{} names {}", e.frame, escape_text(used)));
  a.saw.push_back(told_by(*hit));
  out.raise(std::move(a));
}

void KnownBad::count(std::vector<DetectorCounter>& out) const {
  out.push_back({"bad_sightings_forgotten", seen_.forgotten(),
                 "contacts were forgotten and may have been told twice"});
}

}  // namespace sp3ctra
