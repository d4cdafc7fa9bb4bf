// HTTP/1.0 and 1.1 (RFC 9110, 9112): one whole message at a time; http_framer.cc cuts the stream.
#include "protocols/http.h"

#include <fmt/format.h>

#include <charconv>

namespace sp3ctra {

extern const Protocol kHttp;

namespace http {

constexpr std::span<const ValueName> kNone{};
using enum FieldType;
using enum FieldBase;
constexpr FieldDef kFields[kFieldCount] = {
#define FIELD(id, name, type, base, label, words, names) {name, type, base, label, words, names},
#include "protocols/http_fields.inc"
#undef FIELD
};

namespace {

constexpr AnomalyDef kAnomalies[] = {
    {"http.both_lengths",
     "Both a length and 'chunked' are given: two readers may disagree about "
     "where the message ends, which attackers use."},
    {"http.bad_chunk", "A piece of the content has no readable length."},
    {"http.header_broken", "A header line has no colon."}};
enum AnomalyId { kBothLengths, kBadChunk, kHeaderBroken };

struct StatusName {
  uint16_t code;
  std::string_view words;
};
constexpr StatusName kStatusNames[] = {{100, "Continue"},
                                       {101, "Switching Protocols"},
                                       {102, "Processing"},
                                       {103, "Early Hints"},
                                       {200, "OK"},
                                       {201, "Created"},
                                       {202, "Accepted"},
                                       {203, "Non-authoritative Information"},
                                       {204, "No Content"},
                                       {205, "Reset Content"},
                                       {206, "Partial Content"},
                                       {207, "Multi-Status"},
                                       {208, "Already Reported"},
                                       {226, "IM Used"},
                                       {300, "Multiple Choices"},
                                       {301, "Moved Permanently"},
                                       {302, "Found"},
                                       {303, "See Other"},
                                       {304, "Not Modified"},
                                       {305, "Use Proxy"},
                                       {307, "Temporary Redirect"},
                                       {308, "Permanent Redirect"},
                                       {400, "Bad Request"},
                                       {401, "Unauthorized"},
                                       {402, "Payment Required"},
                                       {403, "Forbidden"},
                                       {404, "Not Found"},
                                       {405, "Method Not Allowed"},
                                       {406, "Not Acceptable"},
                                       {407, "Proxy Authentication Required"},
                                       {408, "Request Time-out"},
                                       {409, "Conflict"},
                                       {410, "Gone"},
                                       {411, "Length Required"},
                                       {412, "Precondition Failed"},
                                       {413, "Request Entity Too Large"},
                                       {414, "Request-URI Too Long"},
                                       {415, "Unsupported Media Type"},
                                       {416, "Requested Range Not Satisfiable"},
                                       {417, "Expectation Failed"},
                                       {418, "I'm a teapot"},
                                       {421, "Misdirected Request"},
                                       {422, "Unprocessable Entity"},
                                       {423, "Locked"},
                                       {424, "Failed Dependency"},
                                       {425, "Too Early"},
                                       {426, "Upgrade Required"},
                                       {428, "Precondition Required"},
                                       {429, "Too Many Requests"},
                                       {431, "Request Header Fields Too Large"},
                                       {451, "Unavailable For Legal Reasons"},
                                       {500, "Internal Server Error"},
                                       {501, "Not Implemented"},
                                       {502, "Bad Gateway"},
                                       {503, "Service Unavailable"},
                                       {504, "Gateway Time-out"},
                                       {505, "HTTP Version not supported"},
                                       {507, "Insufficient Storage"},
                                       {511, "Network Authentication Required"}};

struct HeaderField {
  std::string_view name;  ///< lower case
  FieldId id;
};
constexpr HeaderField kHeaders[] = {{"host", kHost},
                                    {"user-agent", kUserAgent},
                                    {"accept", kAccept},
                                    {"accept-language", kAcceptLanguage},
                                    {"accept-encoding", kAcceptEncoding},
                                    {"cookie", kCookie},
                                    {"set-cookie", kSetCookie},
                                    {"referer", kReferer},
                                    {"connection", kConnection},
                                    {"server", kServer},
                                    {"date", kDate},
                                    {"last-modified", kLastModified},
                                    {"location", kLocation},
                                    {"cache-control", kCacheControl},
                                    {"content-type", kContentType},
                                    {"content-length", kContentLengthHeader},
                                    {"content-encoding", kContentEncoding},
                                    {"transfer-encoding", kTransferEncoding},
                                    {"upgrade", kUpgrade},
                                    {"authorization", kAuthorization},
                                    {"proxy-authorization", kProxyAuthorization},
                                    {"proxy-authenticate", kProxyAuthenticate},
                                    {"www-authenticate", kWwwAuthenticate},
                                    {"x-forwarded-for", kForwardedFor},
                                    {"sec-websocket-accept", kWsAccept},
                                    {"sec-websocket-extensions", kWsExtensions},
                                    {"sec-websocket-key", kWsKey},
                                    {"sec-websocket-protocol", kWsProtocol},
                                    {"sec-websocket-version", kWsVersion},
                                    {"http2-settings", kHttp2Settings}};

/// What the message says; all views point into the packet.
struct Head {
  bool response = false, chunked = false, has_length = false, compressed = false;
  std::string_view method, uri, version, phrase, host, type, agent, server, location, basic_login;
  uint16_t code = 0;
  uint64_t length = 0;
  size_t body_at = 0;
};

/// Writes decoded base64; stops at the first foreign character. At most out.size() bytes.
size_t decode_base64(std::string_view text, std::span<char> out) noexcept {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint32_t bits = 0, have = 0;
  size_t n = 0;
  for (const char c : text) {
    const size_t v = kAlphabet.find(c);
    if (v == std::string_view::npos) break;
    bits = (bits << 6 | static_cast<uint32_t>(v)) & 0xffff;
    if ((have += 6) < 8) continue;
    have -= 8;
    if (n == out.size()) break;
    out[n++] = static_cast<char>(bits >> have & 0xff);
  }
  return n;
}

/// Position of a piece of `in` given as a view into it.
size_t place(const Input& in, std::string_view piece) noexcept {
  return static_cast<size_t>(piece.data() - as_text(in.data).data());
}

void put(Dissection& d, const Input& in, FieldId id, std::string_view piece) noexcept {
  d.text(field(id), in, place(in, piece), piece.size(), piece);
}

void write_uri(Dissection& d, const Input& in, std::string_view uri) noexcept {
  if (!d.detailed()) return;
  const size_t at = place(in, uri);
  d.open_text(field(kUri), in, at, uri.size(), uri);
  const size_t mark = uri.find('?');
  if (mark != std::string_view::npos) {
    put(d, in, kUriPath, uri.substr(0, mark));
    std::string_view query = uri.substr(mark + 1);
    d.open_text(field(kUriQuery), in, place(in, query), query.size(), query);
    while (!query.empty()) {
      const size_t n = std::min(query.find('&'), query.size());
      put(d, in, kUriParameter, query.substr(0, n));
      query.remove_prefix(std::min(n + 1, query.size()));
    }
    d.close();
  }
  d.close();
}

/// The first line: request or status. `line` is without its line end.
void write_first_line(Dissection& d, const Input& in, std::string_view line, Head& h) noexcept {
  d.open(field(kChat), in, 0, line.size(), 1);
  if (d.detailed()) d.note_open(line);
  h.response = line.starts_with("HTTP/");
  const size_t first = std::min(line.find(' '), line.size());
  const std::string_view one = line.substr(0, first);
  std::string_view rest = line.substr(std::min(first + 1, line.size()));
  if (h.response) {
    h.version = one;
    const std::string_view code = rest.substr(0, std::min(rest.find(' '), rest.size()));
    std::from_chars(code.data(), code.data() + code.size(), h.code);
    h.phrase = rest.substr(std::min(code.size() + 1, rest.size()));
    put(d, in, kResponseVersion, h.version);
    d.number(field(kCode), in, place(in, code), code.size(), h.code);
    if (!status_words(h.code).empty())
      d.text(field(kCodeDesc), in, place(in, code), code.size(), status_words(h.code));
    if (!h.phrase.empty()) put(d, in, kPhrase, h.phrase);
  } else {
    h.method = one;
    const size_t last = rest.find(' ');
    h.uri = rest.substr(0, std::min(last, rest.size()));
    h.version = last == std::string_view::npos ? std::string_view{} : rest.substr(last + 1);
    put(d, in, kMethod, h.method);
    write_uri(d, in, h.uri);
    if (!h.version.empty()) put(d, in, kRequestVersion, h.version);
  }
  d.close();
}

std::string_view basic_login(std::string_view value) noexcept {
  if (value.size() <= 6 || !same_word(value.substr(0, 6), "basic ")) return {};
  return trimmed(value.substr(6));
}

void learn_header(std::string_view value, FieldId id, Head& h) noexcept {
  switch (id) {
    case kHost:
      h.host = value;
      break;
    case kContentType:
      h.type = value;
      break;
    case kUserAgent:
      h.agent = value;
      break;
    case kServer:
      h.server = value;
      break;
    case kLocation:
      h.location = value;
      break;
    case kAuthorization:
      if (h.basic_login.empty()) h.basic_login = basic_login(value);
      break;
    case kContentEncoding:
      h.compressed = !same_word(value, "identity");
      break;
    case kTransferEncoding:
      h.chunked = value.size() >= 7 && same_word(value.substr(value.size() - 7), "chunked");
      break;
    case kContentLengthHeader:
      h.has_length =
          std::from_chars(value.data(), value.data() + value.size(), h.length).ec == std::errc{};
      break;
    default:
      break;
  }
}

void write_cookies(Dissection& d, const Input& in, std::string_view value) noexcept {
  while (!value.empty()) {
    const size_t n = std::min(value.find(';'), value.size());
    const std::string_view one = trimmed(value.substr(0, n));
    if (!one.empty()) put(d, in, kCookiePair, one);
    value.remove_prefix(std::min(n + 1, value.size()));
  }
}

/// One header line with its line end.
void write_header(Dissection& d, const Input& in, std::string_view line, Head& h) noexcept {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    d.anomaly(kAnomalies[kHeaderBroken], in, place(in, line), line.size());
    return;
  }
  const std::string_view name = trimmed(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  FieldId id = kUnknownHeader;
  for (const HeaderField& f : kHeaders)
    if (same_word(name, f.name)) id = f.id;
  if (id != kUnknownHeader) learn_header(value, id, h);
  if (!d.detailed()) return;
  const std::string_view shown = id == kUnknownHeader ? trimmed(line) : value;
  if (id == kUnknownHeader) {
    d.open(field(id), in, place(in, line), line.size());
    d.note_open(shown);
  } else {
    d.open_text(field(id), in, place(in, line), line.size(), shown);
  }
  if (id == kContentLengthHeader && h.has_length) {
    d.number(field(kContentLength), in, place(in, value), value.size(), h.length);
  } else if (id == kCookie) {
    write_cookies(d, in, value);
  } else if (id == kAuthorization && !basic_login(value).empty()) {
    std::array<char, 512> plain;
    const size_t n = decode_base64(basic_login(value), plain);
    d.text(field(kAuthBasic), in, place(in, value), value.size(), {plain.data(), n});
  }
  d.close();
  d.text(field(h.response ? kResponseLine : kRequestLine), in, place(in, line), line.size(), line);
  d.hide_last();
}

/// First line and headers. False when the bytes end before the empty line.
bool write_head(Dissection& d, const Input& in, Head& h) noexcept {
  std::string_view rest = as_text(in.data);
  while (rest.starts_with("\r\n")) rest.remove_prefix(2);
  bool first = true;
  while (!rest.empty()) {
    const size_t newline = rest.find('\n');
    const size_t n = newline == std::string_view::npos ? rest.size() : newline + 1;
    const std::string_view line = rest.substr(0, n);
    rest.remove_prefix(n);
    const std::string_view text = line.substr(0, line.find_last_not_of("\r\n") + 1);
    if (!first && text.empty()) {
      h.body_at = place(in, rest);
      return true;
    }
    if (first) {
      write_first_line(d, in, text, h);
    } else {
      write_header(d, in, line, h);
    }
    first = false;
  }
  h.body_at = in.data.size();
  return false;
}

/// Puts the pieces together: `whole` gets the content.
void write_chunks(Dissection& d, const Input& in, size_t at, std::string& whole) noexcept {
  d.open(field(kChunked), in, at, in.data.size() - at);
  const std::string_view all = as_text(in.data);
  while (at < all.size()) {
    const size_t newline = all.find('\n', at);
    if (newline == std::string_view::npos) break;
    const std::string_view line = trimmed(all.substr(at, newline - at));
    uint64_t size = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), size, 16).ec != std::errc{}) {
      d.anomaly(kAnomalies[kBadChunk], in, at, newline - at);
      break;
    }
    const size_t data_at = newline + 1;
    const size_t have = std::min<size_t>(size, all.size() - data_at);
    d.open(field(kChunk), in, at, data_at - at + have);
    d.number(field(kChunkSize), in, at, data_at - at, size);
    if (size == 0) {
      d.close();
      std::string_view trailer = all.substr(data_at);
      if (trailer.size() > 2) put(d, in, kTrailer, trailer.substr(0, trailer.rfind("\r\n")));
      break;
    }
    d.bytes(field(kChunkData), in, data_at, have);
    whole.append(all.substr(data_at, have));
    at = data_at + have;
    const size_t end = all.find('\n', at);
    if (end == at || end == at + 1) {
      d.bytes(field(kChunkBoundary), in, at, end + 1 - at);
      at = end + 1;
    }
    d.close();
  }
  d.close();
}

