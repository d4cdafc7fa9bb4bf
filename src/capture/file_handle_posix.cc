#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "capture/file_handle.h"

namespace sp3ctra {
namespace {

constexpr size_t kReadBytesMax = 1u << 30;  // some systems refuse more in one call

Result<FileHandle> duplicate_fd(int fd) {
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return fail_errno("cannot duplicate a file descriptor");
  return FileHandle(copy);
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

FileHandle::~FileHandle() {
  if (fd_ >= 0) ::close(fd_);
}

int FileHandle::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

Result<FileHandle> FileHandle::open_read(const std::string& path) {
  if (path == "-") return duplicate_fd(STDIN_FILENO);
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return fail_errno("cannot open " + path);
  struct stat status;
  if (fstat(file.fd_, &status) == 0 && S_ISDIR(status.st_mode)) {
    return fail("cannot open {}: it is a folder", path);
  }
  return file;
}

Result<FileHandle> FileHandle::open_write(const std::string& path) {
  if (path == "-") return duplicate_fd(STDOUT_FILENO);
  FileHandle file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.valid()) return fail_errno("cannot write " + path);
  return file;
}

Result<FileHandle> FileHandle::open_spool(const std::string& directory) {
  std::string folder = directory;
  if (folder.empty()) {
    std::error_code ignored;
    folder = std::filesystem::temp_directory_path(ignored).string();
    if (folder.empty()) folder = ".";
  }
#ifdef O_TMPFILE
  FileHandle unnamed(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (unnamed.valid()) return unnamed;
#endif
  // Not every file system can make a file without a name: make one and take the name away.
  std::string name = folder + "/sp3ctra-spool-XXXXXX";
  FileHandle named(mkstemp(name.data()));
  if (!named.valid()) return fail_errno("cannot create a temporary file in " + folder);
  ::unlink(name.c_str());
  fcntl(named.fd_, F_SETFD, FD_CLOEXEC);
  return named;
}

Result<FileHandle> FileHandle::duplicate() const { return duplicate_fd(fd_); }

bool FileHandle::readable_in_place() const {
  struct stat status;
  return fstat(fd_, &status) == 0 && S_ISREG(status.st_mode) && lseek(fd_, 0, SEEK_CUR) == 0;
}

uint64_t FileHandle::size() const {
  struct stat status;
  if (fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<uint64_t>(status.st_size);
}

bool FileHandle::wait_readable(int timeout_ms) const {
  pollfd waiting{fd_, POLLIN, 0};
  return poll(&waiting, 1, timeout_ms) != 0;
}

Result<size_t> FileHandle::read(std::span<std::byte> into) const {
  for (;;) {
    const ssize_t got = ::read(fd_, into.data(), std::min(into.size(), kReadBytesMax));
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return fail_errno("cannot read");
  }
}

Result<size_t> FileHandle::read_at(std::span<std::byte> into, uint64_t offset) const {
  size_t done = 0;
  while (done < into.size()) {
    if (offset + done > static_cast<uint64_t>(INT64_MAX)) return done;
    const ssize_t got =
        ::pread(fd_, into.data() + done, std::min(into.size() - done, kReadBytesMax),
                static_cast<off_t>(offset + done));
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      return fail_errno("cannot read");
    }
    done += static_cast<size_t>(got);
  }
  return done;
}

Status FileHandle::write_all(Bytes bytes) const {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_, bytes.data(), std::min(bytes.size(), kReadBytesMax));
    if (put < 0) {
      if (errno == EINTR) continue;
      return fail_errno("cannot write");
    }
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return {};
}

Status FileHandle::cut_to(uint64_t bytes) const {
  if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) return fail_errno("cannot cut the file");
  return {};
}

Status FileHandle::seek(uint64_t offset) const {
  if (::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0)
    return fail_errno("cannot move within the file");
  return {};
}

void FileHandle::expect_sequential() const {
#ifdef POSIX_FADV_SEQUENTIAL
  posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
}

}  // namespace sp3ctra
