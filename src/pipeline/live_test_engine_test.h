#pragma once
// For the tests of this folder: an engine in a network namespace with two virtual cables.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "capture/file_source.h"
#include "capture/live_test.h"
#include "pipeline/disk.h"
#include "pipeline/engine.h"
#include "pipeline/test_packets_test.h"

namespace sp3ctra::live_test {

/// sp3a–sp3b, sp3c–sp3d and lo, all up, and an engine with the right to capture there.
class EngineInNamespace : public testing::Test {
 protected:
  void SetUp() override {
    namespace_ = std::make_unique<Namespace>();
    if (!namespace_->problem().empty()) GTEST_SKIP() << namespace_->problem();
    make_cable("sp3c", "sp3d");
    ASSERT_TRUE(make_private_directory(data_.path() + "/captures"));
    start();
  }
  /// The engine; the one before ends first.
  void start() {
    engine_.reset();
    Capd capd = Capd::start(beside_test());
    if (!capd.rights().can_capture) GTEST_SKIP() << "no right to capture: " << capd.rights().why;
    start_with(std::move(capd));
  }
  void start_with(Capd capd) {
    engine_.reset();
    EngineOptions options;
    options.data_directory = data_.path();
    options.workers = 2;
    options.disk_quota_bytes = 512 << 20;
    engine_ = std::make_unique<CaptureEngine>(options, std::move(capd));
  }
  void TearDown() override {
    engine_.reset();
    namespace_.reset();
  }

  /// Reads the newest capture's file again: as many packets of each interface as the state told,
  /// with the numbers of its statistics, and the same index as was made while it was captured.
  void expect_file_says_the_same(const EngineState& told) const {
    const auto views = engine_->captures();
    ASSERT_FALSE(views.empty());
    std::string path;
    for (const auto& e : std::filesystem::directory_iterator(data_.path() + "/captures"))
      if (e.is_directory()) path = std::max(path, e.path().string());
    auto source = open_capture_file(path);
    ASSERT_TRUE(source) << source.error().message;
    std::map<std::string, uint64_t> packets;
    uint64_t all = 0, duplicates = 0;
    for (Packet p; (*source)->next(p) == PacketSource::Next::kPacket; ++all) {
      ++packets[(*source)->interfaces().at(p.interface_id).name];
      duplicates += (p.flags & kPacketDuplicate) != 0;
    }
    EXPECT_EQ((*source)->damage(), "");
    EXPECT_EQ(all, views[0]->info().packets);
    EXPECT_EQ(duplicates, told.duplicates) << "the file gives the same duplicates";
    const auto& interfaces = (*source)->interfaces();
    std::vector<std::string> names;
    for (const CaptureInterface& i : interfaces) names.push_back(i.name);
    EXPECT_EQ(names, views[0]->info().interfaces);
    std::map<uint16_t, FileStatistics> counted;
    for (const FileStatistics& s : (*source)->annotations()->statistics())
      counted[s.interface_id] = s;
    EXPECT_EQ(counted.size(), interfaces.size()) << "each has its statistics";
    uint64_t received = 0, dropped = 0, received_told = 0;
    for (const auto& [id, s] : counted) {
      EXPECT_EQ(s.delivered, packets[interfaces.at(id).name]) << interfaces.at(id).name;
      EXPECT_EQ(s.received, s.delivered + s.dropped_by_system);
      EXPECT_EQ(s.accepted, s.received);
      received += s.received;
      dropped += s.dropped_by_system;
    }
    for (const CaptureInterfaceState& i : told.interfaces) received_told += i.received;
    EXPECT_EQ(received, received_told);
    EXPECT_EQ(dropped, told.kernel_drops);
  }

  test_packets::Directory data_;
  std::unique_ptr<Namespace> namespace_;
  std::unique_ptr<CaptureEngine> engine_;
};

}  // namespace sp3ctra::live_test
