// ClientHello and ServerHello with their extensions (RFC 8446 section 4.1, 4.2; RFC 6066; RFC 7301)
// and the JA3 and JA3S lines made of them.
#include <charconv>

#include "protocols/tls.h"

namespace sp3ctra::tls {
namespace {

enum ExtensionType : uint16_t {
  kServerName = 0,
  kMaxFragment = 1,
  kStatusRequest = 5,
  kSupportedGroups = 10,
  kEcPointFormats = 11,
  kSignatureAlgorithms = 13,
  kHeartbeat = 15,
  kAlpn = 16,
  kPadding = 21,
  kCompressCertificate = 27,
  kRecordSize = 28,
  kDelegated = 34,
  kSessionTicket = 35,
  kPreSharedKey = 41,
  kEarlyData = 42,
  kVersionsExt = 43,
  kPskModesExt = 45,
  kSignatureAlgorithmsCert = 50,
  kKeyShare = 51,
  kNpnExt = 13172,
  kAlps = 17513,
  kEch = 65037,
  kRenegotiation = 65281,
};

/// Numbers seen, for the JA3 line. Bounded; what does not fit is left out.
struct Numbers {
  std::array<uint16_t, 160> values;
  size_t size = 0;
  void add(uint16_t v) {
    if (!is_grease(v) && size < values.size()) values[size++] = v;
  }
};

struct Seen {
  Numbers extensions, groups, formats;
};

void append(Hello& h, std::string_view s) noexcept {
  const size_t n = std::min(s.size(), h.ja3.size() - h.ja3_size);
  std::memcpy(h.ja3.data() + h.ja3_size, s.data(), n);
  h.ja3_size += n;
}

void append_number(Hello& h, uint16_t v) noexcept {
  std::array<char, 8> text;
  const auto r = std::to_chars(text.data(), text.data() + text.size(), v);
  append(h, {text.data(), static_cast<size_t>(r.ptr - text.data())});
}

void append_list(Hello& h, const Numbers& list) noexcept {
  append(h, ",");
  for (size_t i = 0; i < list.size; ++i) {
    if (i > 0) append(h, "-");
    append_number(h, list.values[i]);
  }
}

void write_server_name(FieldCursor& e, Hello& h) noexcept {
  if (e.left() == 0) return;
  e.be16(field(kSniListLen));
  while (e.ok() && e.left() >= 3) {
    e.u8(field(kSniType));
    const size_t n = e.be16(field(kSniLen));
    const std::string_view name = e.text(field(kSni), n);
    if (e.ok() && h.name.empty()) h.name = name;
  }
}

void write_alpn(FieldCursor& e, Hello& h) noexcept {
  const size_t n = e.be16(field(kAlpnLen));
  e.sink().open(field(kAlpnList), e.in(), e.at(), n, 1);
  while (e.ok() && e.left() > 0) {
    const size_t size = e.u8(field(kAlpnStrLen));
    const std::string_view name = e.text(field(kAlpnStr), size);
    if (e.ok() && h.alpn.empty()) h.alpn = name;
  }
  e.sink().close();
}

void write_list16(FieldCursor& e, FieldId length, FieldId list, FieldId item,
                  Numbers* seen) noexcept {
  const size_t n = e.be16(field(length));
  e.sink().open(field(list), e.in(), e.at(), n, 1);
  FieldCursor items = e.part(n);
  while (items.ok() && items.left() >= 2) {
    const uint16_t v = items.be16(field(item));
    if (seen) seen->add(v);
  }
  e.sink().close();
}

void write_signature_list(FieldCursor& e) noexcept {
  const size_t n = e.be16(field(kSigAlgsLen));
  Dissection& d = e.sink();
  d.open(field(kSigAlgs), e.in(), e.at(), n, 1);
  FieldCursor items = e.part(n);
  while (items.ok() && items.left() >= 2) {
    const size_t at = items.at();
    const uint16_t v = items.peek16();
    d.open(field(kSigAlg), e.in(), at, 2, v);
    items.u8(field(kSigHash));
    items.u8(field(kSigSig));
    d.close();
  }
  d.close();
}

void write_key_share_entry(FieldCursor& e) noexcept {
  e.be16(field(kKeyShareGroup));
  const size_t n = e.be16(field(kKeyShareKeyLen));
  e.bytes(field(kKeyShareKey), n);
}

void write_key_share(FieldCursor& e, bool server) noexcept {
  if (server && e.left() == 2) {
    e.be16(field(kKeyShareSelected));
  } else if (server) {
    write_key_share_entry(e);
  } else {
    const size_t n = e.be16(field(kKeyShareLen));
    FieldCursor entries = e.part(n);
    while (entries.ok() && entries.left() >= 4) write_key_share_entry(entries);
  }
}

void write_pre_shared_key(FieldCursor& e, bool server) noexcept {
  if (server) {
    e.be16(field(kPskSelected));
    return;
  }
  const size_t n = e.be16(field(kPskIdentitiesLen));
  FieldCursor ids = e.part(n);
  while (ids.ok() && ids.left() >= 6) {
    const size_t size = ids.be16(field(kPskIdentityLen));
    ids.bytes(field(kPskIdentity), size);
    ids.be32(field(kPskAge));
  }
  const size_t binders = e.be16(field(kPskBindersLen));
  if (e.ok()) e.sink().number(field(kPskBinders), e.in(), e.at(), binders, 1);
}

void write_versions(FieldCursor& e, bool server, Hello& h) noexcept {
  if (server) {
    h.version = e.be16(field(kSupportedVersion));
    return;
  }
  const size_t n = e.u8(field(kSupportedVersionsLen));
  FieldCursor items = e.part(n);
  while (items.ok() && items.left() >= 2) {
    const uint16_t v = items.be16(field(kSupportedVersion));
    if (!is_grease(v) && v > h.version && v <= 0x0304) h.version = v;
  }
}

void write_extension(FieldCursor& e, uint16_t type, bool server, Hello& h, Seen& seen) noexcept {
  switch (type) {
    case kServerName:
      return write_server_name(e, h);
    case kAlpn:
      return write_alpn(e, h);
    case kSupportedGroups:
      return write_list16(e, kGroupsLength, kGroups, kGroup, &seen.groups);
    case kEcPointFormats: {
      const size_t n = e.u8(field(kPointFormatsLength));
      e.sink().open(field(kPointFormats), e.in(), e.at(), n, 1);
      while (e.ok() && e.left() > 0) seen.formats.add(e.u8(field(kPointFormat)));
      e.sink().close();
      return;
    }
    case kSignatureAlgorithms:
    case kDelegated:
    case kSignatureAlgorithmsCert:
      return write_signature_list(e);
    case kVersionsExt:
      return write_versions(e, server, h);
    case kKeyShare:
      return write_key_share(e, server);
    case kPreSharedKey:
      return write_pre_shared_key(e, server);
    case kPskModesExt:
      e.u8(field(kPskModesLen));
      while (e.ok() && e.left() > 0) e.u8(field(kPskMode));
      return;
    case kStatusRequest:
      if (e.left() < 5) return;
      e.u8(field(kStatusType));
      e.skip(e.be16(field(kStatusResponders)));
      e.be16(field(kStatusExts));
      return;
    case kRenegotiation: {
      const size_t n = e.u8(field(kRenegLen));
      e.bytes(field(kReneg), n);
      return;
    }
    case kPadding:
      e.bytes(field(kPaddingData), e.left());
      return;
    case kCompressCertificate:
      e.u8(field(kCompressAlgsLen));
      while (e.ok() && e.left() >= 2) e.be16(field(kCompressAlg));
      return;
    case kRecordSize:
      e.be16(field(kRecordSizeLimit));
      return;
    case kHeartbeat:
      e.u8(field(kHeartbeatMode));
      return;
    case kSessionTicket:
      e.bytes(field(kTicket), e.left());
      return;
    case kNpnExt:
      while (e.ok() && e.left() > 0) {
        const size_t n = e.u8(field(kNpnStrLen));
        e.text(field(kNpn), n);
      }
      return;
    case kAlps:
      e.be16(field(kAlpsLen));
      e.sink().open(field(kAlpsList), e.in(), e.at(), e.left(), 1);
      while (e.ok() && e.left() > 0) {
        const size_t n = e.u8(field(kAlpsStrLen));
        e.text(field(kAlpsStr), n);
      }
      e.sink().close();
      return;
    case kEch:
      h.ech = true;
      e.text(field(kExtData), e.left());
      return;
    default:
      e.text(field(kExtData), e.left());
  }
}

void write_extensions(FieldCursor& c, bool server, Hello& h, Seen& seen) noexcept {
  if (c.left() < 2) return;
  Dissection& d = c.sink();
  const size_t n = c.be16(field(kExtensionsLength));
  FieldCursor all = c.part(n);
  while (all.ok() && all.left() >= 4) {
    const size_t length = all.peek16(2);
    d.open(field(kExtension), all.in(), all.at(), 4 + length);
    const uint16_t type = all.be16(field(kExtType));
    all.be16(field(kExtLen));
    seen.extensions.add(type);
    FieldCursor one = all.part(length);
    write_extension(one, type, server, h, seen);
    d.close();
  }
}

void write_random_and_session(FieldCursor& c, bool with_time) noexcept {
  Dissection& d = c.sink();
  const size_t at = c.at();
  const Bytes random = c.take(32);
  if (!c.ok()) return;
  d.bytes(field(kRandom), c.in(), at, 32);
  if (with_time) {
    d.number(field(kRandomTime), c.in(), at, 4, load_be32(random, 0) * uint64_t{1'000'000'000});
    d.bytes(field(kRandomBytes), c.in(), at + 4, 28);
  }
  const size_t n = c.u8(field(kSessionIdLength));
  c.bytes(field(kSessionId), n);
}

/// Does the ServerHello, whose cursor stands at the random value, choose TLS 1.3? Only then the
/// random value never held a clock.
bool chooses_tls13(const FieldCursor& c) noexcept {
  const Bytes b = c.in().data.first(c.end());
  size_t at = c.at() + 32;
  if (at >= b.size()) return false;
  at += 1u + load8(b, at) + 3 + 2;
  for (; at + 6 <= b.size(); at += 4u + load_be16(b, at + 2))
    if (load_be16(b, at) == kVersionsExt) return load_be16(b, at + 4) == 0x0304;
  return false;
}

void finish_fingerprint(FieldCursor& c, Hello& h, FieldId full, FieldId hash) noexcept {
  Dissection& d = c.sink();
  if (!d.detailed() && !d.wants_events()) return;
  const std::string_view line{h.ja3.data(), h.ja3_size};
  md5_hex(line, h.ja3_hash);
  d.derived_text(field(full), c.in(), line);
  d.derived_text(field(hash), c.in(), {h.ja3_hash.data(), 32});
}

}  // namespace

void write_client_hello(FieldCursor& c, Hello& h) noexcept {
  Dissection& d = c.sink();
  const uint16_t version = c.be16(field(kHsVersion));
  h.version = version;
  write_random_and_session(c, true);
  append_number(h, version);
  const size_t suites = c.be16(field(kCipherSuitesLength));
  d.open(field(kCipherSuites), c.in(), c.at(), suites, 1);
  FieldCursor list = c.part(suites);
  Numbers ciphers;
  while (list.ok() && list.left() >= 2) {
    ciphers.add(list.be16(field(kCipherSuite)));
    ++h.cipher_count;
  }
  d.close();
  append_list(h, ciphers);
  const size_t methods = c.u8(field(kCompMethodsLength));
  d.open(field(kCompMethods), c.in(), c.at(), methods, 1);
  FieldCursor compressions = c.part(methods);
  while (compressions.ok() && compressions.left() > 0) compressions.u8(field(kCompMethod));
  d.close();
  if (!c.ok()) return;
  Seen seen;
  write_extensions(c, false, h, seen);
  append_list(h, seen.extensions);
  append_list(h, seen.groups);
  append_list(h, seen.formats);
  finish_fingerprint(c, h, kJa3Full, kJa3);
}

void write_server_hello(FieldCursor& c, Hello& h) noexcept {
  const uint16_t version = c.be16(field(kHsVersion));
  h.version = version;
  write_random_and_session(c, !chooses_tls13(c));
  h.cipher = c.be16(field(kCipherSuite));
  c.u8(field(kCompMethod));
  if (!c.ok()) return;
  Seen seen;
  write_extensions(c, true, h, seen);
  append_number(h, version);
  append(h, ",");
  append_number(h, h.cipher);
  append_list(h, seen.extensions);
  finish_fingerprint(c, h, kJa3sFull, kJa3s);
}

}  // namespace sp3ctra::tls
