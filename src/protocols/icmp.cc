// ICMP (RFC 792): pings, and errors about packets that did not arrive.
#include "protocols/icmp.h"

#include <fmt/format.h>

#include <new>

#include "protocols/field_lookup.h"
#include "protocols/ip.h"

namespace sp3ctra {

extern const Protocol kIcmp;

namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kTypes[] = {{0, "ping answer"},
                                {3, "cannot be reached"},
                                {4, "slow down"},
                                {5, "take another way"},
                                {8, "ping"},
                                {9, "router announcement"},
                                {10, "router question"},
                                {11, "ran out of hops"},
                                {12, "header not understood"},
                                {13, "time question"},
                                {14, "time answer"},
                                {17, "network mask question"},
                                {18, "network mask answer"}};
constexpr ValueName kStatusNames[] = {{0, "wrong"}, {1, "right"}, {2, "not checked"}};

constexpr FieldDef kFields[] = {
    {"icmp", kProtocol, kDec, "ICMP",
     "Messages of the network itself: pings and reports of trouble."},
    {"icmp.type", kUint8, kDec, "Says", "What kind of message this is.", kTypes},
    {"icmp.code", kUint8, kDec, "Detail", "The kind of message more exactly."},
    {"icmp.checksum", kUint16, kHex, "Checksum", "A check number over the message."},
    {"icmp.checksum.status", kUint8, kDec, "Checksum checked", "Whether the check number is right.",
     kStatusNames},
    {"icmp.ident", kUint16, kDec, "Ping program",
     "Number that tells apart pings of several programs."},
    {"icmp.ident_le", kUint16, kDec, "Ping program, bytes swapped",
     "The same number read backwards, as Windows counts."},
    {"icmp.seq", kUint16, kDec, "Ping number", "Counts the pings of one program."},
    {"icmp.seq_le", kUint16, kDec, "Ping number, bytes swapped",
     "The same number read backwards, as Windows counts."},
    {"icmp.resp_to", kFrameNum, kDec, "Answers", "The packet that holds the ping this answers."},
    {"icmp.resptime", kString, kDec, "Took (ms)", "Milliseconds from the ping to its answer."},
    {"icmp.unused", kBytes, kDec, "Unused", "Bytes that mean nothing in this message."},
    {"icmp.reserved", kBytes, kDec, "Reserved", "Bytes kept for later use."},
    {"icmp.mtu", kUint16, kDec, "Largest packet", "Bytes that the next network can carry at once."},
    {"icmp.length", kUint8, kDec, "Quote length",
     "Length of the quoted packet in steps of 4 bytes."},
    {"icmp.pointer", kUint32, kDec, "Trouble at byte",
     "Which byte of the header was not understood."},
    {"icmp.redir_gw", kIpv4, kDec, "Better router", "The router to use from now on."},
    {"icmp.num_addrs", kUint8, kDec, "Routers", "How many routers are listed."},
    {"icmp.addr_entry_size", kUint8, kDec, "Entry size", "Size of an entry in steps of 4 bytes."},
    {"icmp.lifetime", kUint16, kDec, "Valid for (s)", "Seconds for which the list holds."},
    {"icmp.router_address", kIpv4, kDec, "Router", "Address of a router."},
    {"icmp.pref_level", kInt32, kDec, "Preference", "Which router to prefer: the higher."},
    {"icmp.originate_timestamp", kUint32, kDec, "Asked at",
     "Milliseconds since midnight when asked."},
    {"icmp.receive_timestamp", kUint32, kDec, "Received at",
     "Milliseconds since midnight when received."},
    {"icmp.transmit_timestamp", kUint32, kDec, "Answered at",
     "Milliseconds since midnight when answered."},
    {"icmp.address_mask", kIpv4, kDec, "Network mask",
     "Which part of an address names the network."},
    {"icmp.data_time", kAbsTime, kDec, "Sent at", "The sender's clock, written into the ping."},
    {"icmp.data_time_relative", kRelTime, kDec, "Sent before",
     "Time from the sender's clock to the capture."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr AnomalyDef kAnomalies[] = {
    {"icmp.short", "The message ends before it is complete."},
    {"icmp.checksum_wrong", "The check number of the message is wrong."},
};
consteval const AnomalyDef& a(std::string_view name) { return find_anomaly(kAnomalies, name); }

bool is_error(uint8_t type) {
  return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}
bool has_id(uint8_t type) { return type == 0 || type == 8 || (type >= 13 && type <= 18); }

/// 0 wrong, 1 right, 2 not checked (quoted or cut).
uint8_t checksum_status(const Dissection& d, const Input& in) noexcept {
  if (d.quoted > 0 || in.data.size() < in.reported) return 2;
  return internet_checksum(in.data) == 0 ? 1 : 0;
}

void draw_error_rest(Dissection& d, const Input& in, uint8_t type, uint8_t code) {
  const Bytes b = in.data;
  if (type == 5) {
    d.ip(f("icmp.redir_gw"), in, 4, IpAddress::v4(b.subspan(4, 4)));
  } else if (type == 12) {
    d.number(f("icmp.pointer"), in, 4, 1, load8(b, 4));
    d.bytes(f("icmp.unused"), in, 5, 3);
  } else if (type == 3 && code == 4) {
    d.bytes(f("icmp.unused"), in, 4, 2);
    d.number(f("icmp.mtu"), in, 6, 2, load_be16(b, 6));
  } else if ((type == 3 || type == 11) && load8(b, 5) != 0) {  // RFC 4884
    d.bytes(f("icmp.unused"), in, 4, 1);
    d.number(f("icmp.length"), in, 5, 1, load8(b, 5));
    d.bytes(f("icmp.unused"), in, 6, 2);
  } else {
    d.bytes(f("icmp.unused"), in, 4, 4);
  }
}

void draw_routers(Dissection& d, const Input& in) {
  const uint8_t entry = load8(in.data, 5);
  d.number(f("icmp.num_addrs"), in, 4, 1, load8(in.data, 4));
  d.number(f("icmp.addr_entry_size"), in, 5, 1, entry);
  d.number(f("icmp.lifetime"), in, 6, 2, load_be16(in.data, 6));
  if (entry != 2) return;
  size_t at = 8;
  for (int i = 0; i < load8(in.data, 4) && at + 8 <= in.data.size(); ++i, at += 8) {
    d.ip(f("icmp.router_address"), in, at, IpAddress::v4(in.data.subspan(at, 4)));
    d.number(f("icmp.pref_level"), in, at + 4, 4, load_be32(in.data, at + 4));
  }
}

void draw_id(Dissection& d, const Input& in, uint8_t type) {
  const Bytes b = in.data;
  d.number(f("icmp.ident"), in, 4, 2, load_be16(b, 4));
  d.number(f("icmp.ident_le"), in, 4, 2, load_le16(b, 4));
  d.hide_last();
  d.number(f("icmp.seq"), in, 6, 2, load_be16(b, 6));
  d.number(f("icmp.seq_le"), in, 6, 2, load_le16(b, 6));
  d.hide_last();
  if ((type == 13 || type == 14) && b.size() >= 20) {
    d.number(f("icmp.originate_timestamp"), in, 8, 4, load_be32(b, 8));
    d.number(f("icmp.receive_timestamp"), in, 12, 4, load_be32(b, 12));
    d.number(f("icmp.transmit_timestamp"), in, 16, 4, load_be32(b, 16));
  }
  if ((type == 17 || type == 18) && b.size() >= 12)
    d.ip(f("icmp.address_mask"), in, 8, IpAddress::v4(b.subspan(8, 4)));
}

/// The ping program's clock at the start of the data, when there is one near the capture time:
/// seconds and microseconds, 4 or 8 bytes each, in the sender's byte order. Gives its size or 0.
size_t ping_clock(Dissection& d, const Input& data, Timestamp& clock) noexcept {
  const Bytes b = data.data;
  const int64_t now = d.packet->ts.seconds();
  const auto near = [&](uint64_t s, uint64_t us) {
    const int64_t distance = static_cast<int64_t>(s) - now;
    if (s > 0xffffffff || us > 999'999 || distance < -86'400 || distance > 86'400) return false;
    clock.ns = static_cast<int64_t>(s) * Timestamp::kSecond;  // whole seconds, as tshark shows it
    return true;
  };
  if (b.size() >= 16 && near(load_le64(b, 0), load_le64(b, 8))) return 16;
  if (b.size() >= 8 && near(load_le32(b, 0), load_le32(b, 4))) return 8;
  if (b.size() >= 8 && near(load_be32(b, 0), load_be32(b, 4))) return 8;
  return 0;
}

void draw(Dissection& d, const Input& in, uint8_t status, const PingState::Ask& asked,
          size_t clock_bytes, Timestamp clock) {
  const Bytes b = in.data;
  const uint8_t type = load8(b, 0), code = load8(b, 1);
  d.open(f("icmp"), in, 0, std::min<size_t>(8, b.size()));
  d.number(f("icmp.type"), in, 0, 1, type);
  d.number(f("icmp.code"), in, 1, 1, code);
  d.number(f("icmp.checksum"), in, 2, 2, load_be16(b, 2));
  d.derived(f("icmp.checksum.status"), in, status);
  if (b.size() >= 8) {
    if (is_error(type)) {
      draw_error_rest(d, in, type, code);
    } else if (has_id(type)) {
      draw_id(d, in, type);
    } else if (type == 9) {
      draw_routers(d, in);
    } else if (type == 10) {
      d.bytes(f("icmp.reserved"), in, 4, 4);
    }
  }
  if (asked.frame != 0) {
    d.derived(f("icmp.resp_to"), in, asked.frame);
    d.derived_text(f("icmp.resptime"), in, milliseconds_text(d.packet->ts.ns - asked.ts_ns));
  }
  if (clock_bytes > 0) {
    d.number(f("icmp.data_time"), in, 8, clock_bytes, clock.ns);
    d.derived(f("icmp.data_time_relative"), in, d.packet->ts.ns - clock.ns);
  }
  d.close();
}

std::string_view unreachable_text(uint8_t code) {
  switch (code) {
    case 0:
    case 6:
      return "that network cannot be reached";
    case 1:
    case 7:
      return "that computer cannot be reached";
    case 2:
      return "that computer does not speak this protocol";
    case 3:
      return "nobody listens on that port";
    case 4:
      return "the packet is too large for the way";
    case 9:
    case 10:
    case 13:
      return "a firewall forbids it";
    default:
      return "it cannot be reached";
  }
}

void tell(Dissection& d, uint8_t type, uint8_t code, uint16_t sequence,
          const PingState::Ask& asked) {
  const std::string about = quoted_text(d.parsed);
  switch (type) {
    case 8:
      return d.info(fmt::format("asks: are you there? (ping {})", sequence));
    case 0:
      if (asked.frame == 0) return d.info(fmt::format("answers a ping ({})", sequence));
      return d.info(fmt::format("answers the ping of packet {} after {} ms", asked.frame,
                                milliseconds_text(d.packet->ts.ns - asked.ts_ns)));
    case 3:
      return d.info(fmt::format("reports: {}{}", unreachable_text(code), about));
    case 4:
      return d.info(fmt::format("asks to send more slowly{}", about));
    case 5:
      return d.info(fmt::format("tells of a better router{}", about));
    case 11:
      return d.info(fmt::format("reports: {}{}",
                                code == 0 ? "the packet ran out of hops" : "a piece never arrived",
                                about));
    case 12:
      return d.info(fmt::format("reports: the header was not understood{}", about));
    case 9:
      return d.info("announces routers");
    case 10:
      return d.info("asks for routers");
    case 13:
      return d.info("asks for the time of day");
    case 14:
      return d.info("answers with the time of day");
    default:
      return d.info(fmt::format("sends an ICMP message of kind {}", type));
  }
}

/// Keeps a ping or finds the one that this message answers.
PingState::Ask pair_up(Dissection& d, uint8_t type, uint16_t id, uint16_t sequence) noexcept {
  if (d.quoted > 0 || (type != 0 && type != 8)) return {};
  auto* state = static_cast<PingState*>(d.streams.state(kIcmp));
  if (!state) return {};
  if (type == 0) return state->answer(id, sequence);
  state->ask(d.packet->number, d.packet->ts.ns, id, sequence);
  return {};
}

void dissect(Dissection& d, Input in) noexcept {
  if (in.data.size() < 4) {
    if (in.reported < 4) d.anomaly(a("icmp.short"), in);
    if (d.detailed()) {
      d.open(f("icmp"), in, 0, in.data.size());
      d.close();
    }
    return;
  }
  const uint8_t type = load8(in.data, 0), code = load8(in.data, 1);
  const bool whole_header = in.data.size() >= 8;
  const uint16_t id = whole_header ? load_be16(in.data, 4) : uint16_t{0};
  const uint16_t sequence = whole_header ? load_be16(in.data, 6) : uint16_t{0};
  const Input rest = in.from(8);
  d.parsed.icmp_type = type;
  d.parsed.icmp_code = code;
  d.parsed.has_icmp_id = whole_header && has_id(type);
  if (d.parsed.has_icmp_id) d.parsed.icmp_id = id;
  const uint8_t status = checksum_status(d, in);
  if (status == 0) d.anomaly(a("icmp.checksum_wrong"), in, 2, 2);
  if (in.reported < 8) d.anomaly(a("icmp.short"), in);
  PingState::Ask asked;
  Timestamp clock;
  size_t clock_bytes = 0;
  // An error's flow follows from the packet it quotes, a ping's from its own number.
  if (d.quoted == 0 && !is_error(type)) d.parsed.direction = d.streams.other(d);
  if (whole_header) asked = pair_up(d, type, id, sequence);
  if (type == 0 || type == 8) clock_bytes = ping_clock(d, rest, clock);
  if (d.detailed()) draw(d, in, status, asked, clock_bytes, clock);
  if (is_error(type) && !rest.data.empty()) dissect_quoted(d, 0x0800, rest);
  if (d.quoted == 0 && is_error(type)) d.parsed.direction = d.streams.other(d);
  if (d.wants_info()) tell(d, type, code, sequence, asked);
  if (!is_error(type) && type != 9 && !(type >= 13 && type <= 18)) d.opaque(rest.from(clock_bytes));
}

constexpr Binding kBindings[] = {{Table::kIpProto, 1}};

void init(void* state) noexcept { new (state) PingState; }

}  // namespace

std::string milliseconds_text(int64_t ns) {
  return fmt::format("{:.15g}", static_cast<double>(ns) / 1e6);
}

void dissect_quoted(Dissection& d, uint32_t ethertype, Input in) noexcept {
  const Parsed before = d.parsed;
  ++d.quoted;
  d.parsed.has_ports = false;
  d.parsed.src = d.parsed.dst = {};
  if (!d.call(Table::kEthertype, ethertype, in)) d.opaque(in);
  --d.quoted;
  const Parsed quoted = d.parsed;
  d.parsed = before;
  d.parsed.layers = quoted.layers;
  d.parsed.layer_count = quoted.layer_count;
  if (d.quoted > 0 || !quoted.src.any()) return;
  d.parsed.has_quoted = true;
  d.parsed.quoted_src = quoted.src;
  d.parsed.quoted_dst = quoted.dst;
  d.parsed.quoted_ip_proto = quoted.ip_proto;
  d.parsed.has_quoted_ports = quoted.has_ports;
  d.parsed.quoted_src_port = quoted.src_port;
  d.parsed.quoted_dst_port = quoted.dst_port;
}

std::string quoted_text(const Parsed& p) {
  if (!p.has_quoted) return {};
  if (p.has_quoted_ports)
    return fmt::format(", about {} to {} port {}", ip_proto_text(p.quoted_ip_proto),
                       p.quoted_dst.text(), p.quoted_dst_port);
  return fmt::format(", about {} to {}", ip_proto_text(p.quoted_ip_proto), p.quoted_dst.text());
}

extern const Protocol kIcmp{
    .name = "icmp",
    .label = "ICMP",
    .title = "Internet Control Message Protocol",
    .words = "Messages of the network itself: pings, and reports that something did not arrive.",
    .family = Family::kUpkeep,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = kBindings,
    .dissect = dissect,
    .state_size = sizeof(PingState),
    .state_init = init};

}  // namespace sp3ctra
