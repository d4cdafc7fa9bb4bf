#pragma once
// A live capture on disk: a ring of segments, each a whole pcapng file, written before anything
// else looks at the packets; and the thread that keeps the ring within what the user chose.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "capture/pcapng_writer.h"
#include "capture/random_access.h"
#include "control/store_policy.h"
#include "pipeline/analysis.h"

namespace sp3ctra {

/// How large one segment gets when the whole capture may have `budget_bytes`.
uint64_t segment_bytes_of(uint64_t budget_bytes);

/// Writes the segments and lets readers in behind the writer. What cannot be written is counted and
/// said; writing goes on by itself when there is room again. write(), flush(), add_interface() and
/// statistics() are the capture thread's, the rest is any thread's.
class SegmentWriter final : public PacketSink {
 public:
  struct Options {
    std::string folder;                        ///< for the segments; must not exist, made 0700
    std::vector<CaptureInterface> interfaces;  ///< what the first segment begins with
    std::shared_ptr<CaptureIndex> index;   ///< its oldest rows go with their segment; may be null
    std::function<StorePolicy()> policy;   ///< asked a few times a second; null = no limits
    std::function<uint64_t()> quota_left;  ///< bytes that other captures leave; null = any
    /// With "always on": lets go of segments of earlier captures of that kind, those last written
    /// before a time or (INT64_MAX) the oldest one. Whether any went. May be null.
    std::function<bool(int64_t before_ns)> drop_earlier;
  };
  static Result<std::unique_ptr<SegmentWriter>> create(Options options);
  ~SegmentWriter() override;
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  uint64_t write(const Packet& packet) override;
  uint64_t flush() override;
  /// One more interface: in this segment and in all that follow.
  void add_interface(const CaptureInterface& interface) override;
  /// An interface statistics block, as of `now`; written at once.
  void statistics(const FileStatistics& counted, Timestamp now) override;
  /// Nothing more will be written: the keeper ends.
  void close();

  std::shared_ptr<const PacketFile> reader() const { return reader_; }
  StoreState state() const;

 private:
  struct Segment {
    std::string path;
    uint64_t offset = 0, bytes = 0;  ///< in the whole; of the one being written: as last flushed
    uint64_t first_number = 1, packets = 0;
    int64_t first_ns = 0, last_ns = 0;  ///< of its packets, 0 = has none
  };

  explicit SegmentWriter(Options options);
  // ---- capture thread ----
  Status begin_segment();
  bool rotate();
  bool settle();
  void cut_back(const std::string& error);
  bool has_packets() const { return whole_packets_ > packets_before_ || !ends_.empty(); }
  bool fits(uint64_t bytes) const;
  bool make_way(uint64_t bytes);
  void pause_on(const std::string& error);
  void pause_for(std::string cause);
  // ---- keeper ----
  struct Disk {
    uint64_t free = 0, total = 0;
  };
  void keep();
  void look();
  bool drop_earlier(const StorePolicy& policy, const Disk& disk);
  void retire_oldest();
  void retire_what_is_too_much(const StorePolicy& policy, const Disk& disk);
  bool let_go();
  /// Why nothing can be written, in words; empty when something can.
  std::string lack(const StorePolicy& policy, const Disk& disk) const;

  const Options options_;
  const std::shared_ptr<JoinedFile> joined_;
  const std::shared_ptr<CaptureLayout> layout_;
  const std::shared_ptr<const PacketFile> reader_;

  // capture thread
  std::unique_ptr<PcapngWriter> writer_;
  std::vector<CaptureInterface> interfaces_;
  std::vector<uint64_t> ends_;   ///< in the segment, of the packets taken since it was last flushed
  std::vector<int64_t> times_;   ///< of the same packets
  uint64_t whole_packets_ = 0;   ///< on disk, since the beginning
  uint64_t whole_bytes_ = 0;     ///< of the segment, that lie on disk and end with a whole block
  uint64_t packets_before_ = 0;  ///< on disk, in the segments before
  int64_t begun_ns_ = 0;         ///< when the segment was, by the steady clock
  uint64_t serial_ = 0;
  bool lost_ = false;  ///< packets taken are not on disk: nothing is taken before the next flush()
  bool interface_lost_ = false;  ///< one is described only in the next segment

  // between the two
  std::atomic<int64_t> not_before_ns_{0};  ///< a pause lasts until then at least
  std::atomic<bool> paused_{false};
  std::atomic<uint64_t> budget_{UINT64_MAX};  ///< bytes that the whole capture may have
  std::atomic<uint64_t> closed_bytes_{0};     ///< of the segments before the one being written
  std::atomic<uint64_t> segment_max_{UINT64_MAX};
  std::atomic<int64_t> segment_ns_max_{INT64_MAX};
  std::atomic<bool> overwrites_{true}, rotation_asked_{false};
  mutable std::mutex mutex_;  ///< the rest
  std::condition_variable wake_;
  std::deque<Segment> segments_;  ///< the last one is being written
  std::deque<Segment> retired_;   ///< no longer counted; go when their rows are final
  uint64_t expired_packets_ = 0, expired_segments_ = 0;
  uint64_t files_max_ = 0;
  std::string cause_;  ///< of the pause
  bool closing_ = false;
  int64_t earlier_asked_ns_ = 0;  ///< keeper: when those of other captures were looked at
  std::thread keeper_;
};

}  // namespace sp3ctra
