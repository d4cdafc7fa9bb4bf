#pragma once
// The shapes of docs/api.md that describe the program: State, captures, interfaces, jobs, series.
#include <string_view>
#include <vector>

#include "api/interface_row.h"
#include "api/interface_watch.h"
#include "api/json.h"
#include "control/engine.h"
#include "query/capture_view.h"

namespace sp3ctra::api {

/// The program's version, as `GET /state` tells it.
inline constexpr std::string_view kVersion = "0.1.0";

/// `none`: rights that nothing can be done with are told as a state of their own.
Json state_json(const EngineState& state, const std::optional<NoInterface>& none);
/// `[…]`: what is open.
Json captures_json(const CaptureLibrary& library);
/// `[…]`: what lies in the data directory besides.
Json stored_json(const std::vector<StoredCapture>& stored);
/// `{"interfaces":[…]}`.
Json interfaces_json(const std::vector<InterfaceRow>& rows);
/// `{"presets":[…]}`.
Json presets_json(const std::vector<PresetRow>& rows);
Json series_json(const SeriesBins& series);

}  // namespace sp3ctra::api
