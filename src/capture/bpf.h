#pragma once
// Capture filters ("tcp port 80"): compiled by libpcap, errors with a position, never a look-up on
// the network. Any thread; calls take turns (libpcap's compiler is not re-entrant everywhere).
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/bytes.h"
#include "capture/packet.h"

namespace sp3ctra {

/// One classic BPF instruction, laid out as the kernel's struct sock_filter.
struct BpfInstruction {
  uint16_t code = 0;
  uint8_t jump_true = 0;
  uint8_t jump_false = 0;
  uint32_t k = 0;
};

/// A compiled capture filter.
struct BpfProgram {
  std::vector<BpfInstruction> code;
  /// The text asks about VLAN tags. The kernel takes tags off before it filters, so such a program
  /// must run here, on the frame with its tag put back, and not in the kernel.
  bool needs_tags = false;
  /// Bytes to keep of this frame; 0 = no match. `wire_bytes` is its length on the wire.
  uint32_t match(Bytes frame, uint32_t wire_bytes) const noexcept;
};

/// Why a capture filter is wrong, and where in its text (bytes; length 0 at the end: it breaks
/// off).
struct BpfError {
  std::string message;
  size_t position = 0;
  size_t length = 0;
  std::string interface_name = {};  ///< the one it is about, when it is about one
};

/// Compiles `text` (empty: everything) for frames of `link`, keeping `snaplen` bytes of a match.
/// At most limits::kCaptureFilterBytesMax bytes. Host names are refused: asking DNS would send
/// packets.
tl::expected<BpfProgram, BpfError> compile_bpf(std::string_view text, LinkType link,
                                               uint32_t snaplen);

/// The program that keeps `snaplen` bytes of everything.
std::vector<BpfInstruction> keep_all(uint32_t snaplen);

/// The visible, removable filter that keeps the page's own traffic out of a capture.
std::string default_exclusion(uint16_t page_port);

}  // namespace sp3ctra
