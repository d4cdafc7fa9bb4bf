// IEEE 802.2 logical link control, with SNAP: what an 802.3 frame carries.
#include <fmt/format.h>

#include "protocols/eth.h"
#include "protocols/field_lookup.h"

namespace sp3ctra {
namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kSapNames[] = {{0x42, "spanning tree"}, {0xaa, "SNAP"},  {0xe0, "IPX"},
                                   {0xf0, "NetBIOS"},       {0xfe, "OSI"},   {0x06, "IP"},
                                   {0xff, "everybody"},     {0x00, "nobody"}};

constexpr FieldDef kFields[] = {
    {"llc", kProtocol, kDec, "LLC",
     "A small header that says what an older Ethernet frame carries."},
    {"llc.dsap", kUint8, kHex, "For", "Which service on the receiver the content is for.",
     kSapNames},
    {"llc.dsap.sap", kUint8, kDec, "For, number", "The receiver's service as a number."},
    {"llc.dsap.ig", kBool, kDec, "To a group", "Set when several services are meant."},
    {"llc.ssap", kUint8, kHex, "By", "Which service on the sender the content comes from.",
     kSapNames},
    {"llc.ssap.sap", kUint8, kDec, "By, number", "The sender's service as a number."},
    {"llc.ssap.cr", kBool, kDec, "Answer", "Set when this answers a command."},
    {"llc.control", kUint16, kHex, "Control",
     "Whether this is plain data, numbered data or a signal."},
    {"llc.control.u_modifier_cmd", kUint8, kHex, "Command", "Which unnumbered command this is."},
    {"llc.control.ftype", kUint8, kHex, "Kind", "3 means an unnumbered frame."},
    {"llc.oui", kUint24, kDec, "Organisation",
     "Who defines the number that follows; 0 = ethertypes."},
    {"llc.type", kUint16, kHex, "Content", "Which protocol is carried."},
    {"llc.cisco_pid", kUint16, kHex, "Content (Cisco)", "Which of Cisco's protocols is carried."},
    {"llc.apple_atalk_pid", kUint16, kHex, "Content (Apple)",
     "Which of Apple's protocols is carried."},
    {"llc.pid", kUint16, kHex, "Content (other)",
     "Which of the organisation's protocols is carried."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr AnomalyDef kAnomalies[] = {{"llc.short", "The frame ends inside its LLC header."}};

const FieldDef& pid_field(uint32_t oui) {
  if (oui == 0 || oui == 0x0000f8) return f("llc.type");
  if (oui == 0x00000c) return f("llc.cisco_pid");
  if (oui == 0x080007) return f("llc.apple_atalk_pid");
  return f("llc.pid");
}

void draw(Dissection& d, const Input& in, bool unnumbered, bool snap) {
  const uint8_t dsap = load8(in.data, 0), ssap = load8(in.data, 1);
  d.open(f("llc"), in, 0, snap ? 8 : unnumbered ? 3 : 4);
  d.open(f("llc.dsap"), in, 0, 1, dsap);
  d.number(f("llc.dsap.sap"), in, 0, 1, dsap >> 1);
  d.number(f("llc.dsap.ig"), in, 0, 1, dsap & 1);
  d.close();
  d.open(f("llc.ssap"), in, 1, 1, ssap);
  d.number(f("llc.ssap.sap"), in, 1, 1, ssap >> 1);
  d.number(f("llc.ssap.cr"), in, 1, 1, ssap & 1);
  d.close();
  if (unnumbered) {
    d.open(f("llc.control"), in, 2, 1, load8(in.data, 2));
    d.number(f("llc.control.u_modifier_cmd"), in, 2, 1, load8(in.data, 2) & 0xec);
    d.number(f("llc.control.ftype"), in, 2, 1, 3);
    d.close();
  } else {
    d.number(f("llc.control"), in, 2, 2, load_le16(in.data, 2));
  }
  if (snap) {
    const uint32_t oui = load_be24(in.data, 3);
    d.number(f("llc.oui"), in, 3, 3, oui);
    d.number(pid_field(oui), in, 6, 2, load_be16(in.data, 6));
  }
  d.close();
}

void dissect(Dissection& d, Input in) noexcept {
  const bool unnumbered = in.data.size() >= 3 && (load8(in.data, 2) & 3) == 3;
  if (in.data.size() < 4 && !unnumbered) {
    if (in.reported < 4) d.anomaly(kAnomalies[0], in);
    if (d.detailed()) {
      d.open(f("llc"), in, 0, in.data.size());
      d.close();
    }
    return;
  }
  const bool snap = unnumbered && load8(in.data, 0) == 0xaa && in.data.size() >= 8;
  if (d.detailed()) draw(d, in, unnumbered, snap);
  if (d.wants_info()) d.info(fmt::format("a link-level message of {} bytes", in.reported));
  if (!snap) return d.opaque(in.from(unnumbered ? 3 : 4));
  const uint32_t oui = load_be24(in.data, 3), type = load_be16(in.data, 6);
  if (oui == 0 || oui == 0x0000f8) {
    call_ethertype(d, type, in.from(8));
  } else {
    d.opaque(in.from(8));
  }
}

}  // namespace

extern const Protocol kLlc{
    .name = "llc",
    .label = "LLC",
    .title = "Logical Link Control",
    .words = "Says what an older Ethernet frame carries, such as spanning-tree messages.",
    .family = Family::kCarrier,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = {},
    .dissect = dissect};

}  // namespace sp3ctra
