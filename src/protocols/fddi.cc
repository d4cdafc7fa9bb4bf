// FDDI (ANSI X3.139): an old ring network; its frames carry LLC.
#include <fmt/format.h>

#include "base/ip_address.h"
#include "protocols/dissection.h"

namespace sp3ctra {

extern const Protocol kLlc;

namespace {

constexpr FieldDef kFields[] = {
    {"fddi", FieldType::kProtocol, FieldBase::kDec, "FDDI",
     "An old kind of ring network over glass fibre."},
    {"fddi.fc", FieldType::kUint8, FieldBase::kHex, "Frame control",
     "Says what kind of frame this is."},
    {"fddi.dst",
     FieldType::kEther,
     FieldBase::kDec,
     "To",
     "Hardware address of the receiver.",
     {},
     "fddi.addr"},
    {"fddi.src",
     FieldType::kEther,
     FieldBase::kDec,
     "From",
     "Hardware address of the sender.",
     {},
     "fddi.addr"},
};
constexpr AnomalyDef kAnomalies[] = {
    {"fddi.short", "The frame ends inside its 13-byte link header."}};

void dissect(Dissection& d, Input in) noexcept {
  if (in.data.size() < 13) {
    d.anomaly(kAnomalies[0], in);
    return d.opaque(in);
  }
  const uint64_t to = load_be48(in.data, 1), from = load_be48(in.data, 7);
  d.parsed.has_eth = true;
  d.parsed.eth_dst = to;
  d.parsed.eth_src = from;
  if (d.detailed()) {
    d.open(kFields[0], in, 0, 13);
    d.note_open(fmt::format("{} → {}", mac_text(from), mac_text(to)));
    d.number(kFields[1], in, 0, 1, load8(in.data, 0));
    d.number(kFields[2], in, 1, 6, to);
    d.number(kFields[3], in, 7, 6, from);
    d.close();
  }
  // Frame control 01xx xxxx with the high length bit of the class: LLC frames are 0x50 … 0x57.
  if ((load8(in.data, 0) & 0xf8) == 0x50) return d.call(kLlc, in.from(13));
  d.opaque(in.from(13));
}

constexpr Binding kBindings[] = {{Table::kLinkType, 10}};

}  // namespace

extern const Protocol kFddi{.name = "fddi",
                            .label = "FDDI",
                            .title = "Fiber Distributed Data Interface",
                            .words = "An old kind of ring network over glass fibre.",
                            .family = Family::kCarrier,
                            .fields = kFields,
                            .anomalies = kAnomalies,
                            .bindings = kBindings,
                            .dissect = dissect};

}  // namespace sp3ctra
