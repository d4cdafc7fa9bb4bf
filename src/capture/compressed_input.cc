#include "capture/compressed_input.h"

#include <algorithm>

#include "capture/unpacker.h"

namespace sp3ctra {
namespace {

class UnpackedBytes final : public ByteSource {
 public:
  UnpackedBytes(std::unique_ptr<RawInput> input, std::shared_ptr<const FileHandle> spool,
                const SpoolLimits& limits)
      : input_(std::move(input)), spool_(std::move(spool)), limits_(limits) {
    if (compression_of(input_->peeked()) == "gz") unpacker_ = unpack_gzip(*input_);
    if (!unpacker_) unpacker_ = unpack_any(*input_);
  }

  Fill read(std::span<std::byte> into, size_t& got) override;
  const std::string& error() const override { return error_; }
  uint64_t bytes_done() const override { return input_->bytes_done(); }
  uint64_t bytes_total() const override { return input_->bytes_total(); }

 private:
  bool within_limits(uint64_t more);

  std::unique_ptr<RawInput> input_;
  std::unique_ptr<Unpacker> unpacker_;  // reads from input_
  std::shared_ptr<const FileHandle> spool_;
  SpoolLimits limits_;
  Bytes unpacked_;  // of the unpacker, not yet given out
  uint64_t unpacked_bytes_ = 0;
  std::string error_;
};

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

Fill UnpackedBytes::read(std::span<std::byte> into, size_t& got) {
  got = 0;
  if (!error_.empty()) return Fill::kFailed;
  if (unpacked_.empty()) {
    const Fill state = unpacker_->next(unpacked_);
    if (state == Fill::kFailed) error_ = "cannot unpack: " + unpacker_->error();
    if (state != Fill::kReady) return state;
    if (!within_limits(unpacked_.size())) return Fill::kFailed;
  }
  got = std::min(into.size(), unpacked_.size());
  std::copy_n(unpacked_.begin(), got, into.begin());
  unpacked_ = unpacked_.subspan(got);
  unpacked_bytes_ += got;
  if (auto written = spool_->write_all(into.first(got)); !written) {
    error_ = "cannot spool the unpacked file: " + written.error().message;
    got = 0;
    return Fill::kFailed;
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
