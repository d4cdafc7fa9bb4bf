// The extension headers of IPv6 (RFC 8200 section 4): options, routing, fragments.
#include <fmt/format.h>

#include "protocols/field_lookup.h"
#include "protocols/ip.h"

namespace sp3ctra {
namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kOptionNames[] = {
    {0, "one byte of filler"}, {1, "filler"}, {5, "router alert"}, {0xc2, "jumbo"},
    {0xc9, "home address"},    {0x63, "RPL"}, {0x07, "CALIPSO"},   {0x26, "quick start"}};

constexpr FieldDef kHopFields[] = {
    {"ipv6.hopopts", kProtocol, kDec, "IPv6 hop-by-hop options",
     "Notes that every router on the way should read."},
    {"ipv6.hopopts.nxt", kUint8, kDec, "Content", "Which header or protocol comes next."},
    {"ipv6.hopopts.len", kUint8, kDec, "Length",
     "Length of the header in steps of 8 bytes, the first not counted."},
    {"ipv6.hopopts.len_oct", kUint16, kDec, "Bytes", "Length of the header in bytes."},
    {"ipv6.opt", kBool, kDec, "Option", "One option."},
    {"ipv6.opt.type", kUint8, kHex, "Kind", "Which option this is.", kOptionNames},
    {"ipv6.opt.type.action", kUint8, kDec, "If unknown",
     "What a reader that does not know the option shall do: 0 = skip it."},
    {"ipv6.opt.type.change", kBool, kDec, "May change", "Set when routers may change the option."},
    {"ipv6.opt.type.rest", kUint8, kHex, "Kind, low part", "The rest of the option's number."},
    {"ipv6.opt.length", kUint8, kDec, "Length", "Bytes of the option's value."},
    {"ipv6.opt.pad1", kBool, kDec, "Filler", "One byte that fills space."},
    {"ipv6.opt.padn", kBytes, kDec, "Filler", "Bytes that fill space."},
    {"ipv6.opt.router_alert", kUint16, kDec, "Router alert",
     "Asks routers to look: 0 = group membership."},
    {"ipv6.opt.jumbo", kUint32, kDec, "Jumbo length",
     "Length of a packet too long for the usual field."},
    {"ipv6.opt.mipv6.home_address", kIpv6, kDec, "Home address",
     "Address at home of a computer that travels."},
    {"ipv6.opt.unknown", kBytes, kDec, "Value", "Value of an option that sp3ctra does not read."},
};
constexpr FieldDef kDestinationFields[] = {
    {"ipv6.dstopts", kProtocol, kDec, "IPv6 destination options", "Notes for the receiver."},
    {"ipv6.dstopts.nxt", kUint8, kDec, "Content", "Which header or protocol comes next."},
    {"ipv6.dstopts.len", kUint8, kDec, "Length",
     "Length of the header in steps of 8 bytes, the first not counted."},
    {"ipv6.dstopts.len_oct", kUint16, kDec, "Bytes", "Length of the header in bytes."},
};
constexpr FieldDef kRoutingFields[] = {
    {"ipv6.routing", kProtocol, kDec, "IPv6 routing", "Names routers that the packet shall pass."},
    {"ipv6.routing.nxt", kUint8, kDec, "Content", "Which header or protocol comes next."},
    {"ipv6.routing.len", kUint8, kDec, "Length",
     "Length of the header in steps of 8 bytes, the first not counted."},
    {"ipv6.routing.len_oct", kUint16, kDec, "Bytes", "Length of the header in bytes."},
    {"ipv6.routing.type", kUint8, kDec, "Kind",
     "0 = source route (forbidden now), 2 = mobile, 4 = segments."},
    {"ipv6.routing.segleft", kUint8, kDec, "Stops left",
     "How many named routers are still to come."},
    {"ipv6.routing.src.reserved", kBytes, kDec, "Reserved", "Must be zero."},
    {"ipv6.routing.src.addr", kIpv6, kDec, "Stop", "A router to pass."},
    {"ipv6.routing.mipv6.reserved", kBytes, kDec, "Reserved", "Must be zero."},
    {"ipv6.routing.mipv6.home_address", kIpv6, kDec, "Home address",
     "Address at home of the receiver."},
    {"ipv6.routing.srh.last_entry", kUint8, kDec, "Last entry",
     "Number of the last stop in the list."},
    {"ipv6.routing.srh.flags", kUint8, kHex, "Flags", "Flags of segment routing."},
    {"ipv6.routing.srh.tag", kBytes, kDec, "Tag", "Marks packets that belong together."},
    {"ipv6.routing.srh.addr", kIpv6, kDec, "Stop", "A router to pass, last one first."},
    {"ipv6.routing.unknown_data", kBytes, kDec, "Content",
     "Routing data that sp3ctra does not read."},
};
constexpr FieldDef kFragmentFields[] = {
    {"ipv6.fraghdr", kProtocol, kDec, "IPv6 fragment", "The packet is a piece of a larger one."},
    {"ipv6.fraghdr.nxt", kUint8, kDec, "Content",
     "Which header or protocol the whole packet carries."},
    {"ipv6.fraghdr.reserved_octet", kUint8, kHex, "Reserved", "Must be zero."},
    {"ipv6.fraghdr.offset", kUint16, kDec, "Piece begins at",
     "Where the piece belongs, in steps of 8 bytes."},
    {"ipv6.fraghdr.reserved_bits", kUint16, kDec, "Reserved", "Must be zero."},
    {"ipv6.fraghdr.more", kBool, kDec, "More pieces follow", "This is not the last piece."},
    {"ipv6.fraghdr.ident", kUint32, kHex, "Identification",
     "A number that the pieces of one packet share."},
    {"ipv6.fragments", kBool, kDec, "Put together from",
     "The pieces this packet was put together from."},
    {"ipv6.fragment", kFrameNum, kDec, "Piece", "A packet that carried one of the pieces."},
    {"ipv6.fragment.count", kUint32, kDec, "Pieces", "How many pieces there were."},
    {"ipv6.reassembled.length", kUint32, kDec, "Whole length",
     "Bytes of the content put together."},
    {"ipv6.reassembled.data", kBytes, kDec, "Whole content", "The content put together."},
};
consteval const FieldDef& h(std::string_view name) { return find_field(kHopFields, name); }
consteval const FieldDef& r(std::string_view name) { return find_field(kRoutingFields, name); }
consteval const FieldDef& g(std::string_view name) { return find_field(kFragmentFields, name); }

constexpr AnomalyDef kAnomalies[] = {
    {"ipv6.extension_short", "An IPv6 extension header is longer than the bytes that are there."},
    {"ipv6.option_broken", "An option of an IPv6 extension header has an impossible length."},
    {"ipv6.hopopts_not_first",
     "Hop-by-hop options stand where they may not: only directly after IPv6."},
    {"ipv6.route_forbidden",
     "The sender names the route itself, in a way forbidden since 2007 (RFC 5095)."},
    {"ipv6.fragment_odd", "A piece that is not the last has a length that is no multiple of 8."},
};
consteval const AnomalyDef& a(std::string_view name) { return find_anomaly(kAnomalies, name); }

void set_ip_proto(Dissection& d, uint8_t next) noexcept { d.parsed.ip_proto = next; }

void go_on(Dissection& d, uint8_t next, Input in) noexcept {
  set_ip_proto(d, next);
  if (next != 59 && in.reported > 0) call_ip_proto(d, next, in);
}

void draw_option(Dissection& d, const Input& in, size_t at, size_t size) {
  const uint8_t type = load8(in.data, at);
  d.open(h("ipv6.opt"), in, at, size, 1);
  d.open(h("ipv6.opt.type"), in, at, 1, type);
  d.number(h("ipv6.opt.type.action"), in, at, 1, type >> 6);
  d.number(h("ipv6.opt.type.change"), in, at, 1, type >> 5 & 1);
  d.number(h("ipv6.opt.type.rest"), in, at, 1, type & 31);
  d.close();
  if (type == 0) {
    d.number(h("ipv6.opt.pad1"), in, at, 1, 1);
    return d.close();
  }
  d.number(h("ipv6.opt.length"), in, at + 1, 1, size - 2);
  const size_t value = at + 2;
  if (type == 1) {
    d.bytes(h("ipv6.opt.padn"), in, value, size - 2);
  } else if (type == 5 && size == 4) {
    d.number(h("ipv6.opt.router_alert"), in, value, 2, load_be16(in.data, value));
  } else if (type == 0xc2 && size == 6) {
    d.number(h("ipv6.opt.jumbo"), in, value, 4, load_be32(in.data, value));
  } else if (type == 0xc9 && size == 18) {
    d.ip(h("ipv6.opt.mipv6.home_address"), in, value, IpAddress::v6(in.data.subspan(value)));
  } else {
    d.bytes(h("ipv6.opt.unknown"), in, value, size - 2);
  }
  d.close();
}

/// Walks options from 2 to end; false when one has an impossible length.
bool walk_options(Dissection& d, const Input& in, size_t end, bool drawn) {
  for (size_t at = 2; at < end;) {
    size_t size = 1;
    if (load8(in.data, at) != 0) {
      if (at + 2 > end) return false;
      size = 2 + load8(in.data, at + 1);
      if (at + size > end) return false;
    }
    if (drawn) draw_option(d, in, at, size);
    at += size;
  }
  return true;
}

/// Bytes of the header by its own length field; 0 when not even that is there.
size_t size_of(Dissection& d, const Input& in) noexcept {
  const size_t size = in.data.size() < 2 ? 8 : (size_t{load8(in.data, 1)} + 1) * 8;
  if (size > in.reported) d.anomaly(a("ipv6.extension_short"), in);
  return in.data.size() < 2 ? 0 : size;
}

void dissect_options(Dissection& d, Input in, std::span<const FieldDef> fields) noexcept {
  const size_t size = size_of(d, in);
  const size_t end = std::min(size, in.data.size());
  if (d.detailed()) {
    d.open(fields[0], in, 0, std::max<size_t>(end, std::min<size_t>(2, in.data.size())));
    if (size > 0) {
      d.number(fields[1], in, 0, 1, load8(in.data, 0));
      d.note(ip_proto_text(load8(in.data, 0)));
      d.number(fields[2], in, 1, 1, load8(in.data, 1));
      d.derived(fields[3], in, size);
      walk_options(d, in, end, true);
    }
    d.close();
  }
  if (size == 0 || size > in.data.size()) return;
  if (!walk_options(d, in, end, false)) d.anomaly(a("ipv6.option_broken"), in, 0, end);
  go_on(d, load8(in.data, 0), in.from(size));
}

void dissect_hop(Dissection& d, Input in) noexcept {
  const uint8_t count = d.parsed.layer_count;
  if (count >= 2 && d.parsed.layers[count - 2]->name != "ipv6")
    d.anomaly(a("ipv6.hopopts_not_first"), in, 0, 2);
  dissect_options(d, in, kHopFields);
}

void dissect_destination(Dissection& d, Input in) noexcept {
  dissect_options(d, in, kDestinationFields);
}

void draw_stops(Dissection& d, const Input& in, size_t end, const FieldDef& stop) {
  for (size_t at = 8; at + 16 <= end; at += 16)
    d.ip(stop, in, at, IpAddress::v6(in.data.subspan(at, 16)));
}

void draw_routing(Dissection& d, const Input& in, size_t size) {
  const size_t end = std::min(size, in.data.size());
  d.open(r("ipv6.routing"), in, 0, end);
  if (end >= 4) {
    const uint8_t type = load8(in.data, 2);
    d.number(r("ipv6.routing.nxt"), in, 0, 1, load8(in.data, 0));
    d.note(ip_proto_text(load8(in.data, 0)));
    d.number(r("ipv6.routing.len"), in, 1, 1, load8(in.data, 1));
    d.derived(r("ipv6.routing.len_oct"), in, size);
    d.number(r("ipv6.routing.type"), in, 2, 1, type);
    d.number(r("ipv6.routing.segleft"), in, 3, 1, load8(in.data, 3));
    if (type == 0 && end >= 8) {
      d.bytes(r("ipv6.routing.src.reserved"), in, 4, 4);
      draw_stops(d, in, end, r("ipv6.routing.src.addr"));
    } else if (type == 2 && end >= 24) {
      d.bytes(r("ipv6.routing.mipv6.reserved"), in, 4, 4);
      d.ip(r("ipv6.routing.mipv6.home_address"), in, 8, IpAddress::v6(in.data.subspan(8)));
    } else if (type == 4 && end >= 8) {
      d.number(r("ipv6.routing.srh.last_entry"), in, 4, 1, load8(in.data, 4));
      d.number(r("ipv6.routing.srh.flags"), in, 5, 1, load8(in.data, 5));
      d.bytes(r("ipv6.routing.srh.tag"), in, 6, 2);
      draw_stops(d, in, end, r("ipv6.routing.srh.addr"));
    } else if (end > 4) {
      d.bytes(r("ipv6.routing.unknown_data"), in, 4, end - 4);
    }
  }
  d.close();
}

void dissect_routing(Dissection& d, Input in) noexcept {
  const size_t size = size_of(d, in);
  if (d.detailed()) draw_routing(d, in, size);
  if (size == 0 || size > in.data.size()) return;
  if (load8(in.data, 2) == 0) d.anomaly(a("ipv6.route_forbidden"), in, 2, 1);
  go_on(d, load8(in.data, 0), in.from(size));
}

void draw_fragment(Dissection& d, const Input& in, const Input& whole) {
  const uint16_t offset = load_be16(in.data, 2);
  d.open(g("ipv6.fraghdr"), in, 0, 8);
  d.number(g("ipv6.fraghdr.nxt"), in, 0, 1, load8(in.data, 0));
  d.note(ip_proto_text(load8(in.data, 0)));
  d.number(g("ipv6.fraghdr.reserved_octet"), in, 1, 1, load8(in.data, 1));
  d.number(g("ipv6.fraghdr.offset"), in, 2, 2, offset >> 3);
  d.number(g("ipv6.fraghdr.reserved_bits"), in, 2, 2, offset >> 1 & 3);
  d.number(g("ipv6.fraghdr.more"), in, 2, 2, offset & 1);
  d.number(g("ipv6.fraghdr.ident"), in, 4, 4, load_be32(in.data, 4));
  if (whole.source != in.source && whole.source < d.tree()->sources.size()) {
    const std::vector<uint64_t>& frames = d.tree()->sources[whole.source].frames;
    d.open(g("ipv6.fragments"), in, 0, 0, 1);
    for (const uint64_t frame : frames) d.derived(g("ipv6.fragment"), in, frame);
    d.derived(g("ipv6.fragment.count"), in, frames.size());
    d.derived(g("ipv6.reassembled.length"), in, whole.data.size());
    d.bytes(g("ipv6.reassembled.data"), whole, 0, whole.data.size());
    d.close();
  }
  d.close();
}

void dissect_fragment(Dissection& d, Input in) noexcept {
  if (in.data.size() < 8) {
    if (in.reported < 8) d.anomaly(a("ipv6.extension_short"), in);
    return;
  }
  const uint8_t next = load8(in.data, 0);
  const uint16_t offset = load_be16(in.data, 2);
  const bool more = offset & 1, whole_already = (offset & 0xfff9) == 0;
  const Input payload = in.from(8);
  if (more && payload.reported % 8 != 0) d.anomaly(a("ipv6.fragment_odd"), in, 2, 2);
  set_ip_proto(d, next);
  Input content = payload;
  if (!whole_already) {
    const Fragment fragment{load_be32(in.data, 4), offset & 0xfff8u, more, next};
    content = d.quoted ? Input{} : d.streams.ip_fragment(d, fragment, payload);
    if (d.quoted == 0) {
      d.parsed.fragment = content.data.empty();
      if (!content.data.empty()) d.parsed.reassembled = true;
    }
  }
  if (d.detailed()) draw_fragment(d, in, content);
  if (!content.data.empty() || whole_already) return go_on(d, next, content);
  if (d.wants_info()) {
    const uint32_t at = offset & 0xfff8u;
    d.info(fmt::format("a piece of a larger {} packet, bytes {} to {}", ip_proto_text(next), at,
                       at + std::max<uint32_t>(payload.reported, 1) - 1));
  }
  d.opaque(payload);
}

constexpr Binding kHopBindings[] = {{Table::kIpProto, 0}};
constexpr Binding kDestinationBindings[] = {{Table::kIpProto, 60}};
constexpr Binding kRoutingBindings[] = {{Table::kIpProto, 43}};
constexpr Binding kFragmentBindings[] = {{Table::kIpProto, 44}};

}  // namespace

