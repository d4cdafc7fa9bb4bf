#pragma once
// Where `sp3ctra capture -w` puts packets: one file, standard output, or a ring of files. Each file
// is whole by itself: all interfaces at its start, their statistics at its end.
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "capture/file_annotations.h"
#include "capture/pcapng_writer.h"
#include "cli/capture_options.h"

namespace sp3ctra::cli {

/// One thread. Errors end the writing: the file that met them ends after its last whole packet.
class CaptureFiles {
 public:
  struct Options {
    std::string path;  ///< "-" = standard output
    bool ring = false;
    Bounds each;  ///< of one file; files: how many are kept, 0 = all
    bool packet_by_packet = false;
  };
  /// Makes the first file.
  static Result<std::unique_ptr<CaptureFiles>> open(const Options& options,
                                                    const std::vector<CaptureInterface>& known);

  /// `known`: the source's interfaces, that of the packet among them.
  Status write(const Packet& packet, const std::vector<CaptureInterface>& known);
  /// Hands what is buffered to the system.
  Status flush();
  /// The bounds of the file in work are reached: it is to be ended.
  bool due() const;
  /// Ends the file in work with the statistics of its interfaces. Of a ring the next one begins
  /// with the next packet. Also after an error of write() or flush(): packets at the end made room.
  Status end(const std::vector<FileStatistics>& statistics, Timestamp now);

  bool begun() const { return writer_ != nullptr; }  ///< a file is in work
  uint64_t packets() const { return packets_; }      ///< that are whole in a file
  uint64_t bytes() const { return closed_bytes_ + (writer_ ? writer_->bytes_written() : 0); }
  uint64_t files() const { return files_; }
  const std::string& path() const { return path_; }  ///< of the file in work

 private:
  explicit CaptureFiles(Options options) : options_(std::move(options)) {}
  Status begin(const std::vector<CaptureInterface>& known);
  void declare(const std::vector<CaptureInterface>& known);
  Status cut_to_whole_packets();
  size_t statistics_bytes() const;

  Options options_;
  std::unique_ptr<PcapngWriter> writer_;
  std::string path_;
  std::deque<std::string> kept_;  // of a ring, oldest first
  size_t declared_ = 0;           // interfaces in the file in work
  uint64_t files_ = 0, packets_ = 0, closed_bytes_ = 0;
  uint64_t packets_here_ = 0;  // in the file in work
  int64_t begun_ns_ = 0;
  uint64_t whole_bytes_ = 0;    // length of the file at the last flush
  std::vector<uint64_t> ends_;  // of the packets written since
};

/// NAME_00001_20261122150405.pcapng for file `number` of a ring, as tshark names them.
std::string ring_file_name(const std::string& path, uint64_t number, int64_t seconds_since_1970);

/// Cuts an open file; an error where it cannot be (a pipe).
Status cut_file(int descriptor, uint64_t bytes);

}  // namespace sp3ctra::cli
