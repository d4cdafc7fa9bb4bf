#pragma once
// For tests: capture files put together byte by byte, and files of bytes.
#include <string>
#include <string_view>
#include <vector>

#include "capture/file_source.h"

namespace sp3ctra::testing {

/// Bytes in either byte order, appended one after the other.
class ByteText {
 public:
  explicit ByteText(bool big_endian = false) : big_(big_endian) {}
  ByteText& u8(uint64_t v) { return number(v, 1); }
  ByteText& u16(uint64_t v) { return number(v, 2); }
  ByteText& u32(uint64_t v) { return number(v, 4); }
  ByteText& u64(uint64_t v) { return number(v, 8); }
  ByteText& text(std::string_view t) {
    bytes_ += t;
    return *this;
  }
  ByteText& pad() {
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
    return *this;
  }
  ByteText& option(uint16_t code, std::string_view value) {
    return u16(code).u16(value.size()).text(value).pad();
  }
  const std::string& str() const { return bytes_; }

  /// A pcapng block around a body (padded to 4).
  ByteText& block(uint32_t type, std::string_view body) {
    const uint32_t length = static_cast<uint32_t>((body.size() + 3) / 4 * 4 + 12);
    return u32(type).u32(length).text(body).pad().u32(length);
  }
  ByteText& section(std::string_view options = {}) {
    ByteText body(big_);
    body.u32(0x1a2b3c4d).u16(1).u16(0).u64(~uint64_t{0}).text(options);
    return block(0x0a0d0d0a, body.str());
  }
  ByteText& interface(uint16_t link, uint32_t snaplen, std::string_view options = {}) {
    ByteText body(big_);
    body.u16(link).u16(0).u32(snaplen).text(options);
    return block(1, body.str());
  }
  ByteText& packet(uint32_t interface, uint64_t time, std::string_view data, uint32_t len,
                   std::string_view options = {}) {
    ByteText body(big_);
    body.u32(interface).u32(time >> 32).u32(time & 0xffffffff).u32(data.size()).u32(len);
    body.text(data).pad().text(options);
    return block(6, body.str());
  }
  bool big() const { return big_; }

 private:
  ByteText& number(uint64_t v, int bytes) {
    for (int i = 0; i < bytes; ++i) {
      bytes_.push_back(static_cast<char>(v >> (big_ ? bytes - 1 - i : i) * 8 & 0xff));
    }
    return *this;
  }
  bool big_;
  std::string bytes_;
};

/// A copy of what a Packet says, with its bytes.
struct SeenPacket {
  Packet packet;
  std::string data;
};

/// Everything one reading of a source gives.
struct Reading {
  std::vector<SeenPacket> packets;
  std::string damage;
  std::vector<CaptureInterface> interfaces;
};

/// A file without a name that holds these bytes and stands at its start.
FileHandle file_of(std::string_view bytes);
/// Replaces the content of such a file.
void refill(const FileHandle& file, std::string_view bytes);
/// The whole content of a file.
std::string content_of(const FileHandle& file);
std::string content_of(const std::string& path);
/// Both ends of a pipe.
struct Pipe {
  FileHandle reading, writing;
};
Pipe make_pipe();
/// Runs a program with these arguments; its standard output, or nothing when it cannot be run.
std::string output_of(const std::vector<std::string>& command);
/// Reads a source to its end.
Reading read_all(PacketSource& source);
/// Opens the bytes as a file and reads it to its end; an error of opening is told as damage.
Reading read_bytes(std::string_view bytes, const FileOptions& options = {});

}  // namespace sp3ctra::testing
