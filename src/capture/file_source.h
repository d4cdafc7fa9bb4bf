#pragma once
// Opens a capture file, whatever it is: pcap or pcapng, packed or not, a file or standard input.
#include <memory>
#include <string>

#include "capture/byte_source.h"
#include "capture/duplicates.h"
#include "capture/file_annotations.h"
#include "capture/packet_source.h"
#include "capture/random_access.h"

namespace sp3ctra {

class PcapReader;
class PcapngReader;

struct FileOptions {
  SpoolLimits spool;  ///< where piped and packed input is kept, and how much of it
  std::shared_ptr<const FileGrowth> growth;  ///< of a file that is still being written
};

/// The packets of one capture file in file order. Data of a packet is valid until the next call.
/// Piped or packed input is spooled; file_offset then counts in the unpacked bytes. next() says
/// kIdle when a pipe has been silent for 100 ms. One thread; packet_file() and annotations() may
/// be handed to others.
class FileSource final : public PacketSource {
 public:
  FileSource(FileHandle file, std::string name, FileOptions options);
  /// A capture in several pcapng files: one behind the other.
  FileSource(std::shared_ptr<const JoinedFile> segments, std::string name);
  ~FileSource() override;

  Next next(Packet& out) override;
  const std::shared_ptr<const void>& hold() override;
  const std::vector<CaptureInterface>& interfaces() const override;
  const std::string& damage() const override;
  uint64_t bytes_done() const override;
  uint64_t bytes_total() const override;

  /// Random access to the packets given out so far and later. Null until the format is known,
  /// which for a regular file it is from the start (unless even its file header is cut short).
  std::shared_ptr<const PacketFile> packet_file() const { return packet_file_; }
  /// Comments, names, secrets and statistics found so far; never null, empty for pcap.
  std::shared_ptr<const FileAnnotations> annotations() const { return annotations_; }
  /// "pcap" or "pcapng", or empty while unknown, and "gz", "zst" … or empty.
  std::string_view format() const { return format_; }
  std::string_view compression() const { return compression_; }

  /// For copying a pcapng file block by block instead of next(); null for pcap.
  PcapngReader* pcapng_reader() const { return pcapng_.get(); }

  /// Finds out what the file is. kReady: done; kIdle: a pipe said too little yet; kFailed: it is
  /// nothing that is read here, damage() says what.
  Fill start();

 private:
  void mark_duplicate(Packet& packet);
  Fill open_bytes();
  Fill refuse(std::string why);
  Fill open_reader();

  std::string name_;
  FileOptions options_;
  std::shared_ptr<const FileHandle> file_;      // where offsets count: the file itself or the spool
  std::unique_ptr<RawInput> raw_;               // until what lies in it is known
  std::shared_ptr<const JoinedFile> segments_;  // instead of file_
  std::unique_ptr<BlockWindow> window_;         // until the format is known
  std::unique_ptr<PcapReader> pcap_;
  std::unique_ptr<PcapngReader> pcapng_;
  std::shared_ptr<const PacketFile> packet_file_;
  std::shared_ptr<const FileAnnotations> annotations_;
  std::string_view format_;
  std::string_view compression_;
  std::string refusal_;
  std::unique_ptr<DuplicateFinder> duplicates_;  ///< when there is more than one interface
};

/// Opens `path`; "-" is standard input, a folder the segments of a live capture. A regular file
/// that is no capture fails here; a pipe is looked at in next(), which then ends with damage().
Result<std::unique_ptr<FileSource>> open_capture_file(const std::string& path,
                                                      FileOptions options = {});
/// The same for an open file; `name` is used in messages.
Result<std::unique_ptr<FileSource>> open_capture_file(FileHandle file, std::string name,
                                                      FileOptions options = {});

}  // namespace sp3ctra
