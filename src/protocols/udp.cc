// UDP (RFC 768) and UDP-Lite's unverified twin: single messages without a connection.
#include <fmt/format.h>

#include "protocols/field_lookup.h"
#include "protocols/ip.h"

namespace sp3ctra {
namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kStatusNames[] = {{0, "wrong"}, {1, "right"}, {2, "not checked"}, {3, "none"}};

constexpr FieldDef kFields[] = {
    {"udp", kProtocol, kDec, "UDP",
     "Carries single messages between programs; nobody checks that they arrive."},
    {"udp.srcport",
     kUint16,
     kDec,
     "From port",
     "Number of the sending program's door.",
     {},
     "udp.port"},
    {"udp.dstport",
     kUint16,
     kDec,
     "To port",
     "Number of the door the message is for.",
     {},
     "udp.port"},
    {"udp.length", kUint16, kDec, "Length", "Bytes of this header and the message."},
    {"udp.checksum", kUint16, kHex, "Checksum",
     "A check number over message and addresses; 0 = none."},
    {"udp.checksum.status", kUint8, kDec, "Checksum checked",
     "Whether the check number was checked.", kStatusNames},
    {"udp.stream", kUint32, kDec, "Conversation", "Number of the conversation, counted from 0."},
    {"udp.time_relative", kRelTime, kDec, "Since its start",
     "Time since the first packet of the conversation."},
    {"udp.time_delta", kRelTime, kDec, "After the packet before",
     "Time since the packet before in the conversation."},
    {"udp.payload", kBytes, kDec, "Message", "The bytes of the message."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr AnomalyDef kAnomalies[] = {
    {"udp.short", "The packet ends inside its UDP header."},
    {"udp.length_short", "The message says it is shorter than its own header."},
    {"udp.length_long", "The message says it is longer than what arrived."},
    {"udp.port_zero", "Port 0 is used, which no program can have."},
};
consteval const AnomalyDef& a(std::string_view name) { return find_anomaly(kAnomalies, name); }

constexpr size_t kHeaderBytes = 8;

void draw(Dissection& d, const Input& in, const Input& payload, const UdpView& view) {
  const Bytes b = in.data;
  const uint16_t checksum = load_be16(b, 6);
  d.open(f("udp"), in, 0, kHeaderBytes);
  d.note_open(fmt::format("{} → {}", load_be16(b, 0), load_be16(b, 2)));
  d.number(f("udp.srcport"), in, 0, 2, load_be16(b, 0));
  d.number(f("udp.dstport"), in, 2, 2, load_be16(b, 2));
  d.number(f("udp.length"), in, 4, 2, load_be16(b, 4));
  d.number(f("udp.checksum"), in, 6, 2, checksum);
  d.derived(f("udp.checksum.status"), in, checksum == 0 ? 3 : 2);
  if (d.quoted == 0) {
    d.derived(f("udp.stream"), in, view.stream);
    d.derived(f("udp.time_relative"), in, view.since_first_ns);
    d.derived(f("udp.time_delta"), in, view.since_previous_ns);
  }
  if (!payload.data.empty()) d.bytes(f("udp.payload"), payload, 0, payload.data.size());
  d.close();
}

/// Dissects the message in the words of the protocol that owns it, "data" when unknown.
void call_application(Dissection& d, const Input& payload) noexcept {
  if (payload.data.empty()) return;
  if (d.quoted > 0) {
    const uint32_t low = std::min(d.parsed.src_port, d.parsed.dst_port);
    const uint32_t high = std::max(d.parsed.src_port, d.parsed.dst_port);
    if (!d.call(Table::kUdpPort, low, payload) && !d.call(Table::kUdpPort, high, payload))
      d.opaque(payload);
    return;
  }
  if (const Protocol* p = d.streams.udp_application(d, payload.data)) return d.call(*p, payload);
  d.opaque(payload);
}

void dissect(Dissection& d, Input in) noexcept {
  if (in.data.size() < kHeaderBytes) {
    if (in.reported < kHeaderBytes) d.anomaly(a("udp.short"), in);
    if (in.data.size() >= 4) {
      d.parsed.src_port = load_be16(in.data, 0);
      d.parsed.dst_port = load_be16(in.data, 2);
      d.parsed.has_ports = true;
    }
    if (!d.detailed()) return;
    d.open(f("udp"), in, 0, in.data.size());
    if (d.parsed.has_ports) {
      d.number(f("udp.srcport"), in, 0, 2, d.parsed.src_port);
      d.number(f("udp.dstport"), in, 2, 2, d.parsed.dst_port);
    }
    return d.close();
  }
  d.parsed.src_port = load_be16(in.data, 0);
  d.parsed.dst_port = load_be16(in.data, 2);
  d.parsed.has_ports = true;
  const uint16_t length = load_be16(in.data, 4);
  // Length 0 stands for "longer than the field can say" (RFC 2675) or for offload.
  const bool broken = length != 0 && length < kHeaderBytes;
  const Input payload = broken ? Input{} : (length ? in.first(length) : in).from(kHeaderBytes);
  UdpView view;
  if (d.quoted == 0) {
    view = d.streams.udp_datagram(d);
    d.parsed.direction = view.direction;
  }
  if (d.detailed()) draw(d, in, payload, view);
  if (broken) return d.anomaly(a("udp.length_short"), in, 4, 2);
  if (length > in.reported) d.anomaly(a("udp.length_long"), in, 4, 2);
  if (d.parsed.src_port == 0 || d.parsed.dst_port == 0) d.anomaly(a("udp.port_zero"), in, 0, 4);
  if (d.wants_info())
    d.info(payload.reported == 0
               ? fmt::format("sends an empty message to port {}", d.parsed.dst_port)
               : fmt::format("sends {} bytes to port {}", payload.reported, d.parsed.dst_port));
  call_application(d, payload);
}

constexpr Binding kBindings[] = {{Table::kIpProto, 17}};

}  // namespace

extern const Protocol kUdp{
    .name = "udp",
    .label = "UDP",
    .title = "User Datagram Protocol",
    .words =
        "Carries single messages between programs, fast and without checking that they arrive.",
    .family = Family::kCarrier,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = kBindings,
    .dissect = dissect};

}  // namespace sp3ctra