/// Strings end at a zero byte in fields; the bytes stay visible.
std::string_view until_zero(std::string_view s) noexcept {
  return s.substr(0, std::min(s.find('\0'), s.size()));
}

void write_body(Dissection& d, const Input& in, const Head& h) noexcept {
  if (!d.detailed() || h.body_at >= in.data.size()) return;
  if (h.chunked) {
    std::string whole;
    write_chunks(d, in, h.body_at, whole);
    if (!whole.empty() && !h.compressed)
      d.text(field(kFileData), in, h.body_at, in.data.size() - h.body_at, until_zero(whole));
    return;
  }
  size_t size = in.data.size() - h.body_at;
  if (h.has_length && h.length < size) size = static_cast<size_t>(h.length);
  if (size > 0 && !h.compressed)
    d.text(field(kFileData), in, h.body_at, size,
           until_zero(as_text(in.data.subspan(h.body_at, size))));
}

/// Full address of a request in `out`; empty when the host is not known.
std::string_view full_uri(const Head& h, std::span<char> out) noexcept {
  if (h.uri.starts_with("http://") || h.uri.starts_with("https://")) return h.uri;
  if (h.host.empty() || h.uri.empty()) return {};
  size_t n = 0;
  for (const std::string_view part : {std::string_view("http://"), h.host, h.uri}) {
    const size_t take = std::min(part.size(), out.size() - n);
    std::memcpy(out.data() + n, part.data(), take);
    n += take;
  }
  return {out.data(), n};
}

