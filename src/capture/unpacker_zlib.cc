#include "capture/unpacker.h"

#ifdef SP3CTRA_ZLIB
#include <zlib.h>

#include <vector>

namespace sp3ctra {
namespace {

constexpr size_t kBlockBytes = 64 * 1024;
constexpr int kGzipWindow = 15 + 16;  // largest window, gzip wrapper

class GzipUnpacker final : public Unpacker {
 public:
  explicit GzipUnpacker(RawInput& input)
      : input_(input), packed_(kBlockBytes), unpacked_(kBlockBytes) {
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK) error_ = "not enough memory";
  }
  ~GzipUnpacker() override { inflateEnd(&stream_); }
  GzipUnpacker(const GzipUnpacker&) = delete;
  GzipUnpacker& operator=(const GzipUnpacker&) = delete;

  Fill next(Bytes& out) override;
  const std::string& error() const override { return error_; }

 private:
  Fill more_input();
  Fill inflate_some(Bytes& out);
  Fill fail_with(const char* why);

  RawInput& input_;
  std::vector<std::byte> packed_;
  std::vector<std::byte> unpacked_;
  z_stream stream_{};
  bool between_members_ = false;  // a whole member was unpacked; another may follow
  std::string error_;
};

Fill GzipUnpacker::fail_with(const char* why) {
  error_ = why;
  return Fill::kFailed;
}

Fill GzipUnpacker::more_input() {
  size_t got = 0;
  const Fill state = input_.read(packed_, got, true);
  if (state == Fill::kFailed) return fail_with(input_.error().c_str());
  if (state == Fill::kEnd && !between_members_) return fail_with("the gz file is cut short");
  stream_.next_in = reinterpret_cast<Bytef*>(packed_.data());
  stream_.avail_in = static_cast<uInt>(got);
  return state;
}

Fill GzipUnpacker::inflate_some(Bytes& out) {
  if (between_members_) {
    if (*stream_.next_in != 0x1f) return Fill::kEnd;  // padding after the last member
    inflateReset(&stream_);
    between_members_ = false;
  }
  stream_.next_out = reinterpret_cast<Bytef*>(unpacked_.data());
  stream_.avail_out = static_cast<uInt>(unpacked_.size());
  const int state = inflate(&stream_, Z_NO_FLUSH);
  out = Bytes(unpacked_).first(unpacked_.size() - stream_.avail_out);
  if (state == Z_STREAM_END) between_members_ = true;
  if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) {
    fail_with(stream_.msg != nullptr ? stream_.msg : "the gz file is damaged");
  }
  return Fill::kReady;
}

Fill GzipUnpacker::next(Bytes& out) {
  for (;;) {
    if (!error_.empty()) return Fill::kFailed;
    if (stream_.avail_in == 0) {
      if (Fill state = more_input(); state != Fill::kReady) return state;
    }
    if (Fill state = inflate_some(out); state != Fill::kReady) return state;
    if (!out.empty()) return Fill::kReady;
  }
}

}  // namespace

std::unique_ptr<Unpacker> unpack_gzip(RawInput& input) {
  return std::make_unique<GzipUnpacker>(input);
}

}  // namespace sp3ctra
#else
namespace sp3ctra {
std::unique_ptr<Unpacker> unpack_gzip(RawInput&) { return nullptr; }
}  // namespace sp3ctra
#endif
