#include "capture/byte_source.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace sp3ctra {
namespace {

constexpr int kPipeWaitMs = 100;  // how long a reader of a pipe sleeps before it says kIdle
constexpr int kGrowthWaitMs = 5;  // the same for a file whose next bytes are on their way
constexpr size_t kSlackBytes = 64 * 1024;  // room for a record that straddles two blocks

constexpr size_t kBlocksKept = 32;  // unused read blocks: 10 MiB

// A small file needs no large buffer; one byte more lets the end be noticed without growing.
size_t usual_capacity(const ByteSource& source) {
  const uint64_t total = source.bytes_total();
  const size_t usual = limits::kReadBlockBytes + kSlackBytes;
  return total == 0 ? usual : static_cast<size_t>(std::min<uint64_t>(usual, total + 1024));
}

class InPlaceBytes final : public ByteSource {
 public:
  explicit InPlaceBytes(std::unique_ptr<RawInput> input) : input_(std::move(input)) {}
  Fill read(std::span<std::byte> into, size_t& got) override {
    return input_->read(into, got, true);
  }
  const std::string& error() const override { return input_->error(); }
  uint64_t bytes_done() const override { return input_->bytes_done(); }
  uint64_t bytes_total() const override { return input_->bytes_total(); }

 private:
  std::unique_ptr<RawInput> input_;
};

class SpooledBytes final : public ByteSource {
 public:
  SpooledBytes(std::unique_ptr<RawInput> input, std::shared_ptr<const FileHandle> spool,
               uint64_t bytes_max)
      : input_(std::move(input)), spool_(std::move(spool)), bytes_left_(bytes_max) {}

  Fill read(std::span<std::byte> into, size_t& got) override {
    if (bytes_left_ == 0) {
      error_ = "the limit for spooled input is reached";
      return Fill::kFailed;
    }
    into = into.first(static_cast<size_t>(std::min<uint64_t>(into.size(), bytes_left_)));
    const Fill state = input_->read(into, got, true);
    if (state == Fill::kFailed) error_ = input_->error();
    if (state != Fill::kReady) return state;
    if (auto written = spool_->write_all(into.first(got)); !written) {
      error_ = "cannot spool the input: " + written.error().message;
      return Fill::kFailed;
    }
    bytes_left_ -= got;
    return state;
  }
  const std::string& error() const override { return error_; }
  uint64_t bytes_done() const override { return input_->bytes_done(); }
  uint64_t bytes_total() const override { return input_->bytes_total(); }

 private:
  std::unique_ptr<RawInput> input_;
  std::shared_ptr<const FileHandle> spool_;
  uint64_t bytes_left_;
  std::string error_;
};

}  // namespace

std::unique_ptr<ByteSource> read_in_place(std::unique_ptr<RawInput> input) {
  input->file()->expect_sequential();
  return std::make_unique<InPlaceBytes>(std::move(input));
}

std::unique_ptr<ByteSource> read_spooled(std::unique_ptr<RawInput> input,
                                         std::shared_ptr<const FileHandle> spool,
                                         const SpoolLimits& limits) {
  return std::make_unique<SpooledBytes>(std::move(input), std::move(spool), limits.bytes_max);
}

RawInput::RawInput(std::shared_ptr<const FileHandle> file, std::shared_ptr<const FileGrowth> growth)
    : file_(std::move(file)),
      growth_(std::move(growth)),
      in_place_(file_->readable_in_place()),
      total_(growth_ ? growth_->bytes_total : file_->size()) {}

Fill RawInput::peek(size_t n) {
  while (prefix_.size() < n) {
    const size_t have = prefix_.size();
    prefix_.resize(n);
    size_t got = 0;
    const Fill state = read_file(std::span(prefix_).subspan(have), got, true);
    prefix_.resize(have + got);
    if (state != Fill::kReady) return state;
  }
  return Fill::kReady;
}

Fill RawInput::read(std::span<std::byte> into, size_t& got, bool may_idle) {
  if (prefix_used_ < prefix_.size()) {
    got = std::min(into.size(), prefix_.size() - prefix_used_);
    std::copy_n(prefix_.begin() + static_cast<std::ptrdiff_t>(prefix_used_), got, into.begin());
    prefix_used_ += got;
    done_ += got;
    return Fill::kReady;
  }
  const Fill state = read_file(into, got, may_idle);
  if (state == Fill::kReady) done_ += got;
  return state;
}

Fill RawInput::read_file(std::span<std::byte> into, size_t& got, bool may_idle) {
  got = 0;
  if (!in_place_) {
    while (!file_->wait_readable(kPipeWaitMs)) {
      if (may_idle) return Fill::kIdle;
    }
  }
  for (;;) {
    // Asked before reading: what is whole by then is read to its end.
    const bool whole = !growth_ || growth_->whole.load(std::memory_order_acquire);
    auto result = in_place_ ? file_->read_at(into, offset_) : file_->read(into);
    if (!result) {
      error_ = result.error().message;
      return Fill::kFailed;
    }
    got = *result;
    offset_ += got;
    if (got > 0) return Fill::kReady;
    if (whole) return Fill::kEnd;
    std::this_thread::sleep_for(std::chrono::milliseconds(kGrowthWaitMs));
    if (may_idle) return Fill::kIdle;
  }
}

BlockWindow::BlockWindow(std::unique_ptr<ByteSource> source)
    : source_(std::move(source)), pool_(usual_capacity(*source_), kBlocksKept) {
  capacity_ = pool_.block_bytes();
  buffer_ = pool_.take(capacity_);
}

void BlockWindow::make_room(size_t n) {
  const size_t kept = end_ - begin_;
  if (n > capacity_ || held_) {
    const size_t larger =
        n > pool_.block_bytes() ? n + limits::kReadBlockBytes : pool_.block_bytes();
    auto next = pool_.take(larger);
    std::copy_n(buffer_.get() + begin_, kept, next.get());
    buffer_ = std::move(next);
    held_.reset();
    capacity_ = larger;
  } else if (begin_ > 0) {
    std::copy(buffer_.get() + begin_, buffer_.get() + end_, buffer_.get());
  }
  base_ += begin_;
  begin_ = 0;
  end_ = kept;
}

Fill BlockWindow::fill(size_t n) {
  if (state_ == Fill::kEnd || state_ == Fill::kFailed) return state_;
  make_room(n);
  while (end_ < n) {
    const size_t room = std::min<size_t>(capacity_ - end_, limits::kReadBlockBytes);
    size_t got = 0;
    state_ = source_->read({buffer_.get() + end_, room}, got);
    if (state_ != Fill::kReady) return state_;
    end_ += got;
  }
  return Fill::kReady;
}

}  // namespace sp3ctra
