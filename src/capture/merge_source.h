#pragma once
// Several captures as one, merged by time.
#include <memory>
#include <vector>

#include "base/limits.h"
#include "capture/packet_source.h"

namespace sp3ctra {

/// Gives the packets of several sources in order of time; of equal times those of the earlier
/// source first, and packets of one source never change places (one out of time order waits for
/// its turn). Interfaces are concatenated as they appear; each belongs to one source. Data of a
/// packet is valid until the next call. file_offset is within the packet's own source. One thread.
class MergeSource final : public PacketSource {
 public:
  /// Fails with more than limits::kMergedFilesMax sources, or none.
  static Result<std::unique_ptr<MergeSource>> create(
      std::vector<std::unique_ptr<PacketSource>> sources);

  Next next(Packet& out) override;
  const std::shared_ptr<const void>& hold() override {
    return last_ == kNone ? PacketSource::hold() : inputs_[last_].source->hold();
  }
  const std::vector<CaptureInterface>& interfaces() const override { return interfaces_; }
  /// "source N: …" of each damaged source, from 1.
  const std::string& damage() const override { return damage_; }
  uint64_t bytes_done() const override;
  uint64_t bytes_total() const override;

  /// Which source (from 0) an interface belongs to.
  size_t source_of(uint16_t interface_id) const { return interface_sources_[interface_id]; }
  PacketSource& source(size_t n) const { return *inputs_[n].source; }

 private:
  struct Input {
    std::unique_ptr<PacketSource> source;
    std::vector<uint16_t> interface_ids;  // of the source's interfaces among interfaces_
    Packet head;
  };

  explicit MergeSource(std::vector<std::unique_ptr<PacketSource>> sources);
  bool adopt_interfaces(Input& input, size_t number);
  void note_damage(size_t number, std::string_view why);
  bool later(size_t a, size_t b) const;

  static constexpr size_t kNone = ~size_t{0};
  size_t last_ = kNone;  // the input of the packet given out last
  std::vector<Input> inputs_;
  std::vector<size_t> waiting_;  // inputs without a head packet that have not ended
  std::vector<size_t> heap_;     // inputs with one, the earliest in front
  std::vector<CaptureInterface> interfaces_;
  std::vector<size_t> interface_sources_;
  std::string damage_;
};

}  // namespace sp3ctra
