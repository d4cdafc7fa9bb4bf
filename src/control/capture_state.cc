#include "control/capture_state.h"

namespace sp3ctra {

std::string_view state_text(LiveState state) {
  switch (state) {
    case LiveState::kStopped:
      return "STOPPED";
    case LiveState::kStarting:
      return "STARTING";
    case LiveState::kRunning:
      return "RUNNING";
    case LiveState::kStopping:
      return "STOPPING";
  }
  return "STOPPED";
}

std::optional<LiveState> after_step(LiveState state, LiveStep step) {
  using S = LiveState;
  switch (step) {
    case LiveStep::kStartAsked:
      if (state == S::kStopped) return S::kStarting;
      break;
    case LiveStep::kStarted:
      if (state == S::kStarting) return S::kRunning;
      // Stop was asked while the ring was being made: it is drained as if it had run.
      if (state == S::kStopping) return S::kStopping;
      break;
    case LiveStep::kFailed:
      if (state == S::kStarting) return S::kStopped;
      if (state == S::kRunning || state == S::kStopping) return S::kStopping;
      break;
    case LiveStep::kStopAsked:
      if (state == S::kStarting || state == S::kRunning) return S::kStopping;
      break;
    case LiveStep::kDrained:
      if (state == S::kStopping) return S::kStopped;
      break;
  }
  return std::nullopt;
}

std::string_view refusal_text(LiveState state, LiveStep step) {
  if (after_step(state, step)) return {};
  if (step == LiveStep::kStartAsked) {
    return state == LiveState::kStopping
               ? "the capture before is still being written; try again in a moment"
               : "a capture is already running; stop it first";
  }
  if (step == LiveStep::kStopAsked) {
    return state == LiveState::kStopping ? "the capture is already being stopped"
                                         : "no capture is running";
  }
  return "this does not fit the state of the capture";
}

bool LiveStateMachine::take(LiveStep step) {
  const auto next = after_step(state_, step);
  if (next) state_ = *next;
  return next.has_value();
}

}  // namespace sp3ctra