struct Match {
  uint32_t number = 0;
  uint64_t request_frame = 0, previous_request = 0, previous_response = 0;
  int64_t took_ns = -1;
  std::array<char, 2048> uri_text;
  std::string_view uri;
};

void match_request(Dissection& d, State& s, Match& m) noexcept {
  m.number = ++s.requests;
  m.previous_request = s.previous_request;
  m.previous_response = s.previous_response;
  s.previous_request = d.packet->number;
  if (s.pending_count == s.pending.size()) return;
  Pending& p = s.pending[s.pending_count++];
  const size_t room = s.arena.size() - s.arena_size;
  const size_t n = std::min(m.uri.size(), room);
  p = {d.packet->number, d.packet->ts.ns, m.previous_request, s.arena_size,
       static_cast<uint16_t>(n)};
  if (n > 0) std::memcpy(s.arena.data() + s.arena_size, m.uri.data(), n);
  s.arena_size = static_cast<uint16_t>(s.arena_size + n);
}

void match_response(Dissection& d, State& s, bool interim, Match& m) noexcept {
  m.number = ++s.responses;
  m.previous_response = s.previous_response;
  s.previous_response = d.packet->number;
  if (s.pending_count == 0) return;
  const Pending p = s.pending[0];
  m.request_frame = p.frame;
  m.previous_request = p.previous_frame;
  m.took_ns = d.packet->ts.ns - p.ts_ns;
  std::memcpy(m.uri_text.data(), s.arena.data() + p.uri_at,
              std::min<size_t>(p.uri_size, m.uri_text.size()));
  m.uri = {m.uri_text.data(), std::min<size_t>(p.uri_size, m.uri_text.size())};
  if (interim) return;
  std::memmove(s.arena.data(), s.arena.data() + p.uri_size, s.arena_size - p.uri_size);
  s.arena_size = static_cast<uint16_t>(s.arena_size - p.uri_size);
  for (size_t i = 1; i < s.pending_count; ++i) {
    s.pending[i - 1] = s.pending[i];
    s.pending[i - 1].uri_at = static_cast<uint16_t>(s.pending[i - 1].uri_at - p.uri_size);
  }
  --s.pending_count;
}

