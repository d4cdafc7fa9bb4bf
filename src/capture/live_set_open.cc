// How a LiveSet begins: the interfaces it is told of, open or waited for.
#include <algorithm>

#include "capture/live_set.h"

namespace sp3ctra {

std::string cannot_words(const std::string& name, const std::string& error) {
  return fmt::format("{} cannot be captured: {}; it is tried again by itself", name, error);
}

tl::expected<std::unique_ptr<LiveSet>, BpfError> LiveSet::open(
    Capd& capd, const std::vector<std::string>& names, const Options& options) {
  if (names.empty()) return tl::unexpected(BpfError{"no interface was named"});
  if (names.size() > limits::kLiveInterfacesMax) {
    return tl::unexpected(BpfError{
        fmt::format("a capture has at most {} interfaces at once", limits::kLiveInterfacesMax)});
  }
  std::unique_ptr<LiveSet> set(new LiveSet(capd, options));
  if (!set->wake_.open() || !set->watch_wake_.open()) {
    return tl::unexpected(BpfError{fail_errno("cannot make an eventfd").value().message});
  }
  const Links before = set->read_links();
  const uint32_t all = options.may_grow ? options.ring_bytes / 4 * 3 : options.ring_bytes;
  const uint32_t each = all / static_cast<uint32_t>(names.size());
  for (const std::string& name : names) {
    if (set->find(name)) {
      return tl::unexpected(BpfError{name + " is named twice", 0, 0, name});
    }
    if (options.may_wait && before.answered && before.find(name) == nullptr) {
      set->make_waiting(name, each, "");
      continue;
    }
    auto source = set->open_source(name, each);
    if (!source) {
      const bool about_text = source.error().length > 0 || source.error().position > 0;
      if (!options.may_wait || about_text) return tl::unexpected(std::move(source.error()));
      set->make_waiting(name, each, source.error().message);
      continue;
    }
    Order order;
    order.interface = set->described(**source, name);
    {
      const std::lock_guard lock(set->mutex_);
      order.member = set->make_member(name, *source);
      order.member->card_drops = before.card_drops_of(name);
    }
    order.source = std::move(*source);
    set->attach(order);
  }
  set->look_at_links();
  set->watch_ = std::thread([s = set.get()] { s->watch(); });
  return set;
}

/// The one of this name that was removed, brought back, or a new one. mutex_ held.
LiveSet::MemberPtr LiveSet::make_member(const std::string& name,
                                        std::shared_ptr<LiveSource> source) {
  const auto old = std::find_if(members_.begin(), members_.end(), [&](const MemberPtr& m) {
    return m->name == name && m->state == LiveInterfaceState::kRemoved && !m->source;
  });
  const MemberPtr member = old != members_.end() ? *old : std::make_shared<Member>();
  if (old == members_.end()) members_.push_back(member);
  member->name = name;
  member->card_drops.reset();
  member->ring_bytes = source->ring_bytes();
  member->mtu = source->mtu();
  member->source = std::move(source);
  say(*member, LiveInterfaceState::kRunning, "", "");
  return member;
}

/// One that is not there when the capture begins, or cannot be opened: `error` then says why. The
/// watch opens it when that has changed.
void LiveSet::make_waiting(const std::string& name, uint32_t ring_bytes, const std::string& error) {
  const std::lock_guard lock(mutex_);
  const MemberPtr& member = members_.emplace_back(std::make_shared<Member>());
  member->name = name;
  member->ring_bytes = ring_bytes;
  if (error.empty())
    say(*member, LiveInterfaceState::kWaiting, "was missing",
        fmt::format("{} is not there; capture on it begins by itself when it appears", name));
  else
    say(*member, LiveInterfaceState::kFailed, "could not be captured", cannot_words(name, error));
}

}  // namespace sp3ctra
