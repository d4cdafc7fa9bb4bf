// The other threads' half of LiveSet: what users ask for, and the watch over the interfaces.
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "capture/live_set.h"

namespace sp3ctra {
namespace {

int64_t clock_ns(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return int64_t{t.tv_sec} * Timestamp::kSecond + t.tv_nsec;
}

int64_t slept_by_kernel() { return clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC); }

/// The time of day here, as "14:31:50".
std::string time_text(int64_t ns) {
  const time_t seconds = ns / Timestamp::kSecond;
  tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

BpfError about(const std::string& name, std::string words) {
  return {std::move(words), 0, 0, name};
}

constexpr const char* kWasGone = "was gone";
constexpr int64_t kSleepNoticedNs = Timestamp::kSecond;
constexpr int kStormPauseMs = 10;
constexpr uint32_t kRetryFailedMs = 2000;  // what could not be opened is tried again after this
constexpr uint32_t kReadingPatienceMs = 1000;

}  // namespace

std::string_view state_word(LiveInterfaceState::State state) {
  switch (state) {
    case LiveInterfaceState::kRunning:
      return "running";
    case LiveInterfaceState::kWaiting:
      return "waiting";
    case LiveInterfaceState::kDown:
      return "down";
    case LiveInterfaceState::kRemoved:
      return "removed";
    case LiveInterfaceState::kFailed:
      return "failed";
  }
  return "failed";
}

LiveSet::LiveSet(Capd& capd, const Options& options)
    : capd_(capd),
      options_(options),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      watch_wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      bpf_(options.bpf) {
  slept_ns_ = options_.slept_ns ? options_.slept_ns() : slept_by_kernel();
  looked_ns_ = clock_ns(CLOCK_REALTIME);
}

LiveSet::~LiveSet() { settle(); }

void LiveSet::settle() {
  stop();
  if (watch_.joinable()) watch_.join();
  // Whoever was adding an interface is through when this can be had.
  const std::lock_guard changing(changing_);
}

LiveSet::Opened LiveSet::open_source(const std::string& name, uint32_t ring_bytes) {
  if (const Status may = options_.may_open ? options_.may_open() : Status{}; !may)
    return tl::unexpected(about(name, may.error().message));
  LiveSource::Options o;
  o.interface_name = name;
  o.bpf = filter();
  o.snaplen = options_.snaplen;
  o.promiscuous = options_.promiscuous;
  o.retire_ms = options_.retire_ms;
  o.block_bytes =
      ring_bytes < limits::kRingSmallBytes ? limits::kRingSmallBlockBytes : limits::kRingBlockBytes;
  o.ring_bytes = ring_bytes;
  auto opened = LiveSource::open(capd_, o);
  if (!opened) {
    BpfError error = std::move(opened.error());
    error.interface_name = name;
    return tl::unexpected(std::move(error));
  }
  return std::shared_ptr<LiveSource>(std::move(*opened));
}

CaptureInterface LiveSet::described(const LiveSource& source, const std::string& name) const {
  CaptureInterface interface = source.interfaces()[0];
  interface.name = name;
  interface.filter = filter();
  return interface;
}

LiveSet::MemberPtr LiveSet::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  for (const MemberPtr& m : members_) {
    if (m->name == name && m->state != LiveInterfaceState::kRemoved) return m;
  }
  return nullptr;
}

Result<uint32_t> LiveSet::ring_for_one_more() const {
  const std::lock_guard lock(mutex_);
  uint64_t used = 0;
  size_t there = 0;
  for (const MemberPtr& m : members_) {
    const bool gone = m->state == LiveInterfaceState::kRemoved;
    there += !gone;
    if (!gone || m->source) used += m->ring_bytes;
  }
  if (there >= limits::kLiveInterfacesMax) {
    return fail("a capture has at most {} interfaces at once", limits::kLiveInterfacesMax);
  }
  const uint64_t left = options_.ring_bytes - std::min<uint64_t>(used, options_.ring_bytes);
  if (left / 2 < limits::kRingAddedBytesMin) {
    return fail(
        "the interfaces of this capture already share its {} MiB of ring memory; stop it and start "
        "it anew with all of them, or with larger rings",
        options_.ring_bytes >> 20);
  }
  return static_cast<uint32_t>(left / 2);
}

