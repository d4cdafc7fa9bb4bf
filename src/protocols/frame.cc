// The frame: number, times and lengths as the capture tells them, and the way to the link layer.
#include "protocols/frame.h"

#include "protocols/field_lookup.h"

namespace sp3ctra {
namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kEncapNames[] = {
    {1, "Ethernet"},         {7, "raw IP"}, {15, "loopback"},  {25, "Linux cooked"},
    {210, "Linux cooked 2"}, {12, "loop"},  {129, "raw IPv4"}, {130, "raw IPv6"}};

constexpr FieldDef kFields[] = {
    {"frame", kProtocol, kDec, "Frame",
     "One packet as it was captured, with the capture's own notes."},
    {"frame.encap_type", kInt32, kDec, "Link kind",
     "Which kind of link the packet was captured on.", kEncapNames},
    {"frame.time", kAbsTime, kDec, "Time", "When the packet was captured."},
    {"frame.offset_shift", kRelTime, kDec, "Time shift", "How far the time was moved by hand."},
    {"frame.time_epoch", kRelTime, kDec, "Seconds since 1970",
     "The capture time as seconds since the start of 1970, UTC."},
    {"frame.time_delta", kRelTime, kDec, "After the packet before",
     "Time since the previous packet of the capture."},
    {"frame.time_delta_displayed", kRelTime, kDec, "After the shown packet before",
     "Time since the previous packet that is shown."},
    {"frame.time_relative", kRelTime, kDec, "Since the start",
     "Time since the first packet of the capture."},
    {"frame.number", kUint32, kDec, "Number", "Position of the packet in the capture, from 1."},
    {"frame.len",
     kUint32,
     kDec,
     "Length",
     "Bytes the packet had on the wire.",
     {},
     "frame.pkt_len"},
    {"frame.cap_len", kUint32, kDec, "Captured", "Bytes of the packet that were kept."},
    {"frame.marked", kBool, kDec, "Marked", "Whether somebody marked the packet."},
    {"frame.ignored", kBool, kDec, "Ignored", "Whether the packet is to be left out."},
    {"frame.protocols", kString, kDec, "Layers",
     "The protocols found in the packet, outermost first."},
    {"frame.interface_id", kUint32, kDec, "Interface",
     "Which interface of the capture saw the packet."},
    {"frame.file_off", kInt64, kDec, "Place in the file",
     "Where the record begins in the capture file."},
    {"sp3ctra.offload", kBool, kDec, "Offload",
     "Longer than the link carries: the network card cuts or joins such frames, so this is not "
     "what "
     "was on the wire."},
    {"sp3ctra.duplicate", kBool, kDec, "Duplicate",
     "The same packet came on another interface within a millisecond: it is shown, but not counted "
     "or followed a second time."},
    {"sp3ctra.checksum_pending", kBool, kDec, "Checksum comes later",
     "Captured before the network card wrote the checksum, so a wrong one here means nothing."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr AnomalyDef kAnomalies[] = {
    {"frame.link_unknown", "sp3ctra cannot read this kind of link."},
    {"frame.length_wrong", "The capture says the packet was shorter than what it kept of it."},
};
consteval const AnomalyDef& a(std::string_view name) { return find_anomaly(kAnomalies, name); }

int encap_type(LinkType t) {
  switch (t) {
    case LinkType::kNull:
      return 15;
    case LinkType::kEthernet:
      return 1;
    case LinkType::kRaw:
      return 7;
    case LinkType::kLoop:
      return 12;
    case LinkType::kLinuxSll:
      return 25;
    case LinkType::kIpv4:
      return 129;
    case LinkType::kIpv6:
      return 130;
    case LinkType::kLinuxSll2:
      return 210;
  }
  switch (static_cast<uint16_t>(t)) {  // links that are named here and not read
    case 9:
      return 4;  // PPP
    case 10:
      return 6;  // FDDI
    case 105:
      return 20;  // Wi-Fi
    case 127:
      return 23;  // Wi-Fi with radiotap
    case 227:
      return 125;  // CAN bus
    case 230:
      return 127;  // 802.15.4
    case 235:
      return 132;  // DVB common interface
    default:
      return 0;
  }
}

void draw(Dissection& d, const Input& in) {
  const Packet& p = *d.packet;
  const StreamContext& s = d.streams;
  d.open(f("frame"), in, 0, in.data.size());
  d.derived(f("frame.encap_type"), in, encap_type(p.link_type));
  d.derived(f("frame.time"), in, p.ts.ns);
  d.derived(f("frame.offset_shift"), in, 0);
  d.hide_last();
  d.derived(f("frame.time_epoch"), in, p.ts.ns);
  d.derived(f("frame.time_delta"), in, s.has_times ? p.ts.ns - s.previous_ts.ns : 0);
  d.derived(f("frame.time_delta_displayed"), in, s.has_times ? p.ts.ns - s.previous_ts.ns : 0);
  d.hide_last();
  d.derived(f("frame.time_relative"), in, s.has_times ? p.ts.ns - s.first_ts.ns : 0);
  d.derived(f("frame.number"), in, p.number);
  d.derived(f("frame.len"), in, p.len);
  d.derived(f("frame.cap_len"), in, p.caplen);
  d.derived(f("frame.marked"), in, 0);
  d.hide_last();
  d.derived(f("frame.ignored"), in, 0);
  d.hide_last();
  d.derived_text(f("frame.protocols"), in, "");
  d.derived(f("frame.interface_id"), in, p.interface_id);
  d.derived(f("frame.file_off"), in, p.file_offset);
  d.hide_last();
  if (p.flags & kPacketOffload) d.derived(f("sp3ctra.offload"), in, 1);
  if (p.flags & kPacketDuplicate) d.derived(f("sp3ctra.duplicate"), in, 1);
  if (p.flags & kPacketChecksumNotReady) d.derived(f("sp3ctra.checksum_pending"), in, 1);
  d.close();
}

void dissect(Dissection& d, Input in) noexcept {
  if (d.detailed()) draw(d, in);
  if (d.packet->len < d.packet->caplen) d.anomaly(a("frame.length_wrong"), in);
  if (d.call(Table::kLinkType, static_cast<uint32_t>(d.packet->link_type), in)) return;
  d.anomaly(a("frame.link_unknown"), in);
  d.opaque(in);
}

/// Ethernet-like headers name their content by an ethertype, except where a length stands instead.
bool by_ethertype(std::string_view layer, std::string_view next) {
  const bool carrier = layer == "eth" || layer == "vlan" || layer == "ieee8021ad" || layer == "sll";
  return carrier && next != "llc";
}

}  // namespace

void finish_frame(Dissection& d) noexcept {
  if (!d.detailed()) return;
  Tree& tree = *d.tree();
  const uint32_t start = static_cast<uint32_t>(tree.text.size());
  for (size_t i = 1; i < d.parsed.layer_count; ++i) {
    const std::string_view name = d.parsed.layers[i]->name;
    const std::string_view next =
        i + 1 < d.parsed.layer_count ? d.parsed.layers[i + 1]->name : std::string_view();
    if (i > 1) tree.text += ':';
    tree.text += name;
    if (by_ethertype(name, next)) tree.text += ":ethertype";
  }
  for (Node& n : tree.nodes) {
    if (n.field != &f("frame.protocols")) continue;
    n.text = start;
    n.text_size = static_cast<uint32_t>(tree.text.size()) - start;
    return;
  }
}

void dissect_frame(Dissection& d) noexcept {
  const Packet& p = *d.packet;
  d.call(kFrame, Input{p.data, 0, 0, p.len > p.caplen ? p.len : p.caplen});
  if (!d.parsed.flow.any()) d.parsed.direction = d.streams.other(d);
  finish_frame(d);
}

extern const Protocol kFrame{
    .name = "frame",
    .label = "Frame",
    .title = "Frame",
    .words = "What the capture notes about every packet: when it was seen and how long it was.",
    .family = Family::kCarrier,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = {},
    .dissect = dissect};

}  // namespace sp3ctra
