// Ethernet II and IEEE 802.3 frames.
#include "protocols/eth.h"

#include <fmt/format.h>

#include "protocols/field_lookup.h"

namespace sp3ctra {

extern const Protocol kLlc;

namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kTypeNames[] = {{0x0800, "IPv4"},
                                    {0x0806, "ARP"},
                                    {0x86dd, "IPv6"},
                                    {0x8100, "VLAN"},
                                    {0x88a8, "provider VLAN"},
                                    {0x8847, "MPLS"},
                                    {0x8863, "PPPoE discovery"},
                                    {0x8864, "PPPoE session"},
                                    {0x888e, "802.1X login"},
                                    {0x88cc, "LLDP"},
                                    {0x8137, "IPX"},
                                    {0x809b, "AppleTalk"},
                                    {0x88b8, "GOOSE"},
                                    {0x8892, "PROFINET"},
                                    {0x88e5, "MACsec"},
                                    {0x0842, "wake-on-LAN"},
                                    {0x9000, "loop test"}};

constexpr FieldDef kFields[] = {
    {"eth", kProtocol, kDec, "Ethernet",
     "The frame that carries a packet across the local cable or radio."},
    {"eth.dst",
     kEther,
     kHex,
     "To",
     "Hardware address of the device the frame is for.",
     {},
     "eth.addr eth.dst_resolved eth.addr_resolved"},
    {"eth.dst.oui",
     kUint24,
     kDec,
     "Maker's number of the receiver",
     "First half of the address: the number of the company that made the device.",
     {},
     "eth.addr.oui"},
    {"eth.dst.lg",
     kBool,
     kDec,
     "Set by software",
     "Set when the address was chosen by software, not by the maker.",
     {},
     "eth.lg"},
    {"eth.dst.ig",
     kBool,
     kDec,
     "To a group",
     "Set when the frame is for several devices at once.",
     {},
     "eth.ig"},
    {"eth.src",
     kEther,
     kHex,
     "From",
     "Hardware address of the device that sent the frame.",
     {},
     "eth.addr eth.src_resolved eth.addr_resolved"},
    {"eth.src.oui",
     kUint24,
     kDec,
     "Maker's number of the sender",
     "First half of the address: the number of the company that made the device.",
     {},
     "eth.addr.oui"},
    {"eth.src.lg",
     kBool,
     kDec,
     "Set by software",
     "Set when the address was chosen by software, not by the maker.",
     {},
     "eth.lg"},
    {"eth.src.ig",
     kBool,
     kDec,
     "From a group",
     "A sender is one device, so this must not be set.",
     {},
     "eth.ig"},
    {"eth.type", kUint16, kHex, "Content", "Which protocol the frame carries.", kTypeNames},
    {"eth.len", kUint16, kDec, "Length", "Bytes of content, in the older kind of Ethernet frame."},
    {"eth.invalid_lentype", kUint16, kHex, "Neither length nor type",
     "A number too large for a length and too small for a type."},
    {"eth.padding", kBytes, kDec, "Padding",
     "Zeros that fill the frame up to the smallest allowed size."},
    {"eth.trailer", kBytes, kDec, "Trailer",
     "Bytes after the content that the content does not claim."},
    {"eth.fcs", kUint32, kHex, "Checksum", "Ethernet's own check of the whole frame."},
    {"eth.fcs.status", kUint8, kDec, "Checksum checked",
     "Whether the check was done: 2 = not done."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr AnomalyDef kAnomalies[] = {
    {"eth.short", "The frame ends before its own header does."},
    {"eth.type_invalid", "The frame says neither a valid length nor a valid type."},
    {"eth.length_long", "The frame says it holds more bytes than it does."},
    {"eth.source_group",
     "The sender's hardware address is a group address, which no device may have."},
};
consteval const AnomalyDef& a(std::string_view name) { return find_anomaly(kAnomalies, name); }

constexpr size_t kHeaderBytes = 14;
constexpr uint32_t kMinFrameBytes = 60;  // without the 4 bytes of checksum, IEEE 802.3 3.2.8

void draw_address(Dissection& d, const Input& in, size_t at, bool to, uint64_t mac) {
  d.open(to ? f("eth.dst") : f("eth.src"), in, at, 6, mac);
  d.number(to ? f("eth.dst.oui") : f("eth.src.oui"), in, at, 3, mac >> 24);
  d.number(to ? f("eth.dst.lg") : f("eth.src.lg"), in, at, 3, mac >> 41 & 1);
  d.number(to ? f("eth.dst.ig") : f("eth.src.ig"), in, at, 3, mac >> 40 & 1);
  d.close();
}

/// What follows the content: zeros up to the smallest frame, the rest as trailer and maybe FCS.
void draw_tail(Dissection& d, const Input& in, uint32_t content_end) {
  if (content_end >= in.data.size()) return;
  const Input tail = in.from(content_end);
  uint32_t padding = 0;
  if (content_end < kMinFrameBytes)
    padding = std::min<uint32_t>(kMinFrameBytes - content_end, tail.reported);
  for (size_t i = 0; i < padding && i < tail.data.size(); ++i)
    if (load8(tail.data, i) != 0) padding = 0;
  if (padding > 0) d.bytes(f("eth.padding"), tail, 0, padding);
  const Input rest = tail.from(padding);
  if (rest.data.empty()) return;
  const bool fcs = rest.reported == 4 && rest.data.size() == 4 && in.reported >= kMinFrameBytes + 4;
  if (!fcs) {
    d.bytes(f("eth.trailer"), rest, 0, rest.data.size());
    return;
  }
  d.number(f("eth.fcs"), rest, 0, 4, load_be32(rest.data, 0));
  d.derived(f("eth.fcs.status"), rest, 2);
}

/// Content end for the drawing of the tail, known before the children run.
uint32_t content_end(uint16_t type, const Input& payload) {
  const uint32_t claimed = type >= 0x600  ? claimed_length(type, payload)
                           : type <= 1500 ? std::min<uint32_t>(type, payload.reported)
                                          : payload.reported;
  return static_cast<uint32_t>(kHeaderBytes) + claimed;
}

void draw(Dissection& d, const Input& in, uint64_t dst, uint64_t src, uint16_t type) {
  const uint32_t end = content_end(type, in.from(kHeaderBytes));
  d.open(f("eth"), in, 0, kHeaderBytes);
  d.note_open(fmt::format("{} → {}", mac_text(src), mac_text(dst)));
  draw_address(d, in, 0, true, dst);
  draw_address(d, in, 6, false, src);
  if (type >= 0x600) {
    d.number(f("eth.type"), in, 12, 2, type);
  } else if (type <= 1500) {
    d.number(f("eth.len"), in, 12, 2, type);
  } else {
    d.number(f("eth.invalid_lentype"), in, 12, 2, type);
  }
  draw_tail(d, in, end);
  d.close();
}

void dissect(Dissection& d, Input in) noexcept {
  if (in.data.size() < kHeaderBytes) {
    if (in.reported < kHeaderBytes) d.anomaly(a("eth.short"), in);
    if (d.detailed()) {
      d.open(f("eth"), in, 0, in.data.size());
      if (in.data.size() >= 6) draw_address(d, in, 0, true, load_be48(in.data, 0));
      if (in.data.size() >= 12) draw_address(d, in, 6, false, load_be48(in.data, 6));
      d.close();
    }
    return;
  }
  const uint64_t dst = load_be48(in.data, 0), src = load_be48(in.data, 6);
  const uint16_t type = load_be16(in.data, 12);
  if (d.quoted == 0) {
    d.parsed.eth_dst = dst;
    d.parsed.eth_src = src;
    d.parsed.has_eth = true;
    d.parsed.ethertype = type;
  }
  if (d.detailed()) draw(d, in, dst, src, type);
  if (src >> 40 & 1) d.anomaly(a("eth.source_group"), in, 6, 6);
  const Input payload = in.from(kHeaderBytes);
  if (type >= 0x600) {
    call_ethertype(d, type, payload);
  } else if (type <= 1500) {
    if (type > payload.reported) d.anomaly(a("eth.length_long"), in, 12, 2);
    if (!payload.data.empty() && type > 0) d.call(kLlc, payload.first(type));
  } else {
    d.anomaly(a("eth.type_invalid"), in, 12, 2);
    d.opaque(payload);
  }
}

constexpr Binding kBindings[] = {{Table::kLinkType, 1}};

}  // namespace

const std::span<const ValueName> kEthertypeNames = kTypeNames;

uint32_t claimed_length(uint32_t ethertype, const Input& in) noexcept {
  const Bytes b = in.data;
  uint32_t claimed = in.reported;
  if (ethertype == 0x0800 && b.size() >= 20) {
    const uint32_t length = load_be16(b, 2), header = (load8(b, 0) & 15u) * 4;
    if (length >= header && header >= 20) claimed = length;
  } else if (ethertype == 0x86dd && b.size() >= 40) {
    const uint32_t length = load_be16(b, 4);
    if (length > 0) claimed = 40 + length;
  } else if (ethertype == 0x0806 && b.size() >= 8) {
    claimed = 8 + 2 * (uint32_t{load8(b, 4)} + load8(b, 5));
  }
  return std::min(claimed, in.reported);
}

uint32_t call_ethertype(Dissection& d, uint32_t ethertype, Input in) noexcept {
  const uint32_t claimed = claimed_length(ethertype, in);
  if (in.data.empty()) return claimed;
  if (!d.call(Table::kEthertype, ethertype, in)) {
    if (d.wants_info())
      d.info(fmt::format("{} bytes of a protocol sp3ctra does not read (0x{:04x})", in.reported,
                         ethertype));
    d.opaque(in);
  }
  return claimed;
}

extern const Protocol kEth{
    .name = "eth",
    .label = "Ethernet",
    .title = "Ethernet",
    .words = "Carries packets between devices on the same local network, by hardware address.",
    .family = Family::kCarrier,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = kBindings,
    .dissect = dissect};

}  // namespace sp3ctra
