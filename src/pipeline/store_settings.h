#pragma once
// What the user chose for the store, kept in the data directory as store.json.
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/store_policy.h"

namespace sp3ctra {

/// What a capture that starts with the program is to capture.
struct LastCapture {
  std::vector<std::string> interfaces;
  std::string bpf;
  bool promiscuous = true;
  uint32_t snaplen = 0;     ///< 0 = whole packets
  uint32_t ring_bytes = 0;  ///< 0 = limits::kRingBytes
  bool operator==(const LastCapture&) const = default;
};

/// Any thread. A file that is missing or is not what this class writes gives the defaults; so does
/// each number that the page would refuse.
class StoreSettings {
 public:
  explicit StoreSettings(const std::string& data_directory);
  StorePolicy policy() const;
  LastCapture last() const;
  /// Both are written to the disk before they answer; unchanged ones are not.
  Status set_policy(const StorePolicy& policy);
  Status set_last(const LastCapture& last);

 private:
  Status write() const;

  const std::string path_;
  mutable std::mutex mutex_;
  StorePolicy policy_;
  LastCapture last_;
};

}  // namespace sp3ctra
