#pragma once
// A detector across flows: signals and events of a capture in, alerts out.
#include <string>
#include <vector>

#include "events/alert.h"
#include "events/event.h"
#include "events/flow_signal.h"

namespace sp3ctra {

class AlertSink {
 public:
  virtual ~AlertSink() = default;
  /// Takes a finding; `id` is given by the sink.
  virtual void raise(Alert alert) = 0;
};

/// Something a detector gave up, counted.
struct DetectorCounter {
  std::string_view name;  ///< "flood_targets_forgotten"
  uint64_t count = 0;
  std::string_view words;  ///< follows the count
};

/// One thread's (the store thread). Knows no clock but packet time, which never runs back; bounded
/// memory; the same input gives the same alerts.
class Detector {
 public:
  virtual ~Detector() = default;
  virtual void signal(const FlowSignal& /*signal*/, AlertSink& /*out*/) {}
  virtual void event(const Event& /*event*/, AlertSink& /*out*/) {}
  /// Time passed: called before the signal or event that shows it, at most every 100 ms.
  virtual void advance(Timestamp /*now*/, AlertSink& /*out*/) {}
  /// The capture ended.
  virtual void finish(Timestamp /*now*/, AlertSink& /*out*/) {}
  virtual void count(std::vector<DetectorCounter>& /*out*/) const {}
};

/// Within thresholds::kTimeMinNs … kTimeMaxNs: sums and differences of such times cannot overflow.
Timestamp safe_time(Timestamp t) noexcept;

/// Hash of an address with one more number: the same in every run, for what alerts depend on.
uint64_t address_hash(const IpAddress& address, uint64_t more = 0) noexcept;
/// Of this process, from chance: nobody can choose keys that fall into one place of a table.
uint64_t table_seed() noexcept;

/// An address with a port (or 0), as a key.
struct Door {
  IpAddress address;
  uint16_t port = 0;
  bool operator==(const Door&) const = default;
};
struct DoorHash {
  size_t operator()(const Door& d) const noexcept {
    return address_hash(d.address, table_seed() ^ d.port);
  }
};
struct AddressHash {
  size_t operator()(const IpAddress& a) const noexcept { return address_hash(a, table_seed()); }
};
struct PairHash {
  size_t operator()(uint64_t pair) const noexcept;
};

/// Packet numbers as evidence: ascending, without repetition, at most limits::kAlertPacketsMax (the
/// first and the last of them).
std::vector<uint64_t> evidence(std::vector<uint64_t> frames);
/// "#3, #4 … #9": at most `most` of the packets, in words.
std::string packet_words(const std::vector<uint64_t>& frames, size_t most = 4);

}  // namespace sp3ctra
