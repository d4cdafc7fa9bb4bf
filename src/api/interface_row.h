#pragma once
// What the API asks of parts it may not name: the interfaces come in as a callback.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sp3ctra::api {

/// One network interface as the page lists it; counters since boot.
struct InterfaceRow {
  std::string name, friendly, kind;
  uint32_t index = 0;
  std::vector<std::string> addresses;
  std::string mac;
  bool up = false, carrier = false, wireless = false, is_virtual = false, usb = false;
  bool loopback = false;
  bool default_route = false, capturable = false;
  bool preferred = false;  ///< the one to capture on when nobody chose: at most one of a list
  std::string why, fix;    ///< when it cannot be captured: words and the exact command
  uint64_t rx_bytes = 0, tx_bytes = 0, speed_mbps = 0, mtu = 0;
};

/// One capture filter that the page offers by its name.
struct PresetRow {
  std::string key, name, bpf, words;
};

/// Called from the API's threads, several at once; an empty function = not available.
struct Providers {
  std::function<std::vector<InterfaceRow>()> interfaces;
  std::vector<PresetRow> presets;
};

}  // namespace sp3ctra::api
