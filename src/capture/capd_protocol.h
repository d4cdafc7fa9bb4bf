#pragma once
// What sp3ctra and sp3ctra-capd say to each other: one SOCK_SEQPACKET pair, fixed structs, host
// byte order (both ends are one machine). capd speaks first (a Reply: who it is, what it may),
// then answers each OpenRequest with a Reply; kReady carries the socket as SCM_RIGHTS.
// Included by both sides and by nothing else; capd links no other file of ours.
#include <cstdint>

namespace sp3ctra::capd {

inline constexpr uint32_t kMagic = 0x64706163;  // "capd"
/// Raised at every change of this file; a capd of another version is told to be reinstalled.
inline constexpr uint32_t kVersion = 1;
/// The same as it stands in the program file: the installer reads it there and runs nothing.
inline constexpr char kVersionText[] = "(protocol 1)";
static_assert(kVersionText[10] - '0' == kVersion && kVersionText[11] == ')');
/// Where capd finds its end of the pair.
inline constexpr int kSocketFd = 3;
/// The kernel takes no longer program (BPF_MAXINSNS).
inline constexpr uint32_t kFilterInstructionsMax = 4096;
/// Ring memory is locked kernel memory: one request may ask for at most this many bytes. The same
/// as limits::kRingBytesMax, which capd does not include; the compiler compares them.
inline constexpr uint64_t kRingBytesMax = 256ull << 20;
/// Bytes a ring frame keeps free before the packet, where a VLAN tag is put back.
inline constexpr uint32_t kTagRoomBytes = 4;
/// Beside an installed capd: the uids that may use it, one decimal a line, owned by root.
inline constexpr char kUsersFile[] = "capd.users";
/// Where a package installs capd, and the list that this one reads: /usr holds no settings.
inline constexpr char kPackageDirectory[] = "/usr/lib/sp3ctra";
inline constexpr char kPackageUsersDirectory[] = "/etc/sp3ctra";
static_assert(sizeof kPackageUsersDirectory <= sizeof kPackageDirectory);

/// How far capd came; everything but kReady is a refusal, `code` then holds errno or 0.
enum class Answer : uint32_t {
  kReady = 0,
  kNoCapability = 1,   ///< it has no cap_net_raw
  kUserNotListed = 2,  ///< its real uid is not in capd.users
  kWrongPeer = 3,      ///< the other end belongs to another uid
  kBadRequest = 4,     ///< wrong length, version, or a number out of its range
  kNoInterface = 5,
  kSocket = 6,
  kRing = 7,
  kFilter = 8,
  kPromiscuous = 9,
  kBind = 10,
};

/// capd → sp3ctra. 28 bytes.
struct Reply {
  uint32_t magic = kMagic;
  uint32_t version = kVersion;
  Answer answer = Answer::kReady;
  int32_t code = 0;
  uint32_t interface_index = 0;
  uint32_t hardware_type = 0;  ///< ARPHRD_*
  uint32_t mtu = 0;
};

/// sp3ctra → capd; `filter_count` instructions (8 bytes each, struct sock_filter) follow at once.
struct OpenRequest {
  uint32_t magic = kMagic;
  uint32_t version = kVersion;
  char interface_name[16] = {};  ///< zero-terminated
  uint32_t cooked = 0;           ///< 1: without link header (tunnels), 0: whole frames
  uint32_t promiscuous = 0;      ///< 0 or 1
  uint32_t block_bytes = 0;      ///< power of two, 4 KiB to 4 MiB
  uint32_t block_count = 0;      ///< from 2; block_bytes * block_count <= kRingBytesMax
  uint32_t retire_ms = 0;        ///< 1 to 1000: a block not full is handed over after this time
  uint32_t filter_count = 0;     ///< 1 to kFilterInstructionsMax
};

}  // namespace sp3ctra::capd
