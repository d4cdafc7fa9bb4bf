#pragma once
// What the page and the CLI may ask of the engine. Implemented by pipeline/.
#include <cstdint>
#include <string>

#include "base/result.h"

namespace sp3ctra {

/// The capture as a whole, for the status bar; a copy, any thread.
struct EngineState {
  std::string state = "STOPPED";  ///< STOPPED | STARTING | RUNNING | STOPPING
  std::string capture_id, interface_name, bpf, words;
  int64_t since_ns = 0;
  uint64_t packets = 0, bytes = 0, kernel_drops = 0, ring_drops = 0, not_analysed = 0;
  double packets_per_s = 0, bits_per_s = 0;
  bool can_capture = false;
  std::string why, fix;  ///< when it cannot: words and the exact command
  uint64_t disk_used_bytes = 0, disk_quota_bytes = 0, disk_free_bytes = 0;
  bool demo_available = false;
  uint64_t generation = 0;  ///< grows with every change worth telling a page
};

struct StartError {
  std::string message;
  int position = -1;  ///< in the BPF text, -1 = not about it
  int length = 0;
};

/// Commands answer when the engine has taken them; any thread.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual EngineState state() const = 0;
  virtual tl::expected<std::string, StartError> start_capture(const std::string& interface_name,
                                                              const std::string& bpf) = 0;
  virtual Status stop_capture() = 0;
  /// Opens a capture file under the data directory or given on the command line; its id.
  virtual Result<std::string> open_file(const std::string& path, const std::string& name) = 0;
  virtual Result<std::string> open_demo() = 0;
  virtual Status cancel_reading(const std::string& capture_id) = 0;
  /// A new file for an upload in data/captures (0600, O_EXCL|O_NOFOLLOW): its path. Fails when the
  /// disk quota does not hold `size` more bytes.
  virtual Result<std::string> reserve_upload(const std::string& name, uint64_t size_bytes) = 0;
};

}  // namespace sp3ctra
