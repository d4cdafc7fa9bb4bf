#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "api/private_file.h"
#include "base/check.h"

namespace sp3ctra {

PrivateFile::PrivateFile(PrivateFile&& other) noexcept { *this = std::move(other); }

PrivateFile& PrivateFile::operator=(PrivateFile&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  remove_ = std::exchange(other.remove_, false);
  path_ = std::move(other.path_);
  return *this;
}

PrivateFile::~PrivateFile() { close(); }

void PrivateFile::close() {
  if (fd_ < 0) return;
  ::close(std::exchange(fd_, -1));
  if (remove_) ::unlink(path_.c_str());
}

Result<PrivateFile> PrivateFile::create(std::string path) {
  PrivateFile file;
  file.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file.fd_ < 0) return fail_errno("cannot create " + path);
  file.path_ = std::move(path);
  return file;
}

Result<PrivateFile> PrivateFile::open(std::string path) {
  PrivateFile file;
  file.fd_ = ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (file.fd_ < 0) return fail_errno("cannot open " + path);
  file.path_ = std::move(path);
  return file;
}

Result<uint64_t> PrivateFile::size_bytes() const {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return fail_errno("cannot look at " + path_);
  return static_cast<uint64_t>(info.st_size);
}

Status PrivateFile::write_at(uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail_errno("cannot write " + path_);
    offset += static_cast<uint64_t>(n);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<std::string> PrivateFile::read_at(uint64_t offset, size_t size) const {
  std::string out(size, '\0');
  size_t have = 0;
  while (have < size) {
    const ssize_t n =
        ::pread(fd_, out.data() + have, size - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("cannot read " + path_);
    if (n == 0) break;
    have += static_cast<size_t>(n);
  }
  out.resize(have);
  return out;
}

Status make_private_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno("cannot make the folder " + path);
}

void remove_random_files(const std::string& folder, std::string_view prefix, size_t bytes) {
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name.size() != prefix.size() + 2 * bytes || !name.starts_with(prefix)) continue;
    if (name.find_first_not_of("0123456789abcdef", prefix.size()) != name.npos) continue;
    struct stat info {};
    const bool seen = ::fstatat(::dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (seen && S_ISREG(info.st_mode)) ::unlinkat(::dirfd(dir), entry->d_name, 0);
  }
  ::closedir(dir);
}

Result<std::string> read_private_file(const std::string& path, size_t limit_bytes) {
  auto file = PrivateFile::open(path);
  if (!file) return tl::unexpected(file.error());
  return file->read_at(0, limit_bytes);
}

Status replace_private_file(const std::string& path, std::string_view text) {
  const std::string fresh = path + "." + random_hex(kReplacingBytes);
  auto file = PrivateFile::create(fresh);
  if (!file) return tl::unexpected(file.error());
  file->remove_at_end(true);
  TRY(file->write_at(0, text));
  if (::fsync(file->fd()) != 0) return fail_errno("cannot write " + fresh);
  if (::rename(fresh.c_str(), path.c_str()) != 0) return fail_errno("cannot replace " + path);
  file->remove_at_end(false);
  return {};
}

std::string random_hex(size_t bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string raw(bytes, '\0');
  CHECK(bytes <= 256 && ::getentropy(raw.data(), raw.size()) == 0);
  std::string out;
  for (const char c : raw) {
    out += kDigits[static_cast<uint8_t>(c) >> 4];
    out += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return out;
}

}  // namespace sp3ctra
