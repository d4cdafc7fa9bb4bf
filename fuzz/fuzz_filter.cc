// links: filter
// Any text as a filter: parse, say it in words, complete it at every eighth place, run it on a
// packet.
#include <cstddef>
#include <cstdint>

#include "filter/filter.h"
#include "filter/filter_test_fields.h"
#include "filter/header_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sp3ctra;
  using filter_test::lookup;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const filter_test::PacketMaker packet = [] {
    filter_test::PacketMaker p;
    p.bytes("0123456789abcdefGET / HTTP/1.1");
    p.layer("frame", 0, 30)
        .number("frame.number", 1)
        .number("frame.time", 5)
        .number("frame.time_epoch", 5);
    p.number("frame.len", 30).number("frame.cap_len", 30);
    p.layer("eth", 0, 14).number("eth.src", 1).number("eth.dst", 2);
    p.layer("ip", 14, 2).ip("ip.src", "10.0.0.1").ip("ip.dst", "10.0.0.2").number("ip.proto", 6);
    p.layer("tcp", 16, 14)
        .number("tcp.srcport", 80)
        .number("tcp.dstport", 1)
        .number("tcp.flags", 2);
    p.number("tcp.flags.syn", 1).number("tcp.flags.ack", 0);
    p.layer("dns").text("dns.qry.name", "a.example").number("dns.qry.type", 1);
    return p;
  }();
  for (size_t at = 0; at <= size; at += 8) complete(text, at, {}, lookup());
  const auto filter = parse_filter(text, lookup());
  if (!filter) {
    const auto& e = filter.error();
    if (e.message.empty() || e.position > size || e.position + uint64_t{e.length} > size)
      __builtin_trap();
    return 0;
  }
  (void)filter->reading();
  const bool shown = filter->matches(packet.tree);
  // The scan must never say the opposite of the tree.
  HeaderProgram program = HeaderProgram::compile(*filter);
  program.set_stack(0, {{"eth", "ip", "tcp", "dns"}});
  program.set_flow(0, {.orig = *IpAddress::parse("10.0.0.1"),
                       .resp = *IpAddress::parse("10.0.0.2"),
                       .orig_port = 80,
                       .resp_port = 1,
                       .ip_proto = 6,
                       .has_ports = true});
  const int64_t ts = 5;
  const uint32_t len = 30, flow = 0;
  const uint16_t flags = 2, stack = 0, bits = 0;
  const uint8_t direction = 0;
  uint64_t yes = 0, maybe = 0;
  program.evaluate({1, &ts, &len, &len, &flow, &direction, &flags, &stack, &bits, 1}, &yes, &maybe);
  if (maybe == 0 && (yes != 0) != shown) __builtin_trap();
  return 0;
}
