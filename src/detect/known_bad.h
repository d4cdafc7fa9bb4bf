#pragma once
// Contacts with listed addresses and uses of listed names.
#include <memory>

#include "base/recent_table.h"
#include "detect/detector.h"
#include "detect/intel.h"
#include "detect/thresholds.h"

namespace sp3ctra {

/// Looks up both ends of every flow as it begins, and every name in DNS, TLS and HTTP. One alert an
/// hour for a pair of machine and entry.
class KnownBad final : public Detector {
 public:
  explicit KnownBad(std::shared_ptr<const Intel> intel)
      : intel_(std::move(intel)), seen_(limits::kSightingsMax) {}
  void event(const Event& e, AlertSink& out) override;
  void count(std::vector<DetectorCounter>& out) const override;

 private:
  void address(const Event& e, AlertSink& out);
  void name(const Event& e, std::string_view used, std::string_view how, AlertSink& out);
  /// False when it was told within the hour.
  bool fresh(uint64_t pair, Timestamp now);

  std::shared_ptr<const Intel> intel_;
  RecentTable<uint64_t, Timestamp, PairHash> seen_;
};

}  // namespace sp3ctra
