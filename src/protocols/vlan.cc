// IEEE 802.1Q VLAN tags and 802.1ad provider tags.
#include <fmt/format.h>

#include "protocols/eth.h"
#include "protocols/field_lookup.h"

namespace sp3ctra {

extern const Protocol kLlc;

namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kPriorityNames[] = {
    {0, "best effort"},     {1, "background"}, {2, "spare"}, {3, "excellent effort"},
    {4, "controlled load"}, {5, "video"},      {6, "voice"}, {7, "network control"}};

constexpr FieldDef kFields[] = {
    {"vlan", kProtocol, kDec, "VLAN",
     "A tag that puts the frame into one of several networks sharing a cable."},
    {"vlan.priority", kUint16, kDec, "Priority",
     "How urgently switches should pass the frame on, 0 to 7.", kPriorityNames},
    {"vlan.dei",
     kBool,
     kDec,
     "May be dropped",
     "Set when the frame may be dropped first if there is too much.",
     {},
     "vlan.cfi"},
    {"vlan.id", kUint16, kDec, "Network number",
     "Which virtual network the frame belongs to, 1 to 4094."},
    {"vlan.etype", kUint16, kHex, "Content", "Which protocol is carried."},
    {"vlan.len", kUint16, kDec, "Length", "Bytes of content, in the older kind of Ethernet frame."},
    {"vlan.trailer", kBytes, kDec, "Trailer",
     "Bytes after the content that the content does not claim."},
};
constexpr FieldDef kProviderFields[] = {
    {"ieee8021ad", kProtocol, kDec, "Provider VLAN",
     "The outer tag with which a provider keeps customers apart."},
    {"ieee8021ad.priority", kUint16, kDec, "Priority",
     "How urgently switches should pass the frame on, 0 to 7.", kPriorityNames},
    {"ieee8021ad.dei", kUint16, kDec, "May be dropped",
     "Set when the frame may be dropped first if there is too much."},
    {"ieee8021ad.id", kUint16, kDec, "Network number",
     "Which of the provider's networks the frame belongs to."},
    {"ieee8021ad.etype", kUint16, kHex, "Content", "Which protocol is carried."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }
consteval const FieldDef& p(std::string_view name) { return find_field(kProviderFields, name); }

constexpr AnomalyDef kAnomalies[] = {{"vlan.short", "The frame ends inside its VLAN tag."}};

void draw(Dissection& d, const Input& in, uint16_t tag, uint16_t type) {
  d.open(f("vlan"), in, 0, 4);
  d.note_open(fmt::format("network {}", tag & 0xfff));
  d.number(f("vlan.priority"), in, 0, 2, tag >> 13);
  d.number(f("vlan.dei"), in, 0, 2, tag >> 12 & 1);
  d.number(f("vlan.id"), in, 0, 2, tag & 0xfff);
  d.number(type >= 0x600 ? f("vlan.etype") : f("vlan.len"), in, 2, 2, type);
  const Input payload = in.from(4);
  const uint32_t end =
      type >= 0x600 ? claimed_length(type, payload) : std::min<uint32_t>(type, payload.reported);
  if (end < payload.data.size())
    d.bytes(f("vlan.trailer"), payload, end, payload.data.size() - end);
  d.close();
}

void draw_provider(Dissection& d, const Input& in, uint16_t tag, uint16_t type) {
  d.open(p("ieee8021ad"), in, 0, 4);
  d.note_open(fmt::format("network {}", tag & 0xfff));
  d.number(p("ieee8021ad.priority"), in, 0, 2, tag >> 13);
  d.number(p("ieee8021ad.dei"), in, 0, 2, tag >> 12 & 1);
  d.number(p("ieee8021ad.id"), in, 0, 2, tag & 0xfff);
  d.number(p("ieee8021ad.etype"), in, 2, 2, type);
  d.close();
}

void dissect_tag(Dissection& d, Input in, bool provider) noexcept {
  if (in.data.size() < 4) {
    if (in.reported < 4) d.anomaly(kAnomalies[0], in);
    if (d.detailed()) {
      d.open(provider ? p("ieee8021ad") : f("vlan"), in, 0, in.data.size());
      d.close();
    }
    return;
  }
  const uint16_t tag = load_be16(in.data, 0), type = load_be16(in.data, 2);
  if (d.quoted == 0) {
    d.parsed.vlan = tag & 0xfff;
    d.parsed.has_vlan = true;
    d.parsed.ethertype = type;
  }
  if (d.detailed()) provider ? draw_provider(d, in, tag, type) : draw(d, in, tag, type);
  const Input payload = in.from(4);
  if (type >= 0x600) {
    call_ethertype(d, type, payload);
  } else if (!payload.data.empty() && type > 0) {
    d.call(kLlc, payload.first(type));
  }
}

void dissect(Dissection& d, Input in) noexcept { dissect_tag(d, in, false); }
void dissect_provider(Dissection& d, Input in) noexcept { dissect_tag(d, in, true); }

constexpr Binding kBindings[] = {
    {Table::kEthertype, 0x8100}, {Table::kEthertype, 0x9100}, {Table::kEthertype, 0x9200}};
constexpr Binding kProviderBindings[] = {{Table::kEthertype, 0x88a8}};

}  // namespace

extern const Protocol kVlan{
    .name = "vlan",
    .label = "VLAN",
    .title = "Virtual LAN",
    .words = "Lets several separate networks share one cable by tagging each frame with a number.",
    .family = Family::kCarrier,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = kBindings,
    .dissect = dissect};

extern const Protocol kProviderVlan{
    .name = "ieee8021ad",
    .label = "VLAN",
    .title = "Provider VLAN",
    .words = "An outer tag with which a network provider keeps its customers' networks apart.",
    .family = Family::kCarrier,
    .fields = kProviderFields,
    .anomalies = {},
    .bindings = kProviderBindings,
    .dissect = dissect_provider};

}  // namespace sp3ctra
