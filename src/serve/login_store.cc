#include "serve/login_store.h"

#include <sodium.h>

#include <array>

#include "api/private_file.h"
#include "base/limits.h"

namespace sp3ctra::serve {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kHexBytes = 2 * kSecretBytes;

std::string hex(const unsigned char* bytes) {
  std::string out(kHexBytes + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes, kSecretBytes);
  out.pop_back();
  return out;
}

std::string random_secret() {
  std::array<unsigned char, kSecretBytes> raw{};
  randombytes_buf(raw.data(), raw.size());
  return hex(raw.data());
}

std::string hash(std::string_view secret) {
  std::array<unsigned char, kSecretBytes> out{};
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(secret.data()),
                     secret.size(), nullptr, 0);
  return hex(out.data());
}

bool is_hex(std::string_view text) {
  return text.size() == kHexBytes &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Hashes have one length, so this takes the same time wherever they differ.
bool same(const std::string& a, const std::string& b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Result<std::unique_ptr<LoginStore>> LoginStore::open(const std::string& data_dir) {
  if (sodium_init() < 0) return fail("the cryptography library does not start");
  auto store = std::make_unique<LoginStore>();
  TRY(store->read(data_dir));
  return store;
}

Status LoginStore::read(const std::string& data_dir) {
  const std::string token_path = data_dir + "/token";
  if (const auto kept = read_private_file(token_path, 256)) {
    const std::string_view text = *kept;
    token_ = text.substr(0, text.find('\n'));
  }
  if (!is_hex(token_)) {
    token_ = random_secret();
    TRY(replace_private_file(token_path, token_ + "\n"));
  }
  path_ = data_dir + "/logins";
  for (const char* killed : {"token.", "logins."})
    remove_random_files(data_dir, killed, kReplacingBytes);
  const auto kept = read_private_file(path_, 1 << 20);
  if (!kept) return {};  // the first start
  std::string_view rest = *kept;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.size() != 2 * kHexBytes + 1) continue;
    const std::string_view cookie = line.substr(0, kHexBytes), secret = line.substr(kHexBytes + 1);
    if (is_hex(cookie) && is_hex(secret))
      logins_.push_back({std::string(cookie), std::string(secret)});
  }
  while (logins_.size() > limits::kSessionsMax) logins_.pop_front();
  return {};
}

Status LoginStore::save() const {
  std::string text;
  for (const Kept& login : logins_) text += login.cookie_hash + " " + login.secret_hash + "\n";
  return replace_private_file(path_, text);
}

tl::expected<LoginStore::Login, LoginStore::Refusal> LoginStore::login(std::string_view token,
                                                                       int64_t now_ns) {
  // Only wrong tokens are slowed down: whoever hammers must not lock out who has the right one.
  const bool right = same(hash(token), hash(token_));
  const std::lock_guard lock(mutex_);
  if (!right) {
    while (!failures_ns_.empty() && now_ns - failures_ns_.front() > kFailuresWithinNs)
      failures_ns_.pop_front();
    if (failures_ns_.size() >= kFailuresMax) return tl::unexpected(Refusal::kTooOften);
    failures_ns_.push_back(now_ns);
    return tl::unexpected(Refusal::kWrongToken);
  }
  Login fresh{random_secret(), random_secret()};
  logins_.push_back({hash(fresh.cookie), hash(fresh.secret)});
  while (logins_.size() > limits::kSessionsMax) logins_.pop_front();
  // A disk that is full only costs the memory of this login over a restart.
  (void)save();
  return fresh;
}

bool LoginStore::knows(std::string_view cookie, std::string_view secret) const {
  const std::string cookie_hash = hash(cookie), secret_hash = hash(secret);
  const std::lock_guard lock(mutex_);
  bool known = false;
  for (const Kept& login : logins_)
    known |= same(login.cookie_hash, cookie_hash) & same(login.secret_hash, secret_hash);
  return known;
}

bool LoginStore::knows_cookie(std::string_view cookie) const {
  const std::string cookie_hash = hash(cookie);
  const std::lock_guard lock(mutex_);
  bool known = false;
  for (const Kept& login : logins_) known |= same(login.cookie_hash, cookie_hash);
  return known;
}

}  // namespace sp3ctra::serve
