#pragma once
// For the tests of this folder: UDP packets of many flows, from a source and as a capture file.
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "capture/file_handle.h"
#include "capture/packet_source.h"
#include "capture/pcapng_writer.h"

namespace sp3ctra::test_packets {

/// Ethernet, IPv4 10.0.0.1 → 10.0.x.y, UDP, `payload_bytes` of zeros; the flow changes with `n`.
inline std::vector<std::byte> frame(uint32_t n, uint16_t payload_bytes) {
  const auto ip_bytes = static_cast<uint16_t>(28 + payload_bytes);
  const auto udp_bytes = static_cast<uint16_t>(8 + payload_bytes);
  const uint8_t head[] = {2,
                          0,
                          0,
                          0,
                          0,
                          2,
                          2,
                          0,
                          0,
                          0,
                          0,
                          1,
                          8,
                          0,  // Ethernet
                          0x45,
                          0,
                          static_cast<uint8_t>(ip_bytes >> 8),
                          static_cast<uint8_t>(ip_bytes),
                          0,
                          0,
                          0,
                          0,
                          64,
                          17,
                          0,
                          0,
                          10,
                          0,
                          0,
                          1,
                          10,
                          0,
                          static_cast<uint8_t>(n >> 8),
                          static_cast<uint8_t>(n),
                          0x30,
                          0x39,
                          0x27,
                          0x0f,
                          static_cast<uint8_t>(udp_bytes >> 8),
                          static_cast<uint8_t>(udp_bytes),
                          0,
                          0};
  std::vector<std::byte> out(sizeof head + payload_bytes);
  std::memcpy(out.data(), head, sizeof head);
  return out;
}

/// `count` packets, 1 ms apart, each of a flow of its own (up to 65,536).
class Source : public PacketSource {
 public:
  explicit Source(uint32_t count, uint16_t payload_bytes = 100)
      : count_(count), payload_bytes_(payload_bytes) {}
  Next next(Packet& out) override {
    if (given_ == count_) return Next::kEnd;
    bytes_ = frame(given_++, payload_bytes_);
    out = Packet{};
    out.ts = Timestamp{1'700'000'000'000'000'000 + int64_t{given_} * 1'000'000};
    out.data = bytes_;
    out.caplen = out.len = static_cast<uint32_t>(bytes_.size());
    return Next::kPacket;
  }
  const std::vector<CaptureInterface>& interfaces() const override { return interfaces_; }
  const std::string& damage() const override { return damage_; }
  uint32_t given() const { return given_; }

 private:
  const uint32_t count_;
  const uint16_t payload_bytes_;
  uint32_t given_ = 0;
  std::vector<std::byte> bytes_;
  std::vector<CaptureInterface> interfaces_{
      {"test0", {}, {}, LinkType::kEthernet, 0, 1'000'000'000}};
  std::string damage_;
};

inline void write_capture(const std::string& path, uint32_t packets) {
  PcapngWriter writer(*FileHandle::open_write(path));
  Source source(packets);
  writer.add_interface(source.interfaces()[0]);
  for (Packet p; source.next(p) == PacketSource::Next::kPacket;) writer.write_packet(p);
  (void)writer.flush();
}

/// A directory that goes with its object.
class Directory {
 public:
  Directory() {
    char name[] = "/tmp/sp3ctra-pipeline-test-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Directory() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace sp3ctra::test_packets
