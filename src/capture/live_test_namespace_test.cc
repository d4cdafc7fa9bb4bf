#include "capture/live_test_namespace.h"

#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sp3ctra::live_test {

int run(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  // Programs in sbin must be found as an ordinary user too.
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int rc = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (rc != 0 || waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string test_directory() {
  std::array<char, 4096> path{};
  const ssize_t n = readlink("/proc/self/exe", path.data(), path.size() - 1);
  const std::string whole(path.data(), n > 0 ? static_cast<size_t>(n) : 0);
  return whole.substr(0, whole.rfind('/'));
}

Capd::Options beside_test() {
  Capd::Options options;
  options.installed_path = "/nonexistent/sp3ctra-capd";
  options.program_directory = test_directory();
  return options;
}

Namespace::Namespace() {
  before_ = Descriptor(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!before_.open() || ::unshare(CLONE_NEWNET) != 0) {
    problem_ = std::string("network namespaces are not permitted here: ") + std::strerror(errno);
    before_.reset();
    return;
  }
  // Without IPv6 the kernel puts nothing of its own on the cable.
  const Descriptor off(
      ::open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC));
  if (off.open()) (void)!::write(off.get(), "1", 1);
  if (run({"ip", "link", "add", "sp3a", "type", "veth", "peer", "name", "sp3b"}) != 0 ||
      run({"ip", "link", "set", "sp3a", "up"}) != 0 ||
      run({"ip", "link", "set", "sp3b", "up"}) != 0 ||
      run({"ip", "link", "set", "lo", "up"}) != 0) {
    problem_ = "no virtual cable can be made here (ip, veth)";
  }
}

Namespace::~Namespace() {
  if (before_.open()) (void)::setns(before_.get(), CLONE_NEWNET);
}

Injector::Injector(const std::string& interface_name)
    : socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(::if_nametoindex(interface_name.c_str()));
  (void)::bind(socket_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to);
}

bool Injector::send(const std::vector<uint8_t>& frame) {
  return ::send(socket_.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size());
}

std::vector<uint8_t> udp_frame(uint16_t destination_port, size_t payload_bytes, uint16_t vlan_tag) {
  std::vector<uint8_t> f = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
  const auto be16 = [&](size_t v) {
    f.push_back(static_cast<uint8_t>(v >> 8));
    f.push_back(static_cast<uint8_t>(v));
  };
  if (vlan_tag != 0) {
    be16(0x8100);
    be16(vlan_tag);
  }
  be16(0x0800);
  be16(0x4500);
  be16(20 + 8 + payload_bytes);
  for (size_t word : {0u, 0u, 0x4011u, 0u}) be16(word);
  const std::array<uint8_t, 8> addresses = {10, 9, 0, 1, 10, 9, 0, 2};
  f.insert(f.end(), addresses.begin(), addresses.end());
  be16(40000);
  be16(destination_port);
  be16(8 + payload_bytes);
  be16(0);
  f.resize(f.size() + payload_bytes, 0x55);
  return f;
}

}  // namespace sp3ctra::live_test
