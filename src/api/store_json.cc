#include "api/store_json.h"

#include <fmt/format.h>

namespace sp3ctra::api {
namespace {

constexpr uint64_t kBytesMin = 16u << 20;  // fewer hold no segment worth the name
constexpr uint64_t kHoursMax = 24 * 366, kFilesMin = 2, kFilesMax = StorePolicy::kFilesMax;

/// True when the member is not there, or a number from `least` to `most`, or 0.
bool take(const JsonIn& body, const char* name, uint64_t least, uint64_t most, uint64_t& into,
          std::string& why) {
  if (!body.contains(name)) return true;
  const auto number = number_member(body, name);
  if (!number || (*number != 0 && (*number < least || *number > most))) {
    why = fmt::format("\"{}\" is a number from {} to {}, or 0 for no limit.", name, least, most);
    return false;
  }
  into = *number;
  return true;
}

bool take(const JsonIn& body, const char* name, bool& into, std::string& why) {
  if (!body.contains(name)) return true;
  const auto value = bool_member(body, name);
  if (!value) why = fmt::format("\"{}\" is true or false.", name);
  if (value) into = *value;
  return value.has_value();
}

}  // namespace

Json store_policy_json(const StorePolicy& p) {
  const bool pause = p.when_full == StorePolicy::WhenFull::kPause;
  return {{"asked", p.asked},
          {"bytes", p.bytes},
          {"hours", p.hours},
          {"files", p.files},
          {"min_free_bytes", p.min_free_bytes},
          {"when_full", pause ? "pause" : "overwrite"},
          {"always_on", p.always_on}};
}

std::optional<StorePolicy> store_policy_of(const JsonIn& body, StorePolicy p, std::string& why) {
  p.asked = true;
  constexpr uint64_t kAny = uint64_t{1} << 60;
  if (!take(body, "bytes", kBytesMin, kAny, p.bytes, why) ||
      !take(body, "hours", 1, kHoursMax, p.hours, why) ||
      !take(body, "files", kFilesMin, kFilesMax, p.files, why) ||
      !take(body, "min_free_bytes", 1, kAny, p.min_free_bytes, why) ||
      !take(body, "asked", p.asked, why) || !take(body, "always_on", p.always_on, why))
    return {};
  if (!body.contains("when_full")) return p;
  const auto when = text_member(body, "when_full");
  if (!when || (*when != "overwrite" && *when != "pause")) {
    why = "\"when_full\" is \"overwrite\" or \"pause\".";
    return {};
  }
  p.when_full =
      *when == "pause" ? StorePolicy::WhenFull::kPause : StorePolicy::WhenFull::kOverwrite;
  return p;
}

Json store_state_json(const StoreState& s) {
  return {{"segments", s.segments},
          {"bytes", s.bytes},
          {"oldest_ns", std::to_string(s.oldest_ns)},
          {"expired_packets", s.expired_packets},
          {"expired_segments", s.expired_segments},
          {"paused", s.paused},
          {"words", s.words}};
}

}  // namespace sp3ctra::api
