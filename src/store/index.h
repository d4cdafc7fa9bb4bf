#pragma once
// The index of one capture: one row a packet, one record a flow. The packets stay in the file.
//
// Writers: the capture thread appends rows (time, offset, lengths); the worker of the row's shard
// fills the rest in place; the store thread walks behind the watermark, makes stack ids and stream
// numbers final and commits. Readers see rows below committed(), which never change again.
#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/ip_address.h"
#include "base/limits.h"
#include "base/timestamp.h"
#include "events/event.h"

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

/// 64 k rows in columns, 38 bytes a row. Row i is frame first_number + i. File offsets are relative
/// to a base every kOffsetRows rows: 1024 × the largest packet stays below 4 GiB.
struct IndexBlock {
  static constexpr uint32_t kOffsetRows = 1024;
  uint64_t first_number = 0;
  std::array<uint64_t, limits::kIndexBlockRows / kOffsetRows> base_offset{};
  std::unique_ptr<int64_t[]> ts_ns;
  std::unique_ptr<uint32_t[]> offset;  ///< of the record, relative to its base
  std::unique_ptr<uint32_t[]> len, caplen;
  std::unique_ptr<uint32_t[]> flow;      ///< FlowId::value
  std::unique_ptr<uint32_t[]> previous;  ///< frame number of the flow's packet before, 0 = none
  std::unique_ptr<uint16_t[]> stack;     ///< protocol-stack id; per shard until committed
  std::unique_ptr<uint16_t[]> tcp_flags;
  std::unique_ptr<uint16_t[]> bits;  ///< IndexBits
  std::unique_ptr<uint16_t[]> interface_id;
  std::unique_ptr<uint8_t[]> shown;  ///< protocol column, number in the registry
  std::unique_ptr<uint8_t[]> shard;

  explicit IndexBlock(uint64_t first);
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
};

/// Append-only array with stable addresses: one writer, any readers of what was published.
template <class T, size_t kChunk = 1024, size_t kChunks = 65536>
class StableArray {
 public:
  StableArray() : chunks_(new std::atomic<T*>[kChunks] {}) {}
  ~StableArray() {
    for (size_t i = 0; i < kChunks; ++i) delete[] chunks_[i].load();
  }
  StableArray(const StableArray&) = delete;
  StableArray& operator=(const StableArray&) = delete;
  /// Writer only: the element, made if needed; null when the array is full.
  T* at_or_make(size_t i) {
    if (i / kChunk >= kChunks) return nullptr;
    std::atomic<T*>& c = chunks_[i / kChunk];
    if (!c.load(std::memory_order_relaxed)) c.store(new T[kChunk], std::memory_order_release);
    return &c.load(std::memory_order_relaxed)[i % kChunk];
  }
  /// Reader: null when never made.
  T* find(size_t i) const {
    if (i / kChunk >= kChunks) return nullptr;
    T* c = chunks_[i / kChunk].load(std::memory_order_acquire);
    return c ? &c[i % kChunk] : nullptr;
  }

 private:
  std::unique_ptr<std::atomic<T*>[]> chunks_;
};

/// A protocol stack: numbers of the registry, outermost first (frame.protocols).
struct StackRecord {
  uint8_t count = 0;
  std::array<uint8_t, limits::kLayersMax> protocols{};
  bool operator==(const StackRecord&) const = default;
};

class CaptureIndex {
 public:
  CaptureIndex();

  // ---- capture thread ----
  /// Appends a row; its number is the return value. Opens blocks as needed.
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

  // ---- any thread, rows 1 … committed() ----
  uint64_t committed() const { return committed_.load(std::memory_order_acquire); }
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
  /// Flow of tcp.stream / udp.stream N.
  FlowId flow_of_stream(bool tcp, uint32_t stream) const;
  /// Next packet of the same flow: looks forward over committed rows, `rows_max` of them.
  uint64_t next_of_flow(uint64_t number, uint64_t rows_max) const;
  /// Calls f(block, first_row, rows) over committed rows of frames [from, to].
  template <class F>
  void scan(uint64_t from, uint64_t to, F f) const {
    to = std::min(to, committed());
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
  StableArray<std::unique_ptr<IndexBlock>, 1024, 1024> blocks_;
  IndexBlock* tail_ = nullptr;
  uint64_t appended_ = 0;
  std::atomic<uint64_t> committed_{0};
  std::atomic<uint64_t> total_bytes_{0};
  std::atomic<uint64_t> duplicates_{0}, duplicate_bytes_{0};

  struct ShardSide {
    StableArray<FlowRecord, 256, 16384> flows;
    std::vector<StackRecord> stacks;               ///< written by the worker …
    StableArray<StackRecord, 64, 1024> published;  ///< … read by the store thread
    std::vector<int32_t> final_stack;              ///< store thread: provisional → final
    mutable std::mutex links_mutex;
    std::vector<std::pair<uint64_t, uint64_t>> links;  ///< completing frame → fragment before
  };
  std::unique_ptr<ShardSide[]> shards_;
  mutable std::mutex finals_mutex_;
  std::vector<StackRecord> finals_;
  uint32_t next_tcp_stream_ = 0, next_udp_stream_ = 0;
  mutable std::mutex streams_mutex_;
  std::vector<FlowId> tcp_streams_, udp_streams_;
};

}  // namespace sp3ctra
