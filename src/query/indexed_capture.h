#pragma once
// The CaptureView over an index and a file: what the page and the CLI read.
#include <atomic>
#include <list>
#include <map>
#include <mutex>

#include "capture/file_annotations.h"
#include "query/capture_view.h"
#include "query/filter_scan.h"
#include "query/replay.h"

namespace sp3ctra {

/// What the engine tells about a capture while it runs; guarded by its own lock.
struct CaptureFacts {
  std::string id, name, path;
  bool demo = false;
  bool deletable = false;  ///< the file lies in the data directory
  CaptureState state = CaptureState::kReading;
  std::string damage, ended;
  uint64_t done_bytes = 0, total_bytes = 0;
  double rate_bytes_per_s = 0;
  TrackerCounters given_up;
  std::vector<CaptureInterface> interfaces;
};

class IndexedCapture final : public CaptureView {
 public:
  static constexpr size_t kFiltersMax = 8;  ///< least recently asked leaves
  static constexpr size_t kRowsCached = 8192;

  IndexedCapture(QueryPool& pool, std::shared_ptr<CaptureIndex> index,
                 std::shared_ptr<const PacketFile> file, CaptureFacts facts,
                 std::shared_ptr<Checkpoints> checkpoints = std::make_shared<Checkpoints>());

  CaptureIndex& index() { return *index_; }
  /// To be filled while the capture is read.
  Checkpoints& checkpoints() { return *checkpoints_; }
  template <class F>
  void update(F f) {
    const std::lock_guard lock(facts_mutex_);
    f(facts_);
  }

  CaptureInfo info() const override;
  tl::expected<std::string, FilterError> add_filter(std::string_view text,
                                                    std::string& reading) override;
  FilterProgress progress(const std::string& filter) const override;
  Result<std::vector<Row>> rows(const std::string& filter, uint64_t first, uint32_t count) override;
  Result<PacketDetail> packet(uint64_t number) override;
  Result<std::optional<Found>> find(const std::string& filter, FindKind kind, std::string_view what,
                                    uint64_t from, bool forward, ProgressFn progress,
                                    void* user) override;
  std::optional<Found> conversation(const std::string& filter, uint64_t number,
                                    bool forward) override;
  uint64_t row_of(const std::string& filter, uint64_t number) const override;
  SeriesBins series(const std::string& filter, std::optional<Timestamp> from,
                    std::optional<Timestamp> to, uint32_t bins) override;
  Result<uint64_t> export_to(int fd, const ExportRequest& request, ProgressFn progress,
                             void* user) override;
  std::vector<std::pair<std::string, uint64_t>> protocol_counts() const override;

 private:
  std::shared_ptr<FilterScan> scan_of(const std::string& filter) const;
  Result<Row> row(uint64_t number);
  static Row expired_row(uint64_t number);
  Row make_row(uint64_t number, const Replay::Opened& opened, bool whole) const;
  Result<std::optional<Found>> find_time(std::string_view what, const std::string& filter) const;
  Found found(const std::string& filter, uint64_t number) const;

  QueryPool& pool_;
  std::shared_ptr<CaptureIndex> index_;
  std::shared_ptr<const PacketFile> file_;
  std::shared_ptr<Checkpoints> checkpoints_;
  mutable std::mutex facts_mutex_;
  CaptureFacts facts_;
  mutable std::mutex filters_mutex_;
  mutable std::list<std::pair<std::string, std::shared_ptr<FilterScan>>> filters_;
  uint64_t filter_serial_ = 0;
  std::mutex rows_mutex_;  ///< rows_replay_, row_cache_
  Replay rows_replay_;
  std::map<uint64_t, Row> row_cache_;
  std::mutex packet_mutex_;  ///< packet_replay_
  Replay packet_replay_;
};

}  // namespace sp3ctra
