#pragma once
// Bytes of a capture file in order, from wherever they come (a file in place, a pipe, an unpacker),
// and the window of recycled blocks that the readers look through.
#include <memory>
#include <string>
#include <vector>

#include "base/file_growth.h"
#include "base/limits.h"
#include "capture/block_pool.h"
#include "capture/file_handle.h"

namespace sp3ctra {

/// What asking for more bytes came to. kIdle: a pipe with nothing to read at the moment.
enum class Fill { kReady, kEnd, kIdle, kFailed };

/// Gives the bytes of one (unpacked) capture file from start to end. One thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads 1..into.size() bytes (kReady sets `got`), or says why not.
  virtual Fill read(std::span<std::byte> into, size_t& got) = 0;
  /// After kFailed: why.
  virtual const std::string& error() const = 0;
  /// Bytes of the file as opened (packed) that were read, and in all (0 = unknown).
  virtual uint64_t bytes_done() const = 0;
  virtual uint64_t bytes_total() const = 0;
};

/// Limits and place of spooled input: unpacked or piped bytes kept in a file without a name.
struct SpoolLimits {
  std::string directory;  ///< empty: the system's temporary directory
  uint64_t bytes_max = limits::kSpoolBytesMax;
  uint64_t ratio_max = limits::kSpoolRatioMax;  ///< unpacked : packed
  uint64_t ratio_free_bytes = limits::kSpoolRatioFreeBytes;
};

/// The bytes as they lie on disk or come through a pipe: a prefix may be looked at before reading.
class RawInput {
 public:
  /// With `growth` the file's end is the end only when it is whole; until then reading says kIdle.
  explicit RawInput(std::shared_ptr<const FileHandle> file,
                    std::shared_ptr<const FileGrowth> growth = {});
  /// Gathers up to n first bytes (fewer only at the end: then kEnd); nothing is consumed.
  Fill peek(size_t n);
  Bytes peeked() const { return {prefix_.data(), prefix_.size()}; }
  /// Next bytes, the peeked ones first. `may_idle`: return kIdle rather than wait for a pipe.
  Fill read(std::span<std::byte> into, size_t& got, bool may_idle);
  bool in_place() const { return in_place_; }
  const std::shared_ptr<const FileHandle>& file() const { return file_; }
  const std::string& error() const { return error_; }
  uint64_t bytes_done() const { return done_; }
  uint64_t bytes_total() const { return total_; }

 private:
  Fill read_file(std::span<std::byte> into, size_t& got, bool may_idle);

  std::shared_ptr<const FileHandle> file_;
  std::shared_ptr<const FileGrowth> growth_;
  bool in_place_;
  uint64_t total_;
  uint64_t offset_ = 0;  ///< of the next byte taken from an in-place file
  uint64_t done_ = 0;
  std::vector<std::byte> prefix_;
  size_t prefix_used_ = 0;
  std::string error_;
};

/// The file read where it lies.
std::unique_ptr<ByteSource> read_in_place(std::unique_ptr<RawInput> input);
/// A pipe, every byte also appended to `spool` before it is given out.
std::unique_ptr<ByteSource> read_spooled(std::unique_ptr<RawInput> input,
                                         std::shared_ptr<const FileHandle> spool,
                                         const SpoolLimits& limits);

/// A window over a ByteSource: `available()` bytes lie at `data()`, contiguous. Blocks of
/// limits::kReadBlockBytes are read into one recycled buffer, which grows only for a record that
/// needs it. need() moves bytes; data given out before is then invalid, unless hold() was kept.
class BlockWindow {
 public:
  explicit BlockWindow(std::unique_ptr<ByteSource> source);
  /// Sees to it that n bytes are available; other than kReady: fewer are.
  Fill need(size_t n) { return end_ - begin_ >= n ? Fill::kReady : fill(n); }
  const std::byte* data() const { return buffer_.get() + begin_; }
  size_t available() const { return end_ - begin_; }
  void consume(size_t n) { begin_ += n; }
  /// Offset of data() in the (unpacked) file.
  uint64_t offset() const { return base_ + begin_; }
  const ByteSource& source() const { return *source_; }
  /// As long as a copy of this is kept, everything given out of the block in use stays as it is.
  const std::shared_ptr<const void>& hold() {
    if (!held_) held_ = buffer_;
    return held_;
  }

 private:
  Fill fill(size_t n);
  void make_room(size_t n);

  std::unique_ptr<ByteSource> source_;
  BlockPool pool_;
  std::shared_ptr<std::byte[]> buffer_;
  std::shared_ptr<const void> held_;  // buffer_, once someone may hold it: then it is not reused
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t base_ = 0;  ///< file offset of buffer_[0]
  Fill state_ = Fill::kReady;
};

}  // namespace sp3ctra
