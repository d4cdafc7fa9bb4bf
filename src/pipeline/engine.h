#pragma once
// The engine of one running program: captures opened and live, their threads, and the state that
// page and CLI see. Implements the two doors control/Engine and query/CaptureLibrary.
#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "capture/capd.h"
#include "control/capture_state.h"
#include "control/engine.h"
#include "pipeline/analysis.h"
#include "pipeline/capture_folder.h"
#include "pipeline/live_capture.h"
#include "pipeline/process_load.h"
#include "pipeline/store_settings.h"
#include "query/indexed_capture.h"

namespace sp3ctra {

struct EngineOptions {
  std::string data_directory;  ///< exists, 0700
  std::string demo_path;       ///< empty = none
  unsigned workers = 1;
  uint64_t disk_quota_bytes = 0;  ///< 0 = what the user chose for the store
};

/// Any thread. Destroying it stops captures and readings and waits for their threads.
class CaptureEngine final : public Engine, public CaptureLibrary {
 public:
  CaptureEngine(EngineOptions options, Capd capd);
  ~CaptureEngine() override;

  EngineState state() const override;
  tl::expected<std::string, StartError> start_capture(const StartRequest& request) override {
    return start(request, false);
  }
  tl::expected<void, StartError> add_interface(const std::string& name) override;
  Status remove_interface(const std::string& name) override;
  tl::expected<void, StartError> set_capture_filter(const std::string& bpf) override;
  bool stop_capture(uint32_t patience_ms) override;
  /// Returns when nothing is captured any more; also when nothing was.
  Status stop_capture();
  StorePolicy store_policy() const override { return settings_.policy(); }
  Status set_store_policy(const StorePolicy& policy) override;
  /// Starts what was captured last when the user wants that with every start of the program.
  /// Interfaces that are not there are waited for.
  tl::expected<std::string, StartError> start_always_on();
  Result<std::string> open_file(const std::string& path, const std::string& name) override;
  Result<std::string> open_demo() override;
  Status cancel_reading(const std::string& capture_id) override;
  Status room_for(uint64_t more_bytes) override { return folder_.room_for(more_bytes); }
  Result<std::string> reserve_upload(const std::string& name, uint64_t size_bytes) override {
    return folder_.reserve(name, size_bytes);
  }
  Result<std::string> open_growing(const std::string& path, const std::string& name,
                                   std::shared_ptr<const FileGrowth> growth) override;
  Result<std::string> open_upload(const std::string& path, const std::string& name) override;
  std::vector<StoredCapture> stored() const override;
  Result<std::string> open_stored(const std::string& id) override;
  Result<Removal> remove_capture(const std::string& id) override;

  std::vector<std::shared_ptr<CaptureView>> captures() const override;
  std::shared_ptr<CaptureView> find(const std::string& id) const override;

  /// As they are now: a right given while the program runs is found. Any thread.
  Rights rights() const;
  /// Blocks until the reading of a capture has ended (CLI, tests).
  void wait_for(const std::string& capture_id);

 private:
  /// One capture with the thread that fills it. Whoever lets go of one waits for the thread first:
  /// it writes here until its end.
  struct Running {
    std::shared_ptr<IndexedCapture> view;
    std::string id, path;
    std::atomic<bool> stop{false}, ended{false};
    std::mutex joining;  ///< thread's join
    std::thread thread;
    /// Waits for the end of the thread; any number of threads may.
    void wait();
  };
  /// A file of the data directory that is not open.
  struct Stored {
    StoredCapture shown;
    std::string path;
  };

  Result<std::string> open_as(const std::string& id, const std::string& path,
                              const std::string& name,
                              std::shared_ptr<const FileGrowth> growth = {});
  void read_file(Running& run, std::unique_ptr<PacketSource> source);
  tl::expected<std::shared_ptr<LiveCapture>, StartError> open_live(const std::string& id,
                                                                   const StartRequest& request,
                                                                   bool may_wait,
                                                                   std::string& path);
  /// `may_wait`: also for interfaces that are not there.
  tl::expected<std::string, StartError> start(const StartRequest& request, bool may_wait);
  /// Keeps `last` for the next start of the program, with what `set` (null: ended) captures on now.
  /// remembering_ held, mutex_ not: it waits for the disk.
  void remember(const LiveSet* set, LastCapture last);
  void remember_change(const LiveSet& set);
  void run_live(Running& run, LiveCapture& live);
  Result<std::shared_ptr<LiveSet>> running_set() const;
  std::string next_id();
  /// Puts a file into stored_, newest first. Mutex held.
  void keep(Stored stored);
  Running& add(std::shared_ptr<IndexedCapture> view, const std::string& id,
               const std::string& path);

  uint64_t quota() const;
  bool drop_earlier(int64_t before_ns);

  const EngineOptions options_;
  StoreSettings settings_;
  mutable std::mutex rights_mutex_;  ///< capd_.rights() and replacing capd_
  /// open() by the thread that set starting_; replaced only while nothing may be captured, so never
  /// under a running capture.
  mutable Capd capd_;
  mutable CaptureFolder folder_;
  mutable ProcessLoad load_;
  QueryPool pool_{2};
  std::mutex remembering_;    ///< settings_.set_last(); taken before mutex_
  mutable std::mutex mutex_;  ///< everything below; never held while packets move or files open
  uint64_t serial_ = 0;
  std::list<std::shared_ptr<Running>> running_;
  std::list<Stored> stored_;  ///< newest first
  std::shared_ptr<LiveCapture> live_;
  LiveStateMachine machine_;
  std::condition_variable changed_;  ///< a start is through, or a live capture has ended
  bool starting_ = false;            ///< somebody is in start_capture(), also after a stop
  std::atomic<uint64_t> generation_{1};
};

}  // namespace sp3ctra
