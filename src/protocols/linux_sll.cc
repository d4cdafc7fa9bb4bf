// Linux "cooked" headers, versions 1 and 2: what a capture on all interfaces at once begins with.
#include <fmt/format.h>

#include "protocols/eth.h"
#include "protocols/field_lookup.h"

namespace sp3ctra {

extern const Protocol kLlc;

namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kPacketTypes[] = {{0, "to this computer"},
                                      {1, "to everyone"},
                                      {2, "to a group"},
                                      {3, "to another computer"},
                                      {4, "sent by this computer"}};
constexpr ValueName kHardwareTypes[] = {
    {1, "Ethernet"}, {772, "loopback"},      {512, "PPP"},   {768, "IP tunnel"},
    {778, "GRE"},    {803, "Wi-Fi monitor"}, {65534, "none"}};

constexpr FieldDef kFields[] = {
    {"sll", kProtocol, kDec, "Linux capture",
     "A stand-in header that Linux writes when it captures on any interface."},
    {"sll.pkttype", kUint16, kDec, "Direction",
     "Whether the packet came in, went out or was for others.", kPacketTypes},
    {"sll.hatype", kUint16, kDec, "Kind of link", "Which kind of interface saw the packet.",
     kHardwareTypes},
    {"sll.halen", kUint16, kDec, "Address length", "Bytes of the sender's hardware address."},
    {"sll.src.eth", kEther, kHex, "From", "Hardware address of the sender."},
    {"sll.src.ipv4", kIpv4, kDec, "From", "Tunnel address of the sender."},
    {"sll.src.other", kBytes, kDec, "From", "Address of the sender in some other form."},
    {"sll.unused", kBytes, kDec, "Unused", "Bytes that mean nothing."},
    {"sll.etype", kUint16, kHex, "Content", "Which protocol is carried."},
    {"sll.ltype", kUint16, kHex, "Content (Linux)",
     "Which of Linux's own kinds of content is carried."},
    {"sll.ifindex", kUint32, kDec, "Interface", "The number of the interface that saw the packet."},
    {"sll.trailer", kBytes, kDec, "Trailer",
     "Bytes after the content that the content does not claim."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr AnomalyDef kAnomalies[] = {{"sll.short", "The packet ends inside its capture header."}};

struct Header {
  size_t size = 0, at_type = 0, at_hatype = 0, at_address = 0, at_etype = 0, at_halen = 0;
  size_t type_size = 2;
};
constexpr Header kVersion1{16, 0, 2, 6, 14, 4, 2};
constexpr Header kVersion2{20, 10, 8, 12, 0, 11, 1};

void draw_address(Dissection& d, const Input& in, const Header& h, uint16_t hatype, size_t halen) {
  const size_t shown = std::min<size_t>(halen, 8);
  if (halen == 6) {
    d.number(f("sll.src.eth"), in, h.at_address, 6, load_be48(in.data, h.at_address));
  } else if (halen == 4 && hatype == 768) {
    d.ip(f("sll.src.ipv4"), in, h.at_address, IpAddress::v4(in.data.subspan(h.at_address, 4)));
  } else if (shown > 0) {
    d.bytes(f("sll.src.other"), in, h.at_address, shown);
  }
  if (shown < 8) d.bytes(f("sll.unused"), in, h.at_address + shown, 8 - shown);
}

void draw(Dissection& d, const Input& in, const Header& h, uint16_t type) {
  const Bytes b = in.data;
  const bool first = h.size == 16;
  const uint16_t hatype = load_be16(b, h.at_hatype);
  const uint16_t halen = first ? load_be16(b, h.at_halen) : load8(b, h.at_halen);
  d.open(f("sll"), in, 0, h.size);
  d.number(f("sll.pkttype"), in, h.at_type, h.type_size,
           first ? load_be16(b, h.at_type) : load8(b, h.at_type));
  d.number(f("sll.hatype"), in, h.at_hatype, 2, hatype);
  if (!first) d.number(f("sll.ifindex"), in, 4, 4, load_be32(b, 4));
  d.number(f("sll.halen"), in, h.at_halen, first ? 2 : 1, halen);
  draw_address(d, in, h, hatype, halen);
  d.number(type < 0x600 ? f("sll.ltype") : f("sll.etype"), in, h.at_etype, 2, type);
  const Input payload = in.from(h.size);
  const uint32_t end = type >= 0x600 ? claimed_length(type, payload) : payload.reported;
  if (end < payload.data.size()) d.bytes(f("sll.trailer"), payload, end, payload.data.size() - end);
  d.close();
}

void dissect_header(Dissection& d, Input in, const Header& h) noexcept {
  if (in.data.size() < h.size) {
    if (in.reported < h.size) d.anomaly(kAnomalies[0], in);
    if (d.detailed()) {
      d.open(f("sll"), in, 0, in.data.size());
      d.close();
    }
    return;
  }
  const uint16_t type = load_be16(in.data, h.at_etype);
  d.parsed.ethertype = type;
  const bool mac = (h.size == 16 ? load_be16(in.data, 4) : load8(in.data, h.at_halen)) == 6;
  if (mac) d.parsed.eth_src = load_be48(in.data, h.at_address);
  if (d.detailed()) draw(d, in, h, type);
  const Input payload = in.from(h.size);
  if (type >= 0x600) {
    call_ethertype(d, type, payload);
  } else if (type == 4 && !payload.data.empty()) {
    d.call(kLlc, payload);
  } else {
    d.opaque(payload);
  }
}

void dissect_1(Dissection& d, Input in) noexcept { dissect_header(d, in, kVersion1); }
void dissect_2(Dissection& d, Input in) noexcept { dissect_header(d, in, kVersion2); }

constexpr FieldDef kFields2[] = {
    {"sll", kProtocol, kDec, "Linux capture",
     "A stand-in header that Linux writes when it captures on any interface."}};
constexpr Binding kBindings1[] = {{Table::kLinkType, 113}};
constexpr Binding kBindings2[] = {{Table::kLinkType, 276}};

}  // namespace

extern const Protocol kLinuxSll{
    .name = "sll",
    .label = "Linux",
    .title = "Linux cooked capture",
    .words = "A stand-in for the link header, written by Linux when capturing on all interfaces.",
    .family = Family::kCarrier,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = kBindings1,
    .dissect = dissect_1};

extern const Protocol kLinuxSll2{
    .name = "sll",
    .label = "Linux",
    .title = "Linux cooked capture 2",
    .words = "A stand-in for the link header that also says which interface saw the packet.",
    .family = Family::kCarrier,
    .fields = kFields2,
    .anomalies = {},
    .bindings = kBindings2,
    .dissect = dissect_2};

}  // namespace sp3ctra
