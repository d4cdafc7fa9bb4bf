// BSD loopback: four bytes that name the address family, in the byte order of whoever captured.
#include "protocols/eth.h"
#include "protocols/field_lookup.h"

namespace sp3ctra {
namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kFamilies[] = {{2, "IPv4"},
                                   {10, "IPv6 (Linux)"},
                                   {24, "IPv6 (BSD)"},
                                   {28, "IPv6 (FreeBSD)"},
                                   {30, "IPv6 (macOS)"}};

constexpr FieldDef kFields[] = {
    {"null", kProtocol, kDec, "Loopback",
     "The packet never left the computer: it talks to itself."},
    {"null.family", kUint32, kDec, "Content", "Which protocol is carried.", kFamilies},
};

constexpr AnomalyDef kAnomalies[] = {
    {"null.short", "The packet ends inside its four-byte header."}};

uint32_t ethertype_of(uint32_t family) {
  switch (family) {
    case 2:
      return 0x0800;
    case 10:
    case 24:
    case 28:
    case 30:
      return 0x86dd;
    default:
      return 0;
  }
}

void dissect(Dissection& d, Input in) noexcept {
  if (in.data.size() < 4) {
    if (in.reported < 4) d.anomaly(kAnomalies[0], in);
    return;
  }
  // Families are small, so the half that is zero tells the byte order.
  uint32_t family = load_le32(in.data, 0);
  if (family & 0xffff0000) family = load_be32(in.data, 0);
  if (d.detailed()) {
    d.open(kFields[0], in, 0, 4);
    d.number(kFields[1], in, 0, 4, family);
    d.close();
  }
  const uint32_t type = ethertype_of(family);
  if (d.quoted == 0) d.parsed.ethertype = static_cast<uint16_t>(type);
  const Input payload = in.from(4);
  if (type != 0) {
    call_ethertype(d, type, payload);
  } else {
    d.opaque(payload);
  }
}

constexpr Binding kBindings[] = {{Table::kLinkType, 0}, {Table::kLinkType, 108}};

}  // namespace

extern const Protocol kNullLoop{.name = "null",
                                .label = "Loopback",
                                .title = "BSD loopback",
                                .words = "Packets a computer sends to itself.",
                                .family = Family::kCarrier,
                                .fields = kFields,
                                .anomalies = kAnomalies,
                                .bindings = kBindings,
                                .dissect = dissect};

}  // namespace sp3ctra
