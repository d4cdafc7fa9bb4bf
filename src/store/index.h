#pragma once
// The index of one capture: one row a packet, one record a flow. The packets stay in the file.
//
// Writers: the capture thread appends rows (time, offset, lengths); the worker of the row's shard
// fills the rest in place; the store thread walks behind the watermark, makes stack ids and stream
// numbers final and commits. Readers see rows below committed(), which never change again. Of a
// live capture the oldest rows may go: first_kept() is the first that is still there.
#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "base/ip_address.h"
#include "base/limits.h"
#include "base/timestamp.h"
#include "events/event.h"
#include "store/paged_array.h"

namespace sp3ctra {

/// Bits of IndexBlock::bits.
enum IndexBits : uint16_t {
  kBitAnomaly = 1,
  kBitReassembled = 2,
  kBitDuplicate = 4,
  kBitNotAnalysed = 8,
  kBitFlowStart = 16,
  kBitFragment = 32,
  kBitRetransmission = 64,
  kBitOffload = 128,
  kBitDatagramCompleted = 256,
  kBitFromResponder = 512,
  kBitQuoting = 1024,
};

/// One column of a block: kIndexBlockRows numbers that lie in index memory.
template <class T>
class Column {
 public:
  T& operator[](size_t i) const { return at_[i]; }
  T* get() const { return at_; }
  void lie_at(std::byte*& at) {
    at_ = reinterpret_cast<T*>(at);
    at += limits::kIndexBlockRows * sizeof(T);
  }

 private:
  T* at_ = nullptr;
};

/// 64 k rows in columns, 38 bytes a row. Row i is frame first_number + i. File offsets are relative
/// to a base every kOffsetRows rows: 1024 × the largest packet stays below 4 GiB. The rows of a
/// block that is no longer kept read as zeros.
struct IndexBlock {
  static constexpr uint32_t kOffsetRows = 1024;
  static constexpr size_t kBytes = limits::kIndexBlockRows * size_t{38} +
                                   limits::kIndexBlockRows / kOffsetRows * sizeof(uint64_t);
  uint64_t first_number = 0;
  Column<int64_t> ts_ns;
  uint64_t* base_offset = nullptr;
  Column<uint32_t> offset;  ///< of the record, relative to its base
  Column<uint32_t> len, caplen;
  Column<uint32_t> flow;      ///< FlowId::value
  Column<uint32_t> previous;  ///< how many frames before is the flow's packet before, 0 = none
  Column<uint16_t> stack;     ///< protocol-stack id; per shard until committed
  Column<uint16_t> tcp_flags;
  Column<uint16_t> bits;  ///< IndexBits
  Column<uint16_t> interface_id;
  Column<uint8_t> shown;  ///< protocol column, number in the registry
  Column<uint8_t> shard;

  /// Lays the columns into `memory` of kBytes zeros.
  void lie_at(uint64_t first, std::byte* memory);
  /// Frame number of the packet before in row i's flow, 0 = none.
  uint64_t previous_of(size_t i) const { return previous[i] ? first_number + i - previous[i] : 0; }
};

/// What is known of a flow for its life; written once by the worker, `application` may follow.
struct FlowRecord {
  FlowId id, parent, announced_by;
  IpAddress orig, resp;
  uint64_t first_frame = 0;
  uint16_t orig_port = 0, resp_port = 0, vlan = 0;
  uint8_t ip_proto = 0;
  uint8_t kind = 0;  ///< FlowKind
  bool has_vlan = false;
  bool ports_reused = false;                 ///< another flow of the same ends came before
  std::atomic<uint8_t> application{255};     ///< number in the registry, 255 = unknown
  std::atomic<uint32_t> stream{UINT32_MAX};  ///< tcp.stream/udp.stream, set at commit
  std::atomic<uint64_t> last_frame{0};       ///< its last packet so far
  std::atomic<bool> ended{false};            ///< no packet of it will follow
};

/// A protocol stack: numbers of the registry, outermost first (frame.protocols).
struct StackRecord {
  uint8_t count = 0;
  std::array<uint8_t, limits::kLayersMax> protocols{};
  bool operator==(const StackRecord&) const = default;
};

class CaptureIndex {
 public:
  explicit CaptureIndex(std::shared_ptr<IndexMemory> memory = heap_index_memory());

  // ---- capture thread ----
  /// Makes sure that append() finds room; false when memory (or the disk under it) has none.
  bool make_room();
  /// Why make_room() last failed: the disk is full, or memory is short. Any thread.
  bool out_of_disk() const { return memory_->out_of_disk(); }
  /// Any thread but the capture thread, from time to time: make_room() then seldom waits.
  void make_room_ahead() { memory_->grow_ahead(); }
  /// Forgets the rows above `number`, which no worker has seen yet.
  void take_back(uint64_t number);
  /// Appends a row; its number is the return value. Needs make_room().
  uint64_t append(int64_t ts_ns, uint64_t file_offset, uint32_t len, uint32_t caplen,
                  uint16_t interface_id, uint8_t shard);

