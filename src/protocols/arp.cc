// ARP (RFC 826): which hardware address belongs to an IP address.
#include <fmt/format.h>

#include "protocols/dissection.h"
#include "protocols/field_lookup.h"

namespace sp3ctra {
namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kOperations[] = {{1, "question"},         {2, "answer"},
                                     {3, "reverse question"}, {4, "reverse answer"},
                                     {8, "inverse question"}, {9, "inverse answer"}};
constexpr ValueName kHardware[] = {{1, "Ethernet"},     {6, "IEEE 802"}, {7, "ARCNET"},
                                   {15, "Frame Relay"}, {19, "ATM"},     {32, "InfiniBand"}};
constexpr ValueName kProtocols[] = {{0x0800, "IPv4"}};

constexpr FieldDef kFields[] = {
    {"arp", kProtocol, kDec, "ARP",
     "Asks and tells which device on the local network has an IP address."},
    {"arp.hw.type", kUint16, kDec, "Kind of link",
     "Which kind of network the hardware addresses belong to.", kHardware},
    {"arp.proto.type", kUint16, kHex, "Kind of address", "Which kind of address is looked up.",
     kProtocols},
    {"arp.hw.size", kUint8, kDec, "Hardware address size", "Bytes of a hardware address."},
    {"arp.proto.size", kUint8, kDec, "Address size", "Bytes of a looked-up address."},
    {"arp.opcode", kUint16, kDec, "Says", "Whether this is a question or an answer.", kOperations},
    {"arp.isgratuitous", kBool, kDec, "Unasked",
     "The sender talks about its own address without being asked."},
    {"arp.isannouncement", kBool, kDec, "Announcement",
     "The sender tells everyone that it uses this address."},
    {"arp.isprobe", kBool, kDec, "Probe", "The sender checks whether an address is still free."},
    {"arp.src.hw_mac",
     kEther,
     kHex,
     "Sender's hardware address",
     "Hardware address of the sender.",
     {}},
    {"arp.src.hw", kBytes, kDec, "Sender's hardware address",
     "Hardware address of the sender, unusual kind."},
    {"arp.src.proto_ipv4", kIpv4, kDec, "Sender's IP", "IP address the sender says it has."},
    {"arp.src.proto", kBytes, kDec, "Sender's address",
     "Address the sender says it has, unusual kind."},
    {"arp.dst.hw_mac", kEther, kHex, "Target's hardware address",
     "Hardware address of the target; zeros when that is the question."},
    {"arp.dst.hw", kBytes, kDec, "Target's hardware address",
     "Hardware address of the target, unusual kind."},
    {"arp.dst.proto_ipv4", kIpv4, kDec, "Target's IP",
     "IP address that is asked about, or answered to."},
    {"arp.dst.proto", kBytes, kDec, "Target's address", "Address asked about, unusual kind."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr AnomalyDef kAnomalies[] = {
    {"arp.short", "The message ends before its addresses do."},
    {"arp.sender_mismatch",
     "The sender named inside the message is not the device that sent the frame."},
};
consteval const AnomalyDef& a(std::string_view name) { return find_anomaly(kAnomalies, name); }

/// Offsets and kinds of the four addresses.
struct View {
  uint16_t hw_type = 0, proto_type = 0, opcode = 0;
  uint8_t hw_size = 0, proto_size = 0;
  bool mac = false, ipv4 = false;
  size_t src_hw = 8, src_ip = 0, dst_hw = 0, dst_ip = 0, end = 0;
};

View view_of(Bytes b) {
  View v;
  v.hw_type = load_be16(b, 0);
  v.proto_type = load_be16(b, 2);
  v.hw_size = load8(b, 4);
  v.proto_size = load8(b, 5);
  v.opcode = load_be16(b, 6);
  v.mac = v.hw_size == 6 && (v.hw_type == 1 || v.hw_type == 6);
  v.ipv4 = v.proto_type == 0x0800 && v.proto_size == 4;
  v.src_ip = v.src_hw + v.hw_size;
  v.dst_hw = v.src_ip + v.proto_size;
  v.dst_ip = v.dst_hw + v.hw_size;
  v.end = v.dst_ip + v.proto_size;
  return v;
}

void draw_end(Dissection& d, const Input& in, const View& v, bool sender) {
  const size_t hw = sender ? v.src_hw : v.dst_hw, ip = sender ? v.src_ip : v.dst_ip;
  if (hw + v.hw_size > in.data.size()) return;
  if (v.mac) {
    d.number(sender ? f("arp.src.hw_mac") : f("arp.dst.hw_mac"), in, hw, 6, load_be48(in.data, hw));
  } else if (v.hw_size > 0) {
    d.bytes(sender ? f("arp.src.hw") : f("arp.dst.hw"), in, hw, v.hw_size);
  }
  if (ip + v.proto_size > in.data.size()) return;
  if (v.ipv4) {
    d.ip(sender ? f("arp.src.proto_ipv4") : f("arp.dst.proto_ipv4"), in, ip,
         IpAddress::v4(in.data.subspan(ip, 4)));
  } else if (v.proto_size > 0) {
    d.bytes(sender ? f("arp.src.proto") : f("arp.dst.proto"), in, ip, v.proto_size);
  }
}

bool is_probe(const View& v, Bytes b) {
  return v.ipv4 && v.opcode == 1 && load_be32(b, v.src_ip) == 0 && load_be32(b, v.dst_ip) != 0;
}
bool is_gratuitous(const View& v, Bytes b) {
  return v.ipv4 && v.opcode <= 2 && load_be32(b, v.src_ip) == load_be32(b, v.dst_ip);
}

void draw(Dissection& d, const Input& in, const View& v) {
  d.open(f("arp"), in, 0, std::min(v.end, in.data.size()));
  d.number(f("arp.hw.type"), in, 0, 2, v.hw_type);
  d.number(f("arp.proto.type"), in, 2, 2, v.proto_type);
  d.number(f("arp.hw.size"), in, 4, 1, v.hw_size);
  d.number(f("arp.proto.size"), in, 5, 1, v.proto_size);
  d.number(f("arp.opcode"), in, 6, 2, v.opcode);
  if (v.end <= in.data.size()) {
    if (is_probe(v, in.data)) d.derived(f("arp.isprobe"), in, 1);
    if (is_gratuitous(v, in.data)) {
      d.derived(f("arp.isgratuitous"), in, 1);
      if (v.opcode == 1) d.derived(f("arp.isannouncement"), in, 1);
    }
  }
  draw_end(d, in, v, true);
  draw_end(d, in, v, false);
  d.close();
}

void tell(Dissection& d, const View& v, Bytes b) {
  if (!v.ipv4 || v.end > b.size()) {
    return d.info(fmt::format("an address question or answer ({})", v.opcode));
  }
  const std::string src = IpAddress::v4(b.subspan(v.src_ip, 4)).text();
  const std::string dst = IpAddress::v4(b.subspan(v.dst_ip, 4)).text();
  const std::string mac = v.mac ? mac_text(load_be48(b, v.src_hw)) : "another kind of address";
  if (is_probe(v, b)) return d.info(fmt::format("asks: is {} still free?", dst));
  if (is_gratuitous(v, b)) return d.info(fmt::format("announces: {} is at {}", src, mac));
  if (v.opcode == 1) return d.info(fmt::format("asks: who has {}?", dst));
  if (v.opcode == 2) return d.info(fmt::format("answers: {} is at {}", src, mac));
  d.info(fmt::format("address message of kind {} from {}", v.opcode, src));
}

void report(Dissection& d, const View& v, Bytes b) {
  if (!v.ipv4 || !v.mac) return;
  Event e;
  e.kind = EventKind::kLink;
  e.protocol = "arp";
  e.name = v.opcode == 1 ? "request" : "reply";
  char text[32];
  const auto put = [&](const char* key, fmt::string_view format, auto... args) {
    const auto r = fmt::format_to_n(text, sizeof text, fmt::runtime(format), args...);
    e.add(key, {text, std::min<size_t>(r.size, sizeof text)});
  };
  const auto mac = [&](const char* key, size_t at) {
    put(key, "{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", load8(b, at), load8(b, at + 1),
        load8(b, at + 2), load8(b, at + 3), load8(b, at + 4), load8(b, at + 5));
  };
  const auto ip = [&](const char* key, size_t at) {
    put(key, "{}.{}.{}.{}", load8(b, at), load8(b, at + 1), load8(b, at + 2), load8(b, at + 3));
  };
  put("arp.opcode", "{}", v.opcode);
  mac("arp.src.hw_mac", v.src_hw);
  ip("arp.src.proto_ipv4", v.src_ip);
  mac("arp.dst.hw_mac", v.dst_hw);
  ip("arp.dst.proto_ipv4", v.dst_ip);
  d.emit(e);
}

void dissect(Dissection& d, Input in) noexcept {
  if (in.data.size() < 8) {
    if (in.reported < 8) d.anomaly(a("arp.short"), in);
    if (d.detailed()) {
      d.open(f("arp"), in, 0, in.data.size());
      d.close();
    }
    return;
  }
  const View v = view_of(in.data);
  if (d.quoted == 0) d.parsed.direction = d.streams.other(d);
  if (d.detailed()) draw(d, in, v);
  if (d.wants_info()) tell(d, v, in.data);
  if (v.end > in.reported) d.anomaly(a("arp.short"), in);
  if (v.end > in.data.size()) return;
  if (v.mac && d.parsed.has_eth && load_be48(in.data, v.src_hw) != d.parsed.eth_src)
    d.anomaly(a("arp.sender_mismatch"), in, v.src_hw, 6);
  if (d.wants_events()) report(d, v, in.data);
}

constexpr Binding kBindings[] = {{Table::kEthertype, 0x0806}};

}  // namespace

extern const Protocol kArp{
    .name = "arp",
    .label = "ARP",
    .title = "Address Resolution Protocol",
    .words =
        "Finds out which device on the local network has an IP address. Nobody checks the "
        "answers, so a device can lie.",
    .family = Family::kUpkeep,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = kBindings,
    .dissect = dissect};

}  // namespace sp3ctra
