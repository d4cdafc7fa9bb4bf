#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "pipeline/disk.h"

namespace sp3ctra {

Result<FileHandle> create_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno("cannot create " + path);
  return FileHandle(fd);
}

Status make_private_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return fail_errno("cannot make the directory " + path);
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return fail_errno("cannot look at " + path);
  if (!S_ISDIR(s.st_mode)) return fail("{} is not a directory", path);
  if (s.st_uid != ::geteuid()) return fail("{} belongs to another user; use --data DIR", path);
  if ((s.st_mode & 077) != 0)
    return fail(
        "{} can be read by others; choose a directory of its own with --data, or make it "
        "private: chmod 700 {}",
        path, path);
  return {};
}

uint64_t free_bytes(const std::string& path) {
  struct statvfs v {};
  if (::statvfs(path.c_str(), &v) != 0) return 0;
  return static_cast<uint64_t>(v.f_bavail) * v.f_frsize;
}

uint64_t disk_bytes(const std::string& path) {
  struct statvfs v {};
  if (::statvfs(path.c_str(), &v) != 0) return 0;
  return static_cast<uint64_t>(v.f_blocks) * v.f_frsize;
}

void raise_open_files_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

Status replace_private_file(const std::string& path, const std::string& text) {
  const std::string next = path + ".next";
  (void)::unlink(next.c_str());
  auto file = create_private_file(next);
  if (!file) return tl::unexpected(std::move(file.error()));
  Status written = file->write_all(as_bytes(text));
  // The new name must not come to the disk before what it names.
  if (written && ::fsync(file->fd()) != 0) written = fail_errno("cannot write " + next);
  if (written && ::rename(next.c_str(), path.c_str()) != 0)
    written = fail_errno("cannot replace " + path);
  if (!written) (void)::unlink(next.c_str());
  return written;
}

}  // namespace sp3ctra
