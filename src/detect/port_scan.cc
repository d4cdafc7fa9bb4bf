#include "detect/port_scan.h"

#include <fmt/format.h>

#include <algorithm>

#include "detect/catalog.h"

namespace sp3ctra {
namespace {

using namespace thresholds;

constexpr uint8_t kTcpNumber = 6, kUdpNumber = 17;
constexpr uint16_t kFin = 1, kSyn = 2, kPsh = 8, kUrg = 32;
constexpr int64_t kSweepNs = kSecondNs;  // how often tries that got no answer are looked at

ScanMethod method_of(const FlowSignal& s) {
  if (s.ip_proto == kUdpNumber) return ScanMethod::kUdp;
  switch (s.tcp_flags & 63) {
    case kSyn:
      return ScanMethod::kSyn;
    case kFin:
      return ScanMethod::kFin;
    case 0:
      return ScanMethod::kNull;
    case kFin | kPsh | kUrg:
      return ScanMethod::kXmas;
    default:
      return s.tcp_flags & kSyn ? ScanMethod::kSyn : ScanMethod::kOddFlags;
  }
}

constexpr std::string_view kMethodWords[] = {
    "connection requests (SYN)",          "closing segments of no connection (FIN)",
    "segments without any flag (NULL)",   "segments with FIN, PSH and URG (Xmas)",
    "segments no connection begins with", "datagrams (UDP)"};

bool is_udp(ScanMethod m) { return m == ScanMethod::kUdp; }
bool is_odd(ScanMethod m) { return m != ScanMethod::kUdp && m != ScanMethod::kSyn; }

/// To everybody, or to a group: nobody has to answer.
bool to_many(const IpAddress& a) {
  if (a.version == 6) return a.octets[0] == 0xff;
  return a.octets[0] >= 224 || a.octets[3] == 255;
}

/// UDP that looks like a first datagram and is none: an answer whose question was not captured,
/// a traceroute, a call to everybody.
bool no_probe(const FlowSignal& s) {
  if (s.ip_proto != kUdpNumber) return false;
  if (to_many(s.resp)) return true;
  if (s.orig_port < kServicePortsEnd && s.resp_port >= kServicePortsEnd) return true;
  return s.resp_port >= kTracerouteFirst && s.resp_port <= kTracerouteLast;
}

/// f(value, how often it is there) for each value, ascending.
template <class T, class F>
void for_each_run(std::vector<T>& values, F f) {
  std::sort(values.begin(), values.end());
  for (auto at = values.begin(); at != values.end();) {
    const auto end = std::upper_bound(at, values.end(), *at);
    f(*at, static_cast<size_t>(end - at));
    at = end;
  }
}

}  // namespace

void PortScan::signal(const FlowSignal& s, AlertSink& out) {
  if (s.ip_proto != kTcpNumber && s.ip_proto != kUdpNumber) return;
  if (s.kind == SignalKind::kRepeated) return;
  if (s.kind != SignalKind::kAttempt) return outcome(s, out);
  if (no_probe(s) || s.orig == s.resp) return;
  // Who was under suspicion before the flood stays there; invented sources are new ones.
  if (flood_ && !suspects_.find(s.orig) && flood_->flooded(s.resp, s.resp_port, s.ts)) return;
  attempt(s, method_of(s), out);
}

void PortScan::attempt(const FlowSignal& s, ScanMethod method, AlertSink& out) {
  const Door door{s.resp, s.resp_port};
  const Probe fresh{door, method, State::kOpen, s.ts, s.frame, 0};
  Suspect* suspect = suspects_.find(s.orig);
  if (!suspect) {
    bool made = false;
    Probe& known = newcomers_.touch(s.orig, &made);
    if (made || known.state == State::kGone || s.ts.ns - known.ts.ns > kScanWindowNs ||
        (known.door == door && is_udp(known.method) == is_udp(method))) {
      known = fresh;
      return;
    }
    suspect = &suspects_.touch(s.orig);
    suspect->good_since = s.ts;
    suspect->probes.push_back(known);
    newcomers_.erase(s.orig);
  } else {
    suspects_.touch(s.orig);
  }
  forget_old(*suspect, s.ts);
  if (Probe* again = find(*suspect, door, is_udp(method))) {
    if (is_odd(method)) again->method = method;
    return;
  }
  if (suspect->probes.size() >= limits::kScanProbesMax) {
    suspect->probes.pop_front();
    ++probes_forgotten_;
  }
  suspect->probes.push_back(fresh);
  if (is_odd(method)) judge(s.orig, *suspect, door, false, s.ts, out);
}

void PortScan::outcome(const FlowSignal& s, AlertSink& out) {
  const Door door{s.resp, s.resp_port};
  const bool udp = s.ip_proto == kUdpNumber;
  Suspect* suspect = suspects_.find(s.orig);
  Probe* p = nullptr;
  if (suspect) {
    p = find(*suspect, door, udp);
  } else if (Probe* known = newcomers_.find(s.orig)) {
    if (known->door == door && is_udp(known->method) == udp) p = known;
  }
  if (!p) return;
  switch (s.kind) {
    case SignalKind::kAccepted:
      p->state = State::kAccepted;
      break;
    case SignalKind::kEstablished:
      p->state = State::kEmpty;
      break;
    case SignalKind::kAborted:
      p->state = State::kAborted;
      break;
    case SignalKind::kRefused:
    case SignalKind::kUnreachable:
      p->state = State::kRefused;
      break;
    default:
      p->state = State::kGone;
      break;  // data: an honest conversation
  }
  p->answer_frame = s.frame;
  if (!suspect) return;
  if (p->state == State::kGone) {
    ++suspect->good;
    std::erase_if(suspect->probes, [](const Probe& q) { return q.state == State::kGone; });
    return;
  }
  if (p->state == State::kRefused || p->state == State::kAborted)
    judge(s.orig, *suspect, door, udp, s.ts, out);
}

PortScan::Probe* PortScan::find(Suspect& suspect, const Door& door, bool udp) {
  // Answers come soon: the newest first.
  for (auto p = suspect.probes.rbegin(); p != suspect.probes.rend(); ++p)
    if (p->door == door && is_udp(p->method) == udp) return &*p;
  return nullptr;
}

void PortScan::forget_old(Suspect& suspect, Timestamp now) {
  while (!suspect.probes.empty() && now.ns - suspect.probes.front().ts.ns > kScanWindowNs)
    suspect.probes.pop_front();
  if (now.ns - suspect.good_since.ns > kScanWindowNs) {
    suspect.good /= 2;
    suspect.good_since = now;
  }
}

template <class Wanted>
PortScan::Tally PortScan::tally(const Suspect& suspect, bool udp, Timestamp now,
                                Wanted wanted) const {
  Tally t;
  looked_at_ += suspect.probes.size();
  for (const Probe& p : suspect.probes) {
    if (is_udp(p.method) != udp || !wanted(p)) continue;
    const bool late = now.ns - p.ts.ns >= kScanGraceNs;
    if (p.state == State::kRefused) ++t.refused;
    if (p.state == State::kAborted) ++t.aborted;
    const bool silent = p.state == State::kOpen && (late || is_odd(p.method));
    if (silent) ++t.unanswered;
    // Opened and not used: counts, but no scan consists of that alone.
    const bool empty = late && (p.state == State::kAccepted || p.state == State::kEmpty);
    if (empty) ++t.empty;
    if (p.state != State::kRefused && p.state != State::kAborted && !silent && !empty) continue;
    ++t.methods[static_cast<size_t>(p.method)];
    t.probes.push_back(&p);
  }
  t.hard = t.refused + t.aborted + t.unanswered;
  t.failed = t.hard + t.empty;
  return t;
}

void PortScan::judge(const IpAddress& source, Suspect& suspect, const Door& latest, bool udp,
                     Timestamp now, AlertSink& out) {
  if (suspect.probes.size() < kScanPortsOdd) return;
  judge_ports(source, suspect, latest.address, udp, now, out);
  judge_hosts(source, suspect, latest.port, udp, now, out);
}

void PortScan::judge_ports(const IpAddress& source, Suspect& suspect, const IpAddress& target,
                           bool udp, Timestamp now, AlertSink& out) {
  const Door what{target, 0};
  if (silenced(suspect, what, udp, now)) return;
  const Tally t =
      tally(suspect, udp, now, [&](const Probe& p) { return p.door.address == target; });
  const uint32_t odd = t.failed - t.methods[static_cast<size_t>(ScanMethod::kSyn)] -
                       t.methods[static_cast<size_t>(ScanMethod::kUdp)];
  const uint32_t wanted = udp ? kScanPortsUdp : kScanPorts;
  const bool many = t.failed >= wanted && t.hard * 3 >= t.failed;
  if (!many && odd < kScanPortsOdd) return;
  if (tell(suspect, what, udp, now)) raise(catalog::kPortScan, source, what, udp, t, now, out);
}

void PortScan::judge_hosts(const IpAddress& source, Suspect& suspect, uint16_t port, bool udp,
                           Timestamp now, AlertSink& out) {
  const Door what{{}, port};
  if (silenced(suspect, what, udp, now)) return;
  const Tally t = tally(suspect, udp, now, [&](const Probe& p) { return p.door.port == port; });
  if (t.failed < (udp ? kScanHostsUdp : kScanHosts) || t.hard * 3 < t.failed) return;
  if (t.failed < kScanFailedShare * (t.failed + suspect.good)) return;
  if (tell(suspect, what, udp, now)) raise(catalog::kHostSweep, source, what, udp, t, now, out);
}

bool PortScan::silenced(Suspect& suspect, const Door& what, bool udp, Timestamp now) {
  for (Told& t : suspect.told) {
    if (!(t.door == what) || t.udp != udp) continue;
    if (now.ns - t.last_ts.ns > kScanQuietNs) return false;
    t.last_ts = now;
    return true;
  }
  return false;
}

bool PortScan::tell(Suspect& suspect, const Door& what, bool udp, Timestamp now) {
  std::erase_if(suspect.told, [&](const Told& t) {
    return now.ns - t.last_ts.ns > kScanQuietNs || (t.door == what && t.udp == udp);
  });
  if (suspect.told.size() >= kScanAlertsPerSource) return false;
  suspect.told.push_back({what, udp, now});
  return true;
}

void PortScan::raise(const AlertKind& kind, const IpAddress& source, const Door& what, bool udp,
                     const Tally& t, Timestamp now, AlertSink& out) {
  Alert a;
  a.kind = &kind;
  a.ts = now;
  a.basis = "failed tries";
  a.protocol = udp ? "udp" : "tcp";
  a.src = source;
  a.dst = what.address;
  a.severity = Severity::kMedium;
  const bool ports = what.address.any();
  const auto first = t.probes.front()->ts, last = t.probes.back()->ts;
  const size_t method = static_cast<size_t>(
      std::max_element(std::begin(t.methods), std::end(t.methods)) - std::begin(t.methods));
  const bool odd = is_odd(static_cast<ScanMethod>(method));
  a.confidence = odd ? 95 : t.refused + t.aborted >= t.failed / 2 ? 90 : 75;
  std::vector<uint64_t> frames;
  for (const Probe* p : t.probes) {
    frames.push_back(p->frame);
    if (p->answer_frame) frames.push_back(p->answer_frame);
    if (ports && a.ports.size() < limits::kAlertPortsMax) a.ports.push_back(p->door.port);
  }
  if (!ports) a.ports.push_back(what.port);
  std::sort(a.ports.begin(), a.ports.end());
  a.packets = evidence(std::move(frames));
  const std::string_view layer = udp ? "UDP" : "TCP";
  const double seconds = static_cast<double>(last.ns - first.ns) / 1e9;
  a.summary =
      ports ? fmt::format("{} tried {} {} ports of {} within {:.1f} s without getting anywhere.",
                          source.text(), t.failed, layer, what.address.text(), seconds)
            : fmt::format(
                  "{} tried {} port {} of {} machines within {:.1f} s without getting "
                  "anywhere.",
                  source.text(), layer, what.port, t.failed, seconds);
  a.saw.push_back(
      fmt::format("{} tries, as {}: {}", t.failed, kMethodWords[method], packet_words(a.packets)));
  a.saw.push_back(fmt::format("{} were refused, {} got no answer", t.refused, t.unanswered));
  if (t.aborted > 0)
    a.saw.push_back(
        fmt::format("{} were accepted, and the source broke off at once: it only "
                    "wanted to know",
                    t.aborted));
  if (t.empty > 0) a.saw.push_back(fmt::format("{} were opened and then not used", t.empty));
  out.raise(std::move(a));
}

void PortScan::judge_suspect(const IpAddress& source, Suspect& s, Timestamp now, AlertSink& out) {
  for (const bool udp : {false, true}) {
    std::vector<IpAddress> targets;
    std::vector<uint16_t> ports;
    looked_at_ += s.probes.size();
    for (const Probe& p : s.probes) {
      if (is_udp(p.method) != udp) continue;
      targets.push_back(p.door.address);
      ports.push_back(p.door.port);
    }
    // Only what was tried often enough is looked at in full; of the rest it is noted that it goes
    // on, if it was told before.
    for_each_run(targets, [&](const IpAddress& target, size_t tries) {
      if (tries >= kScanPortsOdd) return judge_ports(source, s, target, udp, now, out);
      (void)silenced(s, {target, 0}, udp, now);
    });
    for_each_run(ports, [&](uint16_t port, size_t tries) {
      if (tries >= kScanHosts) return judge_hosts(source, s, port, udp, now, out);
      (void)silenced(s, {{}, port}, udp, now);
    });
  }
}

void PortScan::judge_all(Timestamp now, AlertSink& out) {
  suspects_.for_each_while([&](const IpAddress& source, Suspect& s) {
    if (s.probes.size() < kScanPorts) return true;
    // Time may jump: what was due in between is judged as of then, once.
    const Timestamp due{s.probes.back().ts.ns + kScanGraceNs};
    if (s.judged_ts >= due) return true;
    const Timestamp at = std::min(now, due);
    s.judged_ts = at;
    forget_old(s, at);
    judge_suspect(source, s, at, out);
    return true;
  });
}

void PortScan::advance(Timestamp now, AlertSink& out) {
  if (now.ns - swept_ts_.ns < kSweepNs) return;
  swept_ts_ = now;
  judge_all(now, out);
}

void PortScan::finish(Timestamp now, AlertSink& out) { judge_all(now, out); }

void PortScan::count(std::vector<DetectorCounter>& out) const {
  out.push_back({"scan_sources_forgotten", newcomers_.forgotten() + suspects_.forgotten(),
                 "sources were forgotten because too many were active; a slow scan of theirs may "
                 "have been missed"});
  out.push_back({"scan_tries_forgotten", probes_forgotten_,
                 "tries were forgotten because their source made too many at once"});
}

}  // namespace sp3ctra
