#pragma once
// Port scans: one source that tries many doors without success, of one machine or of many.
#include <deque>

#include "base/recent_table.h"
#include "detect/detector.h"
#include "detect/syn_flood.h"

namespace sp3ctra {

/// A door tried without (or before) success.
enum class ScanMethod : uint8_t { kSyn, kFin, kNull, kXmas, kOddFlags, kUdp };

/// Remembers per source which doors (host, port) it tried in the last five minutes and what came of
/// it. What exchanged data is no failed try; answers to others (backscatter) are no tries at all.
/// Sources seen at one door only are kept apart, so that a flood from invented ones pushes nobody
/// out. Thresholds: detect/thresholds.h.
class PortScan final : public Detector {
 public:
  /// Tries at targets that `flood` (may be null) holds for flooded do not make a new source known.
  explicit PortScan(SynFlood* flood)
      : flood_(flood), newcomers_(limits::kScanNewcomersMax), suspects_(limits::kScanSuspectsMax) {}
  void signal(const FlowSignal& s, AlertSink& out) override;
  void advance(Timestamp now, AlertSink& out) override;
  void finish(Timestamp now, AlertSink& out) override;
  void count(std::vector<DetectorCounter>& out) const override;
  /// Tries looked at while judging, each as often as it was: the work done.
  uint64_t looked_at() const { return looked_at_; }

 private:
  enum class State : uint8_t { kOpen, kAccepted, kEmpty, kAborted, kRefused, kGone };
  struct Probe {
    Door door;
    ScanMethod method = ScanMethod::kSyn;
    State state = State::kOpen;
    Timestamp ts;
    uint64_t frame = 0, answer_frame = 0;
  };
  struct Told {
    Door door;  ///< address and 0: ports of it; none and port: hosts with it
    bool udp = false;
    Timestamp last_ts;
  };
  struct Suspect {
    std::deque<Probe> probes;  ///< by time
    uint32_t good = 0;         ///< doors that exchanged data, halved with each window
    Timestamp good_since, judged_ts{thresholds::kTimeMinNs};
    std::vector<Told> told;
  };
  /// What the failed tries at one host, or of one port, come to.
  struct Tally {
    uint32_t failed = 0, hard = 0, refused = 0, unanswered = 0, empty = 0, aborted = 0;
    uint32_t methods[6] = {};
    std::vector<const Probe*> probes;
  };

  void attempt(const FlowSignal& s, ScanMethod method, AlertSink& out);
  void outcome(const FlowSignal& s, AlertSink& out);
  Probe* find(Suspect& suspect, const Door& door, bool udp);
  void forget_old(Suspect& suspect, Timestamp now);
  void judge(const IpAddress& source, Suspect& suspect, const Door& latest, bool udp, Timestamp now,
             AlertSink& out);
  void judge_ports(const IpAddress& source, Suspect& suspect, const IpAddress& target, bool udp,
                   Timestamp now, AlertSink& out);
  void judge_hosts(const IpAddress& source, Suspect& suspect, uint16_t port, bool udp,
                   Timestamp now, AlertSink& out);
  void judge_all(Timestamp now, AlertSink& out);
  void judge_suspect(const IpAddress& source, Suspect& suspect, Timestamp now, AlertSink& out);
  template <class Wanted>
  Tally tally(const Suspect& suspect, bool udp, Timestamp now, Wanted wanted) const;
  bool tell(Suspect& suspect, const Door& what, bool udp, Timestamp now);
  static bool silenced(Suspect& suspect, const Door& what, bool udp, Timestamp now);
  void raise(const AlertKind& kind, const IpAddress& source, const Door& what, bool udp,
             const Tally& tally, Timestamp now, AlertSink& out);

  SynFlood* flood_;
  RecentTable<IpAddress, Probe, AddressHash> newcomers_;
  RecentTable<IpAddress, Suspect, AddressHash> suspects_;
  uint64_t probes_forgotten_ = 0;
  mutable uint64_t looked_at_ = 0;
  Timestamp swept_ts_{thresholds::kTimeMinNs};
};

}  // namespace sp3ctra
