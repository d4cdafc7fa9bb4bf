#pragma once
// Lists of known-bad and known-good addresses and domains: read once, then looked up in < 1 µs.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace sp3ctra {

/// Where a list says so.
struct IntelHit {
  std::string_view list;   ///< file name; lives as long as the Intel
  uint32_t line = 0;       ///< counted from 1
  std::string_view entry;  ///< what of the question was listed: the name or its parent
};

/// A list by number, and its line.
struct IntelSource {
  uint16_t list = 0;
  uint32_t line = 0;
};

struct IntelCounts {
  uint64_t addresses = 0, domains = 0;  ///< entries known-bad, ranges count once
  uint64_t good_addresses = 0, good_domains = 0;
  uint64_t files = 0;
  uint64_t not_understood = 0;  ///< lines
  uint64_t left_out = 0;        ///< private, reserved or far too wide: would be everybody
  uint64_t too_many = 0;        ///< entries beyond limits::kIntelEntriesMax, files beyond theirs
};

/// Immutable after load: may be read by several threads. Formats, line by line: an address; a CIDR
/// block; a range "a-b"; a domain (it and all below it); "*.domain"; a hosts file's "0.0.0.0 name"
/// (that name alone). "#", ";" and "//" begin comments. Files whose name begins with "good" or
/// "allow", or in a folder so named, are known-good: they win. Hidden files are not read.
class Intel {
 public:
  Intel();
  ~Intel();
  /// Reads every file of the folder (and of its folders, one deep), in order of their names.
  static Result<std::shared_ptr<const Intel>> load(const std::string& folder);
  /// One list from memory. `good`: known-good.
  void add(std::string_view name, std::string_view text, bool good);
  /// After the last add().
  void seal();

  /// Known-bad and not known-good.
  std::optional<IntelHit> find(const IpAddress& address) const noexcept;
  /// By name, in any case, with or without the dot at its end.
  std::optional<IntelHit> find(std::string_view domain) const noexcept;
  const IntelCounts& counts() const { return counts_; }
  /// Of all tables.
  uint64_t memory_bytes() const;

 private:
  struct Tables;
  void add_line(std::string_view line, IntelSource source, bool good);
  bool add_address(std::string_view word, IntelSource source, bool good);
  bool add_domain(std::string_view word, IntelSource source, bool good, bool exact);

  std::vector<std::string> lists_;
  IntelCounts counts_;
  std::unique_ptr<Tables> bad_, good_;
};

}  // namespace sp3ctra
