#pragma once
// The interfaces as all pages see them: looked at once a second however many pages ask, so that a
// change reaches each within two seconds and costs nothing when none is open.
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/interface_row.h"
#include "api/json.h"

namespace sp3ctra::api {

/// Rights are there, but nothing to use them on: why, and what changes it (may be empty).
struct NoInterface {
  std::string why, fix;
};
std::optional<NoInterface> no_interface(const std::vector<InterfaceRow>& rows);

/// Any thread; look() blocks for a reading of the list (about 1 ms) at most once a second.
class InterfaceWatch {
 public:
  static constexpr int64_t kLookNs = 900'000'000;

  explicit InterfaceWatch(std::function<std::vector<InterfaceRow>()> list)
      : list_(std::move(list)) {}

  struct Seen {
    uint64_t changes = 0;  ///< grows when anything but a counter has changed; 0 = no list
    uint64_t looks = 0;    ///< grows with every look: the counters may have moved
    std::shared_ptr<const std::string> message;  ///< `{"op":"interfaces",…}` as of this look
    std::optional<NoInterface> none;             ///< nothing can be captured on
  };
  /// `rights` as they are now, one word: another one than at the last look makes the list old.
  Seen look(int64_t now_ns, std::string_view rights = {});

 private:
  const std::function<std::vector<InterfaceRow>()> list_;
  std::mutex mutex_;  // guards everything below
  Seen seen_;
  int64_t seen_ns_ = 0;
  std::string rights_;
  std::string unchanging_;  // the list without its counters
};

}  // namespace sp3ctra::api