void write_match(Dissection& d, const Input& in, const Head& h, const Match& m) noexcept {
  if (!d.detailed()) return;
  if (!h.response && !m.uri.empty()) d.derived_text(field(kFullUri), in, m.uri);
  d.derived(field(h.response ? kResponse : kRequest), in, 1);
  d.hide_last();
  if (m.number) d.derived(field(h.response ? kResponseNumber : kRequestNumber), in, m.number);
  if (m.took_ns >= 0) d.derived(field(kTime), in, static_cast<uint64_t>(m.took_ns));
  if (m.previous_request) d.derived(field(kPrevRequestIn), in, m.previous_request);
  if (m.previous_response && h.response) d.derived(field(kPrevResponseIn), in, m.previous_response);
  if (m.request_frame) d.derived(field(kRequestIn), in, m.request_frame);
  if (h.response && !m.uri.empty()) d.derived_text(field(kResponseForUri), in, m.uri);
}

uint64_t body_bytes(const Input& in, const Head& h) noexcept {
  if (h.has_length) return h.length;
  return in.reported > h.body_at ? in.reported - h.body_at : 0;
}

std::string with_commas(uint64_t n) {
  std::string s = std::to_string(n);
  for (size_t i = s.size(); i > 3; i -= 3) s.insert(i - 3, 1, ',');
  return s;
}

