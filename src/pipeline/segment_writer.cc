#include "pipeline/segment_writer.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "pipeline/disk.h"

namespace sp3ctra {
namespace {

constexpr uint64_t kBlockBytesAround = 48;  // of a packet's block beside the packet
constexpr uint64_t kSegmentBytesMin = 4u << 20, kSegmentBytesMax = 256u << 20;
constexpr uint64_t kSegmentsWanted = 16;
constexpr uint64_t kSpareBytesMin = 1u << 20, kSpareBytesMax = 32u << 20;
constexpr uint64_t kSpareOfDisk = 64;    // this part of the disk is spare
constexpr uint64_t kSpareOfBudget = 64;  // a full store goes on when this part is free again
constexpr uint64_t kAlwaysFreeBytes = 1'000'000'000;  // "always on" leaves as much, or
constexpr uint64_t kAlwaysFreeOfDisk = 10;            // this part of a small disk
constexpr uint64_t kAlwaysHours = 24;
constexpr size_t kSectionsRemembered = 4096;  // 24 bytes each
constexpr auto kKeeperEvery = std::chrono::milliseconds(100);
constexpr int64_t kSegmentNsMin = 60'000'000'000;
constexpr int64_t kRetryNs = 1'000'000'000;  // after an error that is no lack of room

int64_t steady_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

uint64_t spare_bytes(uint64_t disk) {
  return std::clamp(disk / kSpareOfDisk, kSpareBytesMin, kSpareBytesMax);
}

uint64_t floor_bytes(const StorePolicy& policy, uint64_t disk) {
  const uint64_t always =
      policy.always_on ? std::min(kAlwaysFreeBytes, disk / kAlwaysFreeOfDisk) : 0;
  return std::max(policy.min_free_bytes, always);
}

uint64_t hours_of(const StorePolicy& policy) {
  return policy.hours == 0 && policy.always_on ? kAlwaysHours : policy.hours;
}

/// Packets before this time are too old; there is such a time only with a limit in hours.
int64_t oldest_wanted(const StorePolicy& policy) {
  return wall_ns() - static_cast<int64_t>(hours_of(policy)) * 3'600'000'000'000;
}

std::string size_words(uint64_t bytes) {
  return bytes >= 1'000'000'000 ? fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9)
                                : fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

}  // namespace

uint64_t segment_bytes_of(uint64_t budget) {
  const uint64_t least = std::min(kSegmentBytesMin, budget / 4);
  return std::max(std::clamp(budget / kSegmentsWanted, least, kSegmentBytesMax),
                  budget / (StorePolicy::kFilesMax / 2));
}

SegmentWriter::SegmentWriter(Options options)
    : options_(std::move(options)),
      joined_(std::make_shared<JoinedFile>()),
      layout_(std::make_shared<CaptureLayout>()),
      reader_(std::make_shared<PacketFile>(joined_, layout_)),
      interfaces_(options_.interfaces) {}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::create(Options options) {
  const std::string folder = options.folder;
  TRY(make_private_directory(folder));
  std::unique_ptr<SegmentWriter> w(new SegmentWriter(std::move(options)));
  if (Status s = w->begin_segment(); !s) {
    std::error_code ec;
    std::filesystem::remove(folder, ec);
    return tl::unexpected(std::move(s.error()));
  }
  w->look();
  w->keeper_ = std::thread([writer = w.get()] { writer->keep(); });
  return w;
}

SegmentWriter::~SegmentWriter() { close(); }

void SegmentWriter::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  if (keeper_.joinable()) keeper_.join();
}

// ---- capture thread ----

/// What was written before is on disk.
Status SegmentWriter::begin_segment() {
  const std::string path = options_.folder + "/" + segment_name(serial_ + 1);
  auto file = create_private_file(path);
  if (!file) return tl::unexpected(std::move(file.error()));
  auto reading = FileHandle::open_read(path);
  uint64_t offset = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!segments_.empty()) offset = segments_.back().offset + whole_bytes_;
  }
  auto next = std::make_unique<PcapngWriter>(std::move(*file), WriterOrigin{"", "", "sp3ctra", ""},
                                             layout_, offset);
  for (const CaptureInterface& i : interfaces_) next->add_interface(i);
  const Status begun = next->flush();
  if (!begun || !reading) {
    std::error_code ec;
    std::filesystem::remove(path, ec);
    return begun ? Status(tl::unexpected(std::move(reading.error()))) : begun;
  }
  ++serial_;
  joined_->add(std::make_shared<const FileHandle>(std::move(*reading)), offset, whole_packets_ + 1);
  const std::lock_guard lock(mutex_);
  if (!segments_.empty()) {
    segments_.back().bytes = whole_bytes_;
    closed_bytes_ += whole_bytes_;
  }
  writer_ = std::move(next);
  whole_bytes_ = writer_->bytes_written();
  packets_before_ = whole_packets_;
  begun_ns_ = steady_ns();
  interface_lost_ = false;
  rotation_asked_ = false;
  segments_.push_back({path, offset, whole_bytes_, whole_packets_ + 1, 0, 0, 0});
  return {};
}

