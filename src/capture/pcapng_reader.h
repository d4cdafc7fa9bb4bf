#pragma once
// Reads a pcapng file in order: any number of sections in either byte order, interfaces, packets
// of all three kinds; notes everything else. Damage inside one block skips that block; damage of
// the chain of blocks ends the reading.
#include <memory>

#include "capture/byte_source.h"
#include "capture/capture_layout.h"
#include "capture/file_annotations.h"
#include "capture/packet_source.h"
#include "capture/pcapng_block.h"

namespace sp3ctra {

/// Gives the blocks and packets of a pcapng file. One thread.
class PcapngReader {
 public:
  enum class Step { kPacket, kOther, kEnd, kIdle };

  /// `segments`: where the second and later files of one capture begin in the window. Damage of one
  /// of them then ends with it, and interfaces that a segment repeats keep their number.
  explicit PcapngReader(std::unique_ptr<BlockWindow> window, std::vector<uint64_t> segments = {});
  /// The next block, whatever it is; kPacket: and the packet in it. Both valid until the next call.
  Step step(pcapng::Block& block, Packet& packet);
  /// The next packet.
  PacketSource::Next next(Packet& out);

  const std::vector<CaptureInterface>& interfaces() const { return interfaces_; }
  const std::string& damage() const { return damage_; }
  const BlockWindow& window() const { return *window_; }
  /// See PacketSource::hold().
  const std::shared_ptr<const void>& hold() { return window_->hold(); }
  const std::shared_ptr<CaptureLayout>& layout() const { return layout_; }
  const std::shared_ptr<FileAnnotations>& annotations() const { return annotations_; }

 private:
  Step read_block(pcapng::Block& block);
  Step skip_to_next_segment();
  uint64_t next_segment();
  bool repeats(const CaptureInterface& interface) const;
  bool section_order(bool& big_endian);
  Step stop(Fill why, uint64_t needed);
  template <class... A>
  Step damaged(uint64_t offset, fmt::format_string<A...> f, A&&... a);
  Step read_packet(const pcapng::Block& block, Packet& packet);
  Step begin_section(const pcapng::Block& block);
  Step add_interface(const pcapng::Block& block);
  void skip_packet(uint64_t offset, std::string_view why);
  Step end();

  std::unique_ptr<BlockWindow> window_;
  const std::vector<uint64_t> segments_;
  size_t segment_ = 0;    // how many of them lie behind
  uint64_t skip_to_ = 0;  // the rest of a damaged segment is passed over
  bool big_endian_ = false;
  bool in_section_ = false;
  bool ended_ = false;
  uint32_t section_ = 0;
  uint32_t first_interface_ = 0;        // number of the section's interface 0 in interfaces_
  std::vector<InterfaceShape> shapes_;  // of the section being read
  Timestamp last_ts_;
  uint64_t skipped_packets_ = 0;
  std::vector<CaptureInterface> interfaces_;
  std::shared_ptr<CaptureLayout> layout_;
  std::shared_ptr<FileAnnotations> annotations_;
  std::string damage_;
};

}  // namespace sp3ctra
