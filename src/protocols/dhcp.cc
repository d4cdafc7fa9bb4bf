// DHCP for IPv4 (RFC 2131, 2132) and the BOOTP header it lives in (RFC 951).
#include <fmt/format.h>

#include <charconv>

#include "protocols/dns.h"
#include "protocols/field_cursor.h"

namespace sp3ctra {

extern const Protocol kDhcp;

namespace dhcp {
namespace {

enum FieldId : uint16_t {
#define FIELD(id, ...) id,
#include "protocols/dhcp_fields.inc"
#undef FIELD
  kFieldCount
};

constexpr ValueName kOps[] = {{1, "from the device"}, {2, "from the server"}};
constexpr ValueName kSteps[] = {{1, "discover"},    {2, "offer"},  {3, "request"}, {4, "decline"},
                                {5, "acknowledge"}, {6, "refuse"}, {7, "release"}, {8, "inform"}};
constexpr ValueName kOptionNames[] = {
    {1, "network mask"},
    {2, "time zone"},
    {3, "router"},
    {4, "time server"},
    {5, "name server (old)"},
    {6, "DNS server"},
    {7, "log server"},
    {8, "quotes server"},
    {9, "printer server"},
    {10, "impress server"},
    {11, "resource server"},
    {12, "device name"},
    {13, "boot file size"},
    {14, "dump file"},
    {15, "domain"},
    {16, "swap server"},
    {17, "root path"},
    {18, "extensions"},
    {19, "forward packets"},
    {20, "source routing"},
    {22, "largest datagram"},
    {23, "hop limit"},
    {24, "path size memory"},
    {26, "largest packet"},
    {27, "all subnets alike"},
    {28, "everyone's address"},
    {29, "ask for mask"},
    {30, "tell the mask"},
    {31, "look for routers"},
    {32, "ask for routers at"},
    {34, "trailers"},
    {35, "ARP memory"},
    {36, "802.3 form"},
    {37, "TCP hop limit"},
    {38, "keepalive every"},
    {39, "keepalive byte"},
    {40, "NIS domain"},
    {41, "NIS server"},
    {42, "time server"},
    {44, "Windows name server"},
    {45, "Windows datagram server"},
    {46, "Windows name method"},
    {47, "Windows scope"},
    {48, "font server"},
    {49, "login server"},
    {50, "would like"},
    {51, "good for"},
    {52, "more options in"},
    {53, "step"},
    {54, "DHCP server"},
    {55, "asks for option"},
    {56, "message"},
    {57, "largest message"},
    {58, "renew after"},
    {59, "ask anyone after"},
    {60, "device kind"},
    {64, "NIS+ domain"},
    {65, "NIS+ server"},
    {66, "boot server name"},
    {67, "boot file"},
    {68, "home agent"},
    {69, "mail server"},
    {70, "mailbox server"},
    {71, "news server"},
    {72, "web server"},
    {76, "directory server"},
    {91, "last seen"},
    {92, "also has"},
    {93, "machine kind"},
    {112, "netinfo server"},
    {113, "netinfo tag"},
    {114, "sign-in page"},
    {116, "choose own address"},
    {118, "network wanted"},
    {138, "Wi-Fi controller"},
    {150, "boot server"},
    {161, "device description"},
    {252, "proxy settings"},
    {0, "padding"},
    {33, "static routes"},
    {43, "maker's own settings"},
    {61, "device id"},
    {81, "full name"},
    {82, "relay notes"},
    {94, "network card"},
    {95, "LDAP"},
    {97, "machine id"},
    {119, "search domains"},
    {121, "routes"},
    {125, "maker's own settings"},
    {145, "renewal proof"},
    {249, "routes (Windows)"},
    {255, "end"},
};
constexpr std::span<const ValueName> kNone{};

using enum FieldType;
using enum FieldBase;
constexpr FieldDef kFields[kFieldCount] = {
#define FIELD(id, name, type, base, label, words, names) {name, type, base, label, words, names},
#include "protocols/dhcp_fields.inc"
#undef FIELD
};
const FieldDef& field(FieldId id) noexcept { return kFields[id]; }

constexpr AnomalyDef kAnomalies[] = {
    {"dhcp.short", "The message is shorter than its fixed header."},
    {"dhcp.option_cut", "A setting is longer than the message."}};

enum class Kind : uint8_t { kIps, kText, kU8, kU8s, kU16, kU32, kI32, kFlag };
struct OptionDef {
  uint8_t code;
  Kind kind;
  FieldId id;
};
constexpr OptionDef kOptions[] = {
    {1, Kind::kIps, kO1},     {2, Kind::kI32, kO2},      {3, Kind::kIps, kO3},
    {4, Kind::kIps, kO4},     {5, Kind::kIps, kO5},      {6, Kind::kIps, kO6},
    {7, Kind::kIps, kO7},     {8, Kind::kIps, kO8},      {9, Kind::kIps, kO9},
    {10, Kind::kIps, kO10},   {11, Kind::kIps, kO11},    {12, Kind::kText, kO12},
    {13, Kind::kU16, kO13},   {14, Kind::kText, kO14},   {15, Kind::kText, kO15},
    {16, Kind::kIps, kO16},   {17, Kind::kText, kO17},   {18, Kind::kText, kO18},
    {19, Kind::kFlag, kO19},  {20, Kind::kFlag, kO20},   {22, Kind::kU16, kO22},
    {23, Kind::kU8, kO23},    {24, Kind::kU32, kO24},    {26, Kind::kU16, kO26},
    {27, Kind::kFlag, kO27},  {28, Kind::kIps, kO28},    {29, Kind::kFlag, kO29},
    {30, Kind::kFlag, kO30},  {31, Kind::kFlag, kO31},   {32, Kind::kIps, kO32},
    {34, Kind::kFlag, kO34},  {35, Kind::kU32, kO35},    {36, Kind::kFlag, kO36},
    {37, Kind::kU8, kO37},    {38, Kind::kU32, kO38},    {39, Kind::kFlag, kO39},
    {40, Kind::kText, kO40},  {41, Kind::kIps, kO41},    {42, Kind::kIps, kO42},
    {44, Kind::kIps, kO44},   {45, Kind::kIps, kO45},    {46, Kind::kU8, kO46},
    {47, Kind::kText, kO47},  {48, Kind::kIps, kO48},    {49, Kind::kIps, kO49},
    {50, Kind::kIps, kO50},   {51, Kind::kU32, kO51},    {52, Kind::kU8, kO52},
    {53, Kind::kU8, kO53},    {54, Kind::kIps, kO54},    {55, Kind::kU8s, kO55},
    {56, Kind::kText, kO56},  {57, Kind::kU16, kO57},    {58, Kind::kU32, kO58},
    {59, Kind::kU32, kO59},   {60, Kind::kText, kO60},   {64, Kind::kText, kO64},
    {65, Kind::kIps, kO65},   {66, Kind::kText, kO66},   {67, Kind::kText, kO67},
    {68, Kind::kIps, kO68},   {69, Kind::kIps, kO69},    {70, Kind::kIps, kO70},
    {71, Kind::kIps, kO71},   {72, Kind::kIps, kO72},    {76, Kind::kIps, kO76},
    {91, Kind::kU32, kO91},   {92, Kind::kIps, kO92},    {93, Kind::kU16, kO93},
    {112, Kind::kIps, kO112}, {113, Kind::kText, kO113}, {114, Kind::kText, kO114},
    {116, Kind::kU8, kO116},  {118, Kind::kIps, kO118},  {138, Kind::kIps, kO138},
    {150, Kind::kIps, kO150}, {161, Kind::kText, kO161}, {252, Kind::kText, kO252},
};

constexpr size_t kHeaderBytes = 236;
constexpr size_t kMagicAt = 236;

/// What the message says, for the list line and the event.
struct Summary {
  uint8_t op = 0, step = 0, overload = 0;
  uint64_t mac = 0;
  IpAddress client, your, wanted, server;
  std::string_view name, kind;
  uint32_t lease_s = 0;
};

/// Text up to a zero byte.
std::string_view until_zero(std::string_view s) {
  return s.substr(0, std::min(s.find('\0'), s.size()));
}

void learn(uint8_t code, Bytes v, Summary& s) noexcept {
  switch (code) {
    case 12:
      s.name = until_zero(as_text(v));
      break;
    case 50:
      if (v.size() == 4) s.wanted = IpAddress::v4(v);
      break;
    case 51:
      if (v.size() == 4) s.lease_s = load_be32(v, 0);
      break;
    case 52:
      if (v.size() == 1) s.overload = load8(v, 0);
      break;
    case 53:
      if (v.size() == 1) s.step = load8(v, 0);
      break;
    case 54:
      if (v.size() == 4) s.server = IpAddress::v4(v);
      break;
    case 60:
      s.kind = until_zero(as_text(v));
      break;
    case 81:
      if (v.size() > 3 && s.name.empty()) s.name = until_zero(as_text(v.subspan(3)));
      break;
    default:
      break;
  }
}

void write_plain(FieldCursor& o, const OptionDef& def) noexcept {
  const FieldDef& f = field(def.id);
  switch (def.kind) {
    case Kind::kIps:
      while (o.ok() && o.left() >= 4) o.ip4(f);
      return;
    case Kind::kText: {
      const std::string_view raw = as_text(o.in().data.subspan(o.at(), o.left()));
      o.sink().text(f, o.in(), o.at(), raw.size(), until_zero(raw));
      return;
    }
    case Kind::kU8:
      if (o.left() == 1) o.u8(f);
      return;
    case Kind::kU8s:
      while (o.ok() && o.left() > 0) o.u8(f);
      return;
    case Kind::kU16:
      while (o.ok() && o.left() >= 2) o.be16(f);
      return;
    case Kind::kU32:
      if (o.left() == 4) o.be32(f);
      return;
    case Kind::kI32:
      if (o.left() == 4) {
        const auto v = static_cast<int32_t>(load_be32(o.in().data, o.at()));
        o.sink().number(f, o.in(), o.at(), 4, static_cast<uint64_t>(int64_t{v}));
      }
      return;
    case Kind::kFlag:
      if (o.left() == 1) o.sink().number(f, o.in(), o.at(), 1, o.peek8() != 0);
      return;
  }
}

void write_uuid(FieldCursor& o) noexcept {
  const Bytes b = o.take(16);
  if (!o.ok() || !o.sink().detailed()) return;
  // The first three groups are little-endian, as firmware writes them.
  o.sink().text(field(kClientIdUuid), o.in(), o.at() - 16, 16,
                fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", load_le32(b, 0), load_le16(b, 4),
                            load_le16(b, 6), load_be16(b, 8), load_be48(b, 10)));
}

void write_client_id(FieldCursor& o) noexcept {
  if (o.peek8() == 1 && o.left() == 7) {
    o.u8(field(kHwType));
    o.be48(field(kMac));
  } else if (o.peek8() == 0 && o.left() == 17) {
    o.u8(field(kClientIdType));
    write_uuid(o);
  } else if (o.peek8() != 255) {
    o.u8(field(kClientIdType));
    o.bytes(field(kClientId), o.left());
  }
}

void write_full_name(FieldCursor& o) noexcept {
  Dissection& d = o.sink();
  const uint8_t flags = o.peek8();
  const size_t at = o.at();
  d.open(field(kFqdnFlags), o.in(), at, 1, flags);
  d.number(field(kFqdnMbz), o.in(), at, 1, flags & 0xf0);
  d.number(field(kFqdnN), o.in(), at, 1, flags >> 3 & 1);
  d.number(field(kFqdnE), o.in(), at, 1, flags >> 2 & 1);
  d.number(field(kFqdnO), o.in(), at, 1, flags >> 1 & 1);
  d.number(field(kFqdnS), o.in(), at, 1, flags & 1);
  d.close();
  o.skip(1);
  o.u8(field(kFqdnRcode1));
  o.u8(field(kFqdnRcode2));
  if (!o.ok() || o.left() == 0) return;
  if (!(flags & 4)) {
    o.text(field(kFqdnName), o.left());
    return;
  }
  dns::Name name;
  dns::read_name(o.in().data.first(o.end()).subspan(o.at()), 0, name);
  d.text(field(kFqdnName), o.in(), o.at(), o.left(), name.text());
}

void write_relay(FieldCursor& o) noexcept {
  while (o.ok() && o.left() >= 2) {
    const size_t n = o.peek8(1);
    o.sink().open(field(kRelaySub), o.in(), o.at(), 2 + n, o.peek8());
    const uint8_t code = o.peek8();
    o.skip(1);
    o.u8(field(kSubLength));
    FieldCursor sub = o.part(n);
    sub.bytes(field(code == 1 ? kCircuit : code == 2 ? kRemote : kRelayValue), sub.left());
    o.sink().close();
  }
}

void write_search_list(FieldCursor& o) noexcept {
  const Bytes list = o.in().data.first(o.end()).subspan(o.at());
  for (size_t at = 0; at < list.size();) {
    dns::Name name;
    const size_t end = dns::read_name(list, at, name);
    if (end == dns::kNoEnd || end <= at) return;
    o.sink().text(field(kSearchName), o.in(), o.at() + at, end - at, name.text());
    at = end;
  }
}

void write_option_value(FieldCursor& o, uint8_t code) noexcept {
  switch (code) {
    case 21:
      while (o.ok() && o.left() >= 8) o.ip4(field(kPolicyIp)), o.ip4(field(kPolicyMask));
      return;
    case 33:
      while (o.ok() && o.left() >= 8) o.ip4(field(kRouteIp)), o.ip4(field(kRouteRouter));
      return;
    case 61:
      return write_client_id(o);
    case 81:
      return write_full_name(o);
    case 82:
      return write_relay(o);
    case 94:
      if (o.left() != 3) return;
      o.skip(1);
      o.u8(field(kNetworkMajor));
      o.u8(field(kNetworkMinor));
      return;
    case 97:
      if (o.left() == 17) {
        o.skip(1);
        write_uuid(o);
      }
      return;
    case 119:
      return write_search_list(o);
    case 121:
    case 249:
      o.bytes(field(kClassless), o.left());
      return;
    case 145:
      while (o.ok() && o.left() > 0) o.u8(field(kAuthAlgorithm));
      return;
    default:
      for (const OptionDef& def : kOptions)
        if (def.code == code) return write_plain(o, def);
  }
}

/// Options from the cursor on; stops at the end option or the end of the bytes.
void write_options(FieldCursor& c, Summary& s, bool borrowed = false) noexcept {
  Dissection& d = c.sink();
  while (c.ok() && c.left() > 0) {
    const uint8_t code = c.peek8();
    const size_t at = c.at();
    if (code == 255) {
      d.open(field(kOptionType), c.in(), at, 1, 0);
      c.u8(field(kOptionEnd));
      d.close();
      if (c.left() > 0 && !borrowed) c.bytes(field(kOptionPadding), c.left());
      return;
    }
    if (code == 0) {
      size_t n = 1;
      while (n < c.left() && c.peek8(n) == 0) ++n;
      c.bytes(field(kOptionPadding), n);
      continue;
    }
    if (c.left() < 2) return d.anomaly(kAnomalies[1], c.in(), at);
    const size_t length = c.peek8(1);
    d.open(field(kOptionType), c.in(), at, 2 + length, code);
    c.skip(1);
    c.u8(field(kOptionLength));
    FieldCursor value = c.part(length);
    const Bytes bytes = c.in().data.first(value.end()).subspan(value.at());
    learn(code, bytes, s);
    if (!bytes.empty()) {
      d.bytes(field(kOptionValue), c.in(), value.at(), bytes.size());
      d.hide_last();
    }
    if (d.detailed()) write_option_value(value, code);
    d.close();
    if (code == 52 && !borrowed) {  // the name fields of the header hold options too
      FieldCursor file(d, c.in(), 108, 236);
      if (s.overload & 1) write_options(file, s, true);
      FieldCursor name(d, c.in(), 44, 108);
      if (s.overload & 2) write_options(name, s, true);
    }
    if (!c.ok()) d.anomaly(kAnomalies[1], c.in(), at);
  }
}

void write_fixed(FieldCursor& c, Summary& s) noexcept {
  Dissection& d = c.sink();
  s.op = c.u8(field(kType));
  c.u8(field(kHwType));
  const size_t hw_length = c.u8(field(kHwLen));
  c.u8(field(kHops));
  c.be32(field(kId));
  // Some programs write the seconds with their bytes swapped: 512 is meant as 2.
  const uint16_t secs = c.peek16();
  const bool swapped = secs > 255 && (secs & 255) == 0;
  d.number(field(kSecs), c.in(), c.at(), 2, swapped ? secs >> 8 : secs);
  c.skip(2);
  const uint16_t flags = c.peek16();
  d.open(field(kFlags), c.in(), c.at(), 2, flags);
  d.number(field(kFlagBroadcast), c.in(), c.at(), 2, flags >> 15);
  d.number(field(kFlagReserved), c.in(), c.at(), 2, flags & 0x7fff);
  d.close();
  c.skip(2);
  s.client = c.ip4(field(kIpClient));
  s.your = c.ip4(field(kIpYour));
  c.ip4(field(kIpServer));
  c.ip4(field(kIpRelay));
  if (hw_length == 6) {
    s.mac = c.be48(field(kMac));
    c.bytes(field(kHwPadding), 10);
  } else if (hw_length > 0 && hw_length <= 16) {
    c.bytes(field(kHwAddr), hw_length);
    c.bytes(field(kHwPadding), 16 - hw_length);
  } else {
    c.skip(16);
  }
}

void write_name_field(FieldCursor& c, FieldId id, size_t size) noexcept {
  const std::string_view raw = as_text(c.take(size));
  if (!c.ok()) return;
  const std::string_view text = until_zero(raw);
  c.sink().text(field(id), c.in(), c.at() - size, size, text);
}

/// Value of option 52, 0 when it is not there.
uint8_t find_overload(Bytes b) noexcept {
  for (size_t at = kMagicAt + 4; at + 2 < b.size() && load8(b, at) != 255;) {
    if (load8(b, at) == 52) return load8(b, at + 2);
    at += load8(b, at) == 0 ? 1 : 2u + load8(b, at + 1);
  }
  return 0;
}

std::string who(const Summary& s) {
  if (!s.name.empty()) return fmt::format(" ({})", s.name);
  return s.mac ? fmt::format(" ({})", mac_text(s.mac)) : std::string();
}

std::string duration_words(uint32_t seconds) {
  if (seconds == 0xffffffff) return "for ever";
  if (seconds >= 172'800) return fmt::format("for {} days", seconds / 86'400);
  if (seconds >= 7'200) return fmt::format("for {} hours", seconds / 3'600);
  if (seconds >= 120) return fmt::format("for {} minutes", seconds / 60);
  return fmt::format("for {} seconds", seconds);
}

std::string info_line(const Summary& s) {
  const std::string lease = s.lease_s ? " " + duration_words(s.lease_s) : "";
  switch (s.step) {
    case 1:
      return s.wanted.any()
                 ? fmt::format("asks for an address, would like {}{}", s.wanted.text(), who(s))
                 : fmt::format("asks for an address{}", who(s));
    case 2:
      return fmt::format("offers {}{}", s.your.text(), lease);
    case 3:
      return fmt::format("wants to use {}{}", (s.wanted.any() ? s.wanted : s.client).text(),
                         who(s));
    case 4:
      return fmt::format("refuses {}: somebody else uses it{}", s.wanted.text(), who(s));
    case 5:
      return s.your.v4_host_order() ? fmt::format("gives {}{}", s.your.text(), lease)
                                    : std::string("gives settings");
    case 6:
      return "says no: that address cannot be used here";
    case 7:
      return fmt::format("gives back {}{}", s.client.text(), who(s));
    case 8:
      return fmt::format("has {} and asks for settings{}", s.client.text(), who(s));
    default:
      break;
  }
  if (s.op == 2) return fmt::format("tells the device its address {}", s.your.text());
  return fmt::format("asks for an address, the old way{}", who(s));
}

void emit_event(Dissection& d, const Summary& s) noexcept {
  static constexpr const char* kNames[] = {"bootp", "discover", "offer",   "request", "decline",
                                           "ack",   "nak",      "release", "inform"};
  Event e;
  e.kind = EventKind::kLink;
  e.protocol = "dhcp";
  e.name = s.step <= 8 ? kNames[s.step] : "other";
  std::array<char, 24> text;
  for (size_t i = 0; i < 6; ++i) {
    static constexpr char kHex[] = "0123456789abcdef";
    const auto byte = static_cast<uint8_t>(s.mac >> (40 - 8 * i));
    text[3 * i] = kHex[byte >> 4];
    text[3 * i + 1] = kHex[byte & 15];
    text[3 * i + 2] = ':';
  }
  e.add("dhcp.hw.mac_addr", {text.data(), 17});
  const auto address = [&](const char* key, const IpAddress& ip) {
    if (ip.any() && ip.v4_host_order()) e.add(key, ip.text());
  };
  address("dhcp.ip.your", s.your);
  address("dhcp.ip.client", s.client);
  address("dhcp.option.requested_ip_address", s.wanted);
  address("dhcp.option.dhcp_server_id", s.server);
  if (!s.name.empty()) e.add("dhcp.option.hostname", s.name);
  if (!s.kind.empty()) e.add("dhcp.option.vendor_class_id", s.kind);
  if (s.lease_s) {
    const auto r = std::to_chars(text.data(), text.data() + text.size(), s.lease_s);
    e.add("dhcp.option.ip_address_lease_time",
          {text.data(), static_cast<size_t>(r.ptr - text.data())});
  }
  d.emit(e);
}

void dissect(Dissection& d, Input in) noexcept {
  d.open(field(dhcp::kDhcp), in, 0, in.data.size());
  Summary s;
  FieldCursor c(d, in);
  write_fixed(c, s);
  const uint8_t overload = find_overload(in.data);
  overload & 2 ? c.skip(64) : write_name_field(c, kServerName, 64);
  overload & 1 ? c.skip(128) : write_name_field(c, kFile, 128);
  if (!c.ok()) {
    if (in.reported < kHeaderBytes) d.anomaly(kAnomalies[0], in);
    d.close();
    if (d.wants_info()) d.info("sends a broken or cut DHCP message");
    return;
  }
  if (c.left() >= 4 && load_be32(in.data, kMagicAt) == 0x63825363) {
    c.ip4(field(kCookie));
    write_options(c, s);
  }
  d.close();
  if (d.wants_info()) d.info(info_line(s));
  if (d.wants_events()) emit_event(d, s);
}

constexpr Binding kBindings[] = {
    {Table::kUdpPort, 67}, {Table::kUdpPort, 68}, {Table::kUdpPort, 4011}};

}  // namespace
}  // namespace dhcp

extern const Protocol kDhcp{
    .name = "dhcp",
    .label = "DHCP",
    .title = "Dynamic Host Configuration Protocol",
    .words =
        "Gives devices their address and settings. Anyone on the network can see the names of "
        "devices here.",
    .family = Family::kUpkeep,
    .fields = dhcp::kFields,
    .anomalies = dhcp::kAnomalies,
    .bindings = dhcp::kBindings,
    .dissect = dhcp::dissect};

}  // namespace sp3ctra
