// MD5 for JA3, by OpenSSL. MD5 is a label here, not a protection.
#include <openssl/evp.h>

#include "protocols/tls.h"

namespace sp3ctra::tls {

void md5_hex(std::string_view text, std::array<char, 33>& out) noexcept {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  out.fill(0);
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) return;
  static constexpr char kHex[] = "0123456789abcdef";
  for (unsigned int i = 0; i < size && i < 16; ++i) {
    out[2 * i] = kHex[digest[i] >> 4];
    out[2 * i + 1] = kHex[digest[i] & 15];
  }
}

}  // namespace sp3ctra::tls
