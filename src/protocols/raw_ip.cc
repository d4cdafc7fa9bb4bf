// Captures without any link header: the first byte says which IP it is.
#include "protocols/eth.h"

namespace sp3ctra {
namespace {

constexpr FieldDef kFields[] = {
    {"raw", FieldType::kProtocol, FieldBase::kDec, "No link header",
     "The capture holds bare IP packets, as tunnels and phones give them."},
};
constexpr AnomalyDef kAnomalies[] = {
    {"raw.version", "The packet should be IPv4 or IPv6 and is neither."}};

void dissect(Dissection& d, Input in) noexcept {
  if (d.detailed()) {
    d.open(kFields[0], in, 0, 0);
    d.close();
  }
  const int version = in.data.empty() ? 0 : load8(in.data, 0) >> 4;
  if (version != 4 && version != 6) {
    d.anomaly(kAnomalies[0], in);
    return d.opaque(in);
  }
  const uint16_t type = version == 4 ? 0x0800 : 0x86dd;
  d.parsed.ethertype = type;
  call_ethertype(d, type, in);
}

// 12 and 14 are what some systems wrote before 101 was agreed.
constexpr Binding kBindings[] = {
    {Table::kLinkType, 101}, {Table::kLinkType, 12}, {Table::kLinkType, 14}};

}  // namespace

extern const Protocol kRawIp{.name = "raw",
                             .label = "IP",
                             .title = "Raw IP",
                             .words = "IP packets without a link header.",
                             .family = Family::kCarrier,
                             .fields = kFields,
                             .anomalies = kAnomalies,
                             .bindings = kBindings,
                             .dissect = dissect};

}  // namespace sp3ctra
