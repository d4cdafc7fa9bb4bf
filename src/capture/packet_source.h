#pragma once
// The door through which packets come in: files, standard input, rings.
#include <memory>
#include <vector>

#include "base/result.h"
#include "capture/packet.h"

namespace sp3ctra {

/// Gives packets one after the other, in capture order. One thread.
class PacketSource {
 public:
  enum class Next { kPacket, kEnd, kIdle };  ///< kIdle: live, nothing yet
  virtual ~PacketSource() = default;
  /// The next packet into `out` (number is left 0: the capture thread numbers). kEnd at the end,
  /// also at the end of what is readable of a damaged file: then damage() says where and why.
  virtual Next next(Packet& out) = 0;
  /// Keeps the bytes of the packet just given out (and of all since the block it lies in began)
  /// beyond the next call, on any thread, for as long as a copy is held. Equal pointers = one
  /// block, so keep one copy per block. Null: the source cannot, copy the bytes.
  virtual const std::shared_ptr<const void>& hold() {
    static const std::shared_ptr<const void> none;
    return none;
  }
  /// Interfaces seen so far; grows while reading, entries never change.
  virtual const std::vector<CaptureInterface>& interfaces() const = 0;
  /// Empty, or "cut short at byte 8812: …" once next() returned kEnd.
  virtual const std::string& damage() const = 0;
  /// Bytes read and bytes in all (0 = unknown), of the file as opened: for progress.
  virtual uint64_t bytes_done() const { return 0; }
  virtual uint64_t bytes_total() const { return 0; }
};

}  // namespace sp3ctra
