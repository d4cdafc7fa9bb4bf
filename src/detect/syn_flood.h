#pragma once
// SYN flood: many connection requests to one target of which hardly any becomes a connection.
#include <array>

#include "base/recent_table.h"
#include "detect/detector.h"
#include "detect/thresholds.h"

namespace sp3ctra {

/// Counts requests, answers and completed handshakes per target port, and per target over all its
/// ports, in a sliding window of packet time (detect/thresholds.h). One alert per flood: a new one
/// only after a minute without.
class SynFlood final : public Detector {
 public:
  SynFlood() : targets_(limits::kFloodTargetsMax) {}
  void signal(const FlowSignal& s, AlertSink& out) override;
  void advance(Timestamp now, AlertSink& out) override;
  void finish(Timestamp now, AlertSink& out) override;
  void count(std::vector<DetectorCounter>& out) const override;

  /// True while `target` is flooded on `port`: what comes from invented sources there is no scan.
  bool flooded(const IpAddress& target, uint16_t port, Timestamp now);

 private:
  static constexpr int64_t kTicks = 20;     ///< window and grace fit
  static constexpr size_t kTickFrames = 8;  ///< kept as evidence: the first and the last as many
  struct Counts {
    uint32_t attempts = 0, accepted = 0, refused = 0, established = 0;
  };
  struct Tick : Counts {
    std::array<uint64_t, kTickFrames> first{}, last{};  ///< packet numbers of requests
  };
  struct Target {
    std::array<Tick, kTicks> ticks{};
    int64_t tick = INT64_MIN;  ///< the newest
    Timestamp last_ts;
    bool fired = false, hot = false;
    using Sources = std::array<uint64_t, 32>;  ///< one bit per hash: about how many addresses
    Sources sources{}, sources_before{};
    uint32_t sources_of = 0, sources_of_before = 0;  ///< requests they were counted over
    int64_t sources_since = 0;                       ///< tick
    IpAddress source;                                ///< the last
  };
  Tick* slot(Target& target, Timestamp at, Timestamp now);
  void request(const Door& door, const FlowSignal& s, AlertSink& out);
  /// f(tick) for each tick of the window that ends `grace` ticks before `newest`, by time.
  template <class F>
  static void for_window(const Target& target, int64_t newest, int64_t grace, F f);
  static Counts window(const Target& target, int64_t newest, int64_t grace);
  /// Packet numbers of requests in that window.
  static std::vector<uint64_t> frames(const Target& target, int64_t newest, int64_t grace);
  void judge(const Door& door, Target& target, Timestamp now, int64_t grace, AlertSink& out);
  /// About how many addresses asked lately, and how many requests that was counted over.
  static std::pair<double, uint32_t> sources_of(const Target& target);
  void raise(const Door& door, const Target& target, const Counts& c, std::vector<uint64_t> packets,
             Timestamp now, AlertSink& out);

  RecentTable<Door, Target, DoorHash> targets_;
  std::vector<Door> hot_;  ///< many requests lately: judged as time passes
};

}  // namespace sp3ctra