std::string info_line(const Input& in, const Head& h) {
  const uint64_t body = body_bytes(in, h);
  if (h.response) {
    std::string out = fmt::format("answers {}", h.code);
    const std::string_view words = h.phrase.empty() ? status_words(h.code) : h.phrase;
    if (!words.empty()) out += fmt::format(" {}", words);
    if (h.code / 100 == 3 && !h.location.empty()) out += fmt::format(", look at {}", h.location);
    if (body > 0 && !h.type.empty())
      out +=
          fmt::format(", {}", trimmed(h.type.substr(0, std::min(h.type.find(';'), h.type.size()))));
    if (body > 0)
      out += h.chunked ? std::string(", in pieces") : fmt::format(", {} bytes", with_commas(body));
    return out;
  }
  const std::string_view host = h.host.empty() ? std::string_view("the server") : h.host;
  if (h.method == "CONNECT") return fmt::format("asks for a tunnel to {}", h.uri);
  if (h.method != "GET" && h.method != "HEAD" && body > 0) {
    return fmt::format("sends {} bytes: {} {} on {}", with_commas(body), h.method, h.uri, host);
  }
  return fmt::format("asks for {} {} on {}", h.method, h.uri, host);
}

/// The user's name; the password stays here.
void add_login(Event& e, std::string_view encoded) noexcept {
  std::array<char, 512> plain;
  const std::string_view login{plain.data(), decode_base64(encoded, plain)};
  const size_t colon = login.find(':');
  if (colon != std::string_view::npos) e.add("login.user", login.substr(0, colon));
}

