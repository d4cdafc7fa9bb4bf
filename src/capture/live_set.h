#pragma once
// Live packets of several interfaces in one order: a ring each, one capture thread that merges them
// by time, and a watch over the interfaces: one that goes, is renamed or switched off is told in
// words and does not stop the others; one that comes back is captured again by itself.
#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "capture/capd.h"
#include "capture/duplicates.h"
#include "capture/file_annotations.h"
#include "capture/link_table.h"
#include "capture/live_source.h"

struct pollfd;

namespace sp3ctra {

/// One interface of a live capture at one moment.
struct LiveInterfaceState {
  enum State { kRunning, kWaiting /* gone, comes back */, kDown, kRemoved, kFailed };
  std::string name;
  State state = kRunning;
  std::string words;          ///< empty when there is nothing to say
  int64_t since_ns = 0;       ///< of this state, since 1970
  uint16_t interface_id = 0;  ///< index into interfaces(): the one it writes to now
  LiveStats stats;
  uint64_t packets = 0, bytes = 0;  ///< given out, duplicates too
  uint64_t duplicates = 0, duplicate_bytes = 0;
  uint32_t ring_bytes = 0;
  double ring_fill = 0;  ///< 0 to 1
  uint32_t snaplen = 0, mtu = 0;
  bool promiscuous = false;
};
/// running, waiting, down, removed or failed.
std::string_view state_word(LiveInterfaceState::State state);
/// What is said of an interface that cannot be opened for now.
std::string cannot_words(const std::string& name, const std::string& error);

/// Captures on interfaces until stopped. Its own thread watches the interfaces.
class LiveSet final : public PacketSource {
 public:
  struct Options {
    std::string bpf;                             ///< empty = everything
    uint32_t snaplen = limits::kPacketBytesMax;  ///< 0 = whole packets
    bool promiscuous = true;
    uint32_t ring_bytes = limits::kRingBytes;  ///< over all rings, those added later too
    /// A quarter of it is kept for interfaces added while it runs.
    bool may_grow = true;
    uint32_t retire_ms = limits::kRingRetireMs;
    bool may_wait = false;  ///< interfaces that cannot be opened yet are no error
    /// Asked before capd is, by whoever opens an interface: why it is no use to ask. Null: ask.
    std::function<Status()> may_open;
    /// Nanoseconds this computer has slept since it was started; tests give their own.
    int64_t (*slept_ns)() = nullptr;
  };
  /// Opens all of `names` or none. An error about the filter's text has a position; one about an
  /// interface names it. `capd` outlives the set and is asked by nobody else meanwhile.
  /// With `may_wait` one that is not there, or cannot be opened, is waited for.
  static tl::expected<std::unique_ptr<LiveSet>, BpfError> open(
      Capd& capd, const std::vector<std::string>& names, const Options& options);
  ~LiveSet() override;

  // ---- any thread ----
  /// Captures on one more (≤ 5 s). One that is not there, or captured already, is refused.
  tl::expected<void, BpfError> add(const std::string& name);
  /// Ends one; what its ring holds is still given out. Refused for one that is not captured.
  Status remove(const std::string& name);
  /// Changes the filter of all from now on; a wrong one changes nothing. Returns when it holds (at
  /// most 1 s when the capture thread is not reading).
  tl::expected<void, BpfError> set_filter(const std::string& bpf);
  std::string filter() const;
  /// Ends the capture: next() gives what the rings hold, then kEnd, within 50 ms.
  void stop();
  /// After the end: nobody asks capd any more. The rings go with the set, which takes a while.
  void settle();
  /// In the order they were named and added; those removed stay, as kRemoved.
  std::vector<LiveInterfaceState> states() const;
  /// What befell all of them, in words: when the computer slept. Empty: nothing.
  std::string notice() const;
  /// What the interface statistics of a file say: one for each of interfaces(), numbered.
  /// Frames lost by the card are as the watch saw them last; with `look` as they are now, which
  /// asks the kernel for all interfaces: not while packets wait.
  std::vector<FileStatistics> statistics(bool look = false);

  // ---- capture thread ----
  /// kIdle: nothing may be given out yet, call wait(). Packets of all interfaces in the order of
  /// their times; one that arrives later than two block periods comes late. `out.data` is valid
  /// until the next call. kEnd after stop() only.
  Next next(Packet& out) override;
  /// Waits for packets, a change or stop(); at most `timeout_ms`. Call only after kIdle.
  void wait(int timeout_ms);
  /// Grows when an interface is added, renamed or back with another link type.
  const std::vector<CaptureInterface>& interfaces() const override { return interfaces_; }
  /// Always empty: what befalls an interface stands in states().
  const std::string& damage() const override { return no_damage_; }
  /// The interfaces (by number) that ended since this was last asked.
  std::vector<uint16_t> take_ended();

