#pragma once
// Shared by the DNS files: field ids, name reader, record writer. RFC 1035 and its followers.
#include "protocols/field_cursor.h"

namespace sp3ctra::dns {

enum FieldId : uint16_t {
#define FIELD(id, ...) id,
#include "protocols/dns_fields.inc"
#undef FIELD
  kFieldCount
};
extern const FieldDef kFields[kFieldCount];
inline const FieldDef& field(FieldId id) noexcept { return kFields[id]; }

/// A name put together from labels and pointers; at most kTextMax bytes, without the last dot.
struct Name {
  static constexpr size_t kTextMax = 1024;
  std::array<char, kTextMax> bytes;
  uint16_t size = 0;
  uint16_t labels = 0;
  bool ok = true;  ///< false: loop, cut short or too long; text() is what was read
  std::string_view text() const { return {bytes.data(), size}; }
};

/// Reads the name at `at` of a message (pointers count from the message's start). Returns the
/// offset behind it; npos when even its length is unknown. Bounded by limits::kDnsNameJumpsMax.
size_t read_name(Bytes message, size_t at, Name& name) noexcept;
inline constexpr size_t kNoEnd = static_cast<size_t>(-1);

/// Record types by mnemonic ("AAAA"), empty when unknown.
std::string_view type_name(uint16_t type) noexcept;

inline constexpr uint16_t kTypeA = 1, kTypeNs = 2, kTypeCname = 5, kTypeSoa = 6, kTypePtr = 12,
                          kTypeMx = 15, kTypeTxt = 16, kTypeAaaa = 28, kTypeSrv = 33, kTypeOpt = 41,
                          kTypeSvcb = 64, kTypeHttps = 65;

/// Writes the data of one record: cursor spans exactly the data. `owner` is the record's name.
void write_record_data(FieldCursor& c, uint16_t type) noexcept;
/// Writes the fields of an OPT pseudo-record behind its type; the cursor stands at the class.
/// mDNS uses the top bit of the class as a flag here too.
void write_opt(FieldCursor& c, bool mdns) noexcept;

}  // namespace sp3ctra::dns
