#pragma once
// IPv4 and IPv6 addresses as one small value.
#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sp3ctra {

/// An IP address, network byte order; IPv4 uses the first four bytes, the rest are zero.
struct IpAddress {
  std::array<uint8_t, 16> octets{};
  uint8_t version = 0;  ///< 4, 6, or 0 for none

  auto operator<=>(const IpAddress&) const = default;
  bool any() const { return version != 0; }
  size_t size() const { return version == 6 ? 16 : version == 4 ? 4 : 0; }
  Bytes bytes() const { return {reinterpret_cast<const std::byte*>(octets.data()), size()}; }
  static IpAddress v4(Bytes four);     ///< needs at least 4 bytes
  static IpAddress v6(Bytes sixteen);  ///< needs at least 16 bytes
  static IpAddress v4(uint32_t host_order);
  uint32_t v4_host_order() const;
  /// Dotted quad, or RFC 5952 text.
  std::string text() const;
  /// Parses either form; empty when it is neither.
  static std::optional<IpAddress> parse(std::string_view text);
};

/// aa:bb:cc:dd:ee:ff from the low 48 bits.
std::string mac_text(uint64_t mac);

}  // namespace sp3ctra
