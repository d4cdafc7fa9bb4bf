#pragma once
// One captured packet as it leaves a source: bytes by reference and what the capture says of them.
#include <string>

#include "base/bytes.h"
#include "base/timestamp.h"

namespace sp3ctra {

/// Link-layer type numbers as registered for pcap files (LINKTYPE_*), e.g. 1 Ethernet, 101 raw IP.
enum class LinkType : uint16_t {
  kNull = 0,
  kEthernet = 1,
  kRaw = 101,
  kLoop = 108,
  kLinuxSll = 113,
  kIpv4 = 228,
  kIpv6 = 229,
  kLinuxSll2 = 276,
};

/// What the capture says beside the bytes.
enum PacketFlags : uint16_t {
  kPacketOutbound = 1,          ///< sent by this machine (EPB flags or AF_PACKET type)
  kPacketChecksumNotReady = 2,  ///< TP_STATUS_CSUMNOTREADY: the card fills the checksum in later
  kPacketOffload = 4,           ///< longer than the interface's MTU: offload, not a real frame
  kPacketInbound = 8,
  kPacketNoTime = 16,     ///< the file gives no time (pcapng SPB): ts repeats the one before
  kPacketDuplicate = 32,  ///< the same bytes came on another interface within 1 ms (duplicates.h)
};

/// A packet; `data` is borrowed from its source's block and valid until the next call of the
/// source (or as long as the holder of the block says).
struct Packet {
  uint64_t number = 0;  ///< frame number, from 1, in file order
  Timestamp ts;
  uint64_t file_offset = 0;   ///< of the record (pcap) or block (pcapng) in the opened/spooled file
  uint32_t caplen = 0;        ///< bytes captured = data.size()
  uint32_t len = 0;           ///< bytes on the wire
  uint16_t interface_id = 0;  ///< index into the source's interfaces()
  LinkType link_type = LinkType::kEthernet;
  uint16_t flags = 0;  ///< PacketFlags
  Bytes data;
};

/// One interface of a capture (a pcapng IDB, or the only one of a pcap file).
struct CaptureInterface {
  std::string name;  ///< empty when the file does not say
  std::string description;
  std::string filter;  ///< capture filter, when told
  LinkType link_type = LinkType::kEthernet;
  uint32_t snaplen = 0;  ///< 0 = no limit
  uint64_t ts_units_per_second = 1'000'000;
  uint32_t section = 0;        ///< pcapng section it stands in, from 0; 0 for other sources
  uint32_t id_in_section = 0;  ///< its number within that section
};

}  // namespace sp3ctra
