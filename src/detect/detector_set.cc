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

void DetectorSet::signal(const FlowSignal& s) {
  see(s.ts);
  for (const auto& d : detectors_) d->signal(s, *this);
}

void DetectorSet::event(const Event& e) {
  see(e.ts);
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
  return out;
}

}  // namespace sp3ctra
