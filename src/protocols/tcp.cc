// TCP (RFC 9293): the header, and what the flow knows about it.
#include <fmt/format.h>

#include "protocols/field_lookup.h"
#include "protocols/tcp_options.h"

namespace sp3ctra {
namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kStatusNames[] = {{0, "wrong"}, {1, "right"}, {2, "not checked"}};
constexpr ValueName kFactorNames[] = {
    {static_cast<uint64_t>(-1), "unknown: the start was not seen"},
    {static_cast<uint64_t>(-2), "none"}};

constexpr FieldDef kFields[] = {
    {"tcp", kProtocol, kDec, "TCP",
     "Carries a stream of bytes between two programs, complete and in order."},
    {"tcp.srcport",
     kUint16,
     kDec,
     "From port",
     "Number of the sending program's door.",
     {},
     "tcp.port"},
    {"tcp.dstport",
     kUint16,
     kDec,
     "To port",
     "Number of the door the data is for.",
     {},
     "tcp.port"},
    {"tcp.stream", kUint32, kDec, "Conversation", "Number of the connection, counted from 0."},
    {"tcp.completeness", kUint8, kDec, "Seen so far",
     "Which parts of the connection were seen: a sum of 1 start, "
     "2 acceptance, 4 open, 8 data, 16 end, 32 reset."},
    {"tcp.len", kUint32, kDec, "Data", "Bytes of data in this packet."},
    {"tcp.seq", kUint32, kDec, "First byte",
     "Position of the data in the stream, counted from the start of the connection."},
    {"tcp.seq_raw", kUint32, kDec, "First byte, as sent",
     "The same position as it stands in the packet."},
    {"tcp.nxtseq", kUint32, kDec, "Next byte", "Position that the sender's next data will have."},
    {"tcp.ack", kUint32, kDec, "Received up to",
     "All bytes before this one arrived at the sender of this packet."},
    {"tcp.ack_raw", kUint32, kDec, "Received up to, as sent",
     "The same position as it stands in the packet."},
    {"tcp.hdr_len", kUint8, kDec, "Header length", "Bytes of this header: 20, more with options."},
    {"tcp.flags", kUint16, kHex, "Flags", "What the packet does to the connection."},
    {"tcp.flags.res", kBool, kDec, "Reserved", "Must be zero."},
    {"tcp.flags.ae", kBool, kDec, "AE", "Part of exact congestion reports.", {}, "tcp.flags.ns"},
    {"tcp.flags.cwr", kBool, kDec, "Slowed down", "The sender has slowed down."},
    {"tcp.flags.ece", kBool, kDec, "Network was full",
     "The sender heard that the network is full."},
    {"tcp.flags.urg", kBool, kDec, "Urgent", "Part of the data is to be read first."},
    {"tcp.flags.ack", kBool, kDec, "Confirms", "The packet confirms what arrived."},
    {"tcp.flags.push", kBool, kDec, "Hand over now", "The data shall go to the program at once."},
    {"tcp.flags.reset", kBool, kDec, "Reset", "The connection is broken off."},
    {"tcp.flags.syn", kBool, kDec, "Start", "A connection is being opened."},
    {"tcp.flags.fin", kBool, kDec, "End", "The sender has no more data."},
    {"tcp.flags.str", kString, kDec, "Flags as letters", "One letter for each flag that is set."},
    {"tcp.connection.syn", kBool, kDec, "Asks to open", "The packet asks for a connection."},
    {"tcp.connection.synack", kBool, kDec, "Accepts", "The packet accepts a connection."},
    {"tcp.connection.fin", kBool, kDec, "Closes", "The packet closes its side of the connection."},
    {"tcp.connection.rst", kBool, kDec, "Breaks off", "The packet breaks the connection off."},
    {"tcp.window_size_value", kUint16, kDec, "Window, as sent",
     "Room for data as it stands in the packet."},
    {"tcp.window_size", kUint32, kDec, "Window", "Bytes the sender of this packet has room for."},
    {"tcp.window_size_scalefactor", kInt32, kDec, "Window factor",
     "What the window as sent is multiplied by.", kFactorNames},
    {"tcp.checksum", kUint16, kHex, "Checksum", "A check number over data and addresses."},
    {"tcp.checksum.status", kUint8, kDec, "Checksum checked",
     "Whether the check number was checked.", kStatusNames},
    {"tcp.urgent_pointer", kUint16, kDec, "Urgent up to",
     "Where urgent data ends; 0 when there is none."},
    {"tcp.time_relative", kRelTime, kDec, "Since its start",
     "Time since the first packet of the connection."},
    {"tcp.time_delta", kRelTime, kDec, "After the packet before",
     "Time since the packet before in the connection."},
    {"tcp.analysis", kBool, kDec, "What the connection shows",
     "Conclusions from this and earlier packets."},
    {"tcp.analysis.acks_frame", kFrameNum, kDec, "Confirms",
     "The packet whose arrival this one confirms."},
    {"tcp.analysis.ack_rtt", kRelTime, kDec, "Confirmed after",
     "Time until that packet was confirmed."},
    {"tcp.analysis.initial_rtt", kRelTime, kDec, "Distance",
     "Time for one way there and back, measured at the start."},
    {"tcp.analysis.bytes_in_flight", kUint32, kDec, "Under way",
     "Bytes sent and not yet confirmed."},
    {"tcp.analysis.flags", kBool, kDec, "Oddities", "Things about the packet worth a look."},
    {"tcp.analysis.retransmission", kBool, kDec, "Sent again", "The same bytes were sent before."},
    {"tcp.analysis.fast_retransmission", kBool, kDec, "Sent again quickly",
     "Sent again because the other side asked."},
    {"tcp.analysis.spurious_retransmission", kBool, kDec, "Sent again needlessly",
     "Sent again though it had arrived."},
    {"tcp.analysis.out_of_order", kBool, kDec, "Out of order",
     "An earlier part comes after a later one."},
    {"tcp.analysis.duplicate_ack", kBool, kDec, "Says it again",
     "Confirms the same byte again: something may be missing."},
    {"tcp.analysis.duplicate_ack_num", kUint32, kDec, "Times said", "How often it was said again."},
    {"tcp.analysis.duplicate_ack_frame", kFrameNum, kDec, "First said in",
     "The packet that said it first."},
    {"tcp.analysis.lost_segment", kBool, kDec, "Part missing before",
     "A part before this one was not captured."},
    {"tcp.analysis.ack_lost_segment", kBool, kDec, "Confirms the unseen",
     "Confirms data that was not captured."},
    {"tcp.analysis.keep_alive", kBool, kDec, "Still there?",
     "Checks that the connection still lives."},
    {"tcp.analysis.keep_alive_ack", kBool, kDec, "Still here", "Answers such a check."},
    {"tcp.analysis.zero_window", kBool, kDec, "No room",
     "The sender of this packet cannot take more data now."},
    {"tcp.analysis.zero_window_probe", kBool, kDec, "Room again?",
     "Asks whether there is room again."},
    {"tcp.analysis.zero_window_probe_ack", kBool, kDec, "Still no room", "Answers that question."},
    {"tcp.analysis.window_update", kBool, kDec, "More room", "Tells that there is more room."},
    {"tcp.analysis.window_full", kBool, kDec, "Fills the room",
     "Uses up all room the other side has."},
    {"tcp.analysis.reused_ports", kBool, kDec, "Ports used again",
     "The same ends had another connection before."},
    {"tcp.payload", kBytes, kDec, "Bytes of data", "The data of this packet."},
    {"tcp.reassembly", kProtocol, kDec, "Put together", "A message that came in several packets."},
    {"tcp.segment_data", kBytes, kDec, "Part", "The part of the message that this packet brought."},
    {"tcp.segments", kBool, kDec, "Parts", "The packets that brought the message."},
    {"tcp.segment", kFrameNum, kDec, "Part in", "A packet that brought a part."},
    {"tcp.segment.count", kUint32, kDec, "Number of parts",
     "How many packets brought the message."},
    {"tcp.reassembled.length", kUint32, kDec, "Whole length", "Bytes of the whole message."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr AnomalyDef kAnomalies[] = {
    {"tcp.short", "The packet ends inside its TCP header."},
    {"tcp.header_short", "The TCP header says it is shorter than a TCP header can be."},
    {"tcp.header_long", "The TCP header says it is longer than the packet."},
    {"tcp.option_broken", "An option of the TCP header has an impossible length."},
    {"tcp.flags_none",
     "No flag is set, which no real connection does; scanners do it to get an answer."},
    {"tcp.flags_contradict", "The packet opens and ends a connection at the same time."},
    {"tcp.port_zero", "Port 0 is used, which no program can have."},
};
consteval const AnomalyDef& a(std::string_view name) { return find_anomaly(kAnomalies, name); }

enum Flag : uint16_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32 };
constexpr size_t kHeaderBytes = 20;

struct FlagField {
  const FieldDef& field;
  uint16_t bit;
};
constexpr FlagField kFlagFields[] = {
    {f("tcp.flags.ae"), 256},     {f("tcp.flags.cwr"), 128},  {f("tcp.flags.ece"), 64},
    {f("tcp.flags.urg"), kUrg},   {f("tcp.flags.ack"), kAck}, {f("tcp.flags.push"), kPsh},
    {f("tcp.flags.reset"), kRst}, {f("tcp.flags.syn"), kSyn}, {f("tcp.flags.fin"), kFin}};

struct AnalysisField {
  const FieldDef& field;
  uint32_t bit;
};
constexpr AnalysisField kAnalysisFields[] = {
    {f("tcp.analysis.retransmission"), kTcpRetransmission},
    {f("tcp.analysis.fast_retransmission"), kTcpFastRetransmission},
    {f("tcp.analysis.spurious_retransmission"), kTcpSpuriousRetransmission},
    {f("tcp.analysis.out_of_order"), kTcpOutOfOrder},
    {f("tcp.analysis.duplicate_ack"), kTcpDuplicateAck},
    {f("tcp.analysis.lost_segment"), kTcpLostSegment},
    {f("tcp.analysis.ack_lost_segment"), kTcpAckLostSegment},
    {f("tcp.analysis.keep_alive"), kTcpKeepAlive},
    {f("tcp.analysis.keep_alive_ack"), kTcpKeepAliveAck},
    {f("tcp.analysis.zero_window"), kTcpZeroWindow},
    {f("tcp.analysis.zero_window_probe"), kTcpZeroWindowProbe},
    {f("tcp.analysis.zero_window_probe_ack"), kTcpZeroWindowProbeAck},
    {f("tcp.analysis.window_update"), kTcpWindowUpdate},
    {f("tcp.analysis.window_full"), kTcpWindowFull},
    {f("tcp.analysis.reused_ports"), kTcpPortsReused}};

std::string letters(uint16_t flags) {
  constexpr std::string_view kLetters = "RRRACEUAPRSF";
  std::string out;
  for (size_t i = 0; i < kLetters.size(); ++i) {
    if (flags >> (kLetters.size() - 1 - i) & 1) {
      out += kLetters[i];
    } else {
      out += "·";
    }
  }
  return out;
}

void draw_flags(Dissection& d, const Input& in, uint16_t flags) {
  d.open(f("tcp.flags"), in, 12, 2, flags);
  d.number(f("tcp.flags.res"), in, 12, 1, (flags >> 9) != 0);
  for (const FlagField& b : kFlagFields) d.number(b.field, in, 12, 2, (flags & b.bit) != 0);
  d.derived_text(f("tcp.flags.str"), in, letters(flags));
  const auto say = [&](const FieldDef& field) {
    d.derived(field, in, 1);
    d.hide_last();
  };
  if (d.quoted == 0) {
    if (flags & kSyn) say(flags & kAck ? f("tcp.connection.synack") : f("tcp.connection.syn"));
    if (flags & kFin) say(f("tcp.connection.fin"));
    if (flags & kRst) say(f("tcp.connection.rst"));
  }
  d.close();
}

void draw_window(Dissection& d, const Input& in, const TcpHeader& h, const TcpView& view) {
  const bool scaled = !(h.flags & kSyn) && view.window_scale >= 0;
  const int64_t factor =
      view.window_scale >= 0 ? int64_t{1} << view.window_scale : view.window_scale;
  d.number(f("tcp.window_size_value"), in, 14, 2, h.window);
  d.derived(f("tcp.window_size"), in, scaled ? uint64_t{h.window} << view.window_scale : h.window);
  if (!(h.flags & kSyn))
    d.derived(f("tcp.window_size_scalefactor"), in, static_cast<uint64_t>(factor));
}

void draw_analysis(Dissection& d, const Input& in, const TcpView& v) {
  if (v.acks_frame == 0 && v.initial_rtt_ns <= 0 && v.bytes_in_flight == 0 && v.analysis == 0)
    return;
  d.open(f("tcp.analysis"), in, 0, 0, 1);
  if (v.acks_frame != 0) {
    d.derived(f("tcp.analysis.acks_frame"), in, v.acks_frame);
    d.derived(f("tcp.analysis.ack_rtt"), in, v.ack_rtt_ns);
  }
  if (v.initial_rtt_ns > 0) d.derived(f("tcp.analysis.initial_rtt"), in, v.initial_rtt_ns);
  if (v.bytes_in_flight > 0) d.derived(f("tcp.analysis.bytes_in_flight"), in, v.bytes_in_flight);
  if (v.analysis != 0) {
    d.open(f("tcp.analysis.flags"), in, 0, 0, 1);
    for (const AnalysisField& b : kAnalysisFields)
      if (v.analysis & b.bit) d.derived(b.field, in, 1);
    if (v.analysis & kTcpDuplicateAck) {
      d.derived(f("tcp.analysis.duplicate_ack"), in, 1);  // tshark, too, finds it twice
      d.hide_last();
      d.derived(f("tcp.analysis.duplicate_ack_num"), in, v.duplicate_ack_number);
      d.derived(f("tcp.analysis.duplicate_ack_frame"), in, v.duplicate_ack_frame);
    }
    d.close();
  }
  d.close();
}

void draw_ports(Dissection& d, const Input& in) {
  d.number(f("tcp.srcport"), in, 0, 2, d.parsed.src_port);
  d.number(f("tcp.dstport"), in, 2, 2, d.parsed.dst_port);
}

void draw(Dissection& d, const Input& in, const TcpHeader& h, const TcpView& view, size_t header,
          const Input& payload) {
  const bool flow = d.quoted == 0;
  const uint32_t seq = view.relative ? view.relative_seq : h.seq;
  const uint32_t ack = view.relative ? view.relative_ack : h.ack;
  const size_t end = std::min(header, in.data.size());
  d.open(f("tcp"), in, 0, end);
  d.note_open(fmt::format("{} → {}", d.parsed.src_port, d.parsed.dst_port));
  draw_ports(d, in);
  if (flow) {
    d.derived(f("tcp.stream"), in, view.stream);
    d.derived(f("tcp.completeness"), in, view.completeness);
  }
  d.derived(f("tcp.len"), in, h.payload_len);
  d.number(f("tcp.seq"), in, 4, 4, seq);
  d.number(f("tcp.seq_raw"), in, 4, 4, h.seq);
  d.derived(f("tcp.nxtseq"), in,
            static_cast<uint32_t>(seq + h.payload_len + ((h.flags & (kSyn | kFin)) ? 1 : 0)));
  d.number(f("tcp.ack"), in, 8, 4, ack);
  d.number(f("tcp.ack_raw"), in, 8, 4, h.ack);
  d.number(f("tcp.hdr_len"), in, 12, 1, header);
  draw_flags(d, in, h.flags);
  draw_window(d, in, h, view);
  d.number(f("tcp.checksum"), in, 16, 2, load_be16(in.data, 16));
  d.derived(f("tcp.checksum.status"), in, 2);
  d.number(f("tcp.urgent_pointer"), in, 18, 2, load_be16(in.data, 18));
  draw_tcp_options(d, in, end, h.ack, ack);
  if (flow) {
    d.derived(f("tcp.time_relative"), in, view.since_first_ns);
    d.derived(f("tcp.time_delta"), in, view.since_previous_ns);
    draw_analysis(d, in, view);
  }
  if (!payload.data.empty()) d.bytes(f("tcp.payload"), payload, 0, payload.data.size());
  d.close();
}

/// After the messages: which packets a message was put together from, and this packet's share.
void draw_reassembly(Dissection& d, const Input& payload, size_t sources_before) {
  const auto& parts = d.streams.segment_parts;
  Tree& tree = *d.tree();
  if (parts[0].size == 0 && parts[1].size == 0 && tree.sources.size() == sources_before) return;
  d.open(f("tcp.reassembly"), payload, 0, 0);
  for (const SegmentPart& p : parts)
    if (p.size > 0) d.bytes(f("tcp.segment_data"), payload, p.at, p.size);
  for (size_t i = sources_before; i < tree.sources.size(); ++i) {
    const TreeSource& source = tree.sources[i];
    if (source.frames.size() < 2) continue;
    d.open(f("tcp.segments"), payload, 0, 0, 1);
    for (const uint64_t frame : source.frames) d.derived(f("tcp.segment"), payload, frame);
    d.derived(f("tcp.segment.count"), payload, source.frames.size());
    d.derived(f("tcp.reassembled.length"), payload, source.bytes.size());
    d.close();
  }
  d.close();
}

std::string data_text(uint32_t bytes, const TcpView& view) {
  const std::string amount = fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
  if (view.analysis & (kTcpRetransmission | kTcpFastRetransmission | kTcpSpuriousRetransmission))
    return fmt::format("sends {} again", amount);
  if (view.analysis & kTcpOutOfOrder) return fmt::format("sends {}, out of order", amount);
  if (view.analysis & kTcpLostSegment)
    return fmt::format("sends {}; a part before them was not captured", amount);
  return fmt::format("sends {}", amount);
}

void tell(Dissection& d, const TcpHeader& h, const TcpView& view) {
  if (h.flags & kRst) return d.info("resets the connection");
  if ((h.flags & (kSyn | kAck)) == kSyn) {
    return d.info(fmt::format("wants to open a connection to port {}{}", d.parsed.dst_port,
                              view.analysis & kTcpRetransmission ? ", again" : ""));
  }
  if (h.flags & kSyn) {
    if (view.acks_frame == 0) return d.info("accepts the connection");
    return d.info(fmt::format("accepts the connection, {:.3g} ms away",
                              static_cast<double>(view.ack_rtt_ns) / 1e6));
  }
  if (view.analysis & kTcpKeepAlive) return d.info("asks: is the connection still alive?");
  if (view.analysis & kTcpKeepAliveAck) return d.info("answers: the connection is still alive");
  if (h.flags & kFin) {
    if (h.payload_len == 0) return d.info("closes its side");
    return d.info(data_text(h.payload_len, view) + " and closes its side");
  }
  if (h.payload_len > 0) return d.info(data_text(h.payload_len, view));
  if (view.analysis & kTcpZeroWindow) return d.info("has no room: the other side has to wait");
  if (view.analysis & kTcpDuplicateAck)
    return d.info("confirms the same again: a part may be missing");
  if (view.analysis & kTcpWindowUpdate) return d.info("has more room for data");
  const bool opening = view.relative && view.direction == 0 && view.relative_seq == 1 &&
                       view.relative_ack == 1 && view.acks_frame != 0;
  if (opening) return d.info("connection is open");
  if (!(h.flags & kAck)) return d.info("sends nothing");
  if (!view.relative || view.relative_ack == 0) return d.info("confirms what arrived");
  d.info(fmt::format("confirms {} bytes", view.relative_ack - 1));
}

void check(Dissection& d, const Input& in, const TcpHeader& h, bool broken_option) noexcept {
  if (broken_option) d.anomaly(a("tcp.option_broken"), in, kHeaderBytes);
  if ((h.flags & 63) == 0) d.anomaly(a("tcp.flags_none"), in, 12, 2);
  if ((h.flags & kSyn) && (h.flags & (kFin | kRst)))
    d.anomaly(a("tcp.flags_contradict"), in, 12, 2);
  if (d.parsed.src_port == 0 || d.parsed.dst_port == 0) d.anomaly(a("tcp.port_zero"), in, 0, 4);
}

/// A header that is not whole: ports and position are all it can tell (also quoted by ICMP).
void dissect_part(Dissection& d, const Input& in) noexcept {
  if (in.reported < kHeaderBytes) d.anomaly(a("tcp.short"), in);
  if (in.data.size() >= 4) {
    d.parsed.src_port = load_be16(in.data, 0);
    d.parsed.dst_port = load_be16(in.data, 2);
    d.parsed.has_ports = true;
  }
  if (!d.detailed()) return;
  d.open(f("tcp"), in, 0, in.data.size());
  if (in.data.size() >= 4) draw_ports(d, in);
  if (in.data.size() >= 8) d.number(f("tcp.seq"), in, 4, 4, load_be32(in.data, 4));
  d.close();
}

void dissect(Dissection& d, Input in) noexcept {
  if (in.data.size() < kHeaderBytes) return dissect_part(d, in);
  const size_t header = size_t{load8(in.data, 12)} / 16 * 4;
  TcpHeader h;
  h.seq = load_be32(in.data, 4);
  h.ack = load_be32(in.data, 8);
  h.flags = load_be16(in.data, 12) & 0xfff;
  h.window = load_be16(in.data, 14);
  d.parsed.src_port = load_be16(in.data, 0);
  d.parsed.dst_port = load_be16(in.data, 2);
  d.parsed.has_ports = true;
  d.parsed.tcp_flags = h.flags;
  const bool sane = header >= kHeaderBytes && header <= in.reported;
  if (!sane)
    d.anomaly(header < kHeaderBytes ? a("tcp.header_short") : a("tcp.header_long"), in, 12, 1);
  const TcpOptions options =
      sane ? read_tcp_options(in, std::min(header, in.data.size())) : TcpOptions{};
  const Input payload = sane ? in.from(header) : Input{};
  h.window_scale_option = options.window_scale;
  h.payload_len = payload.reported;
  TcpView view;
  if (d.quoted == 0) {
    view = d.streams.tcp_segment(d, h);
    d.parsed.direction = view.direction;
    d.parsed.tcp_analysis = view.analysis;
  }
  if (d.detailed()) draw(d, in, h, view, sane ? header : kHeaderBytes, payload);
  // A header cut by the capture may end inside an option: that is nobody's mistake.
  check(d, in, h, options.broken && header <= in.data.size());
  if (d.wants_info()) tell(d, h, view);
  if (d.quoted > 0 || !sane) return;
  const size_t sources_before = d.detailed() ? d.tree()->sources.size() : 0;
  d.streams.segment_parts = {};
  d.streams.tcp_payload(d, h, payload);
  if (d.detailed()) draw_reassembly(d, payload, sources_before);
}

constexpr Binding kBindings[] = {{Table::kIpProto, 6}};

}  // namespace

extern const Protocol kTcp{
    .name = "tcp",
    .label = "TCP",
    .title = "Transmission Control Protocol",
    .words =
        "Carries a stream of bytes between two programs and makes sure that all of it arrives "
        "in order.",
    .family = Family::kCarrier,
    .fields = kFields,
    .anomalies = kAnomalies,
    .bindings = kBindings,
    .dissect = dissect};

}  // namespace sp3ctra
