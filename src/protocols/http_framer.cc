// Cuts a TCP stream into HTTP/1 messages: start line, headers, then the body by the rules of
// RFC 9112 section 6.3. Keeps only the beginning of the current line.
#include <charconv>

#include "protocols/http.h"

namespace sp3ctra::http {
namespace {

constexpr uint32_t kHeaderBytesMax = 256 * 1024;  // more is not a header

constexpr std::string_view kMethods[] = {"GET",
                                         "POST",
                                         "HEAD",
                                         "PUT",
                                         "DELETE",
                                         "OPTIONS",
                                         "CONNECT",
                                         "TRACE",
                                         "PATCH",
                                         "PROPFIND",
                                         "PROPPATCH",
                                         "MKCOL",
                                         "COPY",
                                         "MOVE",
                                         "LOCK",
                                         "UNLOCK",
                                         "POLL",
                                         "BCOPY",
                                         "BMOVE",
                                         "BPROPFIND",
                                         "BPROPPATCH",
                                         "BDELETE",
                                         "SEARCH",
                                         "SUBSCRIBE",
                                         "UNSUBSCRIBE",
                                         "NOTIFY",
                                         "M-SEARCH",
                                         "RPC_CONNECT",
                                         "RPC_IN_DATA",
                                         "RPC_OUT_DATA",
                                         "REPORT",
                                         "CHECKIN",
                                         "CHECKOUT",
                                         "UNCHECKOUT",
                                         "MKACTIVITY",
                                         "MERGE",
                                         "LABEL",
                                         "VERSION-CONTROL",
                                         "BASELINE-CONTROL",
                                         "SOURCE",
                                         "SSTP_DUPLEX_POST",
                                         "PURGE",
                                         "ACL",
                                         "MKWORKSPACE",
                                         "UPDATE",
                                         "MKCALENDAR",
                                         "CCM_POST"};

std::string_view line_of(const Side& s) { return {s.line.data(), s.line_size}; }

/// Ends the message: the next byte starts a new one.
void finish(Side& s) noexcept {
  s.mode = Mode::kStart;
  s.line_size = 0;
  s.header_bytes = 0;
}

void start_line(State& st, Side& s, std::string_view line) noexcept {
  s.response = line.starts_with("HTTP/");
  s.chunked = s.has_length = s.keep_alive = s.closes = s.has_type = false;
  s.left = 0;
  s.status = 0;
  s.old_version = line.find("HTTP/1.0") != std::string_view::npos;
  if (s.response) {
    const size_t space = line.find(' ');
    if (space != std::string_view::npos)
      std::from_chars(line.data() + space + 1, line.data() + line.size(), s.status);
  } else {
    const Asks asks = line.starts_with("HEAD ")      ? Asks::kHead
                      : line.starts_with("CONNECT ") ? Asks::kConnect
                                                     : Asks::kNormal;
    if (st.asked_count < st.asked.size()) st.asked[st.asked_count++] = asks;
  }
  st.seen = true;
  s.after_gap = false;
  s.mode = Mode::kHeaders;
}

void header_line(Side& s, std::string_view line) noexcept {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = trimmed(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (same_word(name, "content-length")) {
    s.has_length =
        std::from_chars(value.data(), value.data() + value.size(), s.left).ec == std::errc{};
  } else if (same_word(name, "transfer-encoding")) {
    s.chunked = value.size() >= 7 && same_word(value.substr(value.size() - 7), "chunked");
  } else if (same_word(name, "connection")) {
    s.keep_alive = same_word(value, "keep-alive");
    s.closes = same_word(value, "close");
  } else if (same_word(name, "content-type")) {
    s.has_type = true;
  }
}

/// Behind the empty line: is there a body? Returns true when the message is complete.
bool headers_end(State& st, Side& s) noexcept {
  Asks asks = Asks::kNormal;
  if (s.response && (s.status < 100 || s.status >= 200) && st.asked_count > 0) {
    asks = st.asked[0];
    --st.asked_count;
    std::memmove(st.asked.data(), st.asked.data() + 1, st.asked_count);
  }
  const bool switches = s.status == 101;
  if (switches || (asks == Asks::kConnect && s.status / 100 == 2)) {
    finish(s);
    st.sides[0].mode = st.sides[1].mode = Mode::kTunnel;
    return true;
  }
  const bool empty = s.response && (asks == Asks::kHead || s.status / 100 == 1 || s.status == 204 ||
                                    s.status == 304);
  if (empty) {
    finish(s);
    return true;
  }
  if (s.chunked) {
    s.mode = Mode::kChunkSize;
    s.line_size = 0;
    return false;
  }
  if (s.has_length && s.left > 0) {
    s.mode = Mode::kBody;
    return false;
  }
  if (!s.has_length && s.response) {
    s.mode = Mode::kUntilClose;
    return false;
  }
  finish(s);
  return true;
}

enum class LineResult : uint8_t { kGoOn, kComplete, kLost };

LineResult take_line(State& st, Side& s) noexcept {
  const std::string_view raw = line_of(s);
  const std::string_view line = trimmed(raw);
  LineResult result = LineResult::kGoOn;
  switch (s.mode) {
    case Mode::kStart:
      if (line.empty()) break;  // RFC 9112 2.2: empty lines before a request are ignored
      if (!starts_message(line, true)) return LineResult::kLost;
      start_line(st, s, line);
      break;
    case Mode::kHeaders:
      if (line.empty()) {
        if (headers_end(st, s)) result = LineResult::kComplete;
      } else {
        header_line(s, line);
      }
      break;
    case Mode::kChunkSize: {
      uint64_t size = 0;
      const auto r = std::from_chars(line.data(), line.data() + line.size(), size, 16);
      if (r.ec != std::errc{}) return LineResult::kLost;
      s.left = size;
      s.mode = size == 0 ? Mode::kTrailer : Mode::kChunkData;
      break;
    }
    case Mode::kChunkEnd:
      s.mode = Mode::kChunkSize;
      break;
    case Mode::kTrailer:
      if (line.empty()) {
        finish(s);
        result = LineResult::kComplete;
      }
      break;
    default:
      break;
  }
  s.line_size = 0;
  return result;
}

/// Adds bytes up to and with the next line end. Returns how many were taken; `ended` tells.
size_t read_line(Side& s, std::string_view text, bool& ended) noexcept {
  const size_t newline = text.find('\n');
  ended = newline != std::string_view::npos;
  const size_t n = ended ? newline + 1 : text.size();
  const size_t room = s.line.size() - s.line_size;
  const size_t kept = n < room ? n : room;
  std::memcpy(s.line.data() + s.line_size, text.data(), kept);
  s.line_size = static_cast<uint16_t>(s.line_size + kept);
  s.header_bytes += static_cast<uint32_t>(n);
  return n;
}

}  // namespace

bool same_word(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower[i]) return false;
  }
  return true;
}

