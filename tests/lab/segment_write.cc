// How fast segments can be written: plain writes through the page cache, the same with early
// write-out, O_DIRECT, and both through io_uring. Built and run by tests/lab/segment_write.
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr size_t kSegmentBytes = size_t{128} << 20;
constexpr unsigned kDepth = 4;  // writes under way in the ring

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double cpu_seconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}
[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(2);
}

// The least of io_uring: one write each, waited for in order of need.
class Ring {
 public:
  Ring() {
    io_uring_params p{};
    fd_ = static_cast<int>(syscall(__NR_io_uring_setup, 8, &p));
    if (fd_ < 0) return;
    const size_t sq = p.sq_off.array + p.sq_entries * sizeof(unsigned);
    const size_t cq = p.cq_off.cqes + p.cq_entries * sizeof(io_uring_cqe);
    sq_ = map(sq, IORING_OFF_SQ_RING);
    cq_ = map(cq, IORING_OFF_CQ_RING);
    sqes_ =
        reinterpret_cast<io_uring_sqe*>(map(p.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES));
    p_ = p;
  }
  bool works() const { return fd_ >= 0; }
  void write(int file, const void* data, size_t bytes, uint64_t offset) {
    auto* tail = at(sq_, p_.sq_off.tail);
    const unsigned mask = *at(sq_, p_.sq_off.ring_mask), i = *tail & mask;
    sqes_[i] = {};
    sqes_[i].opcode = IORING_OP_WRITE;
    sqes_[i].fd = file;
    sqes_[i].addr = reinterpret_cast<uint64_t>(data);
    sqes_[i].len = static_cast<unsigned>(bytes);
    sqes_[i].off = offset;
    at(sq_, p_.sq_off.array)[i] = i;
    std::atomic_ref(*tail).store(*tail + 1, std::memory_order_release);
    if (syscall(__NR_io_uring_enter, fd_, 1, 0, 0, nullptr, 0) < 0) die("io_uring_enter");
    ++under_way_;
  }
  void wait_below(unsigned most) {
    while (under_way_ > most) {
      auto* head = at(cq_, p_.cq_off.head);
      if (*head == std::atomic_ref(*at(cq_, p_.cq_off.tail)).load(std::memory_order_acquire)) {
        if (syscall(__NR_io_uring_enter, fd_, 0, 1, IORING_ENTER_GETEVENTS, nullptr, 0) < 0)
          die("io_uring_enter");
        continue;
      }
      const auto* cqes = reinterpret_cast<io_uring_cqe*>(cq_ + p_.cq_off.cqes);
      if (cqes[*head & *at(cq_, p_.cq_off.ring_mask)].res < 0) die("io_uring write");
      std::atomic_ref(*head).store(*head + 1, std::memory_order_release);
      --under_way_;
    }
  }

 private:
  char* map(size_t bytes, off_t what) {
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_, what);
    if (at == MAP_FAILED) die("mmap of the ring");
    return static_cast<char*>(at);
  }
  static unsigned* at(char* base, unsigned offset) {
    return reinterpret_cast<unsigned*>(base + offset);
  }
  int fd_ = -1;
  char *sq_ = nullptr, *cq_ = nullptr;
  io_uring_sqe* sqes_ = nullptr;
  io_uring_params p_{};
  unsigned under_way_ = 0;
};

struct Mode {
  const char* name;
  size_t chunk;
  bool direct, ring, early;
};

// Writes `total` bytes as segments; packets are copied into the chunk first, as the program does.
void run(const std::string& folder, const Mode& mode, size_t total) {
  Ring ring;
  if (mode.ring && !ring.works()) {
    std::printf("%-34s io_uring is not allowed here\n", mode.name);
    return;
  }
  std::vector<char> packets(mode.chunk, 'p');
  std::vector<char*> buffers;
  for (unsigned i = 0; i < kDepth; ++i) {
    buffers.push_back(static_cast<char*>(std::aligned_alloc(4096, mode.chunk)));
    std::memset(buffers.back(), 0, mode.chunk);
  }
  const double began = seconds(), cpu = cpu_seconds();
  double longest = 0;
  unsigned turn = 0;
  for (size_t done = 0, segment = 0; done < total; ++segment) {
    const std::string path = folder + "/bench-" + std::to_string(segment % 4);
    const int fd =
        open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | (mode.direct ? O_DIRECT : 0), 0600);
    if (fd < 0) die(path.c_str());
    for (size_t at = 0; at < kSegmentBytes; at += mode.chunk, done += mode.chunk) {
      const double before = seconds();
      if (mode.ring) ring.wait_below(kDepth - 1);
      char* buffer = buffers[turn++ % kDepth];
      std::memcpy(buffer, packets.data(), mode.chunk);
      if (mode.ring)
        ring.write(fd, buffer, mode.chunk, at);
      else if (pwrite(fd, buffer, mode.chunk, static_cast<off_t>(at)) !=
               static_cast<ssize_t>(mode.chunk))
        die("write");
      constexpr size_t kEarly = 8 << 20;
      if (mode.early && (at + mode.chunk) % kEarly == 0)
        sync_file_range(fd, static_cast<off_t>(at + mode.chunk - kEarly), kEarly,
                        SYNC_FILE_RANGE_WRITE);
      longest = std::max(longest, seconds() - before);
    }
    ring.works() && mode.ring ? ring.wait_below(0) : void();
    if (done >= total) fdatasync(fd);
    close(fd);
  }
  const int folder_fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY);
  syncfs(folder_fd);
  close(folder_fd);
  const double took = seconds() - began, used = cpu_seconds() - cpu;
  std::printf("%-34s %8.0f MB/s  %5.2f s CPU a GB  longest write %6.1f ms\n", mode.name,
              static_cast<double>(total) / took / 1e6, used / (static_cast<double>(total) / 1e9),
              longest * 1000);
  std::fflush(stdout);
  for (char* b : buffers) std::free(b);
  for (int i = 0; i < 4; ++i) unlink((folder + "/bench-" + std::to_string(i)).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: segment_write FOLDER GB\n");
    return 2;
  }
  const size_t total =
      static_cast<size_t>(std::atof(argv[2]) * 1e9) / kSegmentBytes * kSegmentBytes;
  constexpr Mode kModes[] = {
      {"the disk's own (O_DIRECT, 8 MiB)", 8 << 20, true, false, false},
      {"write, 32 KiB (as the program)", 32 << 10, false, false, false},
      {"write, 256 KiB", 256 << 10, false, false, false},
      {"write, 256 KiB, early write-out", 256 << 10, false, false, true},
      {"O_DIRECT, 1 MiB", 1 << 20, true, false, false},
      {"io_uring, 256 KiB", 256 << 10, false, true, false},
      {"io_uring and O_DIRECT, 1 MiB", 1 << 20, true, true, false},
  };
  for (const Mode& mode : kModes) run(argv[1], mode, total);
}