bool SegmentWriter::fits(uint64_t bytes) const {
  const uint64_t now = writer_->bytes_written() + bytes;
  return now <= segment_max_.load(std::memory_order_relaxed) &&
         closed_bytes_.load(std::memory_order_relaxed) + now <=
             budget_.load(std::memory_order_relaxed) &&
         !interface_lost_;
}

uint64_t SegmentWriter::write(const Packet& packet) {
  if (lost_) return kNotKept;
  if (paused_.load(std::memory_order_acquire)) {
    // Overwriting needs a segment that is not the one being written.
    if (has_packets() && rotation_asked_.exchange(false)) (void)rotate();
    return kNotKept;
  }
  const uint64_t bytes = packet.data.size() + kBlockBytesAround;
  if (!fits(bytes) && !make_way(bytes)) return kNotKept;
  if (options_.index && !options_.index->make_room()) {
    if (!options_.index->out_of_disk()) not_before_ns_ = steady_ns() + kRetryNs;
    pause_for(options_.index->out_of_disk() ? "the disk is full"
                                            : "there is no memory for the list of packets");
    return kNotKept;
  }
  const uint64_t offset = writer_->write_packet(packet);
  ends_.push_back(writer_->bytes_written());
  times_.push_back(packet.ts.ns);
  return offset;
}

/// The segment is full, or the whole is.
bool SegmentWriter::make_way(uint64_t bytes) {
  if (!settle()) return false;
  const uint64_t budget = budget_.load(std::memory_order_relaxed);
  const auto all = [&] { return closed_bytes_.load() + writer_->bytes_written() + bytes; };
  const std::string full = fmt::format("the {} for captures are used up", size_words(budget));
  if (all() > budget && !overwrites_) {
    pause_for(full);
    return false;
  }
  if ((has_packets() || interface_lost_) && !rotate()) return false;
  if (all() <= budget) return true;
  pause_for(full);
  return false;
}

bool SegmentWriter::rotate() {
  const bool overwrites = overwrites_.load(std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    if (!overwrites && files_max_ != 0 && segments_.size() >= files_max_) {
      paused_ = true;
      cause_ = fmt::format("the {} files of a capture are full", files_max_);
      return false;
    }
  }
  if (const Status s = begin_segment(); !s) {
    pause_on(s.error().message);
    return false;
  }
  if (!overwrites) return true;
  const uint64_t coming = std::min(segment_max_.load(), budget_.load());
  {
    const std::lock_guard lock(mutex_);
    while (segments_.size() > 1 && closed_bytes_ + coming > budget_) retire_oldest();
    while (files_max_ != 0 && segments_.size() > std::max<uint64_t>(files_max_, 1)) retire_oldest();
  }
  wake_.notify_all();
  return true;
}

/// Brings what was taken to the disk; false when not all of it got there.
bool SegmentWriter::settle() {
  const Status s = writer_->flush();
  if (!s) cut_back(s.error().message);
  if (s) {
    whole_packets_ += ends_.size();
    whole_bytes_ = writer_->bytes_written();
  }
  const std::lock_guard lock(mutex_);
  Segment& segment = segments_.back();
  segment.bytes = whole_bytes_;
  const uint64_t packets = whole_packets_ + 1 - segment.first_number;
  if (packets > segment.packets && !times_.empty()) {
    if (segment.packets == 0) segment.first_ns = times_.front();
    segment.last_ns = std::max(segment.last_ns, times_[packets - segment.packets - 1]);
    segment.packets = packets;
  }
  ends_.clear();
  times_.clear();
  return s.has_value();
}

