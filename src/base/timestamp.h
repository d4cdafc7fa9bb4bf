#pragma once
// Time of packets: nanoseconds since 1970-01-01 UTC. Comes from captures, never from a clock here.
#include <compare>
#include <cstdint>
#include <string>

namespace sp3ctra {

/// A point in time, nanoseconds since the Unix epoch, 1677 to 2262.
struct Timestamp {
  int64_t ns = 0;
  auto operator<=>(const Timestamp&) const = default;
  /// Whole seconds, rounded down (also before 1970), and the nanoseconds 0..999,999,999 above them.
  int64_t seconds() const { return ns / kSecond - (ns % kSecond < 0); }
  uint32_t nanos() const { return static_cast<uint32_t>(ns - seconds() * kSecond); }
  static constexpr int64_t kSecond = 1'000'000'000;
};

/// RFC 3339 in UTC with nine digits: 2026-11-22T06:45:11.000000000Z.
std::string rfc3339(Timestamp t);
/// Seconds with nine digits, as tshark prints frame.time_epoch: 1700000000.123456000.
std::string epoch_text(Timestamp t);

}  // namespace sp3ctra
