// sp3ctra-capd: the only file of sp3ctra with cap_net_raw. It opens, filters and binds capture
// sockets and hands their descriptors to the process that started it, over the socket pair it
// inherits as descriptor 3, and only when both have the same uid. It reads no packet.
// Static, no code of ours but capd_protocol.h, so that it can be read in one sitting.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/capd_protocol.h"

namespace {

using sp3ctra::capd::Answer;
using sp3ctra::capd::OpenRequest;
using sp3ctra::capd::Reply;
namespace capd = sp3ctra::capd;

static_assert(sizeof(Reply) == 28 && sizeof(OpenRequest) == 48 && sizeof(sock_filter) == 8);

/// Keeps cap_net_raw (when there) and gives up everything else, for good. Whether whoever started
/// this held the right and passes it on, as a service with AmbientCapabilities= and
/// NoNewPrivileges= does: without new privileges the right cannot have come from this file.
/// Inheritable alone proves nothing: older container engines filled it for everybody.
bool keep_only_net_raw() {
  const bool from_file_is_ruled_out = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
  // Needs cap_setpcap, so only root manages; harmless for others.
  for (int c = 0; c <= 63; ++c) {
    if (c != CAP_NET_RAW) prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
  }
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct now[2] = {};
  syscall(SYS_capget, &header, now);
  const uint32_t bit = 1u << CAP_NET_RAW;
  __user_cap_data_struct kept[2] = {};
  kept[0].permitted = kept[0].effective = now[0].permitted & bit;
  if (syscall(SYS_capset, &header, kept) != 0) _exit(3);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(3);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return from_file_is_ruled_out && (now[0].permitted & bit) != 0;
}

void close_everything_else() {
  // Standard descriptors that are closed would be given to capture sockets.
  for (int fd = 0; fd < 3; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", O_RDWR);
  }
  syscall(SYS_close_range, static_cast<unsigned>(capd::kSocketFd) + 1, ~0u, 0);
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_FSIZE, &none);
  const rlimit few = {16, 16};
  setrlimit(RLIMIT_NOFILE, &few);
}

bool only_root_writes(const struct stat& s) { return s.st_uid == 0 && (s.st_mode & 022) == 0; }

/// Whether `uid` stands in the root-owned list beside this program, or in /etc for a package's.
bool user_is_listed(uid_t uid) {
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof capd::kUsersFile - 1);
  if (n <= 0 || static_cast<size_t>(n) >= sizeof path - sizeof capd::kUsersFile - 1) return false;
  path[n] = 0;
  char* name = strrchr(path, '/');
  if (name == nullptr) return false;
  *name = 0;
  if (strcmp(path, capd::kPackageDirectory) == 0) {
    memcpy(path, capd::kPackageUsersDirectory, sizeof capd::kPackageUsersDirectory);
    name = path + sizeof capd::kPackageUsersDirectory - 1;
  }
  struct stat s;
  if (stat(path[0] ? path : "/", &s) != 0 || !only_root_writes(s)) return false;
  *name = '/';
  memcpy(name + 1, capd::kUsersFile, sizeof capd::kUsersFile);
  const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return false;
  char text[16384];
  ssize_t length = -1;
  if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && only_root_writes(s)) {
    length = read(fd, text, sizeof text - 1);
  }
  close(fd);
  if (length <= 0) return false;
  text[length] = 0;
  for (char* line = text; *line;) {
    char* end = line;
    const unsigned long listed = strtoul(line, &end, 10);
    if (end != line && *end == '\n' && listed == uid) return true;
    line = strchr(line, '\n');
    if (line == nullptr) break;
    ++line;
  }
  return false;
}

void send_reply(const Reply& reply, int socket_fd) {
  iovec part = {const_cast<Reply*>(&reply), sizeof reply};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (socket_fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &socket_fd, sizeof socket_fd);
  }
  if (sendmsg(capd::kSocketFd, &message, MSG_NOSIGNAL) < 0) _exit(0);
}

