#include "protocols/icmpv6_options.h"

#include <string>

#include "protocols/field_lookup.h"

namespace sp3ctra {
namespace {

using enum FieldType;
using enum FieldBase;

constexpr ValueName kOptionNames[] = {{1, "sender's hardware address"},
                                      {2, "target's hardware address"},
                                      {3, "network prefix"},
                                      {4, "quoted packet"},
                                      {5, "largest packet"},
                                      {14, "nonce"},
                                      {24, "route"},
                                      {25, "name servers"},
                                      {31, "search domains"}};
constexpr ValueName kPreferenceNames[] = {{0, "medium"}, {1, "high"}, {2, "reserved"}, {3, "low"}};

constexpr FieldDef kFields[] = {
    {"icmpv6.options", kProtocol, kDec, "Options", "Extras of a neighbour or router message."},
    {"icmpv6.opt", kBool, kDec, "Option", "One option."},
    {"icmpv6.opt.type", kUint8, kDec, "Kind", "Which option this is.", kOptionNames},
    {"icmpv6.opt.length", kUint8, kDec, "Length", "Length of the option in steps of 8 bytes."},
    {"icmpv6.opt.linkaddr", kEther, kHex, "Hardware address", "A hardware address."},
    {"icmpv6.opt.src_linkaddr", kEther, kHex, "Sender's hardware address",
     "Hardware address of the sender."},
    {"icmpv6.opt.target_linkaddr", kEther, kHex, "Target's hardware address",
     "Hardware address of the target."},
    {"icmpv6.opt.prefix.length", kUint8, kDec, "Prefix length",
     "How many bits of the prefix count."},
    {"icmpv6.opt.prefix.flag", kUint8, kHex, "Flags", "What the prefix may be used for."},
    {"icmpv6.opt.prefix.flag.l", kBool, kDec, "Is local",
     "Set when addresses of the prefix are on this network."},
    {"icmpv6.opt.prefix.flag.a", kBool, kDec, "Make addresses",
     "Set when computers may make their own addresses from it."},
    {"icmpv6.opt.prefix.flag.r", kBool, kDec, "Router address",
     "Set when the prefix holds the router's whole address."},
    {"icmpv6.opt.prefix.flag.reserved", kUint8, kDec, "Reserved", "Must be zero."},
    {"icmpv6.opt.prefix.valid_lifetime", kUint32, kDec, "Valid for (s)",
     "Seconds for which the prefix holds."},
    {"icmpv6.opt.prefix.preferred_lifetime", kUint32, kDec, "Preferred for (s)",
     "Seconds for which to prefer it."},
    {"icmpv6.opt.prefix", kIpv6, kDec, "Prefix", "First part of the addresses."},
    {"icmpv6.opt.reserved", kBool, kDec, "Reserved", "Bytes kept for later use."},
    {"icmpv6.opt.mtu", kUint32, kDec, "Largest packet", "Bytes a packet on this network may have."},
    {"icmpv6.opt.nonce", kBytes, kDec, "Nonce",
     "A random number that ties an answer to its question."},
    {"icmpv6.opt.route_info.flag", kUint8, kHex, "Flags", "How good the route is."},
    {"icmpv6.opt.route_info.flag.route_preference", kUint8, kDec, "Preference",
     "Which route to prefer.", kPreferenceNames},
    {"icmpv6.opt.route_info.flag.reserved", kUint8, kDec, "Reserved", "Must be zero."},
    {"icmpv6.opt.route_lifetime", kUint32, kDec, "Valid for (s)",
     "Seconds for which the route holds."},
    {"icmpv6.opt.rdnss.lifetime", kUint32, kDec, "Valid for (s)",
     "Seconds for which the name servers may be asked."},
    {"icmpv6.opt.rdnss", kIpv6, kDec, "Name server",
     "Address of a server that turns names into addresses."},
    {"icmpv6.opt.dnssl.lifetime", kUint32, kDec, "Valid for (s)",
     "Seconds for which the names hold."},
    {"icmpv6.opt.dnssl", kString, kDec, "Search domain", "A name to put behind short names."},
};
consteval const FieldDef& f(std::string_view name) { return find_field(kFields, name); }

void draw_prefix(Dissection& d, const Input& in, size_t at) {
  const Bytes b = in.data;
  const uint8_t flags = load8(b, at + 3);
  d.number(f("icmpv6.opt.prefix.length"), in, at + 2, 1, load8(b, at + 2));
  d.open(f("icmpv6.opt.prefix.flag"), in, at + 3, 1, flags);
  d.number(f("icmpv6.opt.prefix.flag.l"), in, at + 3, 1, flags >> 7);
  d.number(f("icmpv6.opt.prefix.flag.a"), in, at + 3, 1, flags >> 6 & 1);
  d.number(f("icmpv6.opt.prefix.flag.r"), in, at + 3, 1, flags >> 5 & 1);
  d.number(f("icmpv6.opt.prefix.flag.reserved"), in, at + 3, 1, flags & 31);
  d.close();
  d.number(f("icmpv6.opt.prefix.valid_lifetime"), in, at + 4, 4, load_be32(b, at + 4));
  d.number(f("icmpv6.opt.prefix.preferred_lifetime"), in, at + 8, 4, load_be32(b, at + 8));
  d.number(f("icmpv6.opt.reserved"), in, at + 12, 4, 1);
  d.ip(f("icmpv6.opt.prefix"), in, at + 16, IpAddress::v6(b.subspan(at + 16)));
}

void draw_route(Dissection& d, const Input& in, size_t at, size_t size) {
  const Bytes b = in.data;
  const uint8_t flags = load8(b, at + 3);
  d.number(f("icmpv6.opt.prefix.length"), in, at + 2, 1, load8(b, at + 2));
  d.open(f("icmpv6.opt.route_info.flag"), in, at + 3, 1, flags);
  d.number(f("icmpv6.opt.route_info.flag.route_preference"), in, at + 3, 1, flags >> 3 & 3);
  d.number(f("icmpv6.opt.route_info.flag.reserved"), in, at + 3, 1, flags & 0xe7);
  d.close();
  d.number(f("icmpv6.opt.route_lifetime"), in, at + 4, 4, load_be32(b, at + 4));
  if (size <= 8) return;
  IpAddress prefix;
  prefix.version = 6;
  std::memcpy(prefix.octets.data(), b.data() + at + 8, std::min<size_t>(size - 8, 16));
  d.ip(f("icmpv6.opt.prefix"), in, at + 8, prefix);
}

void draw_servers(Dissection& d, const Input& in, size_t at, size_t size) {
  d.number(f("icmpv6.opt.reserved"), in, at + 2, 2, 1);
  d.number(f("icmpv6.opt.rdnss.lifetime"), in, at + 4, 4, load_be32(in.data, at + 4));
  for (size_t i = 8; i + 16 <= size; i += 16)
    d.ip(f("icmpv6.opt.rdnss"), in, at + i, IpAddress::v6(in.data.subspan(at + i)));
}

void draw_domains(Dissection& d, const Input& in, size_t at, size_t size) {
  d.number(f("icmpv6.opt.reserved"), in, at + 2, 2, 1);
  d.number(f("icmpv6.opt.dnssl.lifetime"), in, at + 4, 4, load_be32(in.data, at + 4));
  const size_t end = at + size;
  for (size_t i = at + 8; i < end && load8(in.data, i) != 0;) {
    const size_t start = i;
    std::string name;
    while (i < end && load8(in.data, i) != 0) {
      const size_t label = load8(in.data, i);
      if (i + 1 + label > end) return;
      if (!name.empty()) name += '.';
      name += as_text(in.data.subspan(i + 1, label));
      i += 1 + label;
    }
    ++i;
    d.text(f("icmpv6.opt.dnssl"), in, start, std::min(i, end) - start, name);
  }
}

void draw_option(Dissection& d, const Input& in, size_t at, size_t size) {
  const uint8_t type = load8(in.data, at);
  d.open(f("icmpv6.opt"), in, at, size, 1);
  d.number(f("icmpv6.opt.type"), in, at, 1, type);
  d.number(f("icmpv6.opt.length"), in, at + 1, 1, size / 8);
  if ((type == 1 || type == 2) && size == 8) {
    d.number(f("icmpv6.opt.linkaddr"), in, at + 2, 6, load_be48(in.data, at + 2));
    d.hide_last();
    d.number(type == 1 ? f("icmpv6.opt.src_linkaddr") : f("icmpv6.opt.target_linkaddr"), in, at + 2,
             6, load_be48(in.data, at + 2));
  } else if (type == 3 && size >= 32) {
    draw_prefix(d, in, at);
  } else if (type == 5) {
    d.number(f("icmpv6.opt.reserved"), in, at + 2, 2, 1);
    d.number(f("icmpv6.opt.mtu"), in, at + 4, 4, load_be32(in.data, at + 4));
  } else if (type == 14) {
    d.bytes(f("icmpv6.opt.nonce"), in, at + 2, size - 2);
  } else if (type == 24) {
    draw_route(d, in, at, size);
  } else if (type == 25) {
    draw_servers(d, in, at, size);
  } else if (type == 31) {
    draw_domains(d, in, at, size);
  }
  d.close();
}

}  // namespace

bool walk_nd_options(Dissection& d, const Input& in, size_t at, bool drawn) noexcept {
  while (at + 2 <= in.data.size()) {
    const size_t size = size_t{load8(in.data, at + 1)} * 8;
    if (size == 0 || at + size > in.reported) return false;
    if (at + size > in.data.size()) return true;  // cut by the capture, not by the sender
    if (drawn) draw_option(d, in, at, size);
    at += size;
  }
  return true;
}

/// Options have no layer of their own; this entry only puts their fields into the registry.
extern const Protocol kIcmpv6Options{.name = "icmpv6.options",
                                     .label = "ICMPv6",
                                     .title = "Neighbour discovery options",
                                     .words = "Extras of neighbour and router messages.",
                                     .family = Family::kUpkeep,
                                     .fields = kFields,
                                     .anomalies = {},
                                     .bindings = {},
                                     .dissect = [](Dissection&, Input) noexcept {}};

}  // namespace sp3ctra
