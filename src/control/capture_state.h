#pragma once
// The four states of a live capture and what may follow what. Pure; one thread.
#include <cstdint>
#include <optional>
#include <string_view>

namespace sp3ctra {

/// Of a live capture (the state of an indexed one is query/capture_view.h).
enum class LiveState : uint8_t { kStopped, kStarting, kRunning, kStopping };

/// What happens to a capture: asked for from outside, or reported by the pipeline.
enum class LiveStep : uint8_t {
  kStartAsked,
  kStarted,  ///< socket bound, segment open
  kFailed,   ///< could not start, or broke off while running
  kStopAsked,
  kDrained,  ///< everything captured is written and indexed
};

/// STOPPED, STARTING, RUNNING or STOPPING, as the API spells them.
std::string_view state_text(LiveState state);

/// The state after `step`, or empty when the step does not fit the state: a second start, a stop
/// of nothing. kFailed while running leads over kStopping: what was captured is kept.
std::optional<LiveState> after_step(LiveState state, LiveStep step);

/// Why a step asked for from outside does not fit, in words for its user; empty when it fits.
std::string_view refusal_text(LiveState state, LiveStep step);

/// The state with its transitions enforced.
class LiveStateMachine {
 public:
  LiveState state() const { return state_; }
  /// False (and nothing changes) when the step does not fit.
  bool take(LiveStep step);

 private:
  LiveState state_ = LiveState::kStopped;
};

}  // namespace sp3ctra