tl::expected<void, BpfError> LiveSet::add(const std::string& name) {
  const std::lock_guard changing(changing_);
  if (stopping_.load()) return tl::unexpected(about(name, "the capture is ending"));
  if (find(name)) return tl::unexpected(about(name, name + " is part of this capture already"));
  const auto ring = ring_for_one_more();
  if (!ring) return tl::unexpected(about(name, ring.error().message));
  const Links before = read_links();
  auto source = open_source(name, *ring);
  if (!source) return tl::unexpected(std::move(source.error()));
  Order order;
  order.interface = described(**source, name);
  // Ordered before anybody can see it: a rename must not come first.
  const std::lock_guard lock(mutex_);
  if (stopping_.load()) return tl::unexpected(about(name, "the capture is ending"));
  order.member = make_member(name, *source);
  order.member->card_drops = before.card_drops_of(name);
  order.source = std::move(*source);
  push(std::move(order));
  ::eventfd_write(watch_wake_.get(), 1);
  return {};
}

Status LiveSet::remove(const std::string& name) {
  const std::lock_guard changing(changing_);
  if (stopping_.load()) return fail("the capture is ending");
  const MemberPtr member = find(name);
  if (!member) return fail("{} is not part of this capture", name);
  Order order;
  order.kind = Order::kDetach;
  {
    const std::lock_guard lock(mutex_);
    const auto left = std::count_if(members_.begin(), members_.end(), [](const MemberPtr& m) {
      return m->state != LiveInterfaceState::kRemoved;
    });
    if (left == 1) return fail("{} is the only interface of this capture; stop it instead", name);
    say(*member, LiveInterfaceState::kRemoved, "",
        fmt::format("{} was taken out of the capture at {}", name,
                    time_text(clock_ns(CLOCK_REALTIME))));
    if (!member->source || std::exchange(member->closing, true)) return {};
    order.source = member->source;
  }
  push(std::move(order));
  return {};
}

std::string LiveSet::filter() const {
  const std::lock_guard lock(mutex_);
  return bpf_;
}

std::string LiveSet::notice() const {
  const std::lock_guard lock(mutex_);
  return notice_;
}

tl::expected<void, BpfError> LiveSet::set_filter(const std::string& bpf) {
  const std::lock_guard changing(changing_);
  if (stopping_.load()) return tl::unexpected(BpfError{"the capture is ending"});
  Order order;
  order.kind = Order::kFilter;
  bool ethernet = false, raw = false;
  {
    const std::lock_guard lock(mutex_);
    for (const MemberPtr& m : members_) {
      if (!m->source) continue;
      (m->source->link_type() == LinkType::kRaw ? raw : ethernet) = true;
    }
  }
  const uint32_t snaplen = options_.snaplen ? std::min(options_.snaplen, limits::kPacketBytesMax)
                                            : limits::kPacketBytesMax;
  for (const bool is_raw : {false, true}) {
    if (is_raw ? !raw : raw && !ethernet) continue;
    auto program = compile_bpf(bpf, is_raw ? LinkType::kRaw : LinkType::kEthernet, snaplen);
    if (!program) return tl::unexpected(std::move(program.error()));
    (is_raw ? order.raw : order.ethernet) = std::move(*program);
  }
  {
    const std::lock_guard lock(mutex_);
    bpf_ = bpf;
  }
  const uint64_t number = push(std::move(order));
  std::unique_lock lock(orders_mutex_);
  orders_done_.wait_for(lock, std::chrono::milliseconds(kReadingPatienceMs),
                        [&] { return orders_taken_ >= number || stopping_.load(); });
  return {};
}

uint64_t LiveSet::push(Order order) {
  uint64_t number = 0;
  {
    const std::lock_guard lock(orders_mutex_);
    number = order.number = ++orders_given_;
    orders_.push_back(std::move(order));
    has_orders_.store(true, std::memory_order_release);
  }
  ::eventfd_write(wake_.get(), 1);
  return number;
}

