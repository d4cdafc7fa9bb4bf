#include "api/interface_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/state_json.h"

namespace sp3ctra::api {

std::optional<NoInterface> no_interface(const std::vector<InterfaceRow>& rows) {
  if (rows.empty()) return NoInterface{"this machine has no network interface", {}};
  const InterfaceRow* nearest = nullptr;
  for (const InterfaceRow& row : rows) {
    if (row.capturable) return {};
    // One that a command makes usable, rather a real one than loopback.
    if (nearest == nullptr || std::pair(row.fix.empty(), row.loopback) <
                                  std::pair(nearest->fix.empty(), nearest->loopback))
      nearest = &row;
  }
  return NoInterface{
      fmt::format("there is no interface to capture on; {}: {}", nearest->name, nearest->why),
      nearest->fix};
}

InterfaceWatch::Seen InterfaceWatch::look(int64_t now_ns, std::string_view rights) {
  if (!list_) return {};
  const std::lock_guard lock(mutex_);
  if (seen_.looks > 0 && now_ns - seen_ns_ < kLookNs && rights_ == rights) return seen_;
  seen_ns_ = now_ns;
  rights_ = rights;
  std::vector<InterfaceRow> rows = list_();
  Json message = {{"op", "interfaces"}};
  message.update(interfaces_json(rows));
  seen_.message = std::make_shared<const std::string>(dump(message));
  seen_.none = no_interface(rows);
  for (InterfaceRow& row : rows) row.rx_bytes = row.tx_bytes = 0;
  std::string unchanging = dump(interfaces_json(rows));
  if (seen_.looks == 0 || unchanging != unchanging_) ++seen_.changes;
  unchanging_ = std::move(unchanging);
  ++seen_.looks;
  return seen_;
}

}  // namespace sp3ctra::api