void emit_event(Dissection& d, const Input& in, const Head& h, const Match& m) noexcept {
  Event e;
  e.kind = EventKind::kTransaction;
  e.protocol = "http";
  e.name = h.response ? "response" : "request";
  e.first_frame = m.request_frame;
  std::array<char, 24> text;
  const auto number = [&](const char* key, uint64_t v) {
    const auto r = std::to_chars(text.data(), text.data() + text.size(), v);
    e.add(key, {text.data(), static_cast<size_t>(r.ptr - text.data())});
  };
  const auto known = [&](const char* key, std::string_view v) {
    if (!v.empty()) e.add(key, v);
  };
  if (h.response) {
    number("http.response.code", h.code);
    if (m.took_ns >= 0) number("http.time", static_cast<uint64_t>(m.took_ns));
    known("http.response_for.uri", m.uri.substr(0, 256));
    known("http.server", h.server);
  } else {
    e.add("http.request.method", h.method);
    known("http.host", h.host);
    e.add("http.request.uri", h.uri.substr(0, 256));
    known("http.user_agent", h.agent.substr(0, 160));
    if (!h.basic_login.empty()) add_login(e, h.basic_login);
  }
  known("http.content_type", h.type);
  if (body_bytes(in, h) > 0) number("http.content_length", body_bytes(in, h));
  d.emit(e);
}

void dissect(Dissection& d, Input in) noexcept {
  d.open(kFields[sp3ctra::http::kHttp], in, 0, in.data.size());
  std::string_view begin = as_text(in.data);
  while (begin.starts_with("\r\n")) begin.remove_prefix(2);
  if (!starts_message(begin, true)) {
    // A later part of a message whose beginning was not captured.
    d.close();
    d.opaque(in);
    if (d.wants_info()) d.info("sends more of a web message whose beginning is missing");
    return;
  }
  Head h;
  write_head(d, in, h);
  if (h.chunked && h.has_length) d.anomaly(kAnomalies[kBothLengths], in);
  Match m;
  if (!h.response) m.uri = full_uri(h, m.uri_text);
  if (d.quoted == 0) {
    if (auto* state = static_cast<State*>(d.streams.state(sp3ctra::kHttp))) {
      h.response ? match_response(d, *state, h.code / 100 == 1 && h.code != 101, m)
                 : match_request(d, *state, m);
    }
  }
  write_match(d, in, h, m);
  write_body(d, in, h);
  d.close();
  if (d.wants_info()) d.info(info_line(in, h));
  if (d.wants_events()) emit_event(d, in, h, m);
}

bool recognise(Bytes payload, const Parsed&) noexcept {
  const std::string_view text = as_text(payload);
  if (!starts_message(text, true)) return false;
  if (text.starts_with("HTTP/1.")) return true;
  const size_t end = std::min(text.find('\n'), text.size());
  return text.substr(0, end).find(" HTTP/1.") != std::string_view::npos;
}

void init_state(void* state) noexcept { new (state) State{}; }

constexpr Binding kBindings[] = {
    {Table::kTcpPort, 80},    {Table::kTcpPort, 631},  {Table::kTcpPort, 1900},
    {Table::kTcpPort, 2710},  {Table::kTcpPort, 2869}, {Table::kTcpPort, 3128},
    {Table::kTcpPort, 3132},  {Table::kTcpPort, 3689}, {Table::kTcpPort, 5985},
    {Table::kTcpPort, 8080},  {Table::kTcpPort, 8088}, {Table::kTcpPort, 11371},
    {Table::kTcpHeuristic, 0}};

}  // namespace

std::string_view status_words(uint32_t code) noexcept {
  for (const StatusName& s : kStatusNames)
    if (s.code == code) return s.words;
  return {};
}

}  // namespace http

extern const Protocol kHttp{
    .name = "http",
    .label = "HTTP",
    .title = "Hypertext Transfer Protocol",
    .words =
        "Fetches pages and files. Nothing is encrypted: anyone on the way can read and change it.",
    .family = Family::kClear,
    .fields = http::kFields,
    .anomalies = http::kAnomalies,
    .bindings = http::kBindings,
    .dissect = http::dissect,
    .recognise = http::recognise,
    .state_size = sizeof(http::State),
    .state_init = http::init_state,
    .frame = http::frame,
    .gap = http::gap};

}  // namespace sp3ctra