Answer greeting(bool passed_on) {
  ucred peer = {};
  socklen_t length = sizeof peer;
  if (getsockopt(capd::kSocketFd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 ||
      length != sizeof peer || peer.uid != getuid()) {
    return Answer::kWrongPeer;
  }
  const int probe = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (probe < 0) return Answer::kNoCapability;
  close(probe);
  if (passed_on) return Answer::kReady;
  // AT_SECURE: the right came from this file and not from whoever started it, so the list decides.
  if (getauxval(AT_SECURE) != 0 && !user_is_listed(getuid())) return Answer::kUserNotListed;
  return Answer::kReady;
}

bool request_is_sound(const OpenRequest& r, size_t bytes) {
  return bytes >= sizeof r && r.magic == capd::kMagic && r.version == capd::kVersion &&
         r.filter_count >= 1 && r.filter_count <= capd::kFilterInstructionsMax &&
         bytes == sizeof r + r.filter_count * sizeof(sock_filter) && r.interface_name[0] != 0 &&
         memchr(r.interface_name, 0, sizeof r.interface_name) != nullptr && r.cooked <= 1 &&
         r.promiscuous <= 1 && r.block_bytes >= 4096 && r.block_bytes <= (4u << 20) &&
         (r.block_bytes & (r.block_bytes - 1)) == 0 && r.block_count >= 2 &&
         uint64_t{r.block_bytes} * r.block_count <= capd::kRingBytesMax && r.retire_ms >= 1 &&
         r.retire_ms <= 1000;
}

Answer describe(int fd, const OpenRequest& request, Reply& reply) {
  ifreq ask = {};
  memcpy(ask.ifr_name, request.interface_name, sizeof request.interface_name);
  if (ioctl(fd, SIOCGIFINDEX, &ask) != 0) return Answer::kNoInterface;
  reply.interface_index = static_cast<uint32_t>(ask.ifr_ifindex);
  if (ioctl(fd, SIOCGIFHWADDR, &ask) != 0) return Answer::kNoInterface;
  reply.hardware_type = ask.ifr_hwaddr.sa_family;
  if (ioctl(fd, SIOCGIFMTU, &ask) != 0) return Answer::kNoInterface;
  reply.mtu = static_cast<uint32_t>(ask.ifr_mtu);
  return Answer::kReady;
}

Answer set_filter(int fd, const OpenRequest& request, const void* filter) {
  const sock_fprog program = {static_cast<unsigned short>(request.filter_count),
                              static_cast<sock_filter*>(const_cast<void*>(filter))};
  const int rc = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  return rc == 0 ? Answer::kReady : Answer::kFilter;
}

Answer set_ring(int fd, const OpenRequest& request) {
  const int version = TPACKET_V3;
  const unsigned reserve = capd::kTagRoomBytes;
  tpacket_req3 ring = {};
  ring.tp_block_size = request.block_bytes;
  ring.tp_block_nr = request.block_count;
  ring.tp_frame_size = 2048;  // only has to divide the block; V3 packs frames by their length
  ring.tp_frame_nr = request.block_bytes / ring.tp_frame_size * request.block_count;
  ring.tp_retire_blk_tov = request.retire_ms;
  const bool set = setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) == 0 &&
                   setsockopt(fd, SOL_PACKET, PACKET_RESERVE, &reserve, sizeof reserve) == 0 &&
                   setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) == 0;
  return set ? Answer::kReady : Answer::kRing;
}

Answer set_promiscuous(int fd, const OpenRequest& request, const Reply& reply) {
  if (request.promiscuous == 0) return Answer::kReady;
  packet_mreq membership = {};
  membership.mr_ifindex = static_cast<int>(reply.interface_index);
  membership.mr_type = PACKET_MR_PROMISC;
  const int rc = setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership);
  return rc == 0 ? Answer::kReady : Answer::kPromiscuous;
}

Answer bind_last(int fd, const Reply& reply) {
  if (reply.hardware_type == ARPHRD_LOOPBACK) {
    // Loopback shows every packet leaving and arriving; arriving is enough. Older kernels say no.
    const int yes = 1;
    (void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
  }
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(reply.interface_index);
  const int rc = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  return rc == 0 ? Answer::kReady : Answer::kBind;
}

/// Filter before ring before bind: the socket has no protocol until bind, so no packet can enter
/// that the filter did not see.
void open_socket(const OpenRequest& request, const void* filter) {
  Reply reply;
  const int type = (request.cooked ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const int fd = socket(AF_PACKET, type, 0);
  reply.answer = fd < 0 ? Answer::kSocket : describe(fd, request, reply);
  if (reply.answer == Answer::kReady) reply.answer = set_filter(fd, request, filter);
  if (reply.answer == Answer::kReady) reply.answer = set_ring(fd, request);
  if (reply.answer == Answer::kReady) reply.answer = set_promiscuous(fd, request, reply);
  if (reply.answer == Answer::kReady) reply.answer = bind_last(fd, reply);
  const bool ready = reply.answer == Answer::kReady;
  reply.code = ready ? 0 : errno;
  send_reply(reply, ready ? fd : -1);
  if (fd >= 0) close(fd);
}

void serve() {
  static struct {
    OpenRequest request;
    sock_filter filter[capd::kFilterInstructionsMax];
    char beyond[8];  // a longer message reaches in here and is refused by its length
  } message;
  for (;;) {
    const ssize_t n = recv(capd::kSocketFd, &message, sizeof message, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    if (request_is_sound(message.request, static_cast<size_t>(n))) {
      open_socket(message.request, message.filter);
    } else {
      Reply refusal;
      refusal.answer = Answer::kBadRequest;
      send_reply(refusal, -1);
    }
  }
}

}  // namespace

int main(int, char**) {
  const bool passed_on = keep_only_net_raw();
  int type = 0;
  socklen_t length = sizeof type;
  if (getsockopt(capd::kSocketFd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 ||
      type != SOCK_SEQPACKET) {
    fprintf(stderr,
            "sp3ctra-capd %s opens capture sockets for sp3ctra, which starts it; "
            "there is nothing to do by hand.\n",
            capd::kVersionText);
    return 2;
  }
  close_everything_else();
  Reply hello;
  hello.answer = greeting(passed_on);
  send_reply(hello, -1);
  if (hello.answer != Answer::kReady) return 1;
  serve();
  return 0;
}