void LiveSet::stop() {
  {
    // Whoever makes an interface known has asked before, and ordered it with that.
    const std::lock_guard lock(mutex_);
    stopping_.store(true, std::memory_order_release);
  }
  ::eventfd_write(wake_.get(), 1);
  ::eventfd_write(watch_wake_.get(), 1);
  // Locked, so that whoever has just looked is asleep and hears it.
  const std::lock_guard lock(orders_mutex_);
  orders_done_.notify_all();
}

/// What the source counts and no account has yet. mutex_ held.
LiveStats LiveSet::living(const Member& member) const {
  if (!member.source) return {};
  const LiveStats now = member.source->stats();
  // Packets not yet judged count as received: it may have been more before.
  const LiveStats& counted = member.counted;
  return {now.received - std::min(counted.received, now.received),
          now.kernel_drops - std::min(counted.kernel_drops, now.kernel_drops), 0};
}

std::vector<LiveInterfaceState> LiveSet::states() const {
  std::vector<LiveInterfaceState> out;
  const std::lock_guard lock(mutex_);
  const std::vector<const Account*> accounts = [this] {
    std::vector<const Account*> all;
    for (const Account& a : accounts_) all.push_back(&a);
    return all;
  }();
  for (const MemberPtr& m : members_) {
    LiveInterfaceState s;
    s.name = m->name;
    s.state = m->state;
    s.words = m->words;
    s.since_ns = m->since_ns;
    s.stats = living(*m);
    for (const uint16_t id : m->ids) {
      const Account& a = *accounts[id];
      s.interface_id = id;
      s.packets += a.packets.load(std::memory_order_relaxed);
      s.bytes += a.bytes.load(std::memory_order_relaxed);
      s.duplicates += a.duplicates.load(std::memory_order_relaxed);
      s.duplicate_bytes += a.duplicate_bytes.load(std::memory_order_relaxed);
      s.stats.received += a.past.received;
      s.stats.kernel_drops += a.past.kernel_drops;
      s.stats.card_drops += a.past.card_drops;
    }
    s.ring_bytes = m->source ? m->ring_bytes : 0;
    s.ring_fill = m->source ? m->source->fill() : 0;
    s.snaplen = options_.snaplen ? options_.snaplen : limits::kPacketBytesMax;
    s.mtu = m->mtu;
    s.promiscuous = options_.promiscuous;
    out.push_back(std::move(s));
  }
  return out;
}

LiveSet::Links LiveSet::read_links() {
  const std::lock_guard lock(links_mutex_);
  auto links = links_.read();
  if (!links) return {};
  return {std::move(*links), true};
}

const LinkInfo* LiveSet::Links::find(uint32_t index) const {
  for (const LinkInfo& l : all)
    if (l.index == index) return &l;
  return nullptr;
}

const LinkInfo* LiveSet::Links::find(const std::string& name) const {
  for (const LinkInfo& l : all)
    if (l.name == name) return &l;
  return nullptr;
}

std::optional<uint64_t> LiveSet::Links::card_drops_of(const std::string& name) const {
  const LinkInfo* link = find(name);
  return link ? std::optional(link->card_drops) : std::nullopt;
}

std::vector<FileStatistics> LiveSet::statistics(bool look) {
  const Links links = look ? read_links() : Links{};
  std::vector<FileStatistics> out;
  const std::lock_guard lock(mutex_);
  for (const MemberPtr& m : members_) {
    const LinkInfo* link = m->source ? links.find(m->source->interface_index()) : nullptr;
    if (link) count_card_drops(*m, *link);
  }
  for (const Account& a : accounts_) {
    LiveStats sum = a.past;
    const auto id = static_cast<uint16_t>(out.size());
    for (const MemberPtr& m : members_) {
      if (m->ids.empty() || m->ids.back() != id) continue;
      const LiveStats more = living(*m);
      sum.received += more.received;
      sum.kernel_drops += more.kernel_drops;
    }
    FileStatistics s;
    s.interface_id = id;
    s.received = s.accepted = sum.received;
    s.dropped = sum.card_drops;
    s.dropped_by_system = sum.kernel_drops;
    s.delivered = a.packets.load(std::memory_order_relaxed);
    out.push_back(s);
  }
  return out;
}

