#pragma once
// What one open WebSocket is told (docs/api.md, GET /stream): a state machine without a socket. The
// transport asks for what is due only when everything before has left, so a slow page is told less
// often and never costs memory.
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/api.h"

namespace sp3ctra::api {

struct StreamMessage {
  bool binary = false;
  std::string bytes;
};

/// The secret of a `{"op":"hello","secret":…}` message; empty when it is none.
std::optional<std::string> hello_secret(std::string_view message);

class StreamSession {
 public:
  static constexpr int64_t kFollowNs = 50'000'000;  // rows of a following view: 20 a second
  static constexpr int64_t kCountNs = 100'000'000;  // row counts: 10 a second
  static constexpr int64_t kStateNs = 250'000'000;  // state, captures, jobs: 4 a second

  explicit StreamSession(Api& api) : api_(api) {}
  /// A message of the page after its hello. False when it is none of ours: the link is to be cut.
  /// Any thread; never blocks on a capture.
  bool take(std::string_view message);
  /// Everything due at `now_ns` (steady). One caller at a time; blocks while rows are fetched.
  std::vector<StreamMessage> due(int64_t now_ns);
  /// A view was told and not yet answered.
  bool waiting() const;

 private:
  struct View {
    uint32_t id = 0;
    std::string capture, filter;
    bool filter_null = true, follow = false;
    uint64_t first = 0;
    uint32_t count = 0;
  };
  void add_rare(int64_t now_ns, std::vector<StreamMessage>& out);
  void add_interfaces(const InterfaceWatch::Seen& seen, std::vector<StreamMessage>& out);
  void add_captures(std::vector<StreamMessage>& out);
  void add_jobs(std::vector<StreamMessage>& out);
  void add_view(int64_t now_ns, std::vector<StreamMessage>& out);
  bool rows_due(const FilterProgress& progress, bool counts_due) const;
  void add_count(const FilterProgress& progress, std::vector<StreamMessage>& out);
  void add_rows(CaptureView& capture, const FilterProgress& progress,
                std::vector<StreamMessage>& out);

  Api& api_;
  mutable std::mutex mutex_;
  std::optional<View> wanted_;    // told and not answered; guarded by mutex_
  bool counters_wanted_ = false;  // of the interfaces, every second; guarded by mutex_

  // Below: only the caller of due().
  std::optional<View> shown_;
  bool answered_ = false;        // shown_ has had rows
  uint32_t answered_count_ = 0;  // rows in the last answer
  uint64_t answered_rows_ = 0;   // rows in all at the last answer
  std::string last_count_;
  int64_t count_ns_ = 0, rare_ns_ = 0;
  std::string last_state_, last_captures_;
  uint64_t interface_changes_ = 0, interface_looks_ = 0;  // told
  std::optional<std::vector<StoredCapture>> last_stored_;
  std::unordered_map<std::string, std::string> last_jobs_;
};

}  // namespace sp3ctra::api
