// Starting sp3ctra-capd, asking it for sockets, and finding words for what it answers.
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/limits.h"
#include "base/shell_word.h"
#include "capture/capd.h"
#include "capture/capd_protocol.h"

namespace sp3ctra {

void Descriptor::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

namespace {

using capd::Answer;
using capd::OpenRequest;
using capd::Reply;

static_assert(sizeof(BpfInstruction) == 8);
static_assert(capd::kRingBytesMax == limits::kRingBytesMax, "capd has a copy of its own");

void set_patience(int fd, int seconds) {
  const timeval limit = {seconds, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/// Receives one Reply and, where `socket` is given, the descriptor that came with it.
bool receive_reply(int fd, Reply& reply, Descriptor* socket) {
  iovec part = {&reply, sizeof reply};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n;
  do {
    n = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  for (cmsghdr* c = n >= 0 ? CMSG_FIRSTHDR(&message) : nullptr; c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int passed = -1;
    std::memcpy(&passed, CMSG_DATA(c), sizeof passed);
    Descriptor owned(passed);
    if (socket) *socket = std::move(owned);
  }
  return n == static_cast<ssize_t>(sizeof reply) && reply.magic == capd::kMagic;
}

std::string words_of(const Reply& reply, const std::string& interface_name) {
  const std::string why = reply.code ? std::string(": ") + ::strerror(reply.code) : std::string();
  switch (reply.answer) {
    case Answer::kNoInterface:
      return fmt::format("there is no interface {}{}", interface_name, why);
    case Answer::kSocket:
      return "sp3ctra-capd cannot open a capture socket" + why;
    case Answer::kRing:
      return fmt::format("no memory for the ring of {}{}", interface_name, why);
    case Answer::kFilter:
      return "the kernel refused the capture filter" + why;
    case Answer::kPromiscuous:
      return fmt::format("{} cannot be made promiscuous{}", interface_name, why);
    case Answer::kBind:
      return fmt::format("cannot listen on {}{}", interface_name, why);
    case Answer::kNoCapability:
      return "sp3ctra-capd has lost its right to capture";
    case Answer::kUserNotListed:
      return "sp3ctra-capd is installed for other users";
    case Answer::kWrongPeer:
      return "sp3ctra-capd refused: started by another user";
    case Answer::kBadRequest:
      return "sp3ctra-capd refused the request";
    case Answer::kReady:
      break;
  }
  return "sp3ctra-capd gave an unknown answer";
}

bool is_program(const std::string& path) {
  return !path.empty() && ::access(path.c_str(), X_OK) == 0;
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string own_directory() {
  std::array<char, 4096> path{};
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  return n > 0 ? directory_of(std::string(path.data(), static_cast<size_t>(n))) : std::string();
}

/// The command that installs capd, with the script as this build or installation has it.
std::string find_install_command(const std::string& directory) {
  for (const char* place : {"/install-capd", "/../../packaging/install-capd",
                            "/../packaging/install-capd", "/../share/sp3ctra/install-capd"}) {
    std::array<char, 4096> real{};
    const std::string path = directory + place;
    if (is_program(path) && ::realpath(path.c_str(), real.data())) {
      return "sudo " + shell_word(real.data());
    }
  }
  return "sudo packaging/install-capd";
}

/// Whether a capd without file capability would still have the right: as the caller's own.
bool caller_may_capture() {
  const Descriptor probe(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  return probe.open();
}

int spawn_with_socket(const std::string& path, int socket_fd) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, socket_fd, capd::kSocketFd);
  // Ctrl-C in the terminal is for the main program; capd ends with its socket.
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  sigset_t all;
  ::sigfillset(&all);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  std::string name = "sp3ctra-capd";
  char* const arguments[] = {name.data(), nullptr};
  char* const environment[] = {nullptr};
  pid_t pid = -1;
  const int rc = ::posix_spawn(&pid, path.c_str(), &actions, &attributes, arguments, environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (rc == 0) return pid;
  errno = rc;
  return -1;
}

Rights judge(const Reply& hello, const std::string& path, const std::string& fix) {
  Rights r{Rights::State::kBroken, false, {}, fix, path};
  if (hello.version != capd::kVersion) {
    r.state = Rights::State::kOtherVersion;
    r.why = fmt::format("{} belongs to another version of sp3ctra (protocol {}, wanted {})", path,
                        hello.version, capd::kVersion);
  } else if (hello.answer == Answer::kReady) {
    return {Rights::State::kReady, true, {}, {}, path};
  } else if (hello.answer == Answer::kNoCapability) {
    r.state = Rights::State::kNoCapability;
    r.why = fmt::format("{} does not have the right cap_net_raw", path);
  } else if (hello.answer == Answer::kUserNotListed) {
    r.state = Rights::State::kUserNotListed;
    r.why = fmt::format("{} is installed, but not for this user", path);
  } else {
    r.why = words_of(hello, {});
  }
  return r;
}

/// Changes whenever capd or its list of users is replaced, written, or given or refused a right.
std::string files_now(const Capd::Options& options) {
  const std::string directory = options.installed_path.substr(0, options.installed_path.rfind('/'));
  std::string text;
  const std::string users =
      directory == capd::kPackageDirectory ? capd::kPackageUsersDirectory : directory;
  for (const std::string& path :
       {directory, options.installed_path, users + "/" + capd::kUsersFile}) {
    struct stat s {};
    if (::stat(path.c_str(), &s) != 0) s = {};
    text += fmt::format("{} {} {} {}.{} ", s.st_ino, s.st_size, s.st_mode, s.st_ctim.tv_sec,
                        s.st_ctim.tv_nsec);
  }
  return text;
}

}  // namespace

Capd::Capd(Capd&& other) noexcept { *this = std::move(other); }

Capd& Capd::operator=(Capd&& other) noexcept {
  if (this == &other) return *this;
  stop();
  socket_ = std::move(other.socket_);
  pid_ = std::exchange(other.pid_, -1);
  options_ = std::move(other.options_);
  rights_ = std::move(other.rights_);
  files_seen_ = std::move(other.files_seen_);
  return *this;
}

Capd::~Capd() { stop(); }

void Capd::stop() {
  socket_.reset();
  if (pid_ <= 0) return;
  for (int ms = 0; ms < 1000; ++ms) {
    const pid_t ended = ::waitpid(pid_, nullptr, WNOHANG);
    if (ended == pid_ || (ended < 0 && errno == ECHILD)) {
      pid_ = -1;
      return;
    }
    const timespec one_ms = {0, 1'000'000};
    ::nanosleep(&one_ms, nullptr);
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Rights Capd::try_path(const std::string& path, const std::string& fix) {
  stop();
  Rights broken{Rights::State::kBroken, false, {}, fix, path};
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    broken.why = fail_errno("cannot make a socket pair").value().message;
    return broken;
  }
  Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  pid_ = spawn_with_socket(path, theirs.get());
  if (pid_ < 0) {
    broken.why = fail_errno("cannot start " + path).value().message;
    return broken;
  }
  theirs.reset();
  set_patience(ours.get(), 2);
  Reply hello;
  if (!receive_reply(ours.get(), hello, nullptr)) {
    broken.why = fmt::format("{} did not answer", path);
    ours.reset();
    stop();
    return broken;
  }
  Rights found = judge(hello, path, fix);
  if (found.can_capture) {
    socket_ = std::move(ours);
  } else {
    ours.reset();
    stop();
  }
  return found;
}

Capd Capd::start() {
  Options options;
  options.program_directory = own_directory();
  if (options.program_directory == "/usr/bin")
    options.installed_path = std::string(capd::kPackageDirectory) + "/sp3ctra-capd";
  return start(options);
}

Capd Capd::start(const Options& options) {
  Capd c;
  c.options_ = options;
  // Before the try: what changes while it goes on is seen by the next look.
  c.files_seen_ = files_now(options);
  const std::string fix = options.install_command.empty()
                              ? find_install_command(options.program_directory)
                              : options.install_command;
  std::string beside = options.program_directory + "/sp3ctra-capd";
  if (!is_program(beside)) beside = options.program_directory + "/../lib/sp3ctra/sp3ctra-capd";
  c.rights_ = {Rights::State::kNoCapd, false,
               "sp3ctra-capd, the part that may open capture sockets, is not installed", fix,
               options.installed_path};
  if (is_program(options.installed_path)) c.rights_ = c.try_path(options.installed_path, fix);
  if (!c.rights_.can_capture && caller_may_capture() && is_program(beside)) {
    Rights own = c.try_path(beside, fix);
    if (own.can_capture) c.rights_ = std::move(own);
  }
  return c;
}

bool Capd::look_again() {
  if (rights_.can_capture || files_now(options_) == files_seen_) return false;
  *this = start(Options(options_));
  return true;
}

Result<CaptureSocket> Capd::ask(const SocketSpec& spec) {
  OpenRequest request;
  if (spec.interface_name.empty() || spec.interface_name.size() >= sizeof request.interface_name) {
    return fail("“{}” is not an interface name", spec.interface_name);
  }
  if (spec.filter.empty() || spec.filter.size() > capd::kFilterInstructionsMax) {
    return fail("the capture filter is too long: {} steps, the kernel takes {}", spec.filter.size(),
                capd::kFilterInstructionsMax);
  }
  std::memcpy(request.interface_name, spec.interface_name.data(), spec.interface_name.size());
  request.cooked = spec.cooked ? 1 : 0;
  request.promiscuous = spec.promiscuous ? 1 : 0;
  request.block_bytes = spec.block_bytes;
  request.block_count = spec.block_count;
  request.retire_ms = spec.retire_ms;
  request.filter_count = static_cast<uint32_t>(spec.filter.size());
  iovec parts[2] = {{&request, sizeof request},
                    {const_cast<BpfInstruction*>(spec.filter.data()), spec.filter.size_bytes()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  set_patience(socket_.get(), 5);
  Reply reply;
  CaptureSocket out;
  if (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) < 0 ||
      !receive_reply(socket_.get(), reply, &out.descriptor)) {
    socket_.reset();
    return fail("{} no longer answers", rights_.capd_path);
  }
  if (reply.answer != Answer::kReady) {
    return tl::unexpected(Error{words_of(reply, spec.interface_name)});
  }
  if (!out.descriptor.open()) return fail("{} sent no socket", rights_.capd_path);
  out.interface_index = reply.interface_index;
  out.hardware_type = reply.hardware_type;
  out.mtu = reply.mtu;
  return out;
}

Result<CaptureSocket> Capd::open(const SocketSpec& spec) {
  if (!rights_.can_capture) {
    return fail("no right to capture: {}. Run: {}", rights_.why, rights_.fix);
  }
  if (socket_.open()) {
    auto first = ask(spec);
    if (first || socket_.open()) return first;
  }
  const Rights again = try_path(rights_.capd_path, rights_.fix);
  if (!again.can_capture)
    return fail("sp3ctra-capd ended and cannot be started again: {}", again.why);
  return ask(spec);
}

}  // namespace sp3ctra
