#include "detect/cleartext_login.h"

#include <fmt/format.h>

#include "decode/value_text.h"
#include "detect/catalog.h"

namespace sp3ctra {

void CleartextLogin::event(const Event& e, AlertSink& out) {
  if (e.kind != EventKind::kTransaction) return;
  std::string_view user, host;
  bool login = false;
  for (size_t i = 0; i < e.field_count; ++i) {
    const std::string_view key = e.fields[i].key;
    if (key == "login.user") {
      user = e.value(i);
      login = true;
    }
    if (key == "http.host") host = e.value(i);
  }
  if (!login) return;
  uint64_t pair = address_hash(e.orig, address_hash(e.resp, e.resp_port));
  for (const char c : user) pair = (pair ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  bool made = false;
  Timestamp& told = seen_.touch(pair, &made);
  const Timestamp now = safe_time(e.ts);
  const bool fresh = made || now.ns - told.ns > thresholds::kIntelQuietNs;
  if (!fresh) return;
  told = now;
  Alert a;
  a.kind = &catalog::kCleartextLogin;
  a.ts = e.ts;
  a.severity = Severity::kLow;
  a.confidence = 100;
  a.basis = "content";
  a.protocol = "tcp";
  a.src = e.orig;
  a.dst = e.resp;
  a.src_port = e.orig_port;
  a.ports.push_back(e.resp_port);
  a.packets = evidence({e.frame});
  const std::string who = user.empty() ? "somebody" : fmt::format("\"{}\"", escape_text(user));
  a.summary =
      fmt::format("{} logged in to {} as {} over {} with a readable password.", e.orig.text(),
                  host.empty() ? e.resp.text() : escape_text(host), who, e.protocol);
  a.saw.push_back(fmt::format("packet #{} holds the user name {} and a password (not shown here)",
                              e.frame, who));
  out.raise(std::move(a));
}

void CleartextLogin::count(std::vector<DetectorCounter>& out) const {
  out.push_back({"login_sightings_forgotten", seen_.forgotten(),
                 "logins were forgotten and may have been told twice"});
}

}  // namespace sp3ctra
