#pragma once
// For tests only: a network namespace with two ends of a virtual cable, frames put on it, and
// sp3ctra-capd as an ordinary user would have it. Nothing leaves the namespace.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "capture/capd.h"

namespace sp3ctra::live_test {

/// Runs a program (found in PATH) and waits; its exit code, or -1.
int run(const std::vector<std::string>& arguments);
/// The directory of the running test, where sp3ctra-capd is built too.
std::string test_directory();
/// Rights of root over the capd beside the test.
Capd::Options beside_test();

/// Moves this process into a fresh namespace with the cable sp3a–sp3b (both up), and back at the
/// end of its life.
class Namespace {
 public:
  Namespace();
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  /// Empty when it worked, else why this machine cannot: skip the test with it.
  const std::string& problem() const { return problem_; }

 private:
  Descriptor before_;
  std::string problem_;
};

/// Puts frames on an interface, as they are.
class Injector {
 public:
  explicit Injector(const std::string& interface_name);
  bool send(const std::vector<uint8_t>& frame);

 private:
  Descriptor socket_;
};

/// An Ethernet frame with an IPv4 UDP datagram, 10.9.0.1 → 10.9.0.2; tag 0 = none.
std::vector<uint8_t> udp_frame(uint16_t destination_port, size_t payload_bytes,
                               uint16_t vlan_tag = 0);

}  // namespace sp3ctra::live_test
