#include "control/capture_state.h"

namespace sp3ctra {

std::string_view state_text(CaptureState state) {
  switch (state) {
    case CaptureState::kStopped:
      return "STOPPED";
    case CaptureState::kStarting:
      return "STARTING";
    case CaptureState::kRunning:
      return "RUNNING";
    case CaptureState::kStopping:
      return "STOPPING";
  }
  return "STOPPED";
}

std::optional<CaptureState> after_step(CaptureState state, CaptureStep step) {
  using S = CaptureState;
  switch (step) {
    case CaptureStep::kStartAsked:
      if (state == S::kStopped) return S::kStarting;
      break;
    case CaptureStep::kStarted:
      if (state == S::kStarting) return S::kRunning;
      // Stop was asked while the ring was being made: it is drained as if it had run.
      if (state == S::kStopping) return S::kStopping;
      break;
    case CaptureStep::kFailed:
      if (state == S::kStarting) return S::kStopped;
      if (state == S::kRunning || state == S::kStopping) return S::kStopping;
      break;
    case CaptureStep::kStopAsked:
      if (state == S::kStarting || state == S::kRunning) return S::kStopping;
      break;
    case CaptureStep::kDrained:
      if (state == S::kStopping) return S::kStopped;
      break;
  }
  return std::nullopt;
}

std::string_view refusal_text(CaptureState state, CaptureStep step) {
  if (after_step(state, step)) return {};
  if (step == CaptureStep::kStartAsked) {
    return state == CaptureState::kStopping
               ? "the capture before is still being written; try again in a moment"
               : "a capture is already running; stop it first";
  }
  if (step == CaptureStep::kStopAsked) {
    return state == CaptureState::kStopping ? "the capture is already being stopped"
                                            : "no capture is running";
  }
  return "this does not fit the state of the capture";
}

bool CaptureStateMachine::take(CaptureStep step) {
  const auto next = after_step(state_, step);
  if (next) state_ = *next;
  return next.has_value();
}

}  // namespace sp3ctra
