// ICMPv6 (RFC 4443), neighbour discovery (RFC 4861) and group membership (RFC 3810).
#include <fmt/format.h>

#include <new>

#include "protocols/field_lookup.h"
#include "protocols/icmp.h"
#include "protocols/icmpv6_options.h"
#include "protocols/ip.h"

namespace sp3ctra {

extern const Protocol kIcmpv6;

namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kTypes[] = {{1, "cannot be reached"},
                                {2, "packet too large"},
                                {3, "ran out of hops"},
                                {4, "header not understood"},
                                {128, "ping"},
                                {129, "ping answer"},
                                {130, "group question"},
                                {131, "group membership"},
                                {132, "leaves a group"},
                                {133, "router question"},
                                {134, "router announcement"},
                                {135, "neighbour question"},
                                {136, "neighbour answer"},
                                {137, "take another way"},
                                {143, "group membership, version 2"}};
constexpr ValueName kStatusNames[] = {{0, "wrong"}, {1, "right"}, {2, "not checked"}};
constexpr ValueName kPreferenceNames[] = {{0, "medium"}, {1, "high"}, {2, "reserved"}, {3, "low"}};

constexpr FieldDef kFields[] = {
    {"icmpv6", kProtocol, kDec, "ICMPv6",
     "Messages of the network itself: pings, neighbours, routers, trouble."},
    {"icmpv6.type", kUint8, kDec, "Says", "What kind of message this is.", kTypes},
    {"icmpv6.code", kUint8, kDec, "Detail", "The kind of message more exactly."},
    {"icmpv6.checksum", kUint16, kHex, "Checksum", "A check number over message and addresses."},
    {"icmpv6.checksum.status", kUint8, kDec, "Checksum checked",
     "Whether the check number is right.", kStatusNames},
    {"icmpv6.reserved", kBytes, kDec, "Reserved", "Bytes kept for later use."},
    {"icmpv6.data", kBytes, kDec, "Content", "Bytes that sp3ctra does not read."},
    {"icmpv6.mtu", kUint32, kDec, "Largest packet",
     "Bytes that the next network can carry at once."},
    {"icmpv6.pointer", kUint32, kDec, "Trouble at byte",
     "Which byte of the header was not understood."},
    {"icmpv6.echo.identifier", kUint16, kHex, "Ping program",
     "Number that tells apart pings of several programs."},
    {"icmpv6.echo.sequence_number", kUint16, kDec, "Ping number",
     "Counts the pings of one program."},
    {"icmpv6.resp_to", kFrameNum, kDec, "Answers", "The packet that holds the ping this answers."},
    {"icmpv6.resptime", kString, kDec, "Took (ms)", "Milliseconds from the ping to its answer."},
    {"icmpv6.nd.ns.target_address", kIpv6, kDec, "Who has",
     "The address whose owner is asked for."},
    {"icmpv6.nd.na.flag", kUint32, kHex, "Flags", "How the answer is meant."},
    {"icmpv6.nd.na.flag.r", kBool, kDec, "Is a router", "Set when the sender is a router."},
    {"icmpv6.nd.na.flag.s", kBool, kDec, "Was asked", "Set when this answers a question."},
    {"icmpv6.nd.na.flag.o", kBool, kDec, "Replaces", "Set when older knowledge is to be replaced."},
    {"icmpv6.nd.na.flag.rsv", kUint32, kDec, "Reserved", "Must be zero."},
    {"icmpv6.nd.na.target_address", kIpv6, kDec, "Address",
     "The address that the sender says it has."},
    {"icmpv6.nd.ra.cur_hop_limit", kUint8, kDec, "Hops to use",
     "How many hops computers here should allow; 0 = unsaid."},
    {"icmpv6.nd.ra.flag", kUint8, kHex, "Flags", "How computers here get their addresses."},
    {"icmpv6.nd.ra.flag.m", kBool, kDec, "Addresses by DHCPv6",
     "Set when addresses are given by DHCPv6."},
    {"icmpv6.nd.ra.flag.o", kBool, kDec, "Other settings by DHCPv6",
     "Set when names and such come by DHCPv6."},
    {"icmpv6.nd.ra.flag.h", kBool, kDec, "Home agent",
     "Set when the router serves travelling computers."},
    {"icmpv6.nd.ra.flag.prf", kUint8, kDec, "Preference", "Which router to prefer.",
     kPreferenceNames},
    {"icmpv6.nd.ra.flag.p", kBool, kDec, "Proxy",
     "Set when the router repeats another one's words."},
    {"icmpv6.nd.ra.flag.rsv", kUint8, kDec, "Reserved", "Must be zero."},
    {"icmpv6.nd.ra.router_lifetime", kUint16, kDec, "Router for (s)",
     "Seconds for which it can be the way out; 0 = not at all."},
    {"icmpv6.nd.ra.reachable_time", kUint32, kDec, "Neighbours hold (ms)",
     "Milliseconds for which a neighbour counts as there."},
    {"icmpv6.nd.ra.retrans_timer", kUint32, kDec, "Ask again after (ms)",
     "Milliseconds between questions."},
    {"icmpv6.nd.rd.target_address", kIpv6, kDec, "Better router", "The router to use from now on."},
    {"icmpv6.rd.na.destination_address", kIpv6, kDec, "For", "The address this is about."},
    {"icmpv6.mld.maximum_response_delay", kUint16, kDec, "Answer within (ms)",
     "Milliseconds within which to answer."},
    {"icmpv6.mld.maximum_response_code", kUint16, kDec, "Answer within",
     "Code of the time within which to answer."},
    {"icmpv6.mld.multicast_address", kIpv6, kDec, "Group", "The group address this is about."},
    {"icmpv6.mld.flag", kUint8, kHex, "Flags", "How routers treat the question."},
    {"icmpv6.mld.flag.s", kBool, kDec, "Keep timers",
     "Set when other routers shall not reset their timers."},
    {"icmpv6.mld.flag.qrv", kUint8, kDec, "Robustness", "How many losses the router allows for."},
    {"icmpv6.mld.flag.reserved", kUint8, kDec, "Reserved", "Must be zero."},
    {"icmpv6.mld.qqi", kUint8, kDec, "Question interval", "Code of the time between questions."},
    {"icmpv6.mld.nb_sources", kUint16, kDec, "Sources", "How many senders are named."},
    {"icmpv6.mld.source_address", kIpv6, kDec, "Source", "A sender that is wanted."},
    {"icmpv6.mldr.nb_mcast_records", kUint16, kDec, "Groups", "How many groups are named."},
    {"icmpv6.mldr.mar", kBool, kDec, "Group record", "What the sender says about one group."},
    {"icmpv6.mldr.mar.record_type", kUint8, kDec, "Says",
     "3 = leaves, 4 = joins, 5 = allows senders, 6 = blocks senders."},
    {"icmpv6.mldr.mar.aux_data_len", kUint8, kDec, "Extra data",
     "Length of extra data in steps of 4 bytes."},
    {"icmpv6.mldr.mar.nb_sources", kUint16, kDec, "Sources", "How many senders are named."},
    {"icmpv6.mldr.mar.multicast_address", kIpv6, kDec, "Group", "The group address."},
    {"icmpv6.mldr.mar.source_address", kIpv6, kDec, "Source", "A sender that is wanted or not."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr AnomalyDef kAnomalies[] = {
    {"icmpv6.short", "The message ends before it is complete."},
    {"icmpv6.checksum_wrong", "The check number of the message is wrong."},
    {"icmpv6.option_broken", "An option of the message has an impossible length."},
};
consteval const AnomalyDef& a(std::string_view name) { return find_anomaly(kAnomalies, name); }

uint8_t checksum_status(const Dissection& d, const Input& in) noexcept {
  if (d.quoted > 0 || in.data.size() < in.reported || d.parsed.src.version != 6) return 2;
  const uint32_t sum = pseudo_header_sum(d.parsed.src, d.parsed.dst, in.reported, 58);
  return internet_checksum(in.data, sum) == 0 ? 1 : 0;
}

/// Bytes of a message before its options or its quoted packet.
size_t fixed_bytes(uint8_t type) {
  switch (type) {
    case 133:
      return 8;
    case 134:
      return 16;
    case 135:
    case 136:
      return 24;
    case 137:
      return 40;
    case 130:
    case 131:
    case 132:
      return 24;
    default:
      return 8;
  }
}

void draw_router(Dissection& d, const Input& in) {
  const uint8_t flags = load8(in.data, 5);
  d.number(f("icmpv6.nd.ra.cur_hop_limit"), in, 4, 1, load8(in.data, 4));
  d.open(f("icmpv6.nd.ra.flag"), in, 5, 1, flags);
  d.number(f("icmpv6.nd.ra.flag.m"), in, 5, 1, flags >> 7);
  d.number(f("icmpv6.nd.ra.flag.o"), in, 5, 1, flags >> 6 & 1);
  d.number(f("icmpv6.nd.ra.flag.h"), in, 5, 1, flags >> 5 & 1);
  d.number(f("icmpv6.nd.ra.flag.prf"), in, 5, 1, flags >> 3 & 3);
  d.number(f("icmpv6.nd.ra.flag.p"), in, 5, 1, flags >> 2 & 1);
  d.number(f("icmpv6.nd.ra.flag.rsv"), in, 5, 1, flags & 3);
  d.close();
  d.number(f("icmpv6.nd.ra.router_lifetime"), in, 6, 2, load_be16(in.data, 6));
  d.number(f("icmpv6.nd.ra.reachable_time"), in, 8, 4, load_be32(in.data, 8));
  d.number(f("icmpv6.nd.ra.retrans_timer"), in, 12, 4, load_be32(in.data, 12));
}

void draw_neighbour(Dissection& d, const Input& in) {
  const uint32_t flags = load_be32(in.data, 4);
  d.open(f("icmpv6.nd.na.flag"), in, 4, 4, flags);
  d.number(f("icmpv6.nd.na.flag.r"), in, 4, 4, flags >> 31);
  d.number(f("icmpv6.nd.na.flag.s"), in, 4, 4, flags >> 30 & 1);
  d.number(f("icmpv6.nd.na.flag.o"), in, 4, 4, flags >> 29 & 1);
  d.number(f("icmpv6.nd.na.flag.rsv"), in, 4, 4, flags & 0x1fffffff);
  d.close();
  d.ip(f("icmpv6.nd.na.target_address"), in, 8, IpAddress::v6(in.data.subspan(8)));
}

void draw_group(Dissection& d, const Input& in, uint8_t type) {
  const bool version2 = type == 130 && in.reported >= 28;
  const IpAddress group = IpAddress::v6(in.data.subspan(8));
  d.number(
      version2 ? f("icmpv6.mld.maximum_response_code") : f("icmpv6.mld.maximum_response_delay"), in,
      4, 2, load_be16(in.data, 4));
  d.bytes(f("icmpv6.reserved"), in, 6, 2);
  d.ip(f("icmpv6.mld.multicast_address"), in, 8, group);
  if (!version2 || in.data.size() < 28) return;
  const uint8_t flags = load8(in.data, 24);
  d.open(f("icmpv6.mld.flag"), in, 24, 1, flags);
  d.number(f("icmpv6.mld.flag.s"), in, 24, 1, flags >> 3 & 1);
  d.number(f("icmpv6.mld.flag.qrv"), in, 24, 1, flags & 7);
  d.number(f("icmpv6.mld.flag.reserved"), in, 24, 1, flags >> 4);
  d.close();
  d.number(f("icmpv6.mld.qqi"), in, 25, 1, load8(in.data, 25));
  d.number(f("icmpv6.mld.nb_sources"), in, 26, 2, load_be16(in.data, 26));
  for (size_t i = 0, at = 28; i < load_be16(in.data, 26) && at + 16 <= in.data.size();
       ++i, at += 16)
    d.ip(f("icmpv6.mld.source_address"), in, at, IpAddress::v6(in.data.subspan(at)));
}

void draw_memberships(Dissection& d, const Input& in) {
  const Bytes b = in.data;
  d.bytes(f("icmpv6.reserved"), in, 4, 2);
  d.number(f("icmpv6.mldr.nb_mcast_records"), in, 6, 2, load_be16(b, 6));
  size_t at = 8;
  for (size_t i = 0; i < load_be16(b, 6) && at + 20 <= b.size(); ++i) {
    const size_t sources = load_be16(b, at + 2), extra = size_t{load8(b, at + 1)} * 4;
    d.open(f("icmpv6.mldr.mar"), in, at, 20 + sources * 16 + extra, 1);
    d.number(f("icmpv6.mldr.mar.record_type"), in, at, 1, load8(b, at));
    d.number(f("icmpv6.mldr.mar.aux_data_len"), in, at + 1, 1, load8(b, at + 1));
    d.number(f("icmpv6.mldr.mar.nb_sources"), in, at + 2, 2, sources);
    d.ip(f("icmpv6.mldr.mar.multicast_address"), in, at + 4, IpAddress::v6(b.subspan(at + 4)));
    at += 20;
    for (size_t s = 0; s < sources && at + 16 <= b.size(); ++s, at += 16)
      d.ip(f("icmpv6.mldr.mar.source_address"), in, at, IpAddress::v6(b.subspan(at)));
    at += extra;
    d.close();
  }
}

void draw_body(Dissection& d, const Input& in, uint8_t type) {
  const Bytes b = in.data;
  switch (type) {
    case 2:
      return d.number(f("icmpv6.mtu"), in, 4, 4, load_be32(b, 4));
    case 4:
      return d.number(f("icmpv6.pointer"), in, 4, 4, load_be32(b, 4));
    case 128:
    case 129:
      d.number(f("icmpv6.echo.identifier"), in, 4, 2, load_be16(b, 4));
      return d.number(f("icmpv6.echo.sequence_number"), in, 6, 2, load_be16(b, 6));
    case 130:
    case 131:
    case 132:
      return draw_group(d, in, type);
    case 134:
      return draw_router(d, in);
    case 135:
      d.bytes(f("icmpv6.reserved"), in, 4, 4);
      return d.ip(f("icmpv6.nd.ns.target_address"), in, 8, IpAddress::v6(b.subspan(8)));
    case 136:
      return draw_neighbour(d, in);
    case 137:
      d.bytes(f("icmpv6.reserved"), in, 4, 4);
      d.ip(f("icmpv6.nd.rd.target_address"), in, 8, IpAddress::v6(b.subspan(8)));
      return d.ip(f("icmpv6.rd.na.destination_address"), in, 24, IpAddress::v6(b.subspan(24)));
    case 143:
      return draw_memberships(d, in);
    case 1:
    case 3:
    case 133:
      return d.bytes(f("icmpv6.reserved"), in, 4, 4);
    default:
      return d.bytes(f("icmpv6.data"), in, 4, b.size() - 4);
  }
}

void draw(Dissection& d, const Input& in, uint8_t status, const PingState::Ask& asked) {
  const uint8_t type = load8(in.data, 0);
  d.open(f("icmpv6"), in, 0, in.data.size());
  d.number(f("icmpv6.type"), in, 0, 1, type);
  d.number(f("icmpv6.code"), in, 1, 1, load8(in.data, 1));
  d.number(f("icmpv6.checksum"), in, 2, 2, load_be16(in.data, 2));
  d.derived(f("icmpv6.checksum.status"), in, status);
  if (in.data.size() >= fixed_bytes(type)) {
    draw_body(d, in, type);
    if (type >= 133 && type <= 137) walk_nd_options(d, in, fixed_bytes(type), true);
  }
  if (asked.frame != 0) {
    d.derived(f("icmpv6.resp_to"), in, asked.frame);
    d.derived_text(f("icmpv6.resptime"), in, milliseconds_text(d.packet->ts.ns - asked.ts_ns));
  }
  d.close();
}

std::string_view unreachable_text(uint8_t code) {
  switch (code) {
    case 0:
      return "there is no way to that address";
    case 1:
    case 5:
      return "a firewall forbids it";
    case 3:
      return "that computer cannot be reached";
    case 4:
      return "nobody listens on that port";
    default:
      return "it cannot be reached";
  }
}

void tell(Dissection& d, const Input& in, const PingState::Ask& asked) {
  const uint8_t type = load8(in.data, 0), code = load8(in.data, 1);
  const bool whole = in.data.size() >= fixed_bytes(type);
  const std::string about = quoted_text(d.parsed);
  const auto target = [&] { return IpAddress::v6(in.data.subspan(8)).text(); };
  switch (type) {
    case 1:
      return d.info(fmt::format("reports: {}{}", unreachable_text(code), about));
    case 2:
      return d.info(fmt::format("reports: the packet is too large for the way{}", about));
    case 3:
      return d.info(fmt::format("reports: the packet ran out of hops{}", about));
    case 4:
      return d.info(fmt::format("reports: the header was not understood{}", about));
    case 128:
      return d.info("asks: are you there? (ping)");
    case 129:
      if (asked.frame == 0) return d.info("answers a ping");
      return d.info(fmt::format("answers the ping of packet {} after {} ms", asked.frame,
                                milliseconds_text(d.packet->ts.ns - asked.ts_ns)));
    case 130:
      return d.info("asks: who listens to which group?");
    case 131:
    case 143:
      return d.info("says which groups it listens to");
    case 132:
      return d.info("leaves a group");
    case 133:
      return d.info("asks: which routers are here?");
    case 134:
      return d.info("announces itself as a router");
    case 135:
      if (!whole) break;
      return d.info(d.parsed.src.octets == std::array<uint8_t, 16>{}
                        ? fmt::format("asks: is {} still free?", target())
                        : fmt::format("asks: who has {}?", target()));
    case 136:
      if (!whole) break;
      return d.info(fmt::format("answers: {} is here", target()));
    case 137:
      return d.info(fmt::format("tells of a better router{}", about));
    default:
      break;
  }
  d.info(fmt::format("sends an ICMPv6 message of kind {}", type));
}

PingState::Ask pair_up(Dissection& d, const Input& in, uint8_t type) noexcept {
  if (d.quoted > 0 || in.data.size() < 8 || (type != 128 && type != 129)) return {};
  auto* state = static_cast<PingState*>(d.streams.state(kIcmpv6));
  if (!state) return {};
  const uint16_t id = load_be16(in.data, 4), sequence = load_be16(in.data, 6);
  if (type == 129) return state->answer(id, sequence);
  state->ask(d.packet->number, d.packet->ts.ns, id, sequence);
  return {};
}

void dissect(Dissection& d, Input in) noexcept {
  if (in.data.size() < 4) {
    if (in.reported < 4) d.anomaly(a("icmpv6.short"), in);
    if (d.detailed()) {
      d.open(f("icmpv6"), in, 0, in.data.size());
      d.close();
    }
    return;
  }
  const uint8_t type = load8(in.data, 0);
  const bool error = type < 128, ping = type == 128 || type == 129;
  d.parsed.icmp_type = type;
  d.parsed.icmp_code = load8(in.data, 1);
  d.parsed.has_icmp_id = ping && in.data.size() >= 8;
  if (d.parsed.has_icmp_id) d.parsed.icmp_id = load_be16(in.data, 4);
  const uint8_t status = checksum_status(d, in);
  if (status == 0) d.anomaly(a("icmpv6.checksum_wrong"), in, 2, 2);
  if (in.reported < fixed_bytes(type)) d.anomaly(a("icmpv6.short"), in);
  if (d.quoted == 0 && !error) d.parsed.direction = d.streams.other(d);
  const PingState::Ask asked = pair_up(d, in, type);
  if (d.detailed()) draw(d, in, status, asked);
  if (type >= 133 && type <= 137 && in.data.size() >= fixed_bytes(type) &&
      !walk_nd_options(d, in, fixed_bytes(type), false))
    d.anomaly(a("icmpv6.option_broken"), in);
  if (error && in.data.size() > 8) dissect_quoted(d, 0x86dd, in.from(8));
  if (d.quoted == 0 && error) d.parsed.direction = d.streams.other(d);
  if (d.wants_info()) tell(d, in, asked);
  if (ping) d.opaque(in.from(8));
}

constexpr Binding kBindings[] = {{Table::kIpProto, 58}};

void init(void* state) noexcept { new (state) PingState; }

}  // namespace

extern const Protocol kIcmpv6{
    .name = "icmpv6",
    .label = "ICMPv6",
    .title = "Internet Control Message Protocol version 6",
    .words = "Messages of the IPv6 network itself: pings, finding neighbours and routers, trouble.",
    .family = Family::kUpkeep,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = kBindings,
    .dissect = dissect,
    .state_size = sizeof(PingState),
    .state_init = init};

}  // namespace sp3ctra
