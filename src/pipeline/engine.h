#pragma once
// The engine of one running program: captures opened and live, their threads, and the state that
// page and CLI see. Implements the two doors control/Engine and query/CaptureLibrary.
#include <atomic>
#include <list>
#include <mutex>
#include <thread>

#include "capture/capd.h"
#include "capture/live_source.h"
#include "control/engine.h"
#include "pipeline/analysis.h"
#include "query/indexed_capture.h"

namespace sp3ctra {

struct EngineOptions {
  std::string data_directory;  ///< exists, 0700
  std::string demo_path;       ///< empty = none
  unsigned workers = 1;
  uint64_t disk_quota_bytes = limits::kDiskQuotaBytes;
};

/// Any thread. Destroying it stops captures and readings and waits for their threads.
class CaptureEngine final : public Engine, public CaptureLibrary {
 public:
  CaptureEngine(EngineOptions options, Capd capd);
  ~CaptureEngine() override;

  EngineState state() const override;
  tl::expected<std::string, StartError> start_capture(const std::string& interface_name,
                                                      const std::string& bpf) override;
  Status stop_capture() override;
  Result<std::string> open_file(const std::string& path, const std::string& name) override;
  Result<std::string> open_demo() override;
  Status cancel_reading(const std::string& capture_id) override;
  Result<std::string> reserve_upload(const std::string& name, uint64_t size_bytes) override;

  std::vector<std::shared_ptr<CaptureView>> captures() const override;
  std::shared_ptr<CaptureView> find(const std::string& id) const override;

  const Rights& rights() const { return capd_.rights(); }
  /// Blocks until the reading of a capture has ended (CLI, tests).
  void wait_for(const std::string& capture_id);

 private:
  /// One capture with the thread that fills it.
  struct Running {
    std::shared_ptr<IndexedCapture> view;
    std::string id;
    std::atomic<bool> stop{false}, ended{false};
    std::thread thread;
  };
  struct Live;

  void read_file(Running& run, std::unique_ptr<PacketSource> source);
  void run_live(Live& live);
  std::string next_id();
  Running& add(std::shared_ptr<IndexedCapture> view, const std::string& id);
  uint64_t disk_used() const;

  const EngineOptions options_;
  Capd capd_;
  QueryPool pool_{2};
  mutable std::mutex mutex_;  ///< everything below; never held while packets move
  uint64_t serial_ = 0;
  std::list<std::unique_ptr<Running>> running_;
  std::unique_ptr<Live> live_;
  std::atomic<uint64_t> generation_{1};
  std::string live_words_;
};

}  // namespace sp3ctra
