// ARP, ICMP, TCP, UDP and fragments in plain words.
#include "explain/packet_view.h"

namespace sp3ctra::explain {
namespace {

constexpr std::string_view kUnreachable[] = {
    "the network cannot be reached", "the machine cannot be reached",
    "the machine does not speak this protocol", "nobody listens on this port",
    "the packet is too large and may not be split"};

void explain_quoted(const PacketView& p, Words& w) {
  if (p.parsed.quoted_flow.any()) w.fact({say("The packet it is about is quoted inside.")});
}

/// Trouble and acknowledgements TCP noticed; true when there was trouble.
bool explain_analysis(const PacketView& p, Words& w) {
  const uint32_t a = p.parsed.tcp_analysis;
  bool trouble = true;
  if (a & (kTcpRetransmission | kTcpFastRetransmission | kTcpSpuriousRetransmission)) {
    w.fact({say("These bytes were sent before: the first copy or its confirmation got lost.")});
  } else if (a & kTcpOutOfOrder) {
    w.fact({say("It arrived later than packets sent after it.")});
  } else if (a & kTcpLostSegment) {
    w.fact({say("Bytes before this packet are missing from the capture.")});
  } else if (a & kTcpDuplicateAck) {
    w.fact(
        {say("It confirms the same bytes again: a packet on the way here is probably missing.")});
  } else if (a & kTcpZeroWindow) {
    w.fact({say("The sender cannot take more data at the moment.")});
  } else {
    trouble = false;
  }
  if (const uint64_t first = p.number("tcp.analysis.duplicate_ack_frame"))
    w.fact({say("The first such confirmation was "), link(first), say(".")});
  if (const uint64_t acked = p.number("tcp.analysis.acks_frame"))
    w.fact({say("It confirms "), link(acked), say(" after "),
            strong(duration_text(static_cast<int64_t>(p.number("tcp.analysis.ack_rtt")))),
            say(".")});
  return trouble;
}

std::string port_of(const PacketView& p) { return fmt::format("port {}", p.parsed.dst_port); }

}  // namespace

void explain_arp(const PacketView& p, Words& w) {
  const uint64_t op = p.number("arp.opcode");
  const std::string sender = p.text("arp.src.proto_ipv4"), target = p.text("arp.dst.proto_ipv4");
  const std::string mac = p.text("arp.src.hw_mac");
  if (p.number("arp.isprobe")) {
    w.lead({strong(mac), say(" asks whether anyone already uses "), strong(target), say(".")});
  } else if (p.number("arp.isannouncement") || p.number("arp.isgratuitous")) {
    w.lead({strong(sender), say(" tells everyone that it is at "), strong(mac), say(".")});
  } else if (op == 1) {
    w.lead({strong(sender), say(" asks who has "), strong(target), say(".")});
  } else if (op == 2) {
    w.lead({strong(sender), say(" answers: it is at "), strong(mac), say(".")});
  } else {
    w.lead({strong(mac), say(" sends an unusual ARP message.")});
  }
  w.fact({say("Only devices on the same network see this.")});
  w.normal(
      "Devices find each other's hardware addresses this way. Nothing proves that the "
      "answer is true.");
}

void explain_icmp(const PacketView& p, Words& w) {
  const uint64_t type = p.number("icmp.type"), code = p.number("icmp.code");
  w.normal("This is how machines tell each other about the way.");
  switch (type) {
    case 8:
      w.lead({strong(p.src()), say(" asks "), strong(p.dst()), say(": are you there? (ping)")});
      break;
    case 0:
      w.lead({strong(p.src()), say(" answers the ping of "), strong(p.dst()), say(".")});
      if (const uint64_t asked = p.number("icmp.resp_to"))
        w.fact({say("It answers "), link(asked), say(" after "),
                strong(p.text("icmp.resptime") + " ms"), say(".")});
      break;
    case 3:
      w.lead({strong(p.src()), say(" says: "),
              strong(std::string(code < std::size(kUnreachable) ? kUnreachable[code]
                                                                : "it cannot be reached")),
              say(".")});
      explain_quoted(p, w);
      w.look(
          "Something could not be delivered. One is ordinary; many from one machine can be a "
          "scan.");
      break;
    case 5:
      w.lead({strong(p.src()), say(" says there is a better way: "),
              strong(p.text("icmp.redir_gw")), say(".")});
      explain_quoted(p, w);
      w.look("Redirects are rare today and can be used to pull traffic to an attacker.");
      break;
    case 11:
      w.lead({strong(p.src()), say(" gave up on a packet: it was on the way too long.")});
      explain_quoted(p, w);
      w.normal("Normal when somebody traces the way to a machine.");
      break;
    default:
      w.lead({strong(p.src()), say(" sends a network notice to "), strong(p.dst()), say(".")});
  }
  if (p.has("icmp.seq")) w.fact({say("It is number "), strong(p.text("icmp.seq")), say(".")});
}

void explain_icmpv6(const PacketView& p, Words& w) {
  w.normal("IPv6 networks run on such messages.");
  switch (p.number("icmpv6.type")) {
    case 128:
      w.lead({strong(p.src()), say(" asks "), strong(p.dst()), say(": are you there? (ping)")});
      return;
    case 129:
      w.lead({strong(p.src()), say(" answers the ping of "), strong(p.dst()), say(".")});
      if (const uint64_t asked = p.number("icmpv6.resp_to"))
        w.fact({say("It answers "), link(asked), say(".")});
      return;
    case 133:
      w.lead({strong(p.src()), say(" asks for routers.")});
      return;
    case 134:
      w.lead({strong(p.src()), say(" says it is a router here.")});
      w.fact({say("Devices set up their addresses from this. Nothing proves that it is true.")});
      return;
    case 135:
      w.lead({strong(p.src()), say(" asks who has "), strong(p.text("icmpv6.nd.ns.target_address")),
              say(".")});
      return;
    case 136:
      w.lead({strong(p.src()), say(" answers: "), strong(p.text("icmpv6.nd.na.target_address")),
              say(" is me.")});
      return;
    case 1:
      w.lead({strong(p.src()), say(" says something could not be delivered.")});
      explain_quoted(p, w);
      return;
    case 2:
      w.lead({strong(p.src()), say(" says a packet was too large.")});
      return;
    case 3:
      w.lead({strong(p.src()), say(" gave up on a packet: it was on the way too long.")});
      return;
    default:
      w.lead({strong(p.src()), say(" sends an IPv6 network notice.")});
  }
}

void explain_tcp(const PacketView& p, Words& w) {
  const uint16_t flags = p.parsed.tcp_flags;
  const bool syn = flags & 2, ack = flags & 16, fin = flags & 1, rst = flags & 4;
  const uint64_t bytes = p.number("tcp.len");
  if (syn && !ack) {
    w.lead({strong(p.src()), say(" wants to open a connection to "), strong(p.dst()), say(", "),
            strong(port_of(p)), say(".")});
  } else if (syn) {
    w.lead({strong(p.src()), say(" accepts the connection.")});
  } else if (rst) {
    w.lead({strong(p.src()), say(" breaks the connection off.")});
  } else if (bytes > 0) {
    w.lead({strong(p.src()), say(" sends "), strong(count_text(bytes) + " bytes"), say(" to "),
            strong(p.dst()), say(", "), strong(port_of(p)), say(".")});
  } else if (fin) {
    w.lead({strong(p.src()), say(" has nothing more to send and closes its side.")});
  } else {
    w.lead({strong(p.src()), say(" confirms what it received.")});
  }
  if (fin && bytes > 0) w.fact({say("These are its last bytes: it closes its side.")});
  if (p.has("tcp.analysis.initial_rtt") && syn)
    w.fact({say("The way there and back takes "),
            strong(duration_text(static_cast<int64_t>(p.number("tcp.analysis.initial_rtt")))),
            say(".")});
  if (p.has("tcp.reassembled_in"))
    w.fact({say("The message it belongs to is complete in "), link(p.number("tcp.reassembled_in")),
            say(".")});
  w.normal("Part of a connection.");
  if (explain_analysis(p, w))
    w.look("A little of this is normal on any network; a lot makes things slow.");
  if (rst) w.look("The connection was refused or broken off instead of closed.");
}

void explain_udp(const PacketView& p, Words& w) {
  const uint64_t length = p.number("udp.length");
  w.lead({strong(p.src()), say(" sends "),
          strong(count_text(length > 8 ? length - 8 : 0) + " bytes"), say(" to "), strong(p.dst()),
          say(", "), strong(port_of(p)), say(".")});
  w.fact({say("UDP does not confirm: whether it arrived cannot be seen here.")});
  w.normal("Nothing stands out. What is inside is not known here.");
}

void explain_fragment(const PacketView& p, Words& w) {
  w.lead(
      {strong(p.src()), say(" sends a piece of a larger packet to "), strong(p.dst()), say(".")});
  if (p.has("ip.frag_offset"))
    w.fact({say("It begins at byte "), strong(p.text("ip.frag_offset")), say(" of the whole.")});
  if (const uint64_t whole = p.number("ip.reassembled_in"))
    w.fact({say("The whole is put together in "), link(whole), say(".")});
  w.normal("Packets are split when they do not fit on the way; attackers also split them to hide.");
}

}  // namespace sp3ctra::explain
