#pragma once
// Shared by the TLS files: field ids, the state of one connection, and the parts of a handshake
// (RFC 8446, 5246; X.509: RFC 5280).
#include "protocols/field_cursor.h"

namespace sp3ctra::tls {

enum FieldId : uint16_t {
#define FIELD(id, ...) id,
#include "protocols/tls_fields.inc"
#undef FIELD
  kFieldCount
};
extern const FieldDef kFields[kFieldCount];
inline const FieldDef& field(FieldId id) noexcept { return kFields[id]; }

inline constexpr uint8_t kChangeCipherSpecType = 20, kAlertType = 21, kHandshakeType = 22,
                         kDataType = 23, kHeartbeatType = 24;

/// Memory of one connection.
struct State {
  struct Side {
    uint8_t header_have = 0;  ///< framer: bytes of the record header seen
    std::array<uint8_t, 5> header{};
    uint32_t left = 0;    ///< framer: bytes of the record to come
    uint8_t hs_have = 0;  ///< framer: bytes of the handshake header seen
    std::array<uint8_t, 4> hs_header{};
    uint32_t hs_left = 0;           ///< framer: bytes of the handshake message to come
    bool framed_encrypted = false;  ///< framer: a ChangeCipherSpec went by
    bool encrypted = false;         ///< dissect: the same
  } sides[2];
  uint16_t version = 0;  ///< agreed; 0 = not seen
  uint16_t cipher = 0;
  bool seen = false;
  uint8_t misses = 0;  ///< framer: chunks that were no TLS
  uint64_t client_hello_frame = 0;
  uint8_t name_size = 0, alpn_size = 0;
  std::array<char, 255> name{};  ///< the site asked for
  std::array<char, 16> alpn{};   ///< chosen by the server
};
static_assert(sizeof(State) <= limits::kStateBytesMax);

/// What the hello messages say; views point into the packet. Filled on both depths.
struct Hello {
  uint16_t version = 0;  ///< highest version offered, or the one chosen
  uint16_t cipher = 0;   ///< chosen (server)
  uint16_t cipher_count = 0;
  bool ech = false;
  std::string_view name, alpn;  ///< first of each
  std::array<char, 2048> ja3;   ///< the full string
  size_t ja3_size = 0;
  std::array<char, 33> ja3_hash{};
};

/// Body of ClientHello / ServerHello; the cursor spans exactly it.
void write_client_hello(FieldCursor& c, Hello& hello) noexcept;
void write_server_hello(FieldCursor& c, Hello& hello) noexcept;
/// One DER certificate at the cursor's whole span. Only with a tree.
void write_certificate(FieldCursor& c) noexcept;
/// Common name of the subject, else the first host name; empty when not found. Points into `der`.
std::string_view certificate_name(Bytes der) noexcept;

/// IANA name of a cipher suite, empty when unknown.
std::string_view cipher_name(uint16_t suite) noexcept;
/// "AES-128-GCM" of a suite, "cipher 0x1234" when unknown.
std::string cipher_words(uint16_t suite);
/// "TLS 1.3".
std::string_view version_words(uint16_t version) noexcept;
std::string_view alert_words(uint8_t description) noexcept;
std::string_view handshake_words(uint8_t type) noexcept;
/// Lower-case hex MD5 of text into out[0..31]. Wraps OpenSSL.
void md5_hex(std::string_view text, std::array<char, 33>& out) noexcept;
/// RFC 8701 values that mean nothing and keep servers honest.
constexpr bool is_grease(uint16_t v) { return (v & 0x0f0f) == 0x0a0a && (v >> 8) == (v & 0xff); }

}  // namespace sp3ctra::tls
