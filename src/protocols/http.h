#pragma once
// Shared by the HTTP/1 files: field ids, the framer and the memory of one connection (RFC 9112).
#include "protocols/dissection.h"

namespace sp3ctra::http {

enum FieldId : uint16_t {
#define FIELD(id, ...) id,
#include "protocols/http_fields.inc"
#undef FIELD
  kFieldCount
};
extern const FieldDef kFields[kFieldCount];
inline const FieldDef& field(FieldId id) noexcept { return kFields[id]; }

/// What a method means for the body of its answer.
enum class Asks : uint8_t { kNormal, kHead, kConnect };

/// Where the framer stands in one direction.
enum class Mode : uint8_t {
  kStart,
  kHeaders,
  kBody,
  kChunkSize,
  kChunkData,
  kChunkEnd,
  kTrailer,
  kUntilClose,
  kTunnel
};

struct Side {
  Mode mode = Mode::kStart;
  bool response = false, chunked = false, has_length = false, after_gap = false;
  bool keep_alive = false, closes = false, has_type = false, old_version = false;
  uint16_t status = 0;
  uint16_t line_size = 0;
  uint32_t header_bytes = 0;
  uint64_t left = 0;
  std::array<char, 160> line{};  ///< the beginning of the line being read
};

/// A request that waits for its answer.
struct Pending {
  uint64_t frame = 0;
  int64_t ts_ns = 0;
  uint64_t previous_frame = 0;  ///< the request before
  uint16_t uri_at = 0, uri_size = 0;
};

/// Memory of one connection.
struct State {
  std::array<Side, 2> sides;
  std::array<Asks, 16> asked{};  ///< framed requests whose answer was not framed yet
  uint8_t asked_count = 0;
  bool seen = false;  ///< a message was recognised
  uint8_t pending_count = 0;
  uint16_t arena_size = 0;
  uint32_t requests = 0, responses = 0;
  uint64_t previous_request = 0, previous_response = 0;
  std::array<Pending, 16> pending{};
  std::array<char, 2400> arena{};  ///< full addresses of pending requests
};
static_assert(sizeof(State) <= limits::kStateBytesMax);

/// The framer: incremental, chunks may end anywhere.
FrameStep frame(Dissection& d, void* state, uint8_t direction, Bytes chunk) noexcept;
void gap(void* state, uint8_t direction) noexcept;

/// True when text begins like "GET " (a known method) or "HTTP/1."; `whole` = false also accepts a
/// text that is only the beginning of such a line.
bool starts_message(std::string_view text, bool whole) noexcept;
/// Case-insensitive equality of ASCII; `lower` is lower case.
bool same_word(std::string_view text, std::string_view lower) noexcept;
/// Text without blanks and line ends around it.
std::string_view trimmed(std::string_view text) noexcept;
/// Registered words of a status code; empty when unknown.
std::string_view status_words(uint32_t code) noexcept;

}  // namespace sp3ctra::http
