#pragma once
// What the API asks of parts it may not name: interfaces and completion come in as callbacks.
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sp3ctra::api {

/// One network interface as the page lists it; counters since boot.
struct InterfaceRow {
  std::string name, friendly;
  std::vector<std::string> addresses;
  std::string mac;
  bool up = false, wireless = false, is_virtual = false, loopback = false;
  bool default_route = false, capturable = false;
  std::string why, fix;  ///< when it cannot be captured: words and the exact command
  uint64_t rx_bytes = 0, tx_bytes = 0, speed_mbps = 0, mtu = 0;
};

/// What could stand at the cursor of a filter's text: replaces bytes from … to.
struct CompletionRow {
  std::string text, words;
  uint64_t count = 0;  ///< how often seen in the capture
};
struct CompletionRows {
  size_t from = 0, to = 0;
  std::vector<CompletionRow> options;
};

/// Called from the API's threads, several at once; an empty function = not available.
struct Providers {
  std::function<std::vector<InterfaceRow>()> interfaces;
  /// Text, cursor (bytes), and how often each protocol was seen.
  std::function<CompletionRows(const std::string& text, size_t position,
                               const std::vector<std::pair<std::string, uint64_t>>& counts)>
      complete;
};

}  // namespace sp3ctra::api
