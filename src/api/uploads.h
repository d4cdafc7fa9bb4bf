#pragma once
// Capture files on their way in from the page: chunks, in order, into the file the engine reserved.
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/private_file.h"
#include "api/request.h"
#include "control/engine.h"

namespace sp3ctra::api {

/// Any thread. At most kOpenMax at once; one that nothing is added to for kIdleMaxNs is dropped and
/// its file deleted, as are all that are unfinished when the program ends.
class Uploads {
 public:
  static constexpr size_t kOpenMax = 8;
  static constexpr int64_t kIdleMaxNs = 600'000'000'000;
  static constexpr size_t kChunkBytesMax = 4u << 20;  // one PUT

  explicit Uploads(Engine& engine) : engine_(engine) {}
  /// `{"upload": id}`; 413 when the disk quota does not hold `size` more bytes.
  Response begin(const std::string& name, uint64_t size_bytes, int64_t now_ns);
  /// `{"received": N, "capture": id?}`: the capture shows what has come as soon as its first bytes
  /// say what it is; 400 when they say that it is none. 409 with the wanted offset in words when it
  /// is another one.
  Response add(const std::string& id, uint64_t offset, std::string_view chunk, int64_t now_ns);
  /// `{"capture": id}`; 409 while bytes are missing.
  Response finish(const std::string& id);

 private:
  struct Upload {
    std::mutex mutex;  ///< held while a chunk is written
    PrivateFile file;
    std::string name;
    uint64_t size_bytes = 0, received = 0;
    std::string capture;  ///< opened while the rest is on its way; empty = not yet
    std::shared_ptr<FileGrowth> growth;
    ~Upload() { end_growth(); }
    void end_growth() const {
      if (growth) growth->whole.store(true, std::memory_order_release);
    }
    int64_t touched_ns = 0;
  };
  std::shared_ptr<Upload> find(const std::string& id);
  void drop_idle(int64_t now_ns);

  Engine& engine_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Upload>> open_;
};

}  // namespace sp3ctra::api
