#pragma once
// The tables behind Intel: filled, then sealed, then only read.
#include <algorithm>
#include <array>
#include <vector>

#include "detect/intel.h"

namespace sp3ctra {

__extension__ using Wide = unsigned __int128;

/// An address as a number; IPv4 in the low 32 bits.
inline Wide wide(const IpAddress& a) noexcept {
  if (a.version == 4) return a.v4_host_order();
  return Wide{load_be64(a.bytes(), 0)} << 64 | load_be64(a.bytes(), 8);
}

struct AddressRange {
  Wide low = 0, high = 0;
  IntelSource source;
};

struct NameEntry {
  uint64_t hash = 0;  ///< 0 = free
  uint32_t line = 0;
  uint16_t list = 0;
  uint16_t exact = 0;  ///< not what is below it
};

struct Intel::Tables {
  struct Range4 {
    uint32_t low = 0, high = 0;
    IntelSource source;
  };
  std::vector<AddressRange> v4_staged, v6;
  std::vector<Range4> v4;               ///< sealed: disjoint, ascending
  std::vector<uint32_t> v4_from;        ///< by the high 16 bits: the first range that may hold it
  std::vector<NameEntry> names, table;  ///< staged; sealed: open addressing, half empty

  size_t size() const { return v4_staged.size() + v6.size() + names.size(); }
  uint64_t memory_bytes() const {
    return v4_staged.capacity() * sizeof(AddressRange) + v6.capacity() * sizeof(AddressRange) +
           v4.capacity() * sizeof(Range4) + v4_from.capacity() * 4 +
           (names.capacity() + table.capacity()) * sizeof(NameEntry);
  }
  void add(uint8_t version, const AddressRange& range) {
    (version == 4 ? v4_staged : v6).push_back(range);
  }

  /// Ascending and disjoint: of what two lines say, the wider counts, then the first.
  static void disjoin(std::vector<AddressRange>& ranges) {
    std::stable_sort(ranges.begin(), ranges.end(),
                     [](const AddressRange& a, const AddressRange& b) {
                       return a.low != b.low ? a.low < b.low : a.high > b.high;
                     });
    size_t kept = 0;
    for (AddressRange r : ranges) {
      if (kept > 0 && r.high <= ranges[kept - 1].high) continue;
      if (kept > 0 && r.low <= ranges[kept - 1].high) r.low = ranges[kept - 1].high + 1;
      ranges[kept++] = r;
    }
    ranges.resize(kept);
    ranges.shrink_to_fit();
  }

  void seal() {
    disjoin(v6);
    disjoin(v4_staged);
    v4.reserve(v4_staged.size());
    for (const AddressRange& r : v4_staged)
      v4.push_back({static_cast<uint32_t>(r.low), static_cast<uint32_t>(r.high), r.source});
    std::vector<AddressRange>().swap(v4_staged);
    v4_from.assign(65'537, 0);
    size_t at = 0;
    for (uint32_t top = 0; top < 65'536; ++top) {
      while (at < v4.size() && v4[at].high >> 16 < top) ++at;
      v4_from[top] = static_cast<uint32_t>(at);
    }
    v4_from[65'536] = static_cast<uint32_t>(v4.size());
    size_t slots = 2;
    while (slots < names.size() * 2) slots *= 2;
    table.assign(slots, {});
    for (const NameEntry& n : names) {
      NameEntry& slot = table[place(n.hash)];
      if (slot.hash == 0)
        slot = n;
      else
        slot.exact = slot.exact & n.exact;
    }
    std::vector<NameEntry>().swap(names);
  }

  size_t place(uint64_t hash) const noexcept {
    const size_t mask = table.size() - 1;
    size_t at = hash & mask;
    while (table[at].hash != 0 && table[at].hash != hash) at = (at + 1) & mask;
    return at;
  }
  const NameEntry* find(uint64_t hash) const noexcept {
    if (table.empty()) return nullptr;
    const NameEntry& n = table[place(hash)];
    return n.hash == 0 ? nullptr : &n;
  }
  /// Null when no range holds it.
  const IntelSource* find(const IpAddress& a) const noexcept {
    if (a.version == 6) {
      const Wide x = wide(a);
      const auto r = std::lower_bound(v6.begin(), v6.end(), x,
                                      [](const AddressRange& e, Wide v) { return e.high < v; });
      return r != v6.end() && r->low <= x ? &r->source : nullptr;
    }
    if (v4.empty()) return nullptr;
    const uint32_t x = a.v4_host_order(), top = x >> 16;
    const auto end = v4.begin() + std::min<size_t>(v4_from[top + 1] + 1, v4.size());
    const auto r = std::lower_bound(v4.begin() + v4_from[top], end, x,
                                    [](const Range4& e, uint32_t v) { return e.high < v; });
    return r != end && r->low <= x ? &r->source : nullptr;
  }
};

}  // namespace sp3ctra
