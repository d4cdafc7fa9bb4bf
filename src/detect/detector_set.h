#pragma once
// All detectors of one capture: what the store thread hears goes in, numbered alerts come out.
#include <functional>
#include <memory>

#include "detect/detector.h"
#include "detect/intel.h"

namespace sp3ctra {

struct DetectOptions {
  std::shared_ptr<const Intel> intel;  ///< null: no lists
  /// Called for each alert, in order, on the thread that calls the set.
  std::function<void(const Alert&)> on_alert;
};

/// Single thread. Give it everything of a capture in order (AnalysisOptions::on_signal, on_event),
/// then call finish() once.
class DetectorSet final : private AlertSink {
 public:
  explicit DetectorSet(DetectOptions options);
  ~DetectorSet() override;
  void signal(const FlowSignal& s);
  void event(const Event& e);
  void finish();
  uint64_t alerts() const { return last_id_; }
  /// What had to be given up, zeros among it.
  std::vector<DetectorCounter> counters() const;

 private:
  void raise(Alert alert) override;
  void see(Timestamp ts);
  void look_at_clock(const FlowSignal& s);

  DetectOptions options_;
  std::vector<std::unique_ptr<Detector>> detectors_;
  Timestamp now_;
  bool began_ = false;
  Timestamp stands_at_;  ///< the time of the last signal
  uint64_t last_frame_ = 0;
  uint32_t stands_ = 0;  ///< packets that told something at that time
  bool jumped_ = false;  ///< that time was a jump
  uint64_t clock_jumps_ = 0;
  uint64_t last_id_ = 0;
};

}  // namespace sp3ctra
