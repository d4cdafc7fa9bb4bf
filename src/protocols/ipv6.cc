// IPv6 (RFC 8200): the fixed header. Extension headers are in ipv6_extension.cc.
#include <fmt/format.h>

#include "protocols/field_lookup.h"
#include "protocols/ip.h"

namespace sp3ctra {
namespace {

using enum FieldType;
using enum FieldBase;

constexpr FieldDef kFields[] = {
    {"ipv6", kProtocol, kDec, "IPv6", "Carries data from one computer to another across networks."},
    {"ipv6.version", kUint8, kDec, "Version", "Version of IP: 6.", {}, "ip.version"},
    {"ipv6.tclass", kUint32, kHex, "Service", "How the network should treat the packet."},
    {"ipv6.tclass.dscp", kUint32, kDec, "Class", "The class of traffic the sender asks for."},
    {"ipv6.tclass.ecn", kUint32, kDec, "Congestion",
     "Lets routers say that they are full without dropping."},
    {"ipv6.flow", kUint24, kHex, "Flow label", "A number that packets of one conversation share."},
    {"ipv6.plen", kUint16, kDec, "Content length", "Bytes after this header."},
    {"ipv6.nxt", kUint8, kDec, "Content", "Which header or protocol comes next."},
    {"ipv6.hlim", kUint8, kDec, "Hops left", "How many more routers may pass the packet on."},
    {"ipv6.src",
     kIpv6,
     kDec,
     "From",
     "Address of the computer that sent the packet.",
     {},
     "ipv6.addr ipv6.src_host ipv6.host"},
    {"ipv6.src_slaac_mac",
     kEther,
     kHex,
     "Sender's device",
     "The sender's address shows its hardware address.",
     {},
     "ipv6.slaac_mac"},
    {"ipv6.src_isatap_ipv4",
     kIpv4,
     kDec,
     "Sender's IPv4",
     "IPv4 address inside a tunnel address.",
     {},
     "ipv6.isatap_ipv4"},
    {"ipv6.src_6to4_gw_ipv4",
     kIpv4,
     kDec,
     "Sender's gateway",
     "IPv4 address of the 6to4 gateway.",
     {},
     "ipv6.6to4_gw_ipv4"},
    {"ipv6.src_6to4_sla_id",
     kUint16,
     kDec,
     "Sender's subnet",
     "Network behind the 6to4 gateway.",
     {},
     "ipv6.6to4_sla_id"},
    {"ipv6.src_ts_ipv4",
     kIpv4,
     kDec,
     "Sender's Teredo server",
     "Server that set up the Teredo tunnel.",
     {},
     "ipv6.ts_ipv4"},
    {"ipv6.src_tc_port",
     kUint16,
     kDec,
     "Sender's outer port",
     "UDP port of the Teredo client.",
     {},
     "ipv6.tc_port"},
    {"ipv6.src_tc_ipv4",
     kIpv4,
     kDec,
     "Sender's outer IPv4",
     "Public IPv4 address of the Teredo client.",
     {},
     "ipv6.tc_ipv4"},
    {"ipv6.dst",
     kIpv6,
     kDec,
     "To",
     "Address of the computer the packet is for.",
     {},
     "ipv6.addr ipv6.dst_host ipv6.host"},
    {"ipv6.dst_slaac_mac",
     kEther,
     kHex,
     "Receiver's device",
     "The receiver's address shows its hardware address.",
     {},
     "ipv6.slaac_mac"},
    {"ipv6.dst_isatap_ipv4",
     kIpv4,
     kDec,
     "Receiver's IPv4",
     "IPv4 address inside a tunnel address.",
     {},
     "ipv6.isatap_ipv4"},
    {"ipv6.dst_6to4_gw_ipv4",
     kIpv4,
     kDec,
     "Receiver's gateway",
     "IPv4 address of the 6to4 gateway.",
     {},
     "ipv6.6to4_gw_ipv4"},
    {"ipv6.dst_6to4_sla_id",
     kUint16,
     kDec,
     "Receiver's subnet",
     "Network behind the 6to4 gateway.",
     {},
     "ipv6.6to4_sla_id"},
    {"ipv6.dst_ts_ipv4",
     kIpv4,
     kDec,
     "Receiver's Teredo server",
     "Server that set up the Teredo tunnel.",
     {},
     "ipv6.ts_ipv4"},
    {"ipv6.dst_tc_port",
     kUint16,
     kDec,
     "Receiver's outer port",
     "UDP port of the Teredo client.",
     {},
     "ipv6.tc_port"},
    {"ipv6.dst_tc_ipv4",
     kIpv4,
     kDec,
     "Receiver's outer IPv4",
     "Public IPv4 address of the Teredo client.",
     {},
     "ipv6.tc_ipv4"},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr AnomalyDef kAnomalies[] = {
    {"ipv6.short", "The packet ends inside its IPv6 header."},
    {"ipv6.version_wrong", "The packet should be IPv6 and says it is another version."},
    {"ipv6.length_long", "The packet says it is longer than what arrived."},
    {"ipv6.source_group",
     "The packet claims to come from a group address, which no computer may have."},
};
consteval const AnomalyDef& a(std::string_view name) { return find_anomaly(kAnomalies, name); }

constexpr size_t kHeaderBytes = 40;

/// The fields made from one address; src and dst have twins.
struct AddressFields {
  const FieldDef &address, &slaac, &isatap, &gateway, &subnet, &server, &port, &client;
};
constexpr AddressFields kSource{f("ipv6.src"),
                                f("ipv6.src_slaac_mac"),
                                f("ipv6.src_isatap_ipv4"),
                                f("ipv6.src_6to4_gw_ipv4"),
                                f("ipv6.src_6to4_sla_id"),
                                f("ipv6.src_ts_ipv4"),
                                f("ipv6.src_tc_port"),
                                f("ipv6.src_tc_ipv4")};
constexpr AddressFields kDestination{f("ipv6.dst"),
                                     f("ipv6.dst_slaac_mac"),
                                     f("ipv6.dst_isatap_ipv4"),
                                     f("ipv6.dst_6to4_gw_ipv4"),
                                     f("ipv6.dst_6to4_sla_id"),
                                     f("ipv6.dst_ts_ipv4"),
                                     f("ipv6.dst_tc_port"),
                                     f("ipv6.dst_tc_ipv4")};

void draw_address(Dissection& d, const Input& in, size_t at, const AddressFields& fields) {
  const Bytes ip = in.data.subspan(at, 16);
  d.open_text(fields.address, in, at, 16, as_text(ip));
  // RFC 4291 appendix A: the hardware address with ff:fe in its middle and one bit flipped.
  if (load_be16(ip, 11) == 0xfffe && load8(ip, 0) != 0xff) {
    const uint64_t mac = (uint64_t{load_be24(ip, 8)} << 24 | load_be24(ip, 13)) ^ (2ull << 40);
    d.derived(fields.slaac, in, mac);
  }
  if ((load_be32(ip, 8) & 0xfcffffff) == 0x00005efe)
    d.ip(fields.isatap, in, at + 12, IpAddress::v4(ip.subspan(12)));
  if (load_be16(ip, 0) == 0x2002) {
    d.ip(fields.gateway, in, at + 2, IpAddress::v4(ip.subspan(2)));
    d.number(fields.subnet, in, at + 6, 2, load_be16(ip, 6));
  }
  if (load_be32(ip, 0) == 0x20010000) {  // RFC 4380: port and client stand there inverted
    d.ip(fields.server, in, at + 4, IpAddress::v4(ip.subspan(4)));
    d.number(fields.port, in, at + 10, 2, load_be16(ip, 10) ^ 0xffff);
    d.ip(fields.client, in, at + 12, IpAddress::v4(~load_be32(ip, 12)));
  }
  d.close();
}

void draw(Dissection& d, const Input& in) {
  const Bytes b = in.data;
  const uint32_t first = load_be32(b, 0), service = first >> 20 & 255;
  d.open(f("ipv6"), in, 0, kHeaderBytes);
  d.note_open(fmt::format("{} → {}", d.parsed.src.text(), d.parsed.dst.text()));
  d.number(f("ipv6.version"), in, 0, 1, first >> 28);
  d.open(f("ipv6.tclass"), in, 0, 4, service);
  d.number(f("ipv6.tclass.dscp"), in, 0, 4, service >> 2);
  d.number(f("ipv6.tclass.ecn"), in, 0, 4, service & 3);
  d.close();
  d.number(f("ipv6.flow"), in, 1, 3, first & 0xfffff);
  d.number(f("ipv6.plen"), in, 4, 2, load_be16(b, 4));
  d.number(f("ipv6.nxt"), in, 6, 1, load8(b, 6));
  d.note(ip_proto_text(load8(b, 6)));
  d.number(f("ipv6.hlim"), in, 7, 1, load8(b, 7));
  draw_address(d, in, 8, kSource);
  draw_address(d, in, 24, kDestination);
  d.close();
}

void dissect(Dissection& d, Input in) noexcept {
  if (in.data.size() < kHeaderBytes) {
    if (in.reported < kHeaderBytes) d.anomaly(a("ipv6.short"), in);
    if (d.detailed()) {
      d.open(f("ipv6"), in, 0, in.data.size());
      d.close();
    }
    return;
  }
  const uint32_t length = load_be16(in.data, 4);
  const uint8_t next = load8(in.data, 6);
  d.parsed.src = IpAddress::v6(in.data.subspan(8));
  d.parsed.dst = IpAddress::v6(in.data.subspan(24));
  d.parsed.ip_proto = next;
  if (d.detailed()) draw(d, in);
  if (load8(in.data, 0) >> 4 != 6) {
    d.anomaly(a("ipv6.version_wrong"), in, 0, 1);
    return;
  }
  if (kHeaderBytes + length > in.reported) d.anomaly(a("ipv6.length_long"), in, 4, 2);
  if (d.parsed.src.octets[0] == 0xff) d.anomaly(a("ipv6.source_group"), in, 8, 16);
  Input payload = in.from(kHeaderBytes);
  // Length 0 stands for a jumbogram or for a frame that the network card cuts itself.
  if (length > 0) payload = payload.first(length);
  if (payload.reported > 0 && next != 59) call_ip_proto(d, next, payload);
}

constexpr Binding kBindings[] = {
    {Table::kEthertype, 0x86dd}, {Table::kLinkType, 229}, {Table::kIpProto, 41}};

}  // namespace

extern const Protocol kIpv6{
    .name = "ipv6",
    .label = "IPv6",
    .title = "Internet Protocol version 6",
    .words = "Carries data from one computer to another, with the newer, longer addresses.",
    .family = Family::kCarrier,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = kBindings,
    .dissect = dissect};

}  // namespace sp3ctra
