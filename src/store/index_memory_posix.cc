// A file without a name, mapped shared: its pages are not anonymous memory.
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "capture/file_handle.h"
#include "store/index_memory.h"

namespace sp3ctra {
namespace {

constexpr size_t kArenaBytes = size_t{1} << 30;  // of addresses; a new one when it is used up
// Of the file, made sure of at once.
constexpr size_t kSmallGrowthBytes = size_t{1} << 20, kLargeGrowthBytes = size_t{4} << 20;
constexpr size_t kLargeBytesMin = 256 * 1024;
// A hole costs the disk up to 20 ms, whatever its size: small pieces wait until they adjoin to one
// that is worth it, or until as much waits.
constexpr size_t kHoleBytesMin = size_t{1} << 20, kHolesWaitingBytesMax = size_t{64} << 20;

/// Small and large pieces lie in arenas of their own. Large ones go in the order in which they
/// came, so that those given back adjoin and make one mapping; small ones, which go in any order,
/// keep the mapping of their arena. There are few mappings however long it goes on.
class MappedMemory final : public IndexMemory {
 public:
  explicit MappedMemory(FileHandle file) : file_(std::move(file)) {}
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;
  ~MappedMemory() override {
    for (const Arena& arena : arenas_) ::munmap(arena.at, kArenaBytes);
  }

  std::byte* take(size_t bytes) override {
    if (bytes > kArenaBytes) return nullptr;
    const bool large = bytes >= kLargeBytesMin;
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (Arena* arena = current(large); arena && arena->used + bytes <= arena->mapped) {
          std::byte* at = arena->at + arena->used;
          arena->used += bytes;
          in_use_.fetch_add(bytes, std::memory_order_relaxed);
          return at;
        }
      }
      if (const int error = grow(large, bytes); error != 0) {
        out_of_disk_.store(error == ENOSPC || error == EDQUOT, std::memory_order_relaxed);
        return nullptr;
      }
    }
  }