void SegmentWriter::cut_back(const std::string& error) {
  const uint64_t size = writer_->file().size();
  size_t kept = 0;
  for (; kept < ends_.size() && ends_[kept] <= size; ++kept) whole_bytes_ = ends_[kept];
  whole_packets_ += kept;
  // Cutting needs no space, so it works on a full disk. Where it does not, what is written next
  // lies over what is too much.
  (void)writer_->file().cut_to(whole_bytes_);
  (void)writer_->resume_at(whole_bytes_);
  // Without a packet waiting nobody will call flush().
  lost_ = lost_ || kept < ends_.size();
  pause_on(error);
}

void SegmentWriter::pause_on(const std::string& error) {
  const bool full = error.find(std::strerror(ENOSPC)) != std::string::npos;
  if (!full) not_before_ns_ = steady_ns() + kRetryNs;
  pause_for(full ? "the disk is full" : error);
}

uint64_t SegmentWriter::flush() {
  if (!lost_) (void)settle();
  lost_ = false;
  const bool old = steady_ns() - begun_ns_ > segment_ns_max_.load(std::memory_order_relaxed);
  if (!paused_ && (old || rotation_asked_) && has_packets()) (void)rotate();
  return whole_packets_;
}

void SegmentWriter::add_interface(const CaptureInterface& interface) {
  (void)settle();
  interfaces_.push_back(interface);
  writer_->add_interface(interface);
  interface_lost_ = !settle();
}

void SegmentWriter::statistics(const FileStatistics& counted, Timestamp now) {
  writer_->write_statistics(counted, now);
  (void)settle();
}

void SegmentWriter::pause_for(std::string cause) {
  {
    const std::lock_guard lock(mutex_);
    cause_ = std::move(cause);
    paused_.store(true, std::memory_order_release);
  }
  wake_.notify_all();
}

// ---- keeper ----

void SegmentWriter::keep() {
  std::unique_lock lock(mutex_);
  for (bool last = false; !last;) {
    last = closing_;
    lock.unlock();
    if (options_.index) options_.index->make_room_ahead();
    if (!last) look();
    if (let_go() && paused_ && !last) look();
    lock.lock();
    if (!closing_ && !last) wake_.wait_for(lock, kKeeperEvery);
  }
}

/// Asks policy and disk. By the keeper, and once before it runs.
void SegmentWriter::look() {
  const StorePolicy policy = options_.policy ? options_.policy() : StorePolicy{.bytes = 0};
  const Disk disk{free_bytes(options_.folder), disk_bytes(options_.folder)};
  const uint64_t mine = policy.bytes == 0 || policy.always_on ? UINT64_MAX : policy.bytes;
  const uint64_t budget = std::min(mine, options_.quota_left ? options_.quota_left() : UINT64_MAX);
  const uint64_t on_disk = state().bytes + disk.free;
  const uint64_t hours = hours_of(policy);
  budget_.store(budget, std::memory_order_relaxed);
  // Also a small disk holds several: one must be there to go while another is written.
  segment_max_.store(segment_bytes_of(std::min(budget, on_disk)), std::memory_order_relaxed);
  overwrites_ = policy.always_on || policy.when_full == StorePolicy::WhenFull::kOverwrite;
  if (hours != 0)
    segment_ns_max_ =
        std::max<int64_t>(static_cast<int64_t>(hours) * 3'600'000'000'000 / 24, kSegmentNsMin);
  else
    segment_ns_max_ = INT64_MAX;
  const bool others_went = drop_earlier(policy, disk);
  const std::lock_guard lock(mutex_);
  files_max_ = StorePolicy::kFilesMax;
  if (!policy.always_on && policy.files != 0) files_max_ = std::min(files_max_, policy.files);
  if (!others_went) retire_what_is_too_much(policy, disk);
  const std::string lacking = lack(policy, disk);
  if (paused_ && lacking.empty() && steady_ns() >= not_before_ns_)
    paused_.store(false, std::memory_order_release);
  // A floor that is reached is kept without waiting for the disk to refuse.
  const bool at_floor = disk.free < floor_bytes(policy, disk.total);
  if (!paused_ && !overwrites_ && at_floor) {
    cause_ = lacking;
    paused_.store(true, std::memory_order_release);
  }
}

