#include "capture/compressed_input.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>

namespace sp3ctra {
namespace {

constexpr size_t kPackedBlockBytes = 64 * 1024;

struct CloseArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};

class UnpackedBytes final : public ByteSource {
 public:
  UnpackedBytes(std::unique_ptr<RawInput> input, std::shared_ptr<const FileHandle> spool,
                const SpoolLimits& limits)
      : input_(std::move(input)), spool_(std::move(spool)), limits_(limits) {}

  Fill read(std::span<std::byte> into, size_t& got) override;
  const std::string& error() const override { return error_; }
  uint64_t bytes_done() const override { return input_->bytes_done(); }
  uint64_t bytes_total() const override { return input_->bytes_total(); }

 private:
  static la_ssize_t give_packed(archive* a, void* self, const void** block);
  bool open();
  bool next_block();
  bool within_limits(uint64_t more);
  Fill failed(std::string why);

  std::unique_ptr<RawInput> input_;
  std::shared_ptr<const FileHandle> spool_;
  SpoolLimits limits_;
  std::unique_ptr<archive, CloseArchive> archive_;
  std::vector<std::byte> packed_;
  Bytes unpacked_;  // of libarchive, valid until its next call
  uint64_t unpacked_bytes_ = 0;
  bool ended_ = false;
  std::string error_;
};

la_ssize_t UnpackedBytes::give_packed(archive* a, void* self, const void** block) {
  auto& input = *static_cast<UnpackedBytes*>(self);
  size_t got = 0;
  const Fill state = input.input_->read(input.packed_, got, false);
  if (state == Fill::kFailed) {
    archive_set_error(a, EIO, "%s", input.input_->error().c_str());
    return ARCHIVE_FATAL;
  }
  *block = input.packed_.data();
  return state == Fill::kReady ? static_cast<la_ssize_t>(got) : 0;
}

bool UnpackedBytes::open() {
  packed_.resize(kPackedBlockBytes);
  archive_.reset(archive_read_new());
  if (!archive_) {
    error_ = "not enough memory to unpack";
    return false;
  }
  archive* a = archive_.get();
  archive_read_support_filter_gzip(a);
  archive_read_support_filter_zstd(a);
  archive_read_support_filter_lz4(a);
  archive_read_support_filter_xz(a);
  archive_read_support_filter_bzip2(a);
  archive_read_support_format_raw(a);
  archive_entry* entry = nullptr;
  if (archive_read_open(a, this, nullptr, &UnpackedBytes::give_packed, nullptr) != ARCHIVE_OK ||
      archive_read_next_header(a, &entry) != ARCHIVE_OK) {
    const char* why = archive_error_string(a);
    error_ = why != nullptr ? why : "cannot unpack";
    return false;
  }
  return true;
}

bool UnpackedBytes::next_block() {
  const void* block = nullptr;
  size_t bytes = 0;
  la_int64_t offset = 0;
  const int state = archive_read_data_block(archive_.get(), &block, &bytes, &offset);
  if (state == ARCHIVE_EOF) {
    ended_ = true;
    return true;
  }
  if (state != ARCHIVE_OK && state != ARCHIVE_WARN) {
    const char* why = archive_error_string(archive_.get());
    error_ = why != nullptr ? why : "cannot unpack";
    return false;
  }
  unpacked_ = {static_cast<const std::byte*>(block), bytes};
  return true;
}

bool UnpackedBytes::within_limits(uint64_t more) {
  const uint64_t bytes = unpacked_bytes_ + more;
  if (bytes > limits_.bytes_max) {
    error_ = fmt::format("it unpacks to more than the limit of {} bytes", limits_.bytes_max);
    return false;
  }
  const uint64_t packed = std::max<uint64_t>(1, input_->bytes_done());
  if (bytes > limits_.ratio_free_bytes && bytes / packed > limits_.ratio_max) {
    error_ = fmt::format("it unpacks to more than {} times its size", limits_.ratio_max);
    return false;
  }
  return true;
}

Fill UnpackedBytes::failed(std::string why) {
  error_ = std::move(why);
  return Fill::kFailed;
}

Fill UnpackedBytes::read(std::span<std::byte> into, size_t& got) {
  got = 0;
  if (!error_.empty()) return Fill::kFailed;
  if (!archive_ && !open()) return failed("cannot unpack: " + error_);
  while (unpacked_.empty()) {
    if (ended_) return Fill::kEnd;
    if (!next_block()) return failed("cannot unpack: " + error_);
    if (!within_limits(unpacked_.size())) return Fill::kFailed;
  }
  got = std::min(into.size(), unpacked_.size());
  std::copy_n(unpacked_.begin(), got, into.begin());
  unpacked_ = unpacked_.subspan(got);
  unpacked_bytes_ += got;
  if (auto written = spool_->write_all(into.first(got)); !written) {
    return failed("cannot spool the unpacked file: " + written.error().message);
  }
  return Fill::kReady;
}

}  // namespace

std::string_view compression_of(Bytes first) {
  const auto begins = [&](std::string_view magic) {
    return as_text(first.first(std::min(first.size(), magic.size()))) == magic;
  };
  if (begins("\x1f\x8b")) return "gz";
  if (begins("\x28\xb5\x2f\xfd")) return "zst";
  if (begins("\x04\x22\x4d\x18")) return "lz4";
  if (begins(std::string_view("\xfd\x37zXZ\0", 6))) return "xz";
  if (begins("BZh")) return "bz2";
  return {};
}

std::unique_ptr<ByteSource> read_unpacked(std::unique_ptr<RawInput> input,
                                          std::shared_ptr<const FileHandle> spool,
                                          const SpoolLimits& limits) {
  return std::make_unique<UnpackedBytes>(std::move(input), std::move(spool), limits);
}

}  // namespace sp3ctra
