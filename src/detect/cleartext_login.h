#pragma once
// Passwords that were sent readable.
#include "base/recent_table.h"
#include "detect/detector.h"
#include "detect/thresholds.h"

namespace sp3ctra {

/// Hears the logins that protocols report (event field "login.user"; the secret itself never
/// leaves the dissector). One alert an hour for a client, server and user.
class CleartextLogin final : public Detector {
 public:
  CleartextLogin() : seen_(limits::kSightingsMax) {}
  void event(const Event& e, AlertSink& out) override;
  void count(std::vector<DetectorCounter>& out) const override;

 private:
  RecentTable<uint64_t, Timestamp, PairHash> seen_;
};

}  // namespace sp3ctra