 private:
  using State = LiveInterfaceState::State;
  /// What one of interfaces() counted. Written by the capture thread, read by all.
  struct Account {
    std::atomic<uint64_t> packets{0}, bytes{0}, duplicates{0}, duplicate_bytes{0};
    std::string name;
    LinkType link_type = LinkType::kEthernet;
    LiveStats past;  ///< what no living source counts any more; mutex_
  };
  /// An interface as its user knows it. mutex_.
  struct Member {
    std::string name;
    State state = LiveInterfaceState::kRunning;
    std::string trouble;        ///< what is wrong, without times; empty when nothing is
    int64_t gone_since_ns = 0;  ///< until it was well again after that, not only there; else 0
    std::string words;
    int64_t since_ns = 0;
    std::vector<uint16_t> ids;           ///< its numbers; the last one is in use
    std::shared_ptr<LiveSource> source;  ///< null while it is gone
    bool closing = false;                ///< the source gives out what it holds, then goes
    LiveStats counted;                   ///< of what the source says: stands in an account
    uint32_t ring_bytes = 0, mtu = 0;
    std::optional<uint64_t> card_drops;  ///< of the link, when it was last looked at
    int64_t tried_ms = INT64_MIN / 2;    ///< when it was last opened again
  };
  using MemberPtr = std::shared_ptr<Member>;
  /// A ring being read. Capture thread.
  struct Lane {
    MemberPtr member;
    std::shared_ptr<LiveSource> source;
    uint16_t id = 0;
    uint64_t given = 0;
    bool fresh = true;  ///< its head was given out, or it was never looked at
    bool has_head = false, ended = false;
    Packet head;
    int64_t quiet_until_ns = INT64_MIN;  ///< no earlier packet can come any more
  };
  /// What the capture thread is asked to do. `done` is told under orders_mutex_.
  struct Order {
    enum Kind { kAttach, kDetach, kRename, kFilter } kind = kAttach;
    MemberPtr member;
    std::shared_ptr<LiveSource> source;
    CaptureInterface interface;
    BpfProgram ethernet, raw;  ///< kFilter
    uint64_t number = 0;
  };

  enum class Turn { kGo, kAgain, kWait };
  /// The links at one moment; empty when the kernel did not answer.
  struct Links {
    std::vector<LinkInfo> all;
    bool answered = false;
    const LinkInfo* find(uint32_t index) const;
    const LinkInfo* find(const std::string& name) const;
    std::optional<uint64_t> card_drops_of(const std::string& name) const;
  };

  LiveSet(Capd& capd, const Options& options);
  // ---- capture thread ----
  void take_orders();
  void attach(const Order& order);
  void rename(const Order& order);
  void end_lane(Lane& lane);
  void let_go_of_ended();
  uint16_t number_for(Member& member, const CaptureInterface& interface);
  void look(Lane& lane);
  Lane* earliest();
  Turn turn_of(const Lane& best);
  void give(Lane& lane, Packet& out);
  void seal_all();
  // ---- any thread ----
  uint64_t push(Order order);
  using Opened = tl::expected<std::shared_ptr<LiveSource>, BpfError>;
  Opened open_source(const std::string& name, uint32_t ring_bytes);
  CaptureInterface described(const LiveSource& source, const std::string& name) const;
  Result<uint32_t> ring_for_one_more() const;
  MemberPtr find(const std::string& name) const;
  MemberPtr make_member(const std::string& name, std::shared_ptr<LiveSource> source);
  void make_waiting(const std::string& name, uint32_t ring_bytes, const std::string& error);
  Links read_links();
  LiveStats living(const Member& member) const;
  void count_card_drops(Member& member, const LinkInfo& link);
  // ---- the watch's thread ----
  void watch();
  void look_at_links();
  void look_at_open(const MemberPtr& member, const Links& links);
  void look_at_gone(const MemberPtr& member, const Links& links);
  void open_again(const MemberPtr& member, std::optional<uint64_t> card_drops);
  void look_at_sleep();
  void say(Member& member, State state, const std::string& trouble, const std::string& words);
  void say_well(Member& member);
  std::string_view others(const Member& member) const;

  Capd& capd_;
  const Options options_;
  Descriptor wake_, watch_wake_;  // eventfds
  std::atomic<bool> stopping_{false};
  std::atomic<bool> has_orders_{false};
  std::mutex changing_;  ///< one change at a time; capd_. Taken before mutex_, orders_mutex_ last

  mutable std::mutex mutex_;  ///< what follows; never held while something is opened
  std::vector<MemberPtr> members_;
  std::list<Account> accounts_;  ///< by number
  std::vector<uint16_t> just_ended_;
  std::vector<std::shared_ptr<LiveSource>> to_close_;  ///< by the watch, or with the set
  std::string bpf_, notice_;

  std::mutex orders_mutex_;
  std::condition_variable orders_done_;
  std::vector<Order> orders_;
  uint64_t orders_given_ = 0, orders_taken_ = 0;

  // capture thread
  std::vector<CaptureInterface> interfaces_;
  std::vector<Account*> account_of_;
  std::list<Lane> lanes_;
  Lane* given_ = nullptr;
  std::unique_ptr<DuplicateFinder> duplicates_;  ///< when there is more than one interface
  std::vector<pollfd> polled_;
  int64_t blocked_since_ns_ = -1;  ///< monotonic: a packet is there, but may not be the next
  int64_t blocked_ts_ns_ = 0;      ///< its time
  bool sealed_ = false;
  bool some_ended_ = false;  ///< of lanes_
  std::string no_damage_;

  std::mutex links_mutex_;
  LinkTable links_;
  int64_t slept_ns_ = 0, looked_ns_ = 0;  ///< watch
  std::thread watch_;                     ///< last: it uses all the others
};

}  // namespace sp3ctra
