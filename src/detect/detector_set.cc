#include "detect/detector_set.h"

#include <algorithm>

#include "detect/cleartext_login.h"
#include "detect/known_bad.h"
#include "detect/port_scan.h"
#include "detect/syn_flood.h"

namespace sp3ctra {

DetectorSet::DetectorSet(DetectOptions options) : options_(std::move(options)) {
  auto flood = std::make_unique<SynFlood>();
  SynFlood* const floods = flood.get();
  detectors_.push_back(std::move(flood));
  detectors_.push_back(std::make_unique<PortScan>(floods));
  detectors_.push_back(std::make_unique<CleartextLogin>());
  if (options_.intel) detectors_.push_back(std::make_unique<KnownBad>(options_.intel));
}

DetectorSet::~DetectorSet() = default;

void DetectorSet::see(Timestamp ts) {
  const int64_t tick = ts.ns / thresholds::kFloodTickNs;
  if (began_ && (ts <= now_ || tick == now_.ns / thresholds::kFloodTickNs)) {
    now_ = std::max(now_, ts);
    return;
  }
  began_ = true;
  now_ = ts;
  for (const auto& d : detectors_) d->advance(now_, *this);
}

void DetectorSet::look_at_clock(const FlowSignal& s) {
  if (stands_ == 0 || s.ts != stands_at_) {
    jumped_ = stands_ == 0 || s.ts.ns - stands_at_.ns > thresholds::kClockJumpNs;
    stands_at_ = s.ts;
    stands_ = 1;
  } else if (s.frame != last_frame_ && stands_ < thresholds::kClockStandsSignals) {
    if (++stands_ == thresholds::kClockStandsSignals && jumped_) ++clock_jumps_;
  }
  last_frame_ = s.frame;
}

void DetectorSet::signal(const FlowSignal& s) {
  FlowSignal safe = s;
  safe.ts = safe_time(s.ts);
  safe.first_ts = safe_time(s.first_ts);
  look_at_clock(safe);
  see(safe.ts);
  for (const auto& d : detectors_) d->signal(safe, *this);
}

void DetectorSet::event(const Event& e) {
  see(safe_time(e.ts));
  for (const auto& d : detectors_) d->event(e, *this);
}

void DetectorSet::finish() {
  for (const auto& d : detectors_) d->finish(now_, *this);
}

void DetectorSet::raise(Alert alert) {
  alert.id = ++last_id_;
  if (options_.on_alert) options_.on_alert(alert);
}

std::vector<DetectorCounter> DetectorSet::counters() const {
  std::vector<DetectorCounter> out;
  for (const auto& d : detectors_) d->count(out);
  out.push_back(
      {"clock_jumps", clock_jumps_,
       "times the time of a packet lay far ahead and none behind it was later: floods and "
       "slow scans behind it may have been missed"});
  return out;
}

}  // namespace sp3ctra