std::string_view trimmed(std::string_view t) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!t.empty() && blank(t.front())) t.remove_prefix(1);
  while (!t.empty() && blank(t.back())) t.remove_suffix(1);
  return t;
}

bool starts_message(std::string_view text, bool whole) noexcept {
  constexpr std::string_view kReply = "HTTP/1.";
  if (text.starts_with(kReply) || (!whole && kReply.starts_with(text))) return true;
  for (const std::string_view m : kMethods) {
    if (text.size() > m.size()) {
      if (text.starts_with(m) && text[m.size()] == ' ') return true;
    } else if (!whole && m.starts_with(text)) {
      return true;
    }
  }
  return false;
}

FrameStep frame(Dissection&, void* state, uint8_t direction, Bytes chunk) noexcept {
  State& st = *static_cast<State*>(state);
  Side& s = st.sides[direction & 1];
  FrameStep step;
  const std::string_view text = as_text(chunk);
  while (step.consumed < text.size() && !step.complete) {
    const std::string_view rest = text.substr(step.consumed);
    if (s.mode == Mode::kTunnel) {
      step.lost = true;
      return step;
    }
    if (s.mode == Mode::kUntilClose) {
      step.consumed = static_cast<uint32_t>(text.size());
    } else if (s.mode == Mode::kBody || s.mode == Mode::kChunkData) {
      const size_t n = s.left < rest.size() ? static_cast<size_t>(s.left) : rest.size();
      step.consumed += static_cast<uint32_t>(n);
      s.left -= n;
      if (s.left > 0) continue;
      if (s.mode == Mode::kChunkData) {
        s.mode = Mode::kChunkEnd;
      } else {
        finish(s);
        step.complete = true;
      }
    } else {
      bool ended = false;
      const bool first = s.mode == Mode::kStart;
      step.consumed += static_cast<uint32_t>(read_line(s, rest, ended));
      LineResult r = ended ? take_line(st, s) : LineResult::kGoOn;
      const std::string_view begun = trimmed(line_of(s));
      if (first && !ended && !begun.empty() && !starts_message(begun, false)) r = LineResult::kLost;
      if (s.header_bytes > kHeaderBytesMax) r = LineResult::kLost;
      if (r == LineResult::kLost) {
        // Inside a known connection these are stray bytes (after a gap): one opaque message.
        finish(s);
        step.lost = !st.seen;
        step.consumed = step.lost ? 0 : static_cast<uint32_t>(text.size());
        step.complete = !step.lost;
        return step;
      }
      step.complete = r == LineResult::kComplete;
    }
  }
  step.until_close = s.mode == Mode::kUntilClose;
  return step;
}

void gap(void* state, uint8_t direction) noexcept {
  Side& s = static_cast<State*>(state)->sides[direction & 1];
  if (s.mode == Mode::kTunnel || s.mode == Mode::kUntilClose) return;
  finish(s);
  s.after_gap = true;
}

}  // namespace sp3ctra::http
