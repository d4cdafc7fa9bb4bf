#include "base/timestamp.h"

#include <fmt/format.h>

#include <ctime>

namespace sp3ctra {

std::string rfc3339(Timestamp t) {
  const std::time_t s = t.seconds();
  std::tm tm{};
  gmtime_r(&s, &tm);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", tm.tm_year + 1900, tm.tm_mon + 1,
                     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, t.nanos());
}

std::string epoch_text(Timestamp t) {
  if (t.ns < 0) {
    const uint64_t u = 0 - static_cast<uint64_t>(t.ns);
    return fmt::format("-{}.{:09}", u / 1'000'000'000, u % 1'000'000'000);
  }
  return fmt::format("{}.{:09}", t.ns / Timestamp::kSecond, t.ns % Timestamp::kSecond);
}

}  // namespace sp3ctra
