// The data of DNS records, one function a kind or family of kinds.
#include "protocols/dns.h"

namespace sp3ctra::dns {
namespace {

/// Writes the name at the cursor as text ("<Root>" for the empty name).
void name_field(FieldCursor& c, FieldId id) noexcept {
  if (!c.ok()) return;
  Name n;
  const size_t end = read_name(c.in().data, c.at(), n);
  if (end == kNoEnd || end > c.end()) return c.skip(c.left() + 1);
  c.sink().text(field(id), c.in(), c.at(), end - c.at(), n.size ? n.text() : "<Root>");
  c.skip(end - c.at());
}

/// A one-byte length and that much text.
void counted_text(FieldCursor& c, FieldId length, FieldId text) noexcept {
  const size_t n = c.u8(field(length));
  if (c.ok()) c.text(field(text), n);
}

void write_soa(FieldCursor& c) noexcept {
  name_field(c, kSoaMname);
  name_field(c, kSoaRname);
  for (const FieldId id : {kSoaSerial, kSoaRefresh, kSoaRetry, kSoaExpire, kSoaMinimum})
    c.be32(field(id));
}

void write_caa(FieldCursor& c) noexcept {
  Dissection& d = c.sink();
  const uint8_t flags = c.peek8();
  const size_t at = c.at();
  c.u8(field(kCaaFlags));
  d.number(field(kCaaCritical), c.in(), at, 1, flags >> 7);
  const size_t tag_length = c.u8(field(kCaaTagLength));
  const size_t tag_at = c.at();
  const std::string_view tag = as_text(c.take(tag_length));
  if (!c.ok()) return;
  const FieldId id = tag == "issue"       ? kCaaIssue
                     : tag == "issuewild" ? kCaaIssueWild
                     : tag == "iodef"     ? kCaaIodef
                                          : kCaaUnknown;
  const std::string_view value = as_text(c.in().data.subspan(c.at(), c.left()));
  d.open_text(field(id), c.in(), tag_at, tag.size() + value.size(), value);
  d.text(field(kCaaTag), c.in(), tag_at, tag.size(), tag);
  c.text(field(kCaaValue), c.left());
  d.close();
}

void write_service_value(FieldCursor& v, uint16_t key) noexcept {
  switch (key) {
    case 0:
      while (v.ok() && v.left() > 0) v.be16(field(kSvcMandatory));
      return;
    case 1:
      while (v.ok() && v.left() > 0) counted_text(v, kSvcAlpnLength, kSvcAlpn);
      return;
    case 3:
      v.be16(field(kSvcPort));
      return;
    case 4:
      while (v.ok() && v.left() > 0) v.ip4(field(kSvcIpv4));
      return;
    case 5:
      v.bytes(field(kSvcEch), v.left());
      return;
    case 6:
      while (v.ok() && v.left() > 0) v.ip6(field(kSvcIpv6));
      return;
    default:
      v.bytes(field(kSvcValue), v.left());
  }
}

void write_svcb(FieldCursor& c) noexcept {
  Dissection& d = c.sink();
  c.be16(field(kSvcPriority));
  name_field(c, kSvcTarget);
  while (c.ok() && c.left() >= 4) {
    const size_t length = c.peek16(2);
    d.open(field(kSvcParam), c.in(), c.at(), 4 + length, 1);
    const uint16_t key = c.be16(field(kSvcKey));
    c.be16(field(kSvcLength));
    FieldCursor value = c.part(length);
    write_service_value(value, key);
    d.close();
  }
}

uint16_t key_tag(Bytes rdata, uint8_t algorithm) noexcept {
  if (algorithm == 1) return rdata.size() < 7 ? uint16_t{0} : load_be16(rdata, rdata.size() - 3);
  uint32_t sum = 0;
  for (size_t i = 0; i < rdata.size(); ++i)
    sum += i & 1 ? load8(rdata, i) : static_cast<uint32_t>(load8(rdata, i)) << 8;
  return static_cast<uint16_t>(sum + (sum >> 16));
}

void write_dnskey(FieldCursor& c) noexcept {
  Dissection& d = c.sink();
  const Bytes rdata = c.in().data.subspan(c.at(), c.left());
  const size_t at = c.at();
  const uint16_t flags = c.peek16();
  c.be16(field(kKeyFlags));
  if (!c.ok()) return;
  d.number(field(kKeyZone), c.in(), at, 2, flags >> 8 & 1);
  d.number(field(kKeyRevoked), c.in(), at, 2, flags >> 7 & 1);
  d.number(field(kKeySep), c.in(), at, 2, flags & 1);
  d.number(field(kKeyReserved), c.in(), at, 2, flags & 0xfe7e);
  c.u8(field(kKeyProtocol));
  const uint8_t algorithm = c.u8(field(kKeyAlgorithm));
  if (!c.ok()) return;
  d.derived(field(kKeyId), c.in(), key_tag(rdata, algorithm));
  c.bytes(field(kKeyPublic), c.left());
}

void write_rrsig(FieldCursor& c) noexcept {
  Dissection& d = c.sink();
  c.be16(field(kSigType));
  c.u8(field(kSigAlgorithm));
  c.u8(field(kSigLabels));
  c.be32(field(kSigTtl));
  for (const FieldId id : {kSigExpiration, kSigInception}) {
    const Bytes b = c.take(4);
    if (!c.ok()) return;
    d.number(field(id), c.in(), c.at() - 4, 4, load_be32(b, 0) * uint64_t{1'000'000'000});
  }
  c.be16(field(kSigKeyTag));
  name_field(c, kSigSigner);
  c.bytes(field(kSigSignature), c.left());
}

/// Windows of a type bitmap (RFC 4034): one record kind per set bit.
void write_type_bitmap(FieldCursor& c) noexcept {
  while (c.ok() && c.left() >= 2) {
    const uint16_t window = c.peek8();
    c.skip(1);
    const size_t length = c.peek8();
    c.skip(1);
    const size_t at = c.at();
    const Bytes bits = c.take(length);
    if (!c.ok() || !c.sink().detailed()) continue;
    for (size_t i = 0; i < bits.size() * 8; ++i) {
      if (load8(bits, i / 8) >> (7 - i % 8) & 1)
        c.sink().number(field(kRespType), c.in(), at + i / 8, 1, window << 8 | i);
    }
  }
}

void write_nsec3(FieldCursor& c, bool with_next) noexcept {
  Dissection& d = c.sink();
  c.u8(field(kNsec3Algo));
  const uint8_t flags = c.peek8();
  c.u8(field(kNsec3Flags));
  if (c.ok()) d.number(field(kNsec3OptOut), c.in(), c.at() - 1, 1, flags & 1);
  c.be16(field(kNsec3Iterations));
  const size_t salt = c.u8(field(kNsec3SaltLength));
  c.bytes(field(kNsec3Salt), salt);
  if (!with_next) return;
  const size_t length = c.u8(field(kNsec3HashLength));
  const Bytes hash = c.take(length);
  if (!c.ok()) return;
  static constexpr char kBase32Hex[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
  std::array<char, 256 * 8 / 5 + 2> text;
  size_t size = 0;
  uint32_t bits = 0, have = 0;
  for (const std::byte b : hash) {
    bits = (bits << 8 | static_cast<uint8_t>(b)) & 0xfff;
    for (have += 8; have >= 5; have -= 5) text[size++] = kBase32Hex[bits >> (have - 5) & 31];
  }
  if (have > 0) text[size++] = kBase32Hex[bits << (5 - have) & 31];
  d.text(field(kNsec3Hash), c.in(), c.at() - length, length, {text.data(), size});
  write_type_bitmap(c);
}

void write_naptr(FieldCursor& c) noexcept {
  c.be16(field(kNaptrOrder));
  c.be16(field(kNaptrPreference));
  counted_text(c, kNaptrFlagsLength, kNaptrFlags);
  counted_text(c, kNaptrServiceLength, kNaptrService);
  counted_text(c, kNaptrRegexLength, kNaptrRegex);
  if (c.ok()) c.sink().number(field(kNaptrReplacementLength), c.in(), c.at(), 0, c.left());
  name_field(c, kNaptrReplacement);
}

void write_tsig(FieldCursor& c) noexcept {
  name_field(c, kTsigAlgorithm);
  c.skip(6);  // time signed: shown by tshark, 48 bits of seconds
  c.be16(field(kTsigFudge));
  const size_t size = c.be16(field(kTsigMacSize));
  c.bytes(field(kTsigMac), size);
  c.be16(field(kTsigOriginalId));
  c.be16(field(kTsigError));
  c.be16(field(kTsigOtherLen));
}

void write_client_subnet(FieldCursor& o) noexcept {
  const uint16_t family = o.be16(field(kEcsFamily));
  o.u8(field(kEcsNetmask));
  o.u8(field(kEcsScope));
  if (!o.ok() || o.left() == 0) return;
  std::array<std::byte, 16> address{};
  const Bytes told = o.in().data.subspan(o.at(), o.left());
  if ((family != 1 && family != 2) || told.size() > (family == 1 ? 4u : 16u)) {
    o.bytes(field(kEcsAddress), o.left());
    return;
  }
  std::memcpy(address.data(), told.data(), told.size());
  // The node covers the bytes that are there; the value is the whole address.
  const IpAddress ip = family == 1 ? IpAddress::v4(address) : IpAddress::v6(address);
  o.sink().ip(field(family == 1 ? kEcsAddress4 : kEcsAddress6), o.in(), o.at(), ip);
  o.skip(o.left());
}

void write_option(FieldCursor& o, uint16_t code) noexcept {
  switch (code) {
    case 8:
      return write_client_subnet(o);
    case 10:
      o.bytes(field(kCookieClient), o.left() < 8 ? o.left() : 8);
      o.bytes(field(kCookieServer), o.left());
      return;
    case 11:
      if (o.left() >= 2) o.be16(field(kKeepalive));
      return;
    case 12:
      o.bytes(field(kPadding), o.left());
      return;
    case 15:
      o.be16(field(kErrorCode));
      if (o.ok() && o.left() > 0) o.text(field(kErrorText), o.left());
      return;
    default:
      o.bytes(field(kOptData), o.left());
  }
}

}  // namespace

void write_opt(FieldCursor& c, bool mdns) noexcept {
  Dissection& d = c.sink();
  if (mdns) {
    const uint16_t value = c.peek16();
    d.number(field(kOptPayload), c.in(), c.at(), 2, value & 0x7fff);
    d.number(field(kCacheFlush), c.in(), c.at(), 2, value >> 15);
    c.skip(2);
  } else {
    c.be16(field(kOptPayloadDec));
  }
  c.u8(field(kOptExtRcode));
  c.u8(field(kOptVersion));
  const uint16_t z = c.peek16();
  c.be16(field(kOptZ));
  if (!c.ok()) return;
  d.number(field(kOptDo), c.in(), c.at() - 2, 2, z >> 15);
  d.number(field(kOptReserved), c.in(), c.at() - 2, 2, z & 0x7fff);
  const size_t length = c.be16(field(kRespLen));
  FieldCursor options = c.part(length);
  while (options.ok() && options.left() >= 4) {
    const size_t size = options.peek16(2);
    d.open(field(kOpt), c.in(), options.at(), 4 + size, 1);
    const uint16_t code = options.be16(field(kOptCode));
    options.be16(field(kOptLen));
    if (size > 0 && options.left() > 0) {
      // Cookies and the like also show their raw bytes, as the reference does.
      d.bytes(field(kOptData), c.in(), options.at(), size);
      if (code != 8 && code != 10 && code != 11 && code != 12 && code != 15) {
        options.skip(size);
        d.close();
        continue;
      }
    }
    FieldCursor one = options.part(size);
    write_option(one, code);
    d.close();
  }
}

void write_record_data(FieldCursor& c, uint16_t type) noexcept {
  switch (type) {
    case kTypeA:
      c.ip4(field(kA));
      return;
    case kTypeAaaa:
      c.ip6(field(kAaaa));
      return;
    case kTypeNs:
      return name_field(c, kNs);
    case kTypeCname:
      return name_field(c, kCname);
    case kTypePtr:
      return name_field(c, kPtr);
    case 39:
      return name_field(c, kDname);
    case kTypeSoa:
      return write_soa(c);
    case 10:
      c.bytes(field(kNull), c.left());
      return;
    case 13:
      counted_text(c, kHinfoCpuLength, kHinfoCpu);
      return counted_text(c, kHinfoOsLength, kHinfoOs);
    case kTypeMx:
      c.be16(field(kMxPreference));
      return name_field(c, kMxExchange);
    case kTypeTxt:
      while (c.ok() && c.left() > 0) counted_text(c, kTxtLength, kTxt);
      return;
    case 99:
      while (c.ok() && c.left() > 0) counted_text(c, kSpfLength, kSpf);
      return;
    case kTypeSrv:
      c.be16(field(kSrvPriority));
      c.be16(field(kSrvWeight));
      c.be16(field(kSrvPort));
      return name_field(c, kSrvTarget);
    case 35:
      return write_naptr(c);
    case 43:
      c.be16(field(kDsKeyId));
      c.u8(field(kDsAlgorithm));
      c.u8(field(kDsDigestType));
      c.bytes(field(kDsDigest), c.left());
      return;
    case 44:
      c.u8(field(kSshfpAlgorithm));
      c.u8(field(kSshfpType));
      c.bytes(field(kSshfpFingerprint), c.left());
      return;
    case 46:
      return write_rrsig(c);
    case 47:
      name_field(c, kNsecNext);
      return write_type_bitmap(c);
    case 48:
      return write_dnskey(c);
    case 50:
      return write_nsec3(c, true);
    case 51:
      return write_nsec3(c, false);
    case 52:
      c.u8(field(kTlsaUsage));
      c.u8(field(kTlsaSelector));
      c.u8(field(kTlsaMatching));
      c.bytes(field(kTlsaData), c.left());
      return;
    case kTypeSvcb:
    case kTypeHttps:
      return write_svcb(c);
    case 250:
      return write_tsig(c);
    case 257:
      return write_caa(c);
    default:
      c.bytes(field(kData), c.left());
  }
}

}  // namespace sp3ctra::dns
