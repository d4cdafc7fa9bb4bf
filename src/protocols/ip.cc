// IPv4 (RFC 791), with options and fragments.
#include "protocols/ip.h"

#include <fmt/format.h>

#include "protocols/field_lookup.h"

namespace sp3ctra {
namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kProtoNames[] = {{0, "IPv6 hop-by-hop"},
                                     {1, "ICMP"},
                                     {2, "IGMP"},
                                     {4, "IPv4 in IP"},
                                     {6, "TCP"},
                                     {17, "UDP"},
                                     {41, "IPv6 in IP"},
                                     {43, "IPv6 routing"},
                                     {44, "IPv6 fragment"},
                                     {47, "GRE"},
                                     {50, "ESP"},
                                     {51, "AH"},
                                     {58, "ICMPv6"},
                                     {59, "nothing"},
                                     {60, "IPv6 destination options"},
                                     {88, "EIGRP"},
                                     {89, "OSPF"},
                                     {103, "PIM"},
                                     {112, "VRRP"},
                                     {115, "L2TP"},
                                     {132, "SCTP"},
                                     {135, "IPv6 mobility"},
                                     {136, "UDP-Lite"}};
constexpr ValueName kDscpNames[] = {
    {0, "ordinary"},     {8, "background"}, {10, "bulk, keep"},      {26, "streaming"},
    {34, "video calls"}, {46, "voice"},     {48, "network control"}, {56, "network control"}};
constexpr ValueName kEcnNames[] = {
    {0, "not used"}, {1, "able (1)"}, {2, "able (0)"}, {3, "the network was full"}};
constexpr ValueName kStatusNames[] = {{0, "wrong"}, {1, "right"}, {2, "not checked"}, {3, "none"}};
constexpr ValueName kOptionNames[] = {
    {0, "end"},           {1, "filler"},      {7, "record route"},
    {68, "time stamps"},  {130, "security"},  {131, "loose source route"},
    {134, "CIPSO"},       {136, "stream id"}, {137, "strict source route"},
    {148, "router alert"}};

constexpr FieldDef kFields[] = {
    {"ip", kProtocol, kDec, "IPv4", "Carries data from one computer to another across networks."},
    {"ip.version", kUint8, kDec, "Version", "Version of IP: 4."},
    {"ip.hdr_len", kUint8, kDec, "Header length", "Bytes of this header: 20, more with options."},
    {"ip.dsfield", kUint8, kHex, "Service", "How the network should treat the packet."},
    {"ip.dsfield.dscp", kUint8, kDec, "Class", "The class of traffic the sender asks for.",
     kDscpNames},
    {"ip.dsfield.ecn", kUint8, kDec, "Congestion",
     "Lets routers say that they are full without dropping.", kEcnNames},
    {"ip.len", kUint16, kDec, "Total length", "Bytes of header and content."},
    {"ip.id", kUint16, kHex, "Identification", "A number that pieces of one packet share."},
    {"ip.flags", kUint8, kHex, "Flags", "Whether the packet may be, or was, cut into pieces."},
    {"ip.flags.rb", kBool, kDec, "Reserved", "Must be 0."},
    {"ip.flags.df", kBool, kDec, "Do not cut", "Routers must not cut the packet into pieces."},
    {"ip.flags.mf", kBool, kDec, "More pieces follow", "This is a piece, and not the last one."},
    {"ip.frag_offset", kUint16, kDec, "Piece begins at",
     "Where the piece belongs, in steps of 8 bytes."},
    {"ip.ttl", kUint8, kDec, "Hops left", "How many more routers may pass the packet on."},
    {"ip.proto", kUint8, kDec, "Content", "Which protocol is carried.", kProtoNames},
    {"ip.checksum", kUint16, kHex, "Header checksum", "A check number over the header."},
    {"ip.checksum.status", kUint8, kDec, "Checksum checked",
     "Whether the check number was checked.", kStatusNames},
    {"ip.src",
     kIpv4,
     kDec,
     "From",
     "Address of the computer that sent the packet.",
     {},
     "ip.addr ip.src_host ip.host"},
    {"ip.dst",
     kIpv4,
     kDec,
     "To",
     "Address of the computer the packet is for.",
     {},
     "ip.addr ip.dst_host ip.host"},
    {"ip.options", kLabel, kDec, "Options", "Rarely used extras of the header."},
    {"ip.opt.type", kUint8, kDec, "Option", "Which option follows.", kOptionNames},
    {"ip.opt.type.copy", kBool, kDec, "In every piece", "The option is repeated in every piece."},
    {"ip.opt.type.class", kUint8, kDec, "Option class", "0 = control, 2 = measuring."},
    {"ip.opt.type.number", kUint8, kDec, "Option number", "Number of the option within its class."},
    {"ip.opt.len", kUint8, kDec, "Option length", "Bytes of the option."},
    {"ip.opt.ptr", kUint8, kDec, "Next slot", "Where the next router writes or reads."},
    {"ip.opt.ra", kUint16, kDec, "Router alert",
     "Asks every router to look at the packet; 0 = examine."},
    {"ip.opt.sid", kUint16, kDec, "Stream number", "Number of a stream in a long-gone network."},
    {"ip.rec_rt", kIpv4, kDec, "Passed", "A router that the packet passed."},
    {"ip.src_rt", kIpv4, kDec, "Pass through", "A router the sender wants the packet to take."},
    {"ip.opt.overflow", kUint8, kDec, "Stamps missing",
     "Routers that found no room for their time."},
    {"ip.opt.flag", kUint8, kHex, "Stamp kind", "Whether addresses stand beside the times."},
    {"ip.opt.time_stamp", kUint32, kDec, "Time", "Milliseconds since midnight at a router."},
    {"ip.opt.time_stamp_addr", kIpv4, kDec, "Router", "The router that wrote the time."},
    {"ip.opt.padding", kBytes, kDec, "Padding", "Zeros after the last option."},
    {"ip.fragments", kBytes, kDec, "Put together from",
     "The pieces this packet was put together from."},
    {"ip.fragment", kFrameNum, kDec, "Piece", "A packet that carried one of the pieces."},
    {"ip.fragment.count", kUint32, kDec, "Pieces", "How many pieces there were."},
    {"ip.reassembled.length", kUint32, kDec, "Whole length", "Bytes of the content put together."},
    {"ip.reassembled.data", kBytes, kDec, "Whole content", "The content put together."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr AnomalyDef kAnomalies[] = {
    {"ip.short", "The packet ends inside its IP header."},
    {"ip.version_wrong", "The packet should be IPv4 and says it is another version."},
    {"ip.header_short", "The IP header says it is shorter than an IP header can be."},
    {"ip.length_short", "The packet says it is shorter than its own header."},
    {"ip.length_long", "The packet says it is longer than what arrived."},
    {"ip.option_broken", "An option of the IP header has an impossible length."},
    {"ip.source_group",
     "The packet claims to come from a group address, which no computer may have."},
    {"ip.same_ends", "The packet claims to come from the address it is sent to."},
};
consteval const AnomalyDef& a(std::string_view name) { return find_anomaly(kAnomalies, name); }

constexpr size_t kHeaderBytes = 20;

struct View {
  uint8_t header_bytes = 0, ip_proto = 0;
  uint16_t total = 0, id = 0, fragment = 0;
  IpAddress src, dst;
  bool piece() const { return (fragment & 0x3fff) != 0; }
};

View view_of(Bytes b) {
  View v;
  v.header_bytes = static_cast<uint8_t>((load8(b, 0) & 15) * 4);
  v.total = load_be16(b, 2);
  v.id = load_be16(b, 4);
  v.fragment = load_be16(b, 6);
  v.ip_proto = load8(b, 9);
  v.src = IpAddress::v4(b.subspan(12));
  v.dst = IpAddress::v4(b.subspan(16));
  return v;
}

void draw_route(Dissection& d, const Input& in, size_t at, size_t size, const FieldDef& slot) {
  if (size < 3) return;
  d.number(f("ip.opt.ptr"), in, at + 2, 1, load8(in.data, at + 2));
  for (size_t i = 3; i + 4 <= size; i += 4)
    d.ip(slot, in, at + i, IpAddress::v4(in.data.subspan(at + i, 4)));
}

void draw_stamps(Dissection& d, const Input& in, size_t at, size_t size) {
  if (size < 4) return;
  const uint8_t flags = load8(in.data, at + 3);
  d.number(f("ip.opt.ptr"), in, at + 2, 1, load8(in.data, at + 2));
  d.number(f("ip.opt.overflow"), in, at + 3, 1, flags >> 4);
  d.number(f("ip.opt.flag"), in, at + 3, 1, flags & 15);
  const bool addresses = (flags & 15) == 1 || (flags & 15) == 3;
  for (size_t i = 4; i + (addresses ? 8 : 4) <= size; i += addresses ? 8 : 4) {
    if (addresses)
      d.ip(f("ip.opt.time_stamp_addr"), in, at + i, IpAddress::v4(in.data.subspan(at + i, 4)));
    const size_t stamp = at + i + (addresses ? 4 : 0);
    d.number(f("ip.opt.time_stamp"), in, stamp, 4, load_be32(in.data, stamp));
  }
}

void draw_option(Dissection& d, const Input& in, size_t at, size_t size) {
  const uint8_t type = load8(in.data, at);
  d.open(f("ip.opt.type"), in, at, 1, type);
  d.number(f("ip.opt.type.copy"), in, at, 1, type >> 7);
  d.number(f("ip.opt.type.class"), in, at, 1, type >> 5 & 3);
  d.number(f("ip.opt.type.number"), in, at, 1, type & 31);
  d.close();
  if (size < 2) return;
  d.number(f("ip.opt.len"), in, at + 1, 1, size);
  switch (type) {
    case 7:
      return draw_route(d, in, at, size, f("ip.rec_rt"));
    case 131:
    case 137:
      return draw_route(d, in, at, size, f("ip.src_rt"));
    case 68:
      return draw_stamps(d, in, at, size);
    case 136:
      if (size == 4) d.number(f("ip.opt.sid"), in, at + 2, 2, load_be16(in.data, at + 2));
      return;
    case 148:
      if (size == 4) d.number(f("ip.opt.ra"), in, at + 2, 2, load_be16(in.data, at + 2));
      return;
    default:
      return;
  }
}

/// Walks the options; draws them when `drawn`. Returns false when one has an impossible length.
bool walk_options(Dissection& d, const Input& in, size_t end, bool drawn) {
  for (size_t at = kHeaderBytes; at < end;) {
    const uint8_t type = load8(in.data, at);
    if (type == 0) {
      if (drawn) draw_option(d, in, at, 1);
      if (drawn && at + 1 < end) d.bytes(f("ip.opt.padding"), in, at + 1, end - at - 1);
      return true;
    }
    size_t size = 1;
    if (type != 1) {
      if (at + 2 > end) return false;
      size = load8(in.data, at + 1);
      if (size < 2 || at + size > end) return false;
    }
    if (drawn) draw_option(d, in, at, size);
    at += size;
  }
  return true;
}

void draw_header(Dissection& d, const Input& in, const View& v, uint16_t total) {
  const Bytes b = in.data;
  d.number(f("ip.version"), in, 0, 1, load8(b, 0) >> 4);
  d.number(f("ip.hdr_len"), in, 0, 1, v.header_bytes);
  d.open(f("ip.dsfield"), in, 1, 1, load8(b, 1));
  d.number(f("ip.dsfield.dscp"), in, 1, 1, load8(b, 1) >> 2);
  d.number(f("ip.dsfield.ecn"), in, 1, 1, load8(b, 1) & 3);
  d.close();
  d.number(f("ip.len"), in, 2, 2, total);
  if (v.total == 0 && total != 0) d.note(fmt::format("{} (the header says 0: offload)", total));
  d.number(f("ip.id"), in, 4, 2, v.id);
  d.open(f("ip.flags"), in, 6, 1, v.fragment >> 13);
  d.number(f("ip.flags.rb"), in, 6, 1, v.fragment >> 15);
  d.number(f("ip.flags.df"), in, 6, 1, v.fragment >> 14 & 1);
  d.number(f("ip.flags.mf"), in, 6, 1, v.fragment >> 13 & 1);
  d.close();
  d.number(f("ip.frag_offset"), in, 6, 2, v.fragment & 0x1fff);
  d.number(f("ip.ttl"), in, 8, 1, load8(b, 8));
  d.number(f("ip.proto"), in, 9, 1, v.ip_proto);
  d.number(f("ip.checksum"), in, 10, 2, load_be16(b, 10));
  d.derived(f("ip.checksum.status"), in, 2);
  d.ip(f("ip.src"), in, 12, v.src);
  d.ip(f("ip.dst"), in, 16, v.dst);
  if (v.header_bytes > kHeaderBytes && v.header_bytes <= b.size()) {
    d.open(f("ip.options"), in, kHeaderBytes, v.header_bytes - kHeaderBytes);
    walk_options(d, in, v.header_bytes, true);
    d.close();
  }
}

void draw_pieces(Dissection& d, const Input& in, const Input& whole) {
  if (whole.source >= d.tree()->sources.size()) return;
  // The tree's sources do not move while fields are added, but the text does: copy nothing.
  const std::vector<uint64_t>& frames = d.tree()->sources[whole.source].frames;
  d.open_text(f("ip.fragments"), whole, 0, whole.data.size(), as_text(whole.data));
  for (const uint64_t frame : frames) d.derived(f("ip.fragment"), in, frame);
  d.derived(f("ip.fragment.count"), in, frames.size());
  d.derived(f("ip.reassembled.length"), in, whole.data.size());
  d.close();
}

/// Notes what the header alone tells. Returns false when nothing after it can be trusted.
bool check(Dissection& d, const Input& in, const View& v, uint16_t total) noexcept {
  if (load8(in.data, 0) >> 4 != 4) {
    d.anomaly(a("ip.version_wrong"), in, 0, 1);
    return false;
  }
  if (v.header_bytes < kHeaderBytes) {
    d.anomaly(a("ip.header_short"), in, 0, 1);
    return false;
  }
  if (total < v.header_bytes) {
    d.anomaly(a("ip.length_short"), in, 2, 2);
    return false;
  }
  if (total > in.reported) d.anomaly(a("ip.length_long"), in, 2, 2);
  if (v.src.octets[0] >= 224 && v.src.octets[0] < 240) d.anomaly(a("ip.source_group"), in, 12, 4);
  if (v.src == v.dst && v.src.octets[0] != 127) d.anomaly(a("ip.same_ends"), in, 12, 8);
  return true;
}

void keep(Dissection& d, const View& v) noexcept {
  d.parsed.src = v.src;
  d.parsed.dst = v.dst;
  d.parsed.ip_proto = v.ip_proto;
}

/// The content: itself, the datagram it completed, or empty when pieces are missing.
Input content_of(Dissection& d, const View& v, Input payload) noexcept {
  if (!v.piece()) return payload;
  const Fragment fragment{v.id, (v.fragment & 0x1fffu) * 8, (v.fragment & 0x2000) != 0, v.ip_proto};
  const Input whole = d.quoted ? Input{} : d.streams.ip_fragment(d, fragment, payload);
  if (d.quoted == 0) {
    d.parsed.fragment = whole.data.empty();
    if (!whole.data.empty()) d.parsed.reassembled = true;
  }
  return whole;
}

void dissect(Dissection& d, Input in) noexcept {
  if (in.data.size() < kHeaderBytes) {
    if (in.reported < kHeaderBytes) d.anomaly(a("ip.short"), in);
    if (d.detailed()) {
      d.open(f("ip"), in, 0, in.data.size());
      d.close();
    }
    return;
  }
  const View v = view_of(in.data);
  // Cards that cut frames themselves (offload) hand over length 0: the frame's own length counts.
  const uint16_t total =
      v.total == 0 ? static_cast<uint16_t>(std::min<uint32_t>(in.reported, 65535)) : v.total;
  keep(d, v);
  if (d.detailed()) {
    d.open(f("ip"), in, 0, std::min<size_t>(std::max<size_t>(v.header_bytes, 1), in.data.size()));
    d.note_open(fmt::format("{} → {}", v.src.text(), v.dst.text()));
    draw_header(d, in, v, total);
  }
  const bool sane = check(d, in, v, total);
  if (sane && v.header_bytes <= in.data.size() && v.header_bytes > kHeaderBytes &&
      !walk_options(d, in, v.header_bytes, false))
    d.anomaly(a("ip.option_broken"), in, kHeaderBytes, v.header_bytes - kHeaderBytes);
  const Input payload = in.first(total).from(v.header_bytes);
  const Input content = sane ? content_of(d, v, payload) : Input{};
  if (d.detailed()) {
    if (content.source != in.source) draw_pieces(d, in, content);
    d.close();
  }
  if (!sane) return;
  if (v.piece() && content.data.empty()) {
    if (d.wants_info()) {
      const uint32_t at = (v.fragment & 0x1fffu) * 8;
      d.info(fmt::format("a piece of a larger {} packet, bytes {} to {}", ip_proto_text(v.ip_proto),
                         at, at + std::max<uint32_t>(payload.reported, 1) - 1));
    }
    return d.opaque(payload);
  }
  if (content.reported > 0) call_ip_proto(d, v.ip_proto, content);
}

constexpr Binding kBindings[] = {
    {Table::kEthertype, 0x0800}, {Table::kLinkType, 228}, {Table::kIpProto, 4}};

}  // namespace

const std::span<const ValueName> kIpProtoNames = kProtoNames;

std::string ip_proto_text(uint8_t ip_proto) {
  for (const ValueName& n : kProtoNames)
    if (n.value == ip_proto) return std::string(n.name);
  return fmt::format("protocol {}", ip_proto);
}

uint16_t internet_checksum(Bytes data, uint32_t sum) noexcept {
  uint64_t total = sum;
  size_t i = 0;
  for (; i + 2 <= data.size(); i += 2) total += load_be16(data, i);
  if (i < data.size()) total += uint64_t{load8(data, i)} << 8;
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return static_cast<uint16_t>(~total);
}

uint32_t pseudo_header_sum(const IpAddress& src, const IpAddress& dst, uint32_t length,
                           uint8_t ip_proto) noexcept {
  uint32_t sum = (length >> 16) + (length & 0xffff) + ip_proto;
  for (const IpAddress* ip : {&src, &dst})
    for (size_t i = 0; i < ip->size(); i += 2) sum += load_be16(ip->bytes(), i);
  return sum;
}

void call_ip_proto(Dissection& d, uint8_t ip_proto, Input in) noexcept {
  if (d.call(Table::kIpProto, ip_proto, in)) return;
  if (d.wants_info()) d.info(fmt::format("{} bytes of {}", in.reported, ip_proto_text(ip_proto)));
  d.opaque(in);
}

extern const Protocol kIp{
    .name = "ip",
    .label = "IPv4",
    .title = "Internet Protocol version 4",
    .words = "Carries data from one computer to another across any number of networks.",
    .family = Family::kCarrier,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = kBindings,
    .dissect = dissect};

}  // namespace sp3ctra
