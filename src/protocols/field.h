#pragma once
// The field table of a protocol: the one place that names a field, its type and its plain words.
// Tree, filter language, tsv output, CSV header, completion, docs and tooltips derive from it.
#include <cstdint>
#include <span>
#include <string_view>

namespace sp3ctra {

enum class FieldType : uint8_t {
  kProtocol,  ///< the protocol's own top node
  kLabel,     ///< a heading in the tree; no value (shown, not filtered)
  kBool,
  kUint8,
  kUint16,
  kUint24,
  kUint32,
  kUint64,
  kInt32,
  kInt64,
  kString,
  kBytes,
  kEther,
  kIpv4,
  kIpv6,
  kAbsTime,   ///< number = nanoseconds since 1970 (int64)
  kRelTime,   ///< number = nanoseconds (int64)
  kFrameNum,  ///< number = a frame number: an evidence link
};

/// How numbers are printed (as tshark -T fields does): hex is 0x with the type's full width.
enum class FieldBase : uint8_t { kDec, kHex };

/// A number's name, shown beside it ("A (host address)"); sorted or not, searched linearly.
struct ValueName {
  uint64_t value;
  std::string_view name;
};

struct FieldDef {
  std::string_view name;  ///< Wireshark's abbreviation, e.g. "ip.src"
  FieldType type;
  FieldBase base;
  std::string_view label;  ///< our short word, e.g. "From"
  std::string_view words;  ///< a sentence for a beginner: what it is; never empty
  std::span<const ValueName> names = {};
  /// Other names under which filters and -e find the same node, space separated ("ip.addr
  /// ip.host").
  std::string_view also = {};
};

/// A named oddity of hostile or broken bytes: counted, shown, never an error.
struct AnomalyDef {
  std::string_view name;   ///< "ip.length_short"
  std::string_view words;  ///< one sentence
};

/// Protocol families of the page: colour + icon + word.
enum class Family : uint8_t {
  kCarrier,
  kNames,
  kSecure,
  kClear,
  kUpkeep,
  kRemote,
  kFiles,
  kThings
};

}  // namespace sp3ctra
