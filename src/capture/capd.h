#pragma once
// The right to capture: sp3ctra-capd started as a child, asked for sockets, and, when that cannot
// be, the reason and the exact command that changes it. Main thread starts; open() from one thread
// at a time. Start it before other threads and before drop_all_capabilities().
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/bpf.h"
#include "capture/capd_descriptor.h"

namespace sp3ctra {

/// Whether this process may capture, and what to do when not. Shown by page, doctor, interfaces.
struct Rights {
  enum class State {
    kReady,
    kNoCapd,         ///< nothing installed
    kNoCapability,   ///< installed, but the file has no cap_net_raw (or the mount is nosuid)
    kOtherVersion,   ///< installed by another version of sp3ctra
    kUserNotListed,  ///< installed for another user
    kBroken,         ///< started but did not answer; `why` says what happened
  };
  State state = State::kNoCapd;
  bool can_capture = false;
  std::string why;        ///< empty when it can
  std::string fix;        ///< one shell command, empty when it can
  std::string capd_path;  ///< the capd in use, or the one that would be
};

/// What a capture socket shall look like.
struct SocketSpec {
  std::string interface_name;
  bool cooked = false;  ///< without link header
  bool promiscuous = true;
  uint32_t block_bytes = 0;  ///< power of two
  uint32_t block_count = 0;
  uint32_t retire_ms = 0;
  std::span<const BpfInstruction> filter;  ///< not empty: the least is "return snaplen"
};

/// A bound AF_PACKET socket with its ring set and its filter in force.
struct CaptureSocket {
  Descriptor descriptor;
  uint32_t interface_index = 0;
  uint32_t hardware_type = 0;  ///< ARPHRD_*
  uint32_t mtu = 0;
};

/// The running capd, or the reason there is none.
class Capd {
 public:
  struct Options {
    std::string installed_path = "/usr/local/lib/sp3ctra/sp3ctra-capd";
    /// Directory of this program; its capd is used when the caller itself may capture (root).
    std::string program_directory;
    /// The command shown as fix; empty: found from program_directory.
    std::string install_command;
  };
  Capd() = default;
  Capd(Capd&& other) noexcept;
  Capd& operator=(Capd&& other) noexcept;
  ~Capd();  ///< capd ends when its socket closes; waits for it at most 1 s

  /// Starts capd and hears its greeting (≤ 2 s). Never fails: rights() tells.
  static Capd start(const Options& options);
  /// With program_directory read from /proc/self/exe.
  static Capd start();

  const Rights& rights() const { return rights_; }
  /// While nothing may be captured: tries again when the installed capd or its list of users has
  /// changed since the last try (≤ 2 s, else two looks at files). True when rights() is new. Not
  /// beside other calls.
  bool look_again();
  /// Asks for one socket (≤ 5 s). Errors name the step and the interface. A capd that has died
  /// since is started again once, which works where the right is the file's.
  Result<CaptureSocket> open(const SocketSpec& spec);

 private:
  Rights try_path(const std::string& path, const std::string& fix);
  void stop();
  Result<CaptureSocket> ask(const SocketSpec& spec);

  Descriptor socket_;
  int pid_ = -1;
  Options options_;
  Rights rights_;
  std::string files_seen_;  // what the last try found, by time and size
};

/// Gives up every capability of the calling thread for good (also the bounding set, and what root
/// would get back by exec). Call before other threads start, after Capd::start(). No effect on a
/// process without capabilities.
Status drop_all_capabilities();

}  // namespace sp3ctra
