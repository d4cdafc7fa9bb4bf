#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "pipeline/disk.h"
#include "pipeline/live_capture.h"

namespace sp3ctra {

SegmentWriter::SegmentWriter(FileHandle file, FileHandle reading)
    : writer_(std::move(file), WriterOrigin{"", "", "sp3ctra", ""}),
      reader_(std::make_shared<PacketFile>(std::make_shared<const FileHandle>(std::move(reading)),
                                           writer_.layout())) {}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::create(
    const std::string& path, const std::vector<CaptureInterface>& interfaces) {
  auto file = create_private_file(path);
  if (!file) return tl::unexpected(std::move(file.error()));
  auto reading = FileHandle::open_read(path);
  if (!reading) return tl::unexpected(std::move(reading.error()));
  std::unique_ptr<SegmentWriter> w(new SegmentWriter(std::move(*file), std::move(*reading)));
  for (const CaptureInterface& i : interfaces) w->writer_.add_interface(i);
  TRY(w->writer_.flush());
  return w;
}

void SegmentWriter::flush() {
  const Status s = writer_.flush();
  if (!s && trouble_.empty()) trouble_ = s.error().message;
}

void SegmentWriter::finish(uint64_t received, uint64_t dropped, Timestamp now) {
  FileStatistics stats;
  stats.received = received;
  stats.dropped = dropped;
  writer_.write_statistics(stats, now);
  flush();
}

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

}  // namespace sp3ctra
