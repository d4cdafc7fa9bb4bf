#pragma once
// Unpacks a compressed stream piece by piece. Each library lies behind one file.
#include <memory>
#include <string>

#include "capture/byte_source.h"

namespace sp3ctra {

/// Gives unpacked bytes in order. Before kFailed everything that could be unpacked was given out,
/// as far as the library lets go of it. One thread.
class Unpacker {
 public:
  virtual ~Unpacker() = default;
  /// The next bytes, valid until the next call; kReady with at least one byte.
  virtual Fill next(Bytes& out) = 0;
  /// After kFailed: why.
  virtual const std::string& error() const = 0;
};

/// gz, zst, lz4, xz and bz2 by libarchive. A silent pipe is waited for. At damage it keeps back
/// what it had not yet given out: up to 64 KiB of gz and xz, 128 KiB of zst, a block of the others.
std::unique_ptr<Unpacker> unpack_any(RawInput& input);
/// gz by zlib: loses nothing that a cut file still holds, and says kIdle for a silent pipe. Null
/// when the program was built without zlib.
std::unique_ptr<Unpacker> unpack_gzip(RawInput& input);

}  // namespace sp3ctra