  // ---- the worker that owns the shard ----
  IndexBlock& block_of(uint64_t number) const;
  FlowRecord* flow_record(FlowId id);  ///< made on first call; null beyond the limit
  /// Provisional stack number within the shard.
  uint16_t shard_stack(uint32_t shard, const StackRecord& stack);
  /// Remembers that `frame` completed the datagram whose last fragment before it was `previous`.
  void link_datagram(uint32_t shard, uint64_t frame, uint64_t previous);

  // ---- store thread ----
  /// Makes rows up to and including `number` final and visible.
  void commit(uint64_t number);

  // ---- one thread at a time ----
  /// Rows below `number` ≤ committed() + 1 are no longer kept; neither is what only they needed.
  void expire_before(uint64_t number);

  // ---- any thread, rows 1 … committed() ----
  uint64_t committed() const { return committed_.load(std::memory_order_acquire); }
  /// The first row that is kept; 1 unless a limit was reached. May be committed() + 1: none is.
  uint64_t first_kept() const { return first_kept_.load(std::memory_order_acquire); }
  bool kept(uint64_t number) const { return number >= first_kept() && number <= committed(); }
  /// Time of row 1, also when that is no longer kept.
  int64_t first_ts_ns() const { return first_ts_ns_.load(std::memory_order_relaxed); }
  /// Time of the row before `number`; of `number` itself when that is the first one or the row is
  /// no longer kept.
  int64_t ts_before(uint64_t number) const;
  uint64_t memory_bytes() const { return memory_->bytes_in_use(); }
  const FlowRecord* find_flow(FlowId id) const;
  StackRecord stack(uint16_t id) const;
  size_t stack_count() const;
  uint64_t total_bytes() const { return total_bytes_.load(std::memory_order_relaxed); }
  /// Rows that repeat a packet of another interface; in committed() and total_bytes() they count.
  uint64_t duplicates() const { return duplicates_.load(std::memory_order_relaxed); }
  uint64_t duplicate_bytes() const { return duplicate_bytes_.load(std::memory_order_relaxed); }
  uint64_t file_offset(uint64_t number) const;
  /// Of every datagram that `frame` completed: the last fragment before it.
  std::vector<uint64_t> datagram_links(uint64_t frame) const;
  /// Next packet of the same flow: looks forward over committed rows, `rows_max` of them.
  uint64_t next_of_flow(uint64_t number, uint64_t rows_max) const;
  /// Calls f(block, first_row, rows) over the rows of frames [from, to] that are committed and
  /// kept.
  template <class F>
  void scan(uint64_t from, uint64_t to, F f) const {
    to = std::min(to, committed());
    from = std::max(from, first_kept());
    while (from <= to) {
      const IndexBlock& b = block_of(from);
      const auto row = static_cast<uint32_t>(from - b.first_number);
      const uint64_t rows = std::min<uint64_t>(to - from + 1, kBlockRows - row);
      if (!f(b, row, static_cast<uint32_t>(rows))) return;
      from += rows;
    }
  }

 private:
  static constexpr uint32_t kBlockRows = limits::kIndexBlockRows;
  struct Link {
    uint64_t frame = 0, fragment_before = 0;
  };
  struct ShardSide {
    PagedArray<FlowRecord> flows;
    size_t flow_pages_asked = 0;            ///< expiring thread: looked at once …
    std::vector<uint32_t> flow_pages_kept;  ///< … and a flow in them lives longer
    std::vector<StackRecord> stacks;        ///< written by the worker …
    PagedArray<StackRecord, 1> published;   ///< … read by the store thread
    std::vector<int32_t> final_stack;       ///< store thread: provisional → final
    PagedArray<Link, 256> links;            ///< by frame
    std::atomic<size_t> links_made{0}, links_first{0};
  };
  uint16_t final_stack_of(ShardSide& side, uint16_t local);
  void expire_flows(ShardSide& side, uint64_t number, std::vector<IndexMemory::Range>& ranges);
  static void expire_links(ShardSide& side, uint64_t number,
                           std::vector<IndexMemory::Range>& ranges);

  const std::shared_ptr<IndexMemory> memory_;  ///< outlives what lies in it
  PagedArray<IndexBlock> blocks_;
  IndexBlock* tail_ = nullptr;
  uint64_t appended_ = 0;
  uint64_t blocks_dropped_ = 0;  ///< expiring thread
  std::atomic<uint64_t> committed_{0}, first_kept_{1}, total_bytes_{0};
  std::atomic<int64_t> first_ts_ns_{0};
  std::atomic<uint64_t> duplicates_{0}, duplicate_bytes_{0};
  std::unique_ptr<ShardSide[]> shards_;
  mutable std::mutex finals_mutex_;
  std::vector<StackRecord> finals_;
  uint32_t next_tcp_stream_ = 0, next_udp_stream_ = 0;  ///< store thread
};

}  // namespace sp3ctra
