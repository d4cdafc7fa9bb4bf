// TLS records and handshake over TCP, SSL 3.0 to TLS 1.3. The framer gives whole handshake
// messages: one record, or several when a message goes on in the next record.
#include "protocols/tls.h"

#include <fmt/format.h>

namespace sp3ctra {

extern const Protocol kTls;

namespace tls {
namespace {

constexpr size_t kHeaderBytes = 5;
constexpr uint32_t kRecordBytesMax = 16384 + 2048;   // RFC 8446 5.2, RFC 5246 6.2.3
constexpr uint32_t kHandshakeBytesMax = 120 * 1024;  // a longer message is not a handshake

constexpr uint8_t kMissesMax = 8;  // chunks without TLS until the port is not believed

constexpr AnomalyDef kAnomalies[] = {
    {"tls.cut", "A message inside the record is longer than the record."},
    {"tls.record_long", "The record is longer than the protocol allows."}};
enum AnomalyId { kCut, kRecordLong };

bool plausible_header(const uint8_t* h) noexcept {
  if (h[0] < kChangeCipherSpecType || h[0] > kHeartbeatType || h[1] != 3 || h[2] > 4) return false;
  const uint32_t length = static_cast<uint32_t>(h[3]) << 8 | h[4];
  return length <= kRecordBytesMax && (length > 0 || h[0] == kDataType);
}

bool plausible(Bytes b) noexcept {
  const uint8_t h[kHeaderBytes] = {load8(b, 0), load8(b, 1), load8(b, 2), load8(b, 3), load8(b, 4)};
  return plausible_header(h);
}

bool known_handshake(uint8_t type) noexcept { return !handshake_words(type).empty(); }

/// Follows the handshake messages inside one piece of a record. False when these bytes are no
/// handshake (encrypted, or garbage).
bool follow_handshake(State::Side& s, Bytes piece) noexcept {
  for (size_t i = 0; i < piece.size();) {
    if (s.hs_left > 0) {
      const size_t n = std::min<size_t>(s.hs_left, piece.size() - i);
      s.hs_left -= static_cast<uint32_t>(n);
      i += n;
      continue;
    }
    s.hs_header[s.hs_have++] = load8(piece, i++);
    if (s.hs_have < 4) continue;
    s.hs_have = 0;
    s.hs_left = static_cast<uint32_t>(s.hs_header[1]) << 16 |
                static_cast<uint32_t>(s.hs_header[2]) << 8 | s.hs_header[3];
    if (!known_handshake(s.hs_header[0]) || s.hs_left > kHandshakeBytesMax) {
      s.hs_left = 0;
      return false;
    }
  }
  return true;
}

FrameStep frame(Dissection&, void* state, uint8_t direction, Bytes chunk) noexcept {
  auto& st = *static_cast<State*>(state);
  State::Side& s = st.sides[direction & 1];
  FrameStep step;
  while (step.consumed < chunk.size()) {
    if (s.header_have < kHeaderBytes) {
      s.header[s.header_have++] = load8(chunk, step.consumed++);
      if (s.header_have < kHeaderBytes) continue;
      if (!plausible_header(s.header.data())) {
        // Joined in the middle of a record: skip this chunk, records tend to begin with one.
        s.header_have = 0;
        step.lost = !st.seen && ++st.misses > kMissesMax;
        step.consumed = static_cast<uint32_t>(chunk.size());
        step.complete = !step.lost;
        return step;
      }
      st.seen = true;
      s.left = static_cast<uint32_t>(s.header[3]) << 8 | s.header[4];
      if (s.header[0] == kChangeCipherSpecType) s.framed_encrypted = true;
      // A handshake message must go on in a handshake record; else the rest is given up.
      if (s.header[0] != kHandshakeType) s.hs_have = 0, s.hs_left = 0;
    }
    const size_t n = std::min<size_t>(s.left, chunk.size() - step.consumed);
    if (s.header[0] == kHandshakeType && !s.framed_encrypted &&
        !follow_handshake(s, chunk.subspan(step.consumed, n))) {
      s.framed_encrypted = true;
      s.hs_have = 0;
    }
    step.consumed += static_cast<uint32_t>(n);
    s.left -= static_cast<uint32_t>(n);
    if (s.left > 0) continue;
    s.header_have = 0;
    if (s.hs_have > 0 || s.hs_left > 0) continue;  // goes on in the next record
    step.complete = true;
    return step;
  }
  return step;
}

void gap(void* state, uint8_t direction) noexcept {
  State::Side& s = static_cast<State*>(state)->sides[direction & 1];
  s.header_have = s.hs_have = 0;
  s.left = s.hs_left = 0;
}

void init_state(void* state) noexcept { new (state) State{}; }

/// What happened in this message, for the list line.
struct Story {
  State* state = nullptr;
  uint8_t direction = 0;
  bool client_hello = false, server_hello = false, certificate = false, finished = false;
  bool change = false, encrypted_handshake = false, ticket = false, other_step = false;
  bool alert = false, alert_readable = false;
  uint8_t alert_level = 0, alert_desc = 0, last_step = 0;
  uint64_t data_bytes = 0;
  Hello hello;
  std::string_view certificate_for;
};

void remember(std::string_view text, std::span<char> to, uint8_t& size) noexcept {
  size = static_cast<uint8_t>(std::min(text.size(), to.size()));
  if (size > 0) std::memcpy(to.data(), text.data(), size);
}

void emit_hello(Dissection& d, const Story& s) noexcept {
  if (!d.wants_events()) return;
  Event e;
  e.kind = EventKind::kTransaction;
  e.protocol = "tls";
  e.name = s.client_hello ? "client_hello" : "server_hello";
  const Hello& h = s.hello;
  e.add("tls.version", version_words(h.version));
  if (s.client_hello) {
    if (!h.name.empty()) e.add("tls.handshake.extensions_server_name", h.name);
    if (!h.alpn.empty()) e.add("tls.handshake.extensions_alpn_str", h.alpn);
    e.add("tls.handshake.ja3", {h.ja3_hash.data(), 32});
  } else {
    if (s.state) {
      e.first_frame = s.state->client_hello_frame;
      const State& st = *s.state;
      if (st.name_size)
        e.add("tls.handshake.extensions_server_name", {st.name.data(), st.name_size});
    }
    if (!h.alpn.empty()) e.add("tls.handshake.extensions_alpn_str", h.alpn);
    if (!cipher_name(h.cipher).empty()) e.add("tls.handshake.ciphersuite", cipher_name(h.cipher));
    e.add("tls.handshake.ja3s", {h.ja3_hash.data(), 32});
  }
  d.emit(e);
}

void write_certificates(FieldCursor& c, bool tls13, Story& s) noexcept {
  Dissection& d = c.sink();
  if (tls13) c.skip(c.peek8() + 1u);  // request context
  const size_t n = c.be24(field(kCertsLength));
  d.open(field(kCerts), c.in(), c.at(), n, 1);
  FieldCursor list = c.part(n);
  bool first = true;
  while (list.ok() && list.left() >= 3) {
    const size_t size = list.be24(field(kCertLength));
    const size_t at = list.at();
    FieldCursor der = list.part(size);
    if (first && (d.wants_info() || d.wants_events()))
      s.certificate_for = certificate_name(der.in().data.subspan(at, der.left()));
    first = false;
    if (!d.detailed()) continue;
    d.open_text(field(kCert), c.in(), at, der.left(),
                as_text(der.in().data.subspan(at, der.left())));
    write_certificate(der);
    d.close();
    if (tls13 && list.left() >= 2) list.skip(list.peek16() + 2u);
  }
  d.close();
}

enum class KeyExchange : uint8_t { kRsa, kDhe, kEcdhe, kOther };

KeyExchange key_exchange(uint16_t cipher) noexcept {
  const std::string_view name = cipher_name(cipher);
  if (name.starts_with("TLS_ECDH")) return KeyExchange::kEcdhe;
  if (name.starts_with("TLS_DHE") || name.starts_with("TLS_DH_")) return KeyExchange::kDhe;
  if (name.starts_with("TLS_RSA")) return KeyExchange::kRsa;
  return KeyExchange::kOther;
}

void counted16(FieldCursor& c, FieldId length, FieldId value) noexcept {
  const size_t n = c.be16(field(length));
  c.bytes(field(value), n);
}

void write_signature(FieldCursor& c, bool with_method) noexcept {
  if (c.left() < 4) return;
  if (with_method) {
    c.sink().open(field(kSigAlg), c.in(), c.at(), 2, c.peek16());
    c.u8(field(kSigHash));
    c.u8(field(kSigSig));
    c.sink().close();
  }
  counted16(c, kSigLen, kSig);
}

void write_server_key(FieldCursor& c, const State* st) noexcept {
  const uint16_t version = st ? st->version : 0;
  const KeyExchange kind = st ? key_exchange(st->cipher) : KeyExchange::kOther;
  const bool anonymous = st && cipher_name(st->cipher).find("anon") != std::string_view::npos;
  if (kind == KeyExchange::kEcdhe) {
    if (c.peek8() != 3) return;
    c.u8(field(kCurveType));
    c.be16(field(kNamedCurve));
    const size_t n = c.u8(field(kServerPointLen));
    c.bytes(field(kServerPoint), n);
  } else if (kind == KeyExchange::kDhe) {
    counted16(c, kPLen, kP);
    counted16(c, kGLen, kG);
    counted16(c, kYsLen, kYs);
  } else {
    return;
  }
  if (c.ok() && !anonymous) write_signature(c, version >= 0x0303);
}

void write_client_key(FieldCursor& c, const State* st) noexcept {
  switch (st ? key_exchange(st->cipher) : KeyExchange::kOther) {
    case KeyExchange::kEcdhe: {
      const size_t n = c.u8(field(kClientPointLen));
      c.bytes(field(kClientPoint), n);
      return;
    }
    case KeyExchange::kDhe:
      return counted16(c, kYcLen, kYc);
    case KeyExchange::kRsa:
      if (st->version == 0x0300) {
        c.bytes(field(kEpms), c.left());
      } else {
        counted16(c, kEpmsLen, kEpms);
      }
      return;
    default:
      return;
  }
}

void write_certificate_request(FieldCursor& c, bool with_methods) noexcept {
  Dissection& d = c.sink();
  const size_t n = c.u8(field(kCertTypesCount));
  d.open(field(kCertTypes), c.in(), c.at(), n, 1);
  FieldCursor types = c.part(n);
  while (types.ok() && types.left() > 0) types.u8(field(kCertType));
  d.close();
  if (with_methods) {
    const size_t size = c.be16(field(kSigAlgsLen));
    d.open(field(kSigAlgs), c.in(), c.at(), size, 1);
    FieldCursor list = c.part(size);
    while (list.ok() && list.left() >= 2) {
      d.open(field(kSigAlg), c.in(), list.at(), 2, list.peek16());
      list.u8(field(kSigHash));
      list.u8(field(kSigSig));
      d.close();
    }
    d.close();
  }
  c.be16(field(kDnamesLen));
}

/// One whole handshake message, header included in `c`'s span.
void write_handshake(FieldCursor& c, Story& s) noexcept {
  Dissection& d = c.sink();
  d.open(field(kHandshake), c.in(), c.at(), c.left(), 1);
  const uint8_t type = c.u8(field(kHsType));
  if (d.detailed()) d.note_open(handshake_words(type));
  c.be24(field(kHsLength));
  State* st = s.state;
  const bool tls13 = st && st->version == 0x0304;
  s.last_step = type;
  switch (type) {
    case 1:
      s.client_hello = true;
      s.hello.ja3_size = 0;
      write_client_hello(c, s.hello);
      if (st) {
        st->client_hello_frame = d.packet->number;
        remember(s.hello.name, st->name, st->name_size);
      }
      emit_hello(d, s);
      break;
    case 2:
      s.client_hello = false;
      s.server_hello = true;
      s.hello = Hello{};
      write_server_hello(c, s.hello);
      if (st) {
        st->version = s.hello.version;
        st->cipher = s.hello.cipher;
        remember(s.hello.alpn, st->alpn, st->alpn_size);
      }
      emit_hello(d, s);
      break;
    case 4: {
      s.ticket = true;
      c.be32(field(kTicketLifetime));
      counted16(c, kTicketLength, kTicket);
      break;
    }
    case 11:
      s.certificate = true;
      write_certificates(c, tls13, s);
      break;
    case 12:
      write_server_key(c, st);
      s.other_step = true;
      break;
    case 13:
      write_certificate_request(c, st && st->version >= 0x0303);
      s.other_step = true;
      break;
    case 15:
      write_signature(c, st && st->version >= 0x0303);
      s.other_step = true;
      break;
    case 16:
      write_client_key(c, st);
      s.other_step = true;
      break;
    case 20:
      s.finished = true;
      d.number(field(kVerifyData), c.in(), c.at(), c.left(), 1);
      break;
    case 22:
      c.u8(field(kStatusType));
      c.be24(field(kStatusLen));
      s.other_step = true;
      break;
    default:
      s.other_step = true;
  }
  d.close();
}

/// Handshake messages in [at, at + size) of `body`; opaque ones are encrypted.
void write_handshakes(Dissection& d, const Input& body, size_t at, size_t size, bool encrypted,
                      Story& s) noexcept {
  size_t end = std::min(at + size, body.data.size());
  while (at < end) {
    const uint8_t type = load8(body.data, at);
    const size_t length = end - at >= 4 ? 4 + load_be24(body.data, at + 1) : 0;
    if (encrypted || !known_handshake(type) || length == 0 || length > end - at) {
      s.encrypted_handshake |= encrypted;
      d.number(field(kHandshake), body, at, end - at, 1);
      if (d.detailed()) d.note(encrypted ? "encrypted" : "goes on elsewhere");
      return;
    }
    FieldCursor c(d, body, at, at + length);
    write_handshake(c, s);
    at += length;
  }
}

std::string_view inside_words(Dissection& d, const State* st) noexcept {
  const std::string_view alpn = st ? std::string_view(st->alpn.data(), st->alpn_size) : "";
  if (alpn == "h2") return "HyperText Transfer Protocol 2";
  if (alpn.starts_with("http/1.")) return "Hypertext Transfer Protocol";
  switch (std::min(d.parsed.src_port, d.parsed.dst_port)) {
    case 443:
      return "Hypertext Transfer Protocol";
    case 465:
      return "Simple Mail Transfer Protocol";
    case 636:
      return "Lightweight Directory Access Protocol";
    case 853:
      return "Domain Name System";
    case 993:
      return "Internet Message Access Protocol";
    case 995:
      return "Post Office Protocol";
    default:
      break;
  }
  switch (std::max(d.parsed.src_port, d.parsed.dst_port)) {
    case 443:
      return "Hypertext Transfer Protocol";
    default:
      return {};
  }
}

void write_body(Dissection& d, const Input& in, size_t at, size_t size, uint8_t type,
                Story& s) noexcept {
  const bool encrypted = s.state && s.state->sides[s.direction].encrypted;
  const size_t have = std::min(size, in.data.size() - at);
  switch (type) {
    case kChangeCipherSpecType:
      s.change = true;
      if (s.state) s.state->sides[s.direction].encrypted = true;
      d.number(field(kChangeCipherSpec), in, at, have, 1);
      return;
    case kAlertType:
      s.alert = true;
      d.open(field(kAlert), in, at, have, 1);
      if (size == 2 && have == 2 && load8(in.data, at) <= 2 && !encrypted) {
        s.alert_readable = true;
        s.alert_level = load8(in.data, at);
        s.alert_desc = load8(in.data, at + 1);
        d.number(field(kAlertLevel), in, at, 1, s.alert_level);
        d.number(field(kAlertDesc), in, at + 1, 1, s.alert_desc);
      }
      d.close();
      return;
    case kHandshakeType:
      return write_handshakes(d, in, at, size, encrypted, s);
    case kDataType:
      s.data_bytes += size;
      d.bytes(field(kAppData), in, at, have);
      if (d.detailed() && !inside_words(d, s.state).empty())
        d.derived_text(field(kAppDataProto), in, inside_words(d, s.state));
      return;
    default:
      return;
  }
}

void write_record_header(Dissection& d, const Input& in, size_t at, uint8_t type,
                         bool tls13) noexcept {
  d.number(field(tls13 && type == kDataType ? kOpaqueType : kContentType), in, at, 1, type);
  d.number(field(kRecordVersion), in, at + 1, 2, load_be16(in.data, at + 1));
  d.number(field(kRecordLength), in, at + 3, 2, load_be16(in.data, at + 3));
}

/// A handshake message that spans records: its bytes are put together into a source of their own.
/// Bounded by the message the flow keeps.
void write_spanning(Dissection& d, const Input& in, Story& s) noexcept {
  static thread_local std::array<std::byte, limits::kPduBytesKept> whole;
  size_t size = 0;
  for (size_t at = 0; at + kHeaderBytes <= in.data.size();) {
    const size_t length = load_be16(in.data, at + 3);
    const size_t have = std::min(length, in.data.size() - at - kHeaderBytes);
    d.open(field(kRecord), in, at, kHeaderBytes + length, 1);
    write_record_header(d, in, at, load8(in.data, at), false);
    d.close();
    const size_t n = std::min(have, whole.size() - size);
    std::memcpy(whole.data() + size, in.data.data() + at + kHeaderBytes, n);
    size += n;
    at += kHeaderBytes + length;
  }
  Input body;
  body.data = Bytes(whole).first(size);
  body.reported = static_cast<uint32_t>(size);
  const uint64_t frame = d.packet->number;
  body.source = d.add_source("Reassembled TLS handshake", body.data, {&frame, 1});
  write_handshakes(d, body, 0, size, false, s);
}

std::string_view known_name(const Story& s) noexcept {
  if (!s.hello.name.empty()) return s.hello.name;
  return s.state ? std::string_view(s.state->name.data(), s.state->name_size) : std::string_view{};
}

std::string hello_line(const Story& s) {
  const Hello& h = s.hello;
  if (s.server_hello) {
    return fmt::format("agrees on {} with {}", version_words(h.version), cipher_words(h.cipher));
  }
  const std::string whom = h.name.empty() ? "" : fmt::format(" for {}", h.name);
  std::string out = fmt::format("starts encryption{}, offers {}", whom, version_words(h.version));
  out += fmt::format(" and {} cipher{}", h.cipher_count, h.cipher_count == 1 ? "" : "s");
  if (h.ech) out += ", hides or pretends to hide the real name";
  return out;
}

std::string info_line(const Story& s) {
  if (s.client_hello || s.server_hello) return hello_line(s);
  if (s.certificate) {
    if (s.certificate_for.empty()) return "shows its certificate";
    return fmt::format("shows its certificate for {}", s.certificate_for);
  }
  if (s.alert) {
    if (!s.alert_readable) return "sends an encrypted alert";
    return fmt::format("{}: {}", s.alert_level == 2 ? "gives up" : "warns",
                       alert_words(s.alert_desc));
  }
  if (s.data_bytes > 0) return fmt::format("sends {} encrypted bytes", s.data_bytes);
  if (s.change) return "switches encryption on";
  if (s.encrypted_handshake) return "sends an encrypted handshake message";
  if (s.last_step) return fmt::format("continues the handshake: {}", handshake_words(s.last_step));
  return "sends a TLS record";
}

void dissect(Dissection& d, Input in) noexcept {
  Story s;
  s.direction = d.parsed.direction & 1;
  if (d.quoted == 0) s.state = static_cast<State*>(d.streams.state(sp3ctra::kTls));
  d.open(kFields[sp3ctra::tls::kTls], in, 0, in.data.size());
  const size_t first = in.data.size() >= kHeaderBytes ? kHeaderBytes + load_be16(in.data, 3) : 0;
  if (in.data.size() >= kHeaderBytes && !plausible(in.data)) {
    d.close();
    if (d.wants_info()) d.info("sends bytes from the middle of something encrypted, or no TLS");
    return;
  }
  const bool spanning = first > 0 && load8(in.data, 0) == kHandshakeType &&
                        first + kHeaderBytes <= in.data.size() &&
                        !(s.state && s.state->sides[s.direction].encrypted);
  if (spanning) {
    write_spanning(d, in, s);
  } else {
    for (size_t at = 0; at + kHeaderBytes <= in.data.size();) {
      const size_t length = load_be16(in.data, at + 3);
      const uint8_t type = load8(in.data, at);
      d.open(field(kRecord), in, at, kHeaderBytes + length, 1);
      write_record_header(d, in, at, type, s.state && s.state->version == 0x0304);
      if (length > kRecordBytesMax) d.anomaly(kAnomalies[kRecordLong], in, at, kHeaderBytes);
      write_body(d, in, at + kHeaderBytes, length, type, s);
      d.close();
      at += kHeaderBytes + length;
    }
  }
  d.close();
  if (d.wants_info()) d.info(info_line(s));
}

bool recognise(Bytes payload, const Parsed&) noexcept {
  if (payload.size() < 11) return false;
  std::array<uint8_t, 5> h;
  for (size_t i = 0; i < h.size(); ++i) h[i] = load8(payload, i);
  if (!plausible_header(h.data()) || h[0] != kHandshakeType) return false;
  const uint8_t type = load8(payload, 5);
  return (type == 1 || type == 2) && load8(payload, 9) == 3 && load8(payload, 10) <= 4;
}

bool plausible_start(Bytes payload, const Parsed&) noexcept {
  return payload.size() >= kHeaderBytes && plausible(payload);
}

constexpr Binding kBindings[] = {
    {Table::kTcpPort, 443},   {Table::kTcpPort, 465},   {Table::kTcpPort, 636},
    {Table::kTcpPort, 853},   {Table::kTcpPort, 993},   {Table::kTcpPort, 995},
    {Table::kTcpPort, 324},   {Table::kTcpPort, 802},   {Table::kTcpPort, 1300},
    {Table::kTcpPort, 2221},  {Table::kTcpPort, 2443},  {Table::kTcpPort, 3249},
    {Table::kTcpPort, 3250},  {Table::kTcpPort, 3251},  {Table::kTcpPort, 3252},
    {Table::kTcpPort, 3496},  {Table::kTcpPort, 5061},  {Table::kTcpPort, 5671},
    {Table::kTcpPort, 5684},  {Table::kTcpPort, 5868},  {Table::kTcpPort, 8883},
    {Table::kTcpPort, 11207}, {Table::kTcpPort, 19999}, {Table::kTcpPort, 27017},
    {Table::kTcpHeuristic, 0}};

}  // namespace
}  // namespace tls

extern const Protocol kTls{
    .name = "tls",
    .label = "TLS",
    .title = "Transport Layer Security",
    .words =
        "Encrypts what two programs say to each other and proves who the server is. The name "
        "of the site can usually still be read.",
    .family = Family::kSecure,
    .fields = tls::kFields,
    .anomalies = tls::kAnomalies,
    .bindings = tls::kBindings,
    .dissect = tls::dissect,
    .recognise = tls::recognise,
    .plausible = tls::plausible_start,
    .state_size = sizeof(tls::State),
    .state_init = tls::init_state,
    .frame = tls::frame,
    .gap = tls::gap};

}  // namespace sp3ctra
