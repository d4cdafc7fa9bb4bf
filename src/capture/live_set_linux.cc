// The capture thread's half of LiveSet: rings merged by time.
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "capture/live_set.h"

namespace sp3ctra {
namespace {

int64_t clock_ns(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return int64_t{t.tv_sec} * Timestamp::kSecond + t.tv_nsec;
}

constexpr int64_t kMillisecond = 1'000'000;
constexpr int kSealedWaitMs = 2;

}  // namespace

void LiveSet::take_orders() {
  std::vector<Order> orders;
  {
    const std::lock_guard lock(orders_mutex_);
    orders.swap(orders_);
    has_orders_.store(false, std::memory_order_relaxed);
  }
  for (Order& order : orders) {
    switch (order.kind) {
      case Order::kAttach:
        attach(order);
        break;
      case Order::kDetach:
        order.source->stop();
        break;
      case Order::kRename:
        rename(order);
        break;
      case Order::kFilter:
        for (Lane& lane : lanes_) {
          const bool raw = lane.source->link_type() == LinkType::kRaw;
          lane.source->set_filter(raw ? order.raw : order.ethernet);
        }
        break;
    }
  }
  {
    const std::lock_guard lock(orders_mutex_);
    for (const Order& order : orders) orders_taken_ = std::max(orders_taken_, order.number);
  }
  orders_done_.notify_all();
}

/// One that `member` had under the same name and link type, else a new one. mutex_ held.
uint16_t LiveSet::number_for(Member& member, const CaptureInterface& interface) {
  const auto same = [&](uint16_t id) {
    return account_of_[id]->name == interface.name &&
           account_of_[id]->link_type == interface.link_type;
  };
  auto had = std::find_if(member.ids.begin(), member.ids.end(), same);
  // A file holds no more; whoever renames an interface so often sees the last name.
  if (had == member.ids.end() && interfaces_.size() >= limits::kInterfacesPerFileMax) {
    had = member.ids.begin();
  }
  uint16_t id = 0;
  if (had != member.ids.end()) {
    id = *had;
    member.ids.erase(had);
  } else {
    id = static_cast<uint16_t>(interfaces_.size());
    interfaces_.push_back(interface);
    Account& account = accounts_.emplace_back();
    account.name = interface.name;
    account.link_type = interface.link_type;
    account_of_.push_back(&account);
  }
  member.ids.push_back(id);
  return id;
}

void LiveSet::attach(const Order& order) {
  Lane& lane = lanes_.emplace_back();
  lane.member = order.member;
  lane.source = order.source;
  {
    const std::lock_guard lock(mutex_);
    lane.id = number_for(*order.member, order.interface);
  }
  if (interfaces_.size() > 1 && !duplicates_) duplicates_ = std::make_unique<DuplicateFinder>();
  if (sealed_) lane.source->stop();
}

void LiveSet::rename(const Order& order) {
  for (Lane& lane : lanes_) {
    if (lane.source != order.source) continue;
    // Whoever reads the kernel's counters takes them: one at a time.
    const std::lock_guard lock(mutex_);
    const LiveStats now = lane.source->stats();
    // What the ring still holds comes under the new name, so only what was given out is the old
    // one's.
    LiveStats& past = account_of_[lane.id]->past;
    LiveStats& counted = lane.member->counted;
    const uint64_t received =
        std::max(counted.received, std::min(lane.given + now.kernel_drops, now.received));
    past.received += received - counted.received;
    past.kernel_drops += now.kernel_drops - counted.kernel_drops;
    counted.received = received;
    counted.kernel_drops = now.kernel_drops;
    lane.id = number_for(*lane.member, order.interface);
  }
  if (interfaces_.size() > 1 && !duplicates_) duplicates_ = std::make_unique<DuplicateFinder>();
}

void LiveSet::end_lane(Lane& lane) {
  const std::lock_guard lock(mutex_);
  Member& member = *lane.member;
  LiveStats last = lane.source->stats();
  if (lane.source->refused_seal()) {
    last.received = std::min(last.received, lane.given + last.kernel_drops);
    notice_ = fmt::format(
        "the kernel did not close the ring of {}: what came after the stop was left out by its "
        "time",
        member.name);
  }
  last.received = std::max(last.received, member.counted.received);
  LiveStats& past = account_of_[lane.id]->past;
  past.received += last.received - member.counted.received;
  past.kernel_drops += last.kernel_drops - member.counted.kernel_drops;
  member.counted = {};
  // Closing it takes the kernel 30 ms: not this thread's.
  to_close_.push_back(std::move(member.source));
  member.source.reset();
  member.closing = false;
  just_ended_.push_back(lane.id);
}

void LiveSet::look(Lane& lane) {
  lane.fresh = false;
  for (int64_t now = -1;; now = clock_ns(CLOCK_REALTIME)) {
    switch (lane.source->next(lane.head)) {
      case Next::kPacket:
        lane.has_head = true;
        return;
      case Next::kEnd:
        lane.ended = some_ended_ = true;
        lane.quiet_until_ns = INT64_MAX;
        return;
      case Next::kIdle:
        break;
    }
    if (now >= 0) {
      // Empty after `now`: what came two block periods before was handed over, so it was given.
      lane.quiet_until_ns = now - 2 * int64_t{options_.retire_ms} * kMillisecond;
      return;
    }
  }
}

LiveSet::Lane* LiveSet::earliest() {
  Lane* best = nullptr;
  const auto compare = [&best](Lane& lane) {
    if (lane.has_head && (best == nullptr || lane.head.ts < best->head.ts)) best = &lane;
  };
  for (Lane& lane : lanes_) {
    if (lane.fresh) look(lane);
    compare(lane);
  }
  if (best != nullptr) return best;
  for (Lane& lane : lanes_) {
    if (!lane.ended) look(lane);
    compare(lane);
  }
  return best;
}

/// Whether no ring can still give an earlier packet.
LiveSet::Turn LiveSet::turn_of(const Lane& best) {
  bool wait = false;
  for (Lane& lane : lanes_) {
    if (lane.has_head || lane.quiet_until_ns >= best.head.ts.ns) continue;
    look(lane);
    if (lane.has_head || lane.ended) return Turn::kAgain;
    wait |= lane.quiet_until_ns < best.head.ts.ns;
  }
  if (!wait) return Turn::kGo;
  const int64_t now = clock_ns(CLOCK_MONOTONIC);
  if (blocked_since_ns_ < 0) blocked_since_ns_ = now;
  blocked_ts_ns_ = best.head.ts.ns;
  // The clock may have been set back: nobody waits longer for that.
  const bool long_enough =
      now - blocked_since_ns_ >= 2 * int64_t{options_.retire_ms} * kMillisecond;
  return long_enough ? Turn::kGo : Turn::kWait;
}

void LiveSet::give(Lane& lane, Packet& out) {
  blocked_since_ns_ = -1;
  given_ = &lane;
  ++lane.given;
  out = lane.head;
  out.interface_id = lane.id;
  Account& account = *account_of_[lane.id];
  account.packets.fetch_add(1, std::memory_order_relaxed);
  account.bytes.fetch_add(out.len, std::memory_order_relaxed);
  if (!duplicates_ || !duplicates_->seen_before(out)) return;
  out.flags |= kPacketDuplicate;
  account.duplicates.fetch_add(1, std::memory_order_relaxed);
  account.duplicate_bytes.fetch_add(out.len, std::memory_order_relaxed);
}

void LiveSet::seal_all() {
  sealed_ = true;
  for (Lane& lane : lanes_) lane.source->stop();
}

/// Also while the others never rest: whoever comes back is captured only when its ring is gone.
void LiveSet::let_go_of_ended() {
  some_ended_ = false;
  for (auto lane = lanes_.begin(); lane != lanes_.end();) {
    if (!lane->ended) {
      ++lane;
      continue;
    }
    end_lane(*lane);
    lane = lanes_.erase(lane);
  }
  // One that was removed from the system may be back already.
  ::eventfd_write(watch_wake_.get(), 1);
}

PacketSource::Next LiveSet::next(Packet& out) {
  if (given_ != nullptr) {
    given_->fresh = true;
    given_->has_head = false;
    given_ = nullptr;
  }
  if (some_ended_) let_go_of_ended();
  // Asked first: what was ordered before the stop is taken before all are sealed.
  const bool stopping = stopping_.load(std::memory_order_acquire);
  if (has_orders_.load(std::memory_order_acquire)) take_orders();
  if (!sealed_ && stopping) seal_all();
  while (Lane* best = earliest()) {
    const Turn turn = lanes_.size() == 1 ? Turn::kGo : turn_of(*best);
    if (turn == Turn::kAgain) continue;
    if (turn == Turn::kWait) return Next::kIdle;
    give(*best, out);
    return Next::kPacket;
  }
  if (some_ended_) let_go_of_ended();
  return sealed_ && lanes_.empty() ? Next::kEnd : Next::kIdle;
}

void LiveSet::wait(int timeout_ms) {
  polled_.clear();
  polled_.push_back({wake_.get(), POLLIN, 0});
  std::vector<Lane*> asked;
  for (Lane& lane : lanes_) {
    if (lane.has_head || lane.ended) continue;
    asked.push_back(&lane);
    polled_.push_back({lane.source->socket(), POLLIN | POLLERR, 0});
    // Also one that leaves alone ends by the clock.
    if (lane.source->sealed()) timeout_ms = std::min(timeout_ms, kSealedWaitMs);
  }
  if (blocked_since_ns_ >= 0) {
    const int64_t hold = 2 * int64_t{options_.retire_ms} * kMillisecond;
    const int64_t by_time = blocked_ts_ns_ + hold - clock_ns(CLOCK_REALTIME);
    const int64_t by_patience = blocked_since_ns_ + hold - clock_ns(CLOCK_MONOTONIC);
    const int64_t left_ns = std::clamp<int64_t>(std::min(by_time, by_patience), 0, hold);
    timeout_ms = std::min(timeout_ms, static_cast<int>(left_ns / kMillisecond) + 1);
  }
  if (::poll(polled_.data(), polled_.size(), timeout_ms) <= 0) return;
  eventfd_t ignored = 0;
  if (polled_[0].revents != 0) (void)::eventfd_read(wake_.get(), &ignored);
  for (size_t i = 0; i < asked.size(); ++i) {
    if ((polled_[i + 1].revents & (POLLERR | POLLHUP | POLLNVAL)) == 0) continue;
    asked[i]->source->heard_error();
    ::eventfd_write(watch_wake_.get(), 1);
  }
}

std::vector<uint16_t> LiveSet::take_ended() {
  const std::lock_guard lock(mutex_);
  return std::exchange(just_ended_, {});
}

}  // namespace sp3ctra
