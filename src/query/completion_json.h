#pragma once
// Completion of a filter's text as the page reads it (docs/api.md, GET /complete).
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sp3ctra {

/// `{"from","to","options":[{"text","words","count"}]}` for the cursor at byte `position`; `counts`
/// = how often the capture has a name. Any thread.
std::string completion_json(std::string_view text, size_t position,
                            std::span<const std::pair<std::string, uint64_t>> counts);

}  // namespace sp3ctra
