#include "capture/time_scale.h"

namespace sp3ctra {
namespace {

using Wide = __int128;
constexpr uint64_t kLargest = std::numeric_limits<uint64_t>::max();

Wide power_of_ten(int n) {
  Wide value = 1;
  while (n-- > 0) value *= 10;
  return value;
}

}  // namespace

uint64_t TimeScale::units_per_second() const {
  const int exponent = resolution & 0x7f;
  if (resolution & 0x80) return exponent > 63 ? kLargest : uint64_t{1} << exponent;
  return exponent > 19 ? kLargest : static_cast<uint64_t>(power_of_ten(exponent));
}

Timestamp TimeScale::any_time(uint64_t units) const {
  const int exponent = resolution & 0x7f;
  Wide ns = 0;
  if (resolution & 0x80) {
    ns = exponent > 100 ? 0 : static_cast<Wide>(units) * 1'000'000'000 >> exponent;
  } else if (exponent <= 9) {
    ns = static_cast<Wide>(units) * power_of_ten(9 - exponent);
  } else {
    // 64 bits of units hold fewer than 20 digits: anything finer is below a nanosecond.
    ns = exponent - 9 > 19 ? 0 : static_cast<Wide>(units) / power_of_ten(exponent - 9);
  }
  ns += static_cast<Wide>(offset_s) * 1'000'000'000;
  const Wide last = std::numeric_limits<int64_t>::max();
  const Wide first = std::numeric_limits<int64_t>::min();
  if (ns > last) ns = last;
  if (ns < first) ns = first;
  return {static_cast<int64_t>(ns)};
}

}  // namespace sp3ctra
