// Writing chosen packets of an indexed capture to a file, in memory that does not grow with it.
#include <fmt/format.h>

#include <algorithm>

#include "capture/pcapng_writer.h"
#include "capture/rewrite.h"
#include "query/indexed_capture.h"

namespace sp3ctra {
namespace {

constexpr uint64_t kToldPackets = 1024;  // between two calls of the progress function

/// Which packets are wanted, asked in rising order, and how far that has got.
class ExportChoice {
 public:
  ExportChoice(const CaptureIndex& index, const ExportRequest& request,
               std::shared_ptr<const FilterScan> scan, ProgressFn progress, void* user)
      : index_(index),
        request_(request),
        scan_(std::move(scan)),
        progress_(progress),
        user_(user),
        first_(index.first_kept()),
        last_(index.committed()),
        numbers_(request.numbers) {
    std::sort(numbers_.begin(), numbers_.end());
    numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
  }

  uint64_t first() const { return first_; }
  uint64_t last() const { return last_; }
  bool marked() const { return !numbers_.empty(); }
  const std::vector<uint64_t>& numbers() const { return numbers_; }
  bool stopped() const { return stopped_; }
  void finish() const {
    if (progress_) progress_(user_, last_, last_);
  }
  /// True when the work is to go on.
  bool tell(uint64_t number) {
    told_ = std::clamp(number, told_, last_);
    if (!stopped_ && !going_on(this)) stopped_ = true;
    return !stopped_;
  }
  bool wanted(uint64_t number) {
    if (number % kToldPackets == 0) tell(number);
    if (stopped_ || !index_.kept(number) || number > last_) return false;
    if (marked() && !std::binary_search(numbers_.begin(), numbers_.end(), number)) return false;
    if (scan_ && !scanned_up_to(*scan_, number, going_on, this)) stopped_ = true;
    if (stopped_ || (scan_ && !scan_->has(number))) return false;
    const IndexBlock& b = index_.block_of(number);
    const Timestamp ts{b.ts_ns[number - b.first_number]};
    return !(request_.from && ts < *request_.from) && !(request_.to && ts > *request_.to);
  }

 private:
  /// While the filter is still at work nothing is written: what was told last is told again.
  static bool going_on(const void* choice) {
    const auto& c = *static_cast<const ExportChoice*>(choice);
    return !c.progress_ || c.progress_(c.user_, c.told_, c.last_);
  }

  const CaptureIndex& index_;
  const ExportRequest& request_;
  std::shared_ptr<const FilterScan> scan_;
  ProgressFn progress_;
  void* user_;
  const uint64_t first_, last_;
  std::vector<uint64_t> numbers_;
  uint64_t told_ = 0;
  bool stopped_ = false;
};

/// Either writer behind one call.
class ExportWriter {
 public:
  ExportWriter(FileHandle file, bool pcapng, const std::vector<CaptureInterface>& interfaces) {
    if (pcapng) {
      pcapng_ =
          std::make_unique<PcapngWriter>(std::move(file), WriterOrigin{"", "", "sp3ctra", ""});
      for (const CaptureInterface& i : interfaces) pcapng_->add_interface(i);
      interfaces_ = interfaces.size();
    } else {
      file_ = std::move(file);
      link_ = interfaces.empty() ? LinkType::kEthernet : interfaces[0].link_type;
    }
  }
  Status write(const Packet& p) {
    if (pcapng_) {
      for (; interfaces_ <= p.interface_id; ++interfaces_) {
        CaptureInterface i;
        i.link_type = p.link_type;
        pcapng_->add_interface(i);
      }
      pcapng_->write_packet(p);
      return pcapng_->status();
    }
    if (!pcap_) pcap_ = std::make_unique<PcapWriter>(std::move(file_), p.link_type);
    if (p.link_type != pcap_->link_type())
      return fail("a pcap file holds one kind of link, these packets have several: use pcapng");
    pcap_->write_packet(p);
    return pcap_->status();
  }
  Status flush() {
    if (!pcapng_ && !pcap_) pcap_ = std::make_unique<PcapWriter>(std::move(file_), link_);
    return pcapng_ ? pcapng_->flush() : pcap_->flush();
  }
  uint64_t bytes() const { return pcapng_ ? pcapng_->bytes_written() : pcap_->bytes_written(); }

 private:
  std::unique_ptr<PcapngWriter> pcapng_;
  std::unique_ptr<PcapWriter> pcap_;
  FileHandle file_;  // until the first packet says what kind of link it is
  LinkType link_ = LinkType::kEthernet;
  size_t interfaces_ = 0;
};

/// pcapng to pcapng: the original's blocks as they are, so that nothing it holds is lost.
Result<uint64_t> copy_blocks(const PacketFile& file, FileHandle out, ExportChoice& choice) {
  const auto report = rewrite_pcapng(
      file, std::move(out), choice.last(), [&](uint64_t number) { return choice.wanted(number); },
      [&](uint64_t, uint64_t) { return !choice.stopped(); });
  if (!report) return tl::unexpected(report.error());
  if (choice.stopped()) return fail("cancelled");
  choice.finish();
  return report->bytes;
}

Result<uint64_t> write_packets(const PacketFile& file, const CaptureIndex& index,
                               ExportWriter& writer, ExportChoice& choice) {
  std::vector<std::byte> buffer;
  const uint64_t count = choice.marked() ? choice.numbers().size() : choice.last();
  for (uint64_t k = choice.marked() ? 0 : choice.first() - 1; k < count && !choice.stopped(); ++k) {
    const uint64_t n = choice.marked() ? choice.numbers()[k] : k + 1;
    if (!choice.wanted(n)) continue;
    auto p = file.read_at(index.file_offset(n), buffer);
    if (!p && !index.kept(n)) continue;  // since it was asked for
    if (!p) return tl::unexpected(std::move(p.error()).in(fmt::format("packet {}", n)));
    const IndexBlock& b = index.block_of(n);
    p->interface_id = b.interface_id[n - b.first_number];
    p->ts = Timestamp{b.ts_ns[n - b.first_number]};
    TRY(writer.write(*p));
  }
  if (choice.stopped()) return fail("cancelled");
  TRY(writer.flush());
  choice.finish();
  return writer.bytes();
}

}  // namespace

Result<uint64_t> IndexedCapture::export_to(int fd, const ExportRequest& request,
                                           ProgressFn progress, void* user) {
  FileHandle borrowed(fd);
  auto handle = borrowed.duplicate();
  borrowed.release();  // the caller's to close
  if (!handle) return tl::unexpected(std::move(handle.error()));
  auto scan = request.filter.empty() ? nullptr : scan_of(request.filter);
  if (!request.filter.empty() && !scan) return fail("this filter is gone; set it again");
  ExportChoice choice(*index_, request, std::move(scan), progress, user);
  if (!choice.tell(0)) return fail("cancelled");
  if (request.pcapng && file_->layout().format() == CaptureFormat::kPcapng)
    return copy_blocks(*file_, std::move(*handle), choice);
  std::vector<CaptureInterface> interfaces;
  update([&](const CaptureFacts& f) { interfaces = f.interfaces; });
  ExportWriter writer(std::move(*handle), request.pcapng, interfaces);
  return write_packets(*file_, *index_, writer, choice);
}

}  // namespace sp3ctra