extern const Protocol kIpv6HopOptions{.name = "ipv6.hopopts",
                                      .label = "IPv6",
                                      .title = "IPv6 hop-by-hop options",
                                      .words = "Notes that every router on the way should read.",
                                      .family = Family::kCarrier,
                                      .fields = kHopFields,
                                      .anomalies = kAnomalies,
                                      .bindings = kHopBindings,
                                      .dissect = dissect_hop};
extern const Protocol kIpv6DestinationOptions{.name = "ipv6.dstopts",
                                              .label = "IPv6",
                                              .title = "IPv6 destination options",
                                              .words = "Notes for the receiver of the packet.",
                                              .family = Family::kCarrier,
                                              .fields = kDestinationFields,
                                              .anomalies = {},
                                              .bindings = kDestinationBindings,
                                              .dissect = dissect_destination};
extern const Protocol kIpv6Routing{.name = "ipv6.routing",
                                   .label = "IPv6",
                                   .title = "IPv6 routing header",
                                   .words = "Names routers that the packet shall pass.",
                                   .family = Family::kCarrier,
                                   .fields = kRoutingFields,
                                   .anomalies = {},
                                   .bindings = kRoutingBindings,
                                   .dissect = dissect_routing};
extern const Protocol kIpv6Fragment{
    .name = "ipv6.fraghdr",
    .label = "IPv6",
    .title = "IPv6 fragment header",
    .words = "Marks a piece of a packet that was too long for the way.",
    .family = Family::kCarrier,
    .fields = kFragmentFields,
    .anomalies = {},
    .bindings = kFragmentBindings,
    .dissect = dissect_fragment};

}  // namespace sp3ctra
