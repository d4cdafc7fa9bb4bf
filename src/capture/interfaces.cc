// The parts of the interface list that are only text: the kernel's tables, and the choice.
#include "capture/interfaces.h"

#include <algorithm>
#include <charconv>

namespace sp3ctra {
namespace {

/// Cuts the next line off `text`.
std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::vector<std::string_view> columns(std::string_view line) {
  std::vector<std::string_view> out;
  for (size_t i = 0; i < line.size();) {
    const size_t start = line.find_first_not_of(" \t", i);
    if (start == std::string_view::npos) break;
    const size_t end = std::min(line.find_first_of(" \t", start), line.size());
    out.push_back(line.substr(start, end - start));
    i = end;
  }
  return out;
}

uint64_t number(std::string_view text, int base) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

void add_once(std::vector<std::string>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

constexpr uint64_t kRouteUp = 1;
constexpr uint64_t kRouteReject = 0x200;

}  // namespace

std::vector<std::string> default_route_names(std::string_view route, std::string_view ipv6_route) {
  std::vector<std::string> names;
  while (!route.empty()) {
    const auto c = columns(take_line(route));
    // Iface Destination Gateway Flags RefCnt Use Metric Mask …, hexadecimal
    if (c.size() < 8 || c[1] != "00000000" || c[7] != "00000000") continue;
    const uint64_t flags = number(c[3], 16);
    if ((flags & kRouteUp) && !(flags & kRouteReject)) add_once(names, c[0]);
  }
  while (!ipv6_route.empty()) {
    const auto c = columns(take_line(ipv6_route));
    // destination, its prefix, source, its prefix, next hop, metric, refs, use, flags, name
    if (c.size() < 10 || c[1] != "00" || c[0].find_first_not_of('0') != std::string_view::npos) {
      continue;
    }
    const uint64_t flags = number(c[8], 16);
    // The kernel's own "unreachable" default sits on lo.
    if ((flags & kRouteUp) && !(flags & kRouteReject) && c[9] != "lo") add_once(names, c[9]);
  }
  return names;
}

std::string_view rights_word(Rights::State state) {
  switch (state) {
    case Rights::State::kReady:
      return "ready";
    case Rights::State::kNoCapd:
      return "no_capd";
    case Rights::State::kNoCapability:
      return "no_right";
    case Rights::State::kOtherVersion:
      return "other_version";
    case Rights::State::kUserNotListed:
      return "other_user";
    case Rights::State::kBroken:
      break;
  }
  return "broken_capd";
}

const InterfaceInfo* preferred_interface(const std::vector<InterfaceInfo>& interfaces) {
  const InterfaceInfo* best = nullptr;
  int best_rank = 0;
  for (const InterfaceInfo& i : interfaces) {
    if (!i.capturable) continue;
    const int rank = i.default_route ? 4 : i.loopback ? 1 : i.is_virtual ? 2 : 3;
    if (rank > best_rank) {
      best = &i;
      best_rank = rank;
    }
  }
  return best;
}

}  // namespace sp3ctra
