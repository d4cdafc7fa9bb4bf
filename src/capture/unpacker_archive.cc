#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <vector>

#include "capture/unpacker.h"

namespace sp3ctra {
namespace {

constexpr size_t kPackedBlockBytes = 64 * 1024;

struct CloseArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};

class ArchiveUnpacker final : public Unpacker {
 public:
  explicit ArchiveUnpacker(RawInput& input) : input_(input), packed_(kPackedBlockBytes) {}
  Fill next(Bytes& out) override;
  const std::string& error() const override { return error_; }

 private:
  static la_ssize_t give_packed(archive* a, void* self, const void** block);
  bool open();
  Fill failed();

  RawInput& input_;
  std::vector<std::byte> packed_;
  std::unique_ptr<archive, CloseArchive> archive_;
  std::string error_;
};

la_ssize_t ArchiveUnpacker::give_packed(archive* a, void* self, const void** block) {
  auto& unpacker = *static_cast<ArchiveUnpacker*>(self);
  size_t got = 0;
  const Fill state = unpacker.input_.read(unpacker.packed_, got, false);
  if (state == Fill::kFailed) {
    archive_set_error(a, EIO, "%s", unpacker.input_.error().c_str());
    return ARCHIVE_FATAL;
  }
  *block = unpacker.packed_.data();
  return state == Fill::kReady ? static_cast<la_ssize_t>(got) : 0;
}

bool ArchiveUnpacker::open() {
  archive_.reset(archive_read_new());
  archive* a = archive_.get();
  if (a == nullptr) return false;
  archive_read_support_filter_gzip(a);
  archive_read_support_filter_zstd(a);
  archive_read_support_filter_lz4(a);
  archive_read_support_filter_xz(a);
  archive_read_support_filter_bzip2(a);
  archive_read_support_format_raw(a);
  archive_entry* entry = nullptr;
  return archive_read_open(a, this, nullptr, &ArchiveUnpacker::give_packed, nullptr) ==
             ARCHIVE_OK &&
         archive_read_next_header(a, &entry) == ARCHIVE_OK;
}

Fill ArchiveUnpacker::failed() {
  const char* why = archive_ ? archive_error_string(archive_.get()) : "not enough memory";
  error_ = why != nullptr ? why : "nothing in it";
  return Fill::kFailed;
}

Fill ArchiveUnpacker::next(Bytes& out) {
  if (!error_.empty()) return Fill::kFailed;
  if (!archive_ && !open()) return failed();
  for (;;) {
    const void* block = nullptr;
    size_t bytes = 0;
    la_int64_t offset = 0;
    const int state = archive_read_data_block(archive_.get(), &block, &bytes, &offset);
    if (state == ARCHIVE_EOF) return Fill::kEnd;
    if (state != ARCHIVE_OK && state != ARCHIVE_WARN) return failed();
    if (bytes == 0) continue;
    out = {static_cast<const std::byte*>(block), bytes};
    return Fill::kReady;
  }
}

}  // namespace

std::unique_ptr<Unpacker> unpack_any(RawInput& input) {
  return std::make_unique<ArchiveUnpacker>(input);
}

}  // namespace sp3ctra
