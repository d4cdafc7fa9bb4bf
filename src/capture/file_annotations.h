#pragma once
// What a capture file says beside its packets: comments, names of addresses, secrets to decrypt
// with, interface statistics. Bounded by limits::kAnnotationBytesMax; what does not fit is counted.
#include <cstdint>
#include <map>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace sp3ctra {

/// A comment; of a packet when `file_offset` is a packet's, else of a section or interface.
struct FileComment {
  uint64_t file_offset = 0;  ///< of the block it stands in
  bool on_packet = false;
  std::string text;
};

/// A name the file gives to an address (pcapng name resolution block).
struct FileName {
  uint64_t file_offset = 0;
  IpAddress address;
  std::string name;
};

/// Secrets to decrypt with (pcapng decryption secrets block), e.g. type 0x544c534b = TLS key log.
struct FileSecrets {
  uint64_t file_offset = 0;
  uint32_t type = 0;
  std::string bytes;
};

/// What one interface statistics block says. Absent numbers are UINT64_MAX.
struct FileStatistics {
  static constexpr uint64_t kUnknown = ~uint64_t{0};
  uint64_t file_offset = 0;
  uint16_t interface_id = 0;  ///< index into the source's interfaces()
  uint64_t received = kUnknown;
  uint64_t dropped = kUnknown;   ///< by the card (isb_ifdrop)
  uint64_t accepted = kUnknown;  ///< past the capture filter (isb_filteraccept)
  uint64_t dropped_by_system = kUnknown;
  uint64_t delivered = kUnknown;  ///< to the program that wrote the file (isb_usrdeliv)
};

/// Which program and machine wrote a section.
struct FileOrigin {
  uint64_t file_offset = 0;
  std::string hardware, system, application;
};

/// Gathered while the file is read; may be looked at by other threads meanwhile.
class FileAnnotations {
 public:
  void add(FileComment comment);
  void add(FileName name);
  void add(FileSecrets secrets);
  void add(const FileStatistics& statistics);
  void add(FileOrigin origin);
  /// One block of a type this program does not know was skipped.
  void count_unknown(uint32_t block_type);

  std::vector<FileComment> comments() const { return copy(comments_); }
  std::vector<FileName> names() const { return copy(names_); }
  std::vector<FileSecrets> secrets() const { return copy(secrets_); }
  std::vector<FileStatistics> statistics() const { return copy(statistics_); }
  std::vector<FileOrigin> origins() const { return copy(origins_); }
  /// Comments of the packet whose block starts at this offset.
  std::vector<std::string> packet_comments(uint64_t file_offset) const;
  /// Unknown blocks by type; types beyond the first 256 are counted under 0xffffffff.
  std::map<uint32_t, uint64_t> unknown_blocks() const;
  /// How many annotations were left out because the limit was reached.
  uint64_t left_out() const;

 private:
  bool room_for(size_t bytes);
  template <class T>
  std::vector<T> copy(const std::vector<T>& from) const {
    std::shared_lock lock(mutex_);
    return from;
  }

  mutable std::shared_mutex mutex_;    // guards everything below
  std::vector<FileComment> comments_;  // in order of file_offset: files are read from the start
  std::vector<FileName> names_;
  std::vector<FileSecrets> secrets_;
  std::vector<FileStatistics> statistics_;
  std::vector<FileOrigin> origins_;
  std::map<uint32_t, uint64_t> unknown_;
  uint64_t bytes_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace sp3ctra