// ---- the watch ----

void LiveSet::watch() {
  while (!stopping_.load(std::memory_order_acquire)) {
    pollfd watched[2] = {{watch_wake_.get(), POLLIN, 0}, {links_.events(), POLLIN, 0}};
    ::poll(watched, 2, static_cast<int>(limits::kLinkLookMs));
    eventfd_t ignored = 0;
    (void)::eventfd_read(watch_wake_.get(), &ignored);
    if (watched[1].revents != 0) links_.hear();
    if (stopping_.load(std::memory_order_acquire)) return;
    std::vector<std::shared_ptr<LiveSource>> closed;
    {
      const std::lock_guard lock(mutex_);
      closed.swap(to_close_);
    }
    closed.clear();
    look_at_sleep();
    look_at_links();
    // However often interfaces change: at most a hundred looks a second.
    if (!stopping_.load(std::memory_order_acquire)) ::poll(watched, 1, kStormPauseMs);
  }
}

void LiveSet::look_at_sleep() {
  const int64_t slept = options_.slept_ns ? options_.slept_ns() : slept_by_kernel();
  const int64_t now = clock_ns(CLOCK_REALTIME);
  if (slept - slept_ns_ >= kSleepNoticedNs) {
    const std::string words =
        fmt::format("the computer slept from {} to {}: nothing was seen in between",
                    time_text(std::min(looked_ns_, now - (slept - slept_ns_))), time_text(now));
    const std::lock_guard lock(mutex_);
    notice_ = words;
    for (const MemberPtr& m : members_) {
      if (m->state == LiveInterfaceState::kRunning) m->words = words;
    }
  }
  slept_ns_ = slept;
  looked_ns_ = now;
}

void LiveSet::look_at_links() {
  const Links links = read_links();
  if (!links.answered) return;
  std::vector<MemberPtr> members;
  {
    const std::lock_guard lock(mutex_);
    members = members_;
  }
  for (const MemberPtr& member : members) {
    look_at_open(member, links);
    look_at_gone(member, links);
  }
}

/// mutex_ held.
void LiveSet::say(Member& member, State state, const std::string& trouble,
                  const std::string& words) {
  member.state = state;
  member.trouble = trouble;
  member.words = words;
  member.since_ns = clock_ns(CLOCK_REALTIME);
}

/// Nothing is wrong any more. mutex_ held.
void LiveSet::say_well(Member& member) {
  if (member.trouble.empty()) return;
  // One that comes back switched off was gone until it is switched on.
  const bool gone = member.gone_since_ns != 0;
  const std::string words = fmt::format("{} {} from {} to {}: nothing was seen in between",
                                        member.name, gone ? "was gone" : member.trouble,
                                        time_text(gone ? member.gone_since_ns : member.since_ns),
                                        time_text(clock_ns(CLOCK_REALTIME)));
  say(member, LiveInterfaceState::kRunning, "", words);
}

/// "the others go on; " when there are others. mutex_ held.
std::string_view LiveSet::others(const Member& member) const {
  for (const MemberPtr& m : members_) {
    if (m.get() != &member && m->state == LiveInterfaceState::kRunning) return "the others go on; ";
  }
  return "";
}

/// mutex_ held.
void LiveSet::count_card_drops(Member& member, const LinkInfo& link) {
  const uint64_t before = member.card_drops.value_or(link.card_drops);
  // Some drivers begin anew when the interface is switched off and on.
  const uint64_t more = link.card_drops >= before ? link.card_drops - before : link.card_drops;
  member.card_drops = link.card_drops;
  if (member.ids.empty()) return;
  auto account = accounts_.begin();
  std::advance(account, member.ids.back());
  account->past.card_drops += more;
}

