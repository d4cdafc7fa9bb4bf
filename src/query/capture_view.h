#pragma once
// One capture, live or opened, as its readers see it: rows, packets, filters, search, export.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/timestamp.h"
#include "explain/plain_words.h"
#include "flow/tracker_counters.h"
#include "protocols/dissection.h"

namespace sp3ctra {

enum RowFlags : uint16_t {
  kRowAnomaly = 1,
  kRowReassembled = 2,
  kRowNotAnalysed = 4,
  kRowRetransmission = 8,
  kRowOffload = 16,
  kRowFromResponder = 32,
  kRowTruncated = 64,
  kRowDuplicate = 128,  ///< the same packet came on another interface within 1 ms
};

/// One line of the packet list. Text is escaped already. Of a packet that is no longer kept only
/// `info` says so, and `number` where it is known.
struct Row {
  uint64_t number = 0;
  Timestamp ts;
  uint32_t len = 0;
  uint16_t src_port = 0, dst_port = 0;
  uint16_t flags = 0;  ///< RowFlags
  uint8_t interface_id = 0;
  Family family = Family::kCarrier;
  std::string src, dst, protocol, info;
};

/// kStopped: the reading of a file was cancelled; what was read up to then is there.
enum class CaptureState : uint8_t { kLive, kReading, kReady, kDamaged, kStopped };

struct CaptureInfo {
  std::string id, name;
  CaptureState state = CaptureState::kReading;
  std::string damage;  ///< words, when cut short, damaged or stopped
  std::string ended;   ///< words, when a live capture ended by itself: full disk, no interface
  bool demo = false;
  bool deletable = false;  ///< deleting the capture deletes its file: it lies in the data directory
  std::vector<std::string> interfaces;  ///< names by Row::interface_id; empty text = unnamed
  uint64_t packets = 0, bytes = 0;      ///< all ever: duplicates too, and those no longer kept
  uint64_t duplicates = 0, duplicate_bytes = 0;
  uint64_t first_number = 1;                 ///< the first packet still kept
  uint64_t segments = 1;                     ///< files it lies in
  Timestamp first, last;                     ///< of the packets kept
  uint64_t done_bytes = 0, total_bytes = 0;  ///< reading progress in the file
  double rate_bytes_per_s = 0;
  TrackerCounters given_up;
};

struct PacketDetail {
  Packet packet;  ///< data points into `bytes`
  std::vector<std::byte> bytes;
  std::string interface_name;
  Tree tree;
  Parsed parsed;
  PlainWords words;
  uint64_t previous = 0, next = 0;  ///< in the same conversation; 0 = none
  std::string stream;               ///< "tcp:14", empty when none
  std::string command;              ///< the CLI twin
};

/// How far a filter has got. rows grows while a live capture or a scan goes on.
struct FilterProgress {
  uint64_t rows = 0;  ///< matches so far
  uint64_t of = 0;    ///< packets in the capture
  uint64_t scanned = 0;
  bool complete = false;  ///< every packet that exists was asked
  uint64_t took_ms = 0;
  uint64_t first_row = 0;  ///< the matches before are no longer kept
};

struct FilterError {
  std::string message;
  uint32_t position = 0, length = 0;
};

struct SeriesBins {
  Timestamp from, to;
  std::vector<uint64_t> packets, bytes;
  std::vector<std::vector<uint64_t>> families;  ///< [Family][bin], packets
};

enum class FindKind : uint8_t { kText, kHex, kNumber, kTime };
struct Found {
  uint64_t number = 0, row = 0;
};

struct ExportRequest {
  std::string filter;             ///< filter id, empty = all
  std::vector<uint64_t> numbers;  ///< only these (marked), empty = all
  std::optional<Timestamp> from, to;
  bool pcapng = true;
};

/// Told while long work goes on; returns false to cancel. Called from the worker's thread.
using ProgressFn = bool (*)(void* user, uint64_t done, uint64_t total);

/// All methods may be called from any thread. Filter ids are "" (everything) or given by
/// add_filter; an unknown id answers like a filter without rows.
class CaptureView {
 public:
  virtual ~CaptureView() = default;
  virtual CaptureInfo info() const = 0;
  /// Compiles and starts scanning in the query pool. `reading` = the filter in words.
  virtual tl::expected<std::string, FilterError> add_filter(std::string_view text,
                                                            std::string& reading) = 0;
  virtual FilterProgress progress(const std::string& filter) const = 0;
  /// Rows first … first+count-1 of the filter (fewer at the end). count ≤ kRowsPerRequestMax.
  virtual Result<std::vector<Row>> rows(const std::string& filter, uint64_t first,
                                        uint32_t count) = 0;
  virtual Result<PacketDetail> packet(uint64_t number) = 0;
  /// Searching may take long: blocks; give up with `progress`.
  virtual Result<std::optional<Found>> find(const std::string& filter, FindKind kind,
                                            std::string_view what, uint64_t from, bool forward,
                                            ProgressFn progress, void* user) = 0;
  /// Never leads to a packet that is no longer kept.
  virtual std::optional<Found> conversation(const std::string& filter, uint64_t number,
                                            bool forward) = 0;
  virtual uint64_t row_of(const std::string& filter, uint64_t number) const = 0;
  virtual SeriesBins series(const std::string& filter, std::optional<Timestamp> from,
                            std::optional<Timestamp> to, uint32_t bins) = 0;
  /// Writes the chosen packets to fd; blocks. Bytes written on success.
  virtual Result<uint64_t> export_to(int fd, const ExportRequest& request, ProgressFn progress,
                                     void* user) = 0;
  /// Counts of field names seen lately, to rank completion; bounded.
  virtual std::vector<std::pair<std::string, uint64_t>> protocol_counts() const = 0;
};

/// The captures there are, newest first. Any thread.
class CaptureLibrary {
 public:
  virtual ~CaptureLibrary() = default;
  virtual std::vector<std::shared_ptr<CaptureView>> captures() const = 0;
  virtual std::shared_ptr<CaptureView> find(const std::string& id) const = 0;
};

}  // namespace sp3ctra
