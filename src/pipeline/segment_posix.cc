#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "pipeline/disk.h"
#include "pipeline/live_capture.h"

namespace sp3ctra {

namespace {

constexpr uint64_t kBlockBytesAround = 48;  // of a packet's block beside the packet

std::string ending_words(const std::string& cause, uint64_t packets) {
  return fmt::format("{}: the capture has ended; its {} packets up to then are kept", cause,
                     packets);
}

}  // namespace

SegmentWriter::SegmentWriter(FileHandle file, FileHandle reading, Room room)
    : writer_(std::move(file), WriterOrigin{"", "", "sp3ctra", ""}),
      reader_(std::make_shared<PacketFile>(std::make_shared<const FileHandle>(std::move(reading)),
                                           writer_.layout())),
      room_(std::move(room)) {}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::create(
    const std::string& path, const std::vector<CaptureInterface>& interfaces, Room room) {
  auto file = create_private_file(path);
  if (!file) return tl::unexpected(std::move(file.error()));
  auto reading = FileHandle::open_read(path);
  if (!reading) return tl::unexpected(std::move(reading.error()));
  std::unique_ptr<SegmentWriter> w(
      new SegmentWriter(std::move(*file), std::move(*reading), std::move(room)));
  for (const CaptureInterface& i : interfaces) w->writer_.add_interface(i);
  if (const Status s = w->writer_.flush(); !s) {
    ::unlink(path.c_str());
    return tl::unexpected(s.error());
  }
  w->whole_bytes_ = w->writer_.bytes_written();
  return w;
}

uint64_t SegmentWriter::write(const Packet& packet) {
  if (!trouble_.empty()) return whole_bytes_;
  if (room_ && !room_(writer_.bytes_written() + packet.data.size() + kBlockBytesAround)) {
    trouble_ =
        ending_words("the disk quota for captures is used up", whole_packets_ + ends_.size());
    return whole_bytes_;
  }
  const uint64_t offset = writer_.write_packet(packet);
  ends_.push_back(writer_.bytes_written());
  return offset;
}

uint64_t SegmentWriter::flush() {
  if (broken_) return whole_packets_;
  if (const Status s = writer_.flush(); !s) {
    cut_to_whole_packets(s.error().message);
  } else {
    whole_packets_ += ends_.size();
    whole_bytes_ = writer_.bytes_written();
  }
  ends_.clear();
  return whole_packets_;
}

void SegmentWriter::cut_to_whole_packets(const std::string& error) {
  broken_ = true;
  const uint64_t size = writer_.file().size();
  for (const uint64_t end : ends_) {
    if (end > size) break;
    whole_bytes_ = end;
    ++whole_packets_;
  }
  // Cutting needs no space, so it works on a full disk.
  const bool cut = ::ftruncate(writer_.file().fd(), static_cast<off_t>(whole_bytes_)) == 0;
  const bool full = error.find(std::strerror(ENOSPC)) != std::string::npos;
  trouble_ = ending_words(full ? "the disk is full" : error, whole_packets_);
  whole_ = cut;
  if (!cut) trouble_ += " (the file ends within a packet)";
}

void SegmentWriter::add_interface(const CaptureInterface& interface) {
  if (trouble_.empty()) writer_.add_interface(interface);
}

void SegmentWriter::statistics(const FileStatistics& counted, Timestamp now) {
  if (!broken_) writer_.write_statistics(counted, now);
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