/// What earlier captures of the kind hold is older than anything of this one.
bool SegmentWriter::drop_earlier(const StorePolicy& policy, const Disk& disk) {
  if (!policy.always_on || !options_.drop_earlier) return false;
  if (disk.free < std::max(floor_bytes(policy, disk.total), spare_bytes(disk.total) * 2))
    return options_.drop_earlier(INT64_MAX);
  if (earlier_asked_ns_ != 0 && steady_ns() - earlier_asked_ns_ < kSegmentNsMin) return false;
  earlier_asked_ns_ = steady_ns();
  (void)options_.drop_earlier(oldest_wanted(policy));
  return false;
}

/// With the mutex held; there are two at least.
void SegmentWriter::retire_oldest() {
  Segment& oldest = segments_.front();
  closed_bytes_ -= oldest.bytes;
  expired_packets_ += oldest.packets;
  ++expired_segments_;
  retired_.push_back(std::move(oldest));
  segments_.pop_front();
}

/// With the mutex held.
void SegmentWriter::retire_what_is_too_much(const StorePolicy& policy, const Disk& disk) {
  if (hours_of(policy) != 0) {
    const int64_t oldest = oldest_wanted(policy);
    while (segments_.size() > 1 && segments_.front().last_ns < oldest) retire_oldest();
  }
  if (!overwrites_) return;
  while (segments_.size() > 1 && closed_bytes_ + segments_.back().bytes > budget_) retire_oldest();
  const uint64_t floor = std::max(floor_bytes(policy, disk.total), spare_bytes(disk.total) * 2);
  // One at a time: what went is not free yet.
  if (disk.free >= floor || !retired_.empty()) return;
  if (segments_.size() > 1)
    retire_oldest();
  else
    rotation_asked_ = true;
}

std::string SegmentWriter::lack(const StorePolicy& policy, const Disk& disk) const {
  const uint64_t floor = floor_bytes(policy, disk.total);
  if (disk.free < floor + spare_bytes(disk.total))
    return floor == 0 ? "the disk is full"
                      : fmt::format("less than {} would stay free on the disk", size_words(floor));
  const uint64_t used = closed_bytes_ + segments_.back().bytes;
  const uint64_t spare =
      std::clamp<uint64_t>(budget_ / kSpareOfBudget, 64 * 1024, kSegmentBytesMin);
  if (overwrites_ ? budget_ < spare : budget_ < spare || used > budget_ - spare)
    return fmt::format("the {} for captures are used up", size_words(budget_));
  if (!overwrites_ && files_max_ != 0 && segments_.size() >= files_max_ &&
      segments_.back().bytes + limits::kPacketBytesMax > segment_max_)
    return fmt::format("the {} files of a capture are full", files_max_);
  return {};
}

/// Takes the retired segments away, their rows first.
bool SegmentWriter::let_go() {
  for (bool any = false;; any = true) {
    Segment oldest;
    {
      const std::lock_guard lock(mutex_);
      if (retired_.empty()) return any;
      oldest = retired_.front();
    }
    if (options_.index) {
      const uint64_t last = oldest.first_number + oldest.packets - 1;
      if (options_.index->committed() < last) return any;  // the workers are still at it
      options_.index->expire_before(last + 1);
    }
    joined_->drop_before(oldest.offset + oldest.bytes);
    if (layout_->section_count() > kSectionsRemembered)
      layout_->drop_sections_before(joined_->first_offset());
    std::error_code ec;
    std::filesystem::remove(oldest.path, ec);
    const std::lock_guard lock(mutex_);
    retired_.pop_front();
  }
}

StoreState SegmentWriter::state() const {
  const std::lock_guard lock(mutex_);
  StoreState s;
  s.segments = segments_.size();
  for (const Segment& segment : segments_) {
    s.bytes += segment.bytes;
    if (s.oldest_ns == 0) s.oldest_ns = segment.first_ns;
  }
  s.expired_packets = expired_packets_;
  s.expired_segments = expired_segments_;
  s.paused = paused_;
  if (s.paused)
    s.words = fmt::format("{}: packets are not written until there is room again", cause_);
  else if (s.expired_packets > 0)
    s.words = fmt::format("the oldest {} packets are no longer kept", s.expired_packets);
  return s;
}

}  // namespace sp3ctra
