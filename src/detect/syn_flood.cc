#include "detect/syn_flood.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "detect/catalog.h"

namespace sp3ctra {
namespace {

using namespace thresholds;

constexpr uint8_t kTcpNumber = 6;
constexpr uint32_t kHotAttempts = kFloodAttempts / 2;

/// Rounded down, also before 1970.
int64_t tick_of(Timestamp t) { return t.ns / kFloodTickNs - (t.ns % kFloodTickNs < 0); }

/// The place of a tick in a ring of `size`.
size_t place_of(int64_t tick, int64_t size) {
  return static_cast<size_t>((tick % size + size) % size);
}

/// How many different hashes set these bits, by the share of bits still clear.
double different(std::span<const uint64_t> bits) {
  size_t set = 0;
  for (const uint64_t w : bits) set += static_cast<size_t>(std::popcount(w));
  const auto m = static_cast<double>(bits.size() * 64);
  const double clear = std::max(m - static_cast<double>(set), 1.0);
  return m * std::log(m / clear);
}

double percent(uint64_t part, uint64_t of) {
  return of == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(of);
}

}  // namespace

SynFlood::Tick* SynFlood::slot(Target& t, Timestamp at, Timestamp now) {
  const int64_t newest = tick_of(now), wanted = tick_of(at);
  const int64_t fresh = t.tick == INT64_MIN ? kTicks : std::min(newest - t.tick, kTicks);
  for (int64_t i = 0; i < fresh; ++i) t.ticks[place_of(newest - i, kTicks)] = {};
  t.tick = newest;
  if (wanted <= newest - kTicks || wanted > newest) return nullptr;
  return &t.ticks[place_of(wanted, kTicks)];
}

void SynFlood::signal(const FlowSignal& s, AlertSink& out) {
  if (s.ip_proto != kTcpNumber) return;
  const bool request =
      s.kind == SignalKind::kRepeated || (s.kind == SignalKind::kAttempt && (s.tcp_flags & 2) != 0);
  for (const uint16_t port : {s.resp_port, uint16_t{0}}) {
    const Door door{s.resp, port};
    if (request) {
      this->request(door, s, out);
      continue;
    }
    Target* t = targets_.find(door);
    if (!t) continue;
    Tick* const c = slot(*t, s.first_ts, s.ts);
    if (!c) continue;
    if (s.kind == SignalKind::kAccepted) ++c->accepted;
    if (s.kind == SignalKind::kRefused) ++c->refused;
    if (s.kind == SignalKind::kEstablished) ++c->established;
  }
}

void SynFlood::request(const Door& door, const FlowSignal& s, AlertSink& out) {
  Target& t = targets_.touch(door);
  if (t.fired && s.ts.ns - t.last_ts.ns > kFloodQuietNs) t.fired = false;
  const int64_t before = t.tick;
  Tick* const c = slot(t, s.ts, s.ts);
  t.last_ts = s.ts;
  if (c) {
    if (c->attempts < kTickFrames) c->first[c->attempts] = s.frame;
    c->last[c->attempts++ % kTickFrames] = s.frame;
  }
  if (before == INT64_MIN) t.sources_since = t.tick;
  if (t.tick - t.sources_since >= kTicks) {
    const bool silent = t.tick - t.sources_since >= 2 * kTicks;
    t.sources_before = silent ? Target::Sources{} : t.sources;
    t.sources_of_before = silent ? 0 : t.sources_of;
    t.sources = {};
    t.sources_of = 0;
    t.sources_since = t.tick;
  }
  const uint64_t bit = address_hash(s.orig) % (t.sources.size() * 64);
  t.sources[bit / 64] |= uint64_t{1} << bit % 64;
  ++t.sources_of;
  t.source = s.orig;
  if (t.sources_of >= kHotAttempts && !t.hot) {
    t.hot = true;
    hot_.push_back(door);
  }
  if (before != t.tick) judge(door, t, s.ts, kFloodGraceTicks, out);
}

template <class F>
void SynFlood::for_window(const Target& t, int64_t newest, int64_t grace, F f) {
  for (int64_t i = grace + kFloodWindowTicks - 1; i >= grace; --i) {
    const int64_t tick = newest - i;
    if (tick > t.tick || tick <= t.tick - kTicks) continue;
    f(t.ticks[place_of(tick, kTicks)]);
  }
}

SynFlood::Counts SynFlood::window(const Target& t, int64_t newest, int64_t grace) {
  Counts sum;
  for_window(t, newest, grace, [&](const Tick& c) {
    sum.attempts += c.attempts;
    sum.accepted += c.accepted;
    sum.refused += c.refused;
    sum.established += c.established;
  });
  return sum;
}

std::vector<uint64_t> SynFlood::frames(const Target& t, int64_t newest, int64_t grace) {
  std::vector<uint64_t> out;
  for_window(t, newest, grace, [&](const Tick& c) {
    const size_t n = std::min<size_t>(c.attempts, kTickFrames);
    out.insert(out.end(), c.first.begin(), c.first.begin() + n);
    out.insert(out.end(), c.last.begin(), c.last.begin() + n);
  });
  return out;
}

void SynFlood::judge(const Door& door, Target& t, Timestamp now, int64_t grace, AlertSink& out) {
  if (t.fired) return;
  const Counts c = window(t, tick_of(now), grace);
  if (c.attempts < (door.port ? kFloodAttempts : kFloodAttemptsAnyPort)) return;
  if (c.established > kFloodCompletedMax * c.attempts) return;
  if (door.port == 0) {
    // One source at many ports is a scan; and what one port explains was said of that port.
    const auto [sources, of] = sources_of(t);
    if (sources < kFloodSpoofedSources * std::min<uint32_t>(of, 4096)) return;
    bool explained = false;
    for (const Door& other : hot_) {
      const Target* o =
          other.port && other.address == door.address ? targets_.find(other) : nullptr;
      explained = explained || (o && (o->fired || o->sources_of * 2 > t.sources_of));
    }
    if (explained) return;
  }
  t.fired = true;
  raise(door, t, c, frames(t, tick_of(now), grace), now, out);
}

std::pair<double, uint32_t> SynFlood::sources_of(const Target& t) {
  Target::Sources both = t.sources;
  for (size_t i = 0; i < both.size(); ++i) both[i] |= t.sources_before[i];
  const uint32_t of = t.sources_of + t.sources_of_before;
  return {std::clamp<double>(std::round(different(both)), 1, std::max(of, 1u)), of};
}

void SynFlood::raise(const Door& door, const Target& t, const Counts& c,
                     std::vector<uint64_t> packets, Timestamp now, AlertSink& out) {
  Alert a;
  a.kind = &catalog::kSynFlood;
  a.ts = now;
  a.basis = "rate";
  a.protocol = "tcp";
  a.dst = door.address;
  if (door.port) a.ports.push_back(door.port);
  const auto [sources, of] = sources_of(t);
  const bool one = sources < 1.5;
  const bool spoofed =
      sources >= kHotAttempts && sources >= kFloodSpoofedSources * std::min<uint32_t>(of, 4096);
  if (one) a.src = t.source;
  const uint32_t answered = std::min(c.accepted + c.refused, c.attempts);
  const uint32_t half_open = c.accepted > c.established ? c.accepted - c.established : 0;
  a.severity = c.accepted > 0 || c.attempts >= 1000 ? Severity::kHigh : Severity::kMedium;
  a.confidence = spoofed ? 95 : c.attempts >= 10 * kFloodAttempts ? 90 : 75;
  const std::string where =
      door.port ? fmt::format("{} port {}", door.address.text(), door.port) : door.address.text();
  const std::string from =
      one ? fmt::format("from {}", t.source.text())
          : fmt::format("from about {:.0f} addresses{}", std::min<double>(sources, c.attempts),
                        spoofed ? ", which are probably invented" : "");
  a.summary = fmt::format(
      "{} got {} connection requests in one second {}; {:.0f} % of them became "
      "a connection.",
      where, c.attempts, from, percent(c.established, c.attempts));
  a.packets = evidence(std::move(packets));
  a.saw.push_back(fmt::format("{} requests (SYN) to {} within one second, among them {}",
                              c.attempts, where, packet_words(a.packets)));
  a.saw.push_back(fmt::format("the target answered {:.0f} % of them ({} accepted, {} refused)",
                              percent(answered, c.attempts), c.accepted, c.refused));
  a.saw.push_back(fmt::format("{} stayed half open, {} were completed", half_open, c.established));
  a.saw.push_back(fmt::format("they came {}", from));
  out.raise(std::move(a));
}

void SynFlood::advance(Timestamp now, AlertSink& out) {
  std::erase_if(hot_, [&](const Door& door) {
    Target* t = targets_.find(door);
    if (!t) return true;
    // Time may jump: what was due in between is judged as of then.
    const Timestamp due{t->last_ts.ns + kFloodGraceTicks * kFloodTickNs};
    if (now > due) judge(door, *t, due, kFloodGraceTicks, out);
    (void)slot(*t, now, now);
    judge(door, *t, now, kFloodGraceTicks, out);
    if (tick_of(now) - tick_of(t->last_ts) <= kTicks) return false;
    t->hot = false;
    return true;
  });
}

void SynFlood::finish(Timestamp now, AlertSink& out) {
  for (const Door& door : hot_)
    if (Target* t = targets_.find(door)) judge(door, *t, now, kFloodEndGraceTicks, out);
}

bool SynFlood::flooded(const IpAddress& target, uint16_t port, Timestamp now) {
  for (const uint16_t p : {port, uint16_t{0}}) {
    const Target* t = targets_.find({target, p});
    if (t && t->fired && now.ns - t->last_ts.ns <= kFloodQuietNs) return true;
  }
  return false;
}

void SynFlood::count(std::vector<DetectorCounter>& out) const {
  out.push_back({"flood_targets_forgotten", targets_.forgotten(),
                 "targets were forgotten because too many were asked at once; a flood of them may "
                 "have been missed"});
}

}  // namespace sp3ctra