void LiveSet::look_at_open(const MemberPtr& member, const Links& links) {
  Order order;
  std::string name;
  {
    const std::lock_guard lock(mutex_);
    Member& m = *member;
    if (!m.source || m.closing || m.state == LiveInterfaceState::kRemoved) return;
    const std::string now = time_text(clock_ns(CLOCK_REALTIME));
    const LinkInfo* link = links.find(m.source->interface_index());
    if (!m.source->bound()) {
      say(m, LiveInterfaceState::kWaiting, kWasGone,
          fmt::format("{} is gone since {}; {}capture resumes by itself when it returns", m.name,
                      now, others(m)));
      m.gone_since_ns = m.since_ns;
      m.closing = true;
      m.card_drops.reset();
      order.kind = Order::kDetach;
    } else if (link == nullptr) {
      return;
    } else {
      count_card_drops(m, *link);
      m.mtu = link->mtu;
      m.source->set_mtu(link->mtu);
      const bool fine = link->up && link->carrier;
      const std::string trouble = fine ? "" : !link->up ? "was switched off" : "had no connection";
      if (fine) {
        say_well(m);
        m.gone_since_ns = 0;
      } else if (trouble != m.trouble) {
        say(m, LiveInterfaceState::kDown, trouble,
            link->up
                ? fmt::format("{} has no connection since {}; {}capture goes on by itself when "
                              "the cable or radio is back",
                              m.name, now, others(m))
                : fmt::format("{} is switched off since {}; {}capture goes on by itself when "
                              "it is switched on",
                              m.name, now, others(m)));
      }
      if (link->name == m.name) return;
      m.words =
          fmt::format("{} is called {} since {}; the capture follows it", m.name, link->name, now);
      m.name = name = link->name;
      order.kind = Order::kRename;
    }
    order.source = m.source;
    order.member = member;
  }
  if (order.kind == Order::kRename) order.interface = described(*order.source, name);
  push(std::move(order));
}

void LiveSet::look_at_gone(const MemberPtr& member, const Links& links) {
  std::optional<uint64_t> card_drops;
  {
    const std::lock_guard lock(mutex_);
    Member& m = *member;
    if (m.source || m.state == LiveInterfaceState::kRemoved) return;
    const LinkInfo* link = links.find(m.name);
    if (link == nullptr) {
      if (m.state == LiveInterfaceState::kFailed) {
        const int64_t since = m.since_ns;
        say(m, LiveInterfaceState::kWaiting, kWasGone,
            fmt::format("{} is gone since {}; {}capture resumes by itself when it returns", m.name,
                        time_text(since), others(m)));
        m.since_ns = since;
      }
      return;
    }
    // Another one took the name: it is captured already.
    for (const MemberPtr& o : members_) {
      if (o->source && o->source->interface_index() == link->index) return;
    }
    const int64_t now_ms = clock_ns(CLOCK_MONOTONIC) / 1'000'000;
    const bool failed = m.state == LiveInterfaceState::kFailed;
    if (now_ms - m.tried_ms < (failed ? kRetryFailedMs : limits::kLinkRetryMs)) return;
    m.tried_ms = now_ms;
    card_drops = link->card_drops;
  }
  open_again(member, card_drops);
}

void LiveSet::open_again(const MemberPtr& member, std::optional<uint64_t> card_drops) {
  const std::lock_guard changing(changing_);
  std::string name;
  uint32_t ring_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    if (member->source || member->state == LiveInterfaceState::kRemoved || stopping_.load()) return;
    name = member->name;
    ring_bytes = member->ring_bytes;
  }
  auto source = open_source(name, ring_bytes);
  Order order;
  if (source) order.interface = described(**source, name);
  const std::lock_guard lock(mutex_);
  if (stopping_.load()) return;
  if (!source) {
    const int64_t since = member->since_ns;
    const std::string trouble = member->trouble, words = cannot_words(name, source.error().message);
    say(*member, LiveInterfaceState::kFailed, trouble,
        trouble == kWasGone ? fmt::format("{} is back; {}", name, words) : words);
    member->since_ns = since;
    return;
  }
  member->source = *source;
  member->card_drops = card_drops;
  member->mtu = (*source)->mtu();
  member->ring_bytes = (*source)->ring_bytes();
  say_well(*member);
  order.member = member;
  order.source = std::move(*source);
  push(std::move(order));
}

}  // namespace sp3ctra
