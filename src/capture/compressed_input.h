#pragma once
// gz, zst, lz4, xz and bz2 by content, unpacked into a spool file while it is read. Bounded in
// bytes and in ratio against bombs.
#include <memory>
#include <string_view>

#include "capture/byte_source.h"

namespace sp3ctra {

/// "gz", "zst", "lz4", "xz", "bz2" by the first bytes (6 are enough), or empty.
std::string_view compression_of(Bytes first);

/// The unpacked bytes of `input`, each also appended to `spool` before it is given out. What was
/// unpacked before damage is given out first.
std::unique_ptr<ByteSource> read_unpacked(std::unique_ptr<RawInput> input,
                                          std::shared_ptr<const FileHandle> spool,
                                          const SpoolLimits& limits);

}  // namespace sp3ctra