  void give_back(std::vector<Range>& ranges) override {
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return std::less<>()(a.at, b.at); });
    for (size_t i = 0; i < ranges.size();) {
      Range whole = ranges[i++];
      const auto place = place_of(whole.at);
      if (!place) continue;
      while (i < ranges.size() && whole.at + whole.bytes == ranges[i].at &&
             std::less<>()(ranges[i].at, place->end))
        whole.bytes += ranges[i++].bytes;
      release(whole, *place);
    }
    let_go_of_most();
  }

  void grow_ahead() override {
    for (const bool large : {false, true}) {
      const size_t wanted = growth(large);
      {
        const std::lock_guard lock(mutex_);
        const Arena* arena = current(large);
        if (arena && (arena->used + wanted <= arena->mapped || arena->mapped == kArenaBytes))
          continue;
      }
      (void)grow(large, 1, wanted);
    }
  }

 private:
  struct Arena {
    std::byte* at = nullptr;
    bool large = false;
    size_t used = 0, mapped = 0;
  };
  struct Place {
    off_t offset = 0;          ///< in the file
    std::byte* end = nullptr;  ///< of the arena
    bool large = false;
  };

  static size_t growth(bool large) { return large ? kLargeGrowthBytes : kSmallGrowthBytes; }

  /// With the mutex held.
  Arena* current(bool large) {
    const size_t i = current_[large ? 1 : 0];
    return i < arenas_.size() && arenas_[i].large == large ? &arenas_[i] : nullptr;
  }

  /// With the mutex held. Addresses only; neither memory nor disk.
  bool add_arena(bool large) {
    void* at =
        ::mmap(nullptr, kArenaBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return false;
    current_[large ? 1 : 0] = arenas_.size();
    arenas_.push_back({static_cast<std::byte*>(at), large, 0, 0});
    return true;
  }

  /// Maps one growth more, unless `spare` bytes are there already (another thread was at it); in a
  /// new arena where `bytes` do not fit into this one. 0 or an error number. The room is reserved
  /// first: writing to a mapped hole of a full disk would kill the program.
  int grow(bool large, size_t bytes, size_t spare = 0) {
    const std::lock_guard growing(growing_);
    std::byte* at = nullptr;
    size_t arena_number = 0, before = 0;
    {
      const std::lock_guard lock(mutex_);
      const Arena* now = current(large);
      if (now && now->used + std::max(bytes, spare) <= now->mapped) return 0;
      if ((!now || now->used + bytes > kArenaBytes) && !add_arena(large)) return ENOMEM;
      arena_number = current_[large ? 1 : 0];
      at = arenas_[arena_number].at;
      before = arenas_[arena_number].mapped;
    }
    if (before == kArenaBytes) return 0;
    const auto offset = static_cast<off_t>(arena_number * kArenaBytes + before);
    const auto more = static_cast<off_t>(growth(large));
    if (const int error = ::posix_fallocate(file_.fd(), offset, more); error != 0) return error;
    if (::mmap(at + before, growth(large), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
               file_.fd(), offset) == MAP_FAILED)
      return errno;
    const std::lock_guard lock(mutex_);
    arenas_[arena_number].mapped += growth(large);
    return 0;
  }

  std::optional<Place> place_of(const std::byte* at) const {
    const std::lock_guard lock(mutex_);
    for (size_t i = arenas_.size(); i-- > 0;) {
      const Arena& a = arenas_[i];
      if (std::less<>()(at, a.at) || !std::less<>()(at, a.at + kArenaBytes)) continue;
      return Place{static_cast<off_t>(i * kArenaBytes + static_cast<size_t>(at - a.at)),
                   a.at + kArenaBytes, a.large};
    }
    return std::nullopt;
  }

  /// Without the mutex: nobody takes again what was taken once.
  void release(const Range& range, const Place& place) {
    in_use_.fetch_sub(range.bytes, std::memory_order_relaxed);
    if (!place.large) {
      wait_for_neighbours(place.offset, place.offset + static_cast<off_t>(range.bytes));
      return;
    }
    // Zeros that need no room in the file take the place of what was there: whoever still looks
    // there may do so on a full disk as well.
    (void)::mmap(range.at, range.bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    punch(place.offset, place.offset + static_cast<off_t>(range.bytes));
  }

  void wait_for_neighbours(off_t from, off_t to) {
    const std::lock_guard lock(holes_mutex_);
    holes_bytes_ += static_cast<size_t>(to - from);
    auto after = holes_.lower_bound(from);
    if (after != holes_.end() && after->first == to) {
      to = after->second;
      after = holes_.erase(after);
    }
    if (after != holes_.begin() && std::prev(after)->second == from)
      std::prev(after)->second = to;
    else
      holes_.emplace_hint(after, from, to);
  }

  /// Takes what adjoins to enough out of the file, and the oldest when too much waits.
  void let_go_of_most() {
    std::vector<std::pair<off_t, off_t>> now;
    {
      const std::lock_guard lock(holes_mutex_);
      bool too_many = holes_bytes_ > kHolesWaitingBytesMax;
      for (auto at = holes_.begin(); at != holes_.end();) {
        const auto bytes = static_cast<size_t>(at->second - at->first);
        if (bytes < kHoleBytesMin && !too_many) {
          ++at;
          continue;
        }
        now.push_back(*at);
        holes_bytes_ -= bytes;
        too_many = too_many && holes_bytes_ > kHolesWaitingBytesMax / 2;
        at = holes_.erase(at);
      }
    }
    for (const auto& [from, to] : now) punch(from, to);
  }

  void punch(off_t from, off_t to) {
    holes_made_.fetch_add(1, std::memory_order_relaxed);
    (void)::fallocate(file_.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, to - from);
  }

  FileHandle file_;
  std::mutex growing_;               ///< one grows at a time; taken before mutex_
  mutable std::mutex mutex_;         ///< the rest; held for no system call but one in 1 GiB
  std::vector<Arena> arenas_;        ///< one lies behind the other in the file
  std::array<size_t, 2> current_{};  ///< the arena of small pieces, of large ones
  std::mutex holes_mutex_;           ///< the rest
  std::map<off_t, off_t> holes_;     ///< of the file, given back but still in it: from, to
  size_t holes_bytes_ = 0;
};

}  // namespace

Result<std::shared_ptr<IndexMemory>> mapped_index_memory(const std::string& directory) {
  auto file = FileHandle::open_spool(directory);
  if (!file) return tl::unexpected(std::move(file.error()).in("the index"));
  return std::shared_ptr<IndexMemory>(std::make_shared<MappedMemory>(std::move(*file)));
}

}  // namespace sp3ctra
