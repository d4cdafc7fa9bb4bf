// A file without a name, mapped shared: its pages are not anonymous memory.
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <mutex>

#include "capture/file_handle.h"
#include "store/index_memory.h"

namespace sp3ctra {
namespace {

constexpr size_t kArenaBytes = size_t{1} << 30;   // of addresses; a new one when it is used up
constexpr size_t kGrowthBytes = size_t{4} << 20;  // of the file, made sure of at once
constexpr size_t kReplacedBytesMin = 256 * 1024;  // shorter ranges keep their mapping: maps are few

class MappedMemory final : public IndexMemory {
 public:
  explicit MappedMemory(FileHandle file) : file_(std::move(file)) {}
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;
  ~MappedMemory() override {
    for (std::byte* arena : arenas_) ::munmap(arena, kArenaBytes);
  }

  std::byte* take(size_t bytes) override {
    const std::lock_guard lock(mutex_);
    if (bytes > kArenaBytes) return nullptr;
    if ((arenas_.empty() || used_ + bytes > kArenaBytes) && !add_arena()) return nullptr;
    while (used_ + bytes > mapped_)
      if (!grow()) return nullptr;
    std::byte* at = arenas_.back() + used_;
    used_ += bytes;
    in_use_.fetch_add(bytes, std::memory_order_relaxed);
    return at;
  }

  void give_back(std::vector<Range>& ranges) override {
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return std::less<>()(a.at, b.at); });
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < ranges.size();) {
      Range whole = ranges[i++];
      while (i < ranges.size() && whole.at + whole.bytes == ranges[i].at &&
             arena_of(whole.at) == arena_of(ranges[i].at))
        whole.bytes += ranges[i++].bytes;
      release(whole);
    }
  }

 private:
  /// Addresses only; neither memory nor disk.
  bool add_arena() {
    void* at =
        ::mmap(nullptr, kArenaBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return false;
    arenas_.push_back(static_cast<std::byte*>(at));
    used_ = mapped_ = 0;
    return true;
  }

  /// The room is reserved first: writing to a mapped hole of a full disk would kill the program.
  bool grow() {
    const auto offset = static_cast<off_t>((arenas_.size() - 1) * kArenaBytes + mapped_);
    if (::posix_fallocate(file_.fd(), offset, kGrowthBytes) != 0) return false;
    void* at = ::mmap(arenas_.back() + mapped_, kGrowthBytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_FIXED, file_.fd(), offset);
    if (at == MAP_FAILED) return false;
    mapped_ += kGrowthBytes;
    return true;
  }

  size_t arena_of(const std::byte* at) const {
    for (size_t i = arenas_.size(); i-- > 0;)
      if (!std::less<>()(at, arenas_[i]) && std::less<>()(at, arenas_[i] + kArenaBytes)) return i;
    return arenas_.size();
  }

  void release(const Range& range) {
    const size_t arena = arena_of(range.at);
    if (arena == arenas_.size()) return;
    const auto offset =
        static_cast<off_t>(arena * kArenaBytes + static_cast<size_t>(range.at - arenas_[arena]));
    // Zeros that need no room in the file take the place of what was there: whoever still looks
    // there may do so on a full disk as well.
    if (range.bytes >= kReplacedBytesMin)
      (void)::mmap(range.at, range.bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    (void)::fallocate(file_.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
                      static_cast<off_t>(range.bytes));
    in_use_.fetch_sub(range.bytes, std::memory_order_relaxed);
  }

  FileHandle file_;
  std::mutex mutex_;
  std::vector<std::byte*> arenas_;
  size_t used_ = 0, mapped_ = 0;  ///< of the last arena
};

}  // namespace

Result<std::shared_ptr<IndexMemory>> mapped_index_memory(const std::string& directory) {
  auto file = FileHandle::open_spool(directory);
  if (!file) return tl::unexpected(std::move(file.error()).in("the index"));
  return std::shared_ptr<IndexMemory>(std::make_shared<MappedMemory>(std::move(*file)));
}

}  // namespace sp3ctra
