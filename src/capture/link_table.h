#pragma once
// The kernel's table of network links, and a wake-up when it changes. Needs no right. One thread.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/capd_descriptor.h"

namespace sp3ctra {

/// One link of this network namespace, at one moment.
struct LinkInfo {
  uint32_t index = 0;
  std::string name;
  bool up = false;       ///< switched on
  bool carrier = false;  ///< something is at the other end
  uint32_t mtu = 0;
  uint64_t card_drops = 0;  ///< packets lost before anybody could see them, since the link was made
};

/// Asks over netlink. Belongs to the namespace of the thread that makes it.
class LinkTable {
 public:
  LinkTable();
  /// The links there are; empty when the kernel does not answer.
  std::optional<std::vector<LinkInfo>> read();
  /// Readable when a link came, went or changed; -1 when the kernel does not tell.
  int events() const { return events_.get(); }
  /// Takes what events() had to say.
  void hear() const;

 private:
  Descriptor events_, asking_;
  uint32_t sequence_ = 0;
};

}  // namespace sp3ctra
