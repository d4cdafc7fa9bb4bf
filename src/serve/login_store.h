#pragma once
// Who may call: the start-up token, and logins (a cookie and a secret each) kept hashed on disk, so
// that a new tab, a pasted link and a restarted server need no new token. DESIGN section 7.
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sp3ctra::serve {

/// Any thread. At most limits::kSessionsMax logins: the oldest is forgotten.
class LoginStore {
 public:
  struct Login {
    std::string cookie, secret;
  };
  enum class Refusal { kWrongToken, kTooOften };

  /// Reads or makes `token` and `logins` (0600) in the data directory. Broken lines are dropped.
  static Result<std::unique_ptr<LoginStore>> open(const std::string& data_dir);

  /// What stands behind "#token=" in the address; the same after a restart.
  const std::string& token() const { return token_; }
  /// A new login for the right token, always. After kFailuresMax wrong ones within a minute further
  /// wrong ones are kTooOften until the minute is over. `now_ns` is a steady clock.
  tl::expected<Login, Refusal> login(std::string_view token, int64_t now_ns);
  /// Whether cookie and secret belong to one login.
  bool knows(std::string_view cookie, std::string_view secret) const;
  /// Whether the cookie belongs to any login: enough only to open a WebSocket or use a ticket.
  bool knows_cookie(std::string_view cookie) const;

  static constexpr int kFailuresMax = 10;
  static constexpr int64_t kFailuresWithinNs = 60'000'000'000;

 private:
  struct Kept {
    std::string cookie_hash, secret_hash;
  };
  Status read(const std::string& data_dir);
  Status save() const;

  std::string token_, path_;
  mutable std::mutex mutex_;
  std::deque<Kept> logins_;  // oldest first
  std::deque<int64_t> failures_ns_;
};

}  // namespace sp3ctra::serve
