#include "protocols/tcp_options.h"

#include "protocols/field_lookup.h"

namespace sp3ctra {
namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kKinds[] = {{0, "end"},
                                {1, "filler"},
                                {2, "largest segment"},
                                {3, "window scale"},
                                {4, "may confirm gaps"},
                                {5, "confirms gaps"},
                                {8, "time stamps"},
                                {19, "MD5 signature"},
                                {28, "user timeout"},
                                {29, "authentication"},
                                {30, "multipath"},
                                {34, "fast open"},
                                {253, "experiment"},
                                {254, "experiment"}};
constexpr ValueName kMultipath[] = {{0, "capable"},     {1, "join"},           {2, "data sequence"},
                                    {3, "add address"}, {4, "remove address"}, {5, "priority"},
                                    {6, "fail"},        {7, "fast close"},     {8, "reset"}};

constexpr FieldDef kFields[] = {
    {"tcp.option_fields", kProtocol, kDec, "TCP options", "Extras of a TCP header."},
    {"tcp.options", kBytes, kDec, "Options",
     "Extras of the header, mostly agreed on at the start."},
    {"tcp.option_kind", kUint8, kDec, "Kind", "Which option this is.", kKinds},
    {"tcp.option_len", kUint8, kDec, "Length", "Bytes of the option."},
    {"tcp.options.mss_val", kUint16, kDec, "Largest segment",
     "Bytes of data the sender wants in one packet at most."},
    {"tcp.options.wscale.shift", kUint8, kDec, "Window shift",
     "By how many bits window sizes are to be multiplied."},
    {"tcp.options.wscale.multiplier", kUint16, kDec, "Window factor",
     "The factor for window sizes."},
    {"tcp.options.sack.count", kUint8, kDec, "Blocks", "How many separate blocks are confirmed."},
    {"tcp.options.sack_le", kUint32, kDec, "Block from",
     "First byte of a block that arrived beyond a gap."},
    {"tcp.options.sack_re", kUint32, kDec, "Block to", "First byte after that block."},
    {"tcp.options.sack.dsack_le", kUint32, kDec, "Doubled from",
     "First byte of a block that arrived twice."},
    {"tcp.options.sack.dsack_re", kUint32, kDec, "Doubled to", "First byte after that block."},
    {"tcp.options.sack.dsack", kBool, kDec, "Arrived twice",
     "The receiver reports that a block came twice."},
    {"tcp.options.timestamp.tsval", kUint32, kDec, "Sender's clock",
     "A counter of the sender's, to measure delays."},
    {"tcp.options.timestamp.tsecr", kUint32, kDec, "Echoed clock",
     "The other side's counter, sent back."},
    {"tcp.options.md5.digest", kBytes, kDec, "Signature",
     "Proves that the sender knows a shared password."},
    {"tcp.options.user_to_granularity", kBool, kDec, "In minutes",
     "Set when the timeout counts minutes."},
    {"tcp.options.user_to_val", kUint16, kDec, "Timeout", "How long to wait before giving up."},
    {"tcp.options.mptcp.subtype", kUint8, kDec, "Multipath message",
     "Which multipath message this is.", kMultipath},
    {"tcp.options.tfo.request", kBool, kDec, "Wants fast open",
     "Asks for a cookie to start faster next time."},
    {"tcp.options.tfo.cookie", kBytes, kDec, "Fast-open cookie",
     "Lets data travel with the first packet."},
    {"tcp.options.experimental.exid", kUint16, kHex, "Experiment",
     "Which experiment the option belongs to."},
    {"tcp.options.experimental.data", kBytes, kDec, "Value", "Data of the experiment."},
    {"tcp.options.unknown.payload", kBytes, kDec, "Value",
     "Value of an option that sp3ctra does not read."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

constexpr size_t kFirst = 20;

/// Size of the option at `at`, or 0 when it has an impossible length.
size_t option_size(const Input& in, size_t at, size_t end) noexcept {
  if (load8(in.data, at) <= 1) return 1;
  if (at + 2 > end) return 0;
  const size_t size = load8(in.data, at + 1);
  return size >= 2 && at + size <= end ? size : 0;
}

void draw_sack(Dissection& d, const Input& in, size_t at, size_t size, uint32_t ack,
               uint32_t relative_ack) {
  const uint32_t base = ack - relative_ack;
  bool first = true;
  for (size_t i = 2; i + 8 <= size; i += 8, first = false) {
    const uint32_t left = load_be32(in.data, at + i), right = load_be32(in.data, at + i + 4);
    // RFC 2883: a first block at or below what is confirmed anyway reports a doubled arrival.
    const bool doubled = first && static_cast<int32_t>(left - ack) < 0;
    d.number(f("tcp.options.sack_le"), in, at + i, 4, left - base);
    d.number(f("tcp.options.sack_re"), in, at + i + 4, 4, right - base);
    if (!doubled) continue;
    d.number(f("tcp.options.sack.dsack_le"), in, at + i, 4, left - base);
    d.number(f("tcp.options.sack.dsack_re"), in, at + i + 4, 4, right - base);
    d.derived(f("tcp.options.sack.dsack"), in, 1);
  }
  d.derived(f("tcp.options.sack.count"), in, (size - 2) / 8);
}

void draw_value(Dissection& d, const Input& in, size_t at, size_t size, uint8_t kind) {
  const Bytes b = in.data;
  const size_t value = at + 2, n = size - 2;
  switch (kind) {
    case 2:
      if (size == 4) d.number(f("tcp.options.mss_val"), in, value, 2, load_be16(b, value));
      return;
    case 3:
      if (size != 3) return;
      d.number(f("tcp.options.wscale.shift"), in, value, 1, load8(b, value));
      return d.derived(f("tcp.options.wscale.multiplier"), in,
                       1u << std::min<uint8_t>(load8(b, value), 14));
    case 4:
      return;
    case 8:
      if (size != 10) return;
      d.number(f("tcp.options.timestamp.tsval"), in, value, 4, load_be32(b, value));
      return d.number(f("tcp.options.timestamp.tsecr"), in, value + 4, 4, load_be32(b, value + 4));
    case 19:
      return d.bytes(f("tcp.options.md5.digest"), in, value, n);
    case 28:
      if (size != 4) return;
      d.number(f("tcp.options.user_to_granularity"), in, value, 2, load_be16(b, value) >> 15);
      return d.number(f("tcp.options.user_to_val"), in, value, 2, load_be16(b, value) & 0x7fff);
    case 30:
      if (n > 0) d.number(f("tcp.options.mptcp.subtype"), in, value, 1, load8(b, value) >> 4);
      return;
    case 34:
      if (n == 0) return d.number(f("tcp.options.tfo.request"), in, at, 2, 1);
      return d.bytes(f("tcp.options.tfo.cookie"), in, value, n);
    case 253:
    case 254:
      if (n < 2) return;
      d.number(f("tcp.options.experimental.exid"), in, value, 2, load_be16(b, value));
      return d.bytes(f("tcp.options.experimental.data"), in, value + 2, n - 2);
    default:
      if (n > 0) d.bytes(f("tcp.options.unknown.payload"), in, value, n);
  }
}

}  // namespace

TcpOptions read_tcp_options(const Input& in, size_t end) noexcept {
  TcpOptions options;
  for (size_t at = kFirst; at < end;) {
    const uint8_t kind = load8(in.data, at);
    if (kind == 0) break;
    const size_t size = option_size(in, at, end);
    if (size == 0) {
      options.broken = true;
      break;
    }
    if (kind == 3 && size == 3)
      options.window_scale = static_cast<int16_t>(std::min<uint8_t>(load8(in.data, at + 2), 14));
    at += size;
  }
  return options;
}

void draw_tcp_options(Dissection& d, const Input& in, size_t end, uint32_t ack,
                      uint32_t relative_ack) {
  if (end <= kFirst) return;
  d.open_text(f("tcp.options"), in, kFirst, end - kFirst,
              as_text(in.data.subspan(kFirst, end - kFirst)));
  for (size_t at = kFirst; at < end;) {
    const uint8_t kind = load8(in.data, at);
    const size_t size = option_size(in, at, end);
    if (size == 0) break;
    d.open(f("tcp.option_kind"), in, at, 1, kind);
    if (kind > 1) {
      d.number(f("tcp.option_len"), in, at + 1, 1, size);
      if (kind == 5) {
        draw_sack(d, in, at, size, ack, relative_ack);
      } else {
        draw_value(d, in, at, size, kind);
      }
    }
    d.close();
    at += size;  // goes on after the end mark: what hides there is shown, too
  }
  d.close();
}

/// Options have no layer of their own; this entry only puts their fields into the registry.
extern const Protocol kTcpOptions{.name = "tcp.option_fields",
                                  .label = "TCP",
                                  .title = "TCP options",
                                  .words = "Extras of a TCP header.",
                                  .family = Family::kCarrier,
                                  .fields = kFields,
                                  .anomalies = {},
                                  .bindings = {},
                                  .dissect = [](Dissection&, Input) noexcept {}};

}  // namespace sp3ctra
