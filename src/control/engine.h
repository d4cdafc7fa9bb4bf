#pragma once
// What the page and the CLI may ask of the engine. Implemented by pipeline/.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file_growth.h"
#include "base/result.h"
#include "control/store_policy.h"

namespace sp3ctra {

/// One interface of the live capture.
struct CaptureInterfaceState {
  std::string name;
  std::string state;  ///< running | down | waiting | removed | failed
  std::string words;  ///< what happened to it; empty when nothing did
  int64_t since_ns = 0;
  uint64_t packets = 0, bytes = 0, duplicates = 0;  ///< duplicates are among the packets
  double packets_per_s = 0, bits_per_s = 0;
  uint64_t received = 0, kernel_drops = 0, card_drops = 0;
  uint32_t ring_bytes = 0, snaplen = 0, mtu = 0;
  double ring_fill = 0;
  bool promiscuous = false;
};

/// The capture as a whole, for the status bar; a copy, any thread.
struct EngineState {
  std::string state = "STOPPED";  ///< STOPPED | STARTING | RUNNING | STOPPING
  std::string capture_id, bpf, words;
  std::vector<CaptureInterfaceState> interfaces;
  int64_t since_ns = 0;
  uint64_t packets = 0, bytes = 0;  ///< a duplicate counts once
  uint64_t duplicates = 0;          ///< packets that came on another interface before
  uint64_t kernel_drops = 0, card_drops = 0;
  uint64_t event_drops = 0;   ///< not looked into, so what they would have told is missing
  double queue_fill = 0;      ///< 0 to 1: what waits for the workers, of what may
  uint64_t not_analysed = 0;  ///< written and listed, but a worker's queue was full
  uint64_t not_written = 0;   ///< came while the file could take no more; `words` says why
  double packets_per_s = 0, bits_per_s = 0;
  StoreState store;  ///< of the capture named here
  bool can_capture = false;
  std::string rights_state;   ///< one word: "ready", "no_capd", "no_right" …
  std::string why, fix;       ///< when it cannot: words and the exact command
  double cpu_percent = 0;     ///< of this process, of one processor: may pass 100
  uint64_t memory_bytes = 0;  ///< its own: no files
  uint64_t disk_used_bytes = 0, disk_quota_bytes = 0, disk_free_bytes = 0;
  bool demo_available = false;
  uint64_t generation = 0;  ///< grows with every change worth telling a page
};

/// A capture file of the data directory that is not open.
struct StoredCapture {
  std::string id, name;
  uint64_t bytes = 0;
  int64_t modified_ns = 0;  ///< since 1970
  uint64_t segments = 1;    ///< files it lies in
  bool operator==(const StoredCapture&) const = default;
};

/// What became of a capture that was to go.
enum class Removal {
  kDeleted,  ///< with its file, which lay in the data directory
  kClosed,   ///< its file was opened from elsewhere and stays
  kRunning,  ///< refused: the live capture must be stopped first
  kUnknown,  ///< there is none of this id
};

/// What a capture shall be.
struct StartRequest {
  std::vector<std::string> interfaces;
  std::string bpf;  ///< empty = everything
  bool promiscuous = true;
  uint32_t snaplen = 0;     ///< 0 = whole packets
  uint32_t ring_bytes = 0;  ///< of all interfaces together; 0 = limits::kRingBytes
};

struct StartError {
  std::string message;
  int position = -1;  ///< in the BPF text, -1 = not about it
  int length = 0;
  std::string interface_name = {};  ///< the one it is about, when it is about one
};

/// Commands answer when the engine has taken them; any thread.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual EngineState state() const = 0;
  virtual tl::expected<std::string, StartError> start_capture(const StartRequest& request) = 0;
  /// Changes of the running capture; each is refused in words when there is none.
  virtual tl::expected<void, StartError> add_interface(const std::string& name) = 0;
  virtual Status remove_interface(const std::string& name) = 0;
  virtual tl::expected<void, StartError> set_capture_filter(const std::string& bpf) = 0;
  /// Asks for the end and waits for it, `patience_ms` at most: what is left to write and to look
  /// into goes on as STOPPING. Whether nothing is captured any more.
  virtual bool stop_capture(uint32_t patience_ms) = 0;
  /// What is kept of live captures, and the same set anew; a running capture follows at once.
  virtual StorePolicy store_policy() const = 0;
  virtual Status set_store_policy(const StorePolicy& policy) = 0;
  /// Opens a capture file under the data directory or given on the command line; its id. One of
  /// stored() is opened under its id, one of the data directory that is open already is not opened
  /// twice.
  virtual Result<std::string> open_file(const std::string& path, const std::string& name) = 0;
  virtual Result<std::string> open_demo() = 0;
  /// Ends the reading of a file; a live capture is stopped.
  virtual Status cancel_reading(const std::string& capture_id) = 0;
  /// Fails with words when the disk quota does not hold `more` bytes beside what there is. Looks
  /// at the disk: not for every packet.
  virtual Status room_for(uint64_t more_bytes) = 0;
  /// A new file for an upload in data/captures (0600, O_EXCL|O_NOFOLLOW): its path. Fails when the
  /// disk quota does not hold `size` more bytes.
  virtual Result<std::string> reserve_upload(const std::string& name, uint64_t size_bytes) = 0;
  /// Opens the file of reserve_upload() while its bytes still arrive; the capture's id, or nothing
  /// when too few have come to say what the file is. open_upload() follows when it is whole.
  virtual Result<std::string> open_growing(const std::string& path, const std::string& name,
                                           std::shared_ptr<const FileGrowth> growth) = 0;
  /// The file of reserve_upload(), now whole, becomes a capture and is opened; its id. A file that
  /// is no capture is deleted.
  virtual Result<std::string> open_upload(const std::string& path, const std::string& name) = 0;
  /// Captures of the data directory that are not open, newest first.
  virtual std::vector<StoredCapture> stored() const = 0;
  /// Opens one of stored(); it keeps its id. One that cannot be read stays in stored().
  virtual Result<std::string> open_stored(const std::string& id) = 0;
  /// Closes a capture, and deletes its file when that lies in the data directory. Reading it ends.
  /// Fails when the file cannot be deleted: it is in stored() then.
  virtual Result<Removal> remove_capture(const std::string& id) = 0;
};

}  // namespace sp3ctra
