#include "pipeline/engine.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "pipeline/disk.h"
#include "pipeline/test_packets_test.h"

namespace sp3ctra {
namespace {

namespace fs = std::filesystem;
using test_packets::Directory;
using test_packets::write_capture;

class EngineTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(make_private_directory(captures_)); }
  std::unique_ptr<CaptureEngine> start(uint64_t quota_bytes = 1 << 20) {
    EngineOptions options;
    options.data_directory = data_.path();
    options.disk_quota_bytes = quota_bytes;
    return std::make_unique<CaptureEngine>(options, Capd());
  }
  /// One that may capture on the loopback interface; empty where this machine does not let it.
  std::unique_ptr<CaptureEngine> start_live(uint64_t quota_bytes = 64 << 20) {
    Capd capd = Capd::start();
    if (!capd.rights().can_capture) return {};
    EngineOptions options;
    options.data_directory = data_.path();
    options.disk_quota_bytes = quota_bytes;
    return std::make_unique<CaptureEngine>(options, std::move(capd));
  }
  std::string upload(CaptureEngine& engine, const std::string& name, uint32_t packets) {
    const std::string given = data_.path() + "/given";
    write_capture(given, packets);
    const auto path = engine.reserve_upload(name, fs::file_size(given));
    EXPECT_TRUE(path) << path.error().message;
    fs::copy_file(given, *path, fs::copy_options::overwrite_existing);
    fs::remove(given);
    const auto id = engine.open_upload(*path, name);
    EXPECT_TRUE(id) << id.error().message;
    engine.wait_for(*id);
    return *id;
  }
  uint64_t bytes_on_disk() const {
    uint64_t sum = 0;
    for (const auto& e : fs::recursive_directory_iterator(captures_))
      if (e.is_regular_file()) sum += e.file_size();
    return sum;
  }
  size_t files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(captures_), fs::directory_iterator()));
  }

  Directory data_;
  const std::string captures_ = data_.path() + "/captures";
};

TEST_F(EngineTest, CapturesOfTheDataDirectoryAreListedAgainAndOpenById) {
  auto engine = start();
  const std::string first = upload(*engine, "holiday <ü>.pcapng", 5);
  upload(*engine, "second", 7);
  write_capture(captures_ + "/live-1700000000.pcapng", 9);
  fs::create_directory(captures_ + "/upload-folder");
  fs::create_symlink("/etc/passwd", captures_ + "/upload-link");
  std::ofstream(captures_ + "/notes.txt") << "mine";
  EXPECT_TRUE(engine->stored().empty()) << "what is open is in captures()";
  engine = start();
  EXPECT_TRUE(engine->captures().empty());
  const auto stored = engine->stored();
  ASSERT_EQ(stored.size(), 3u);
  std::map<std::string, StoredCapture> by_name;
  for (const StoredCapture& s : stored) by_name[s.name] = s;
  ASSERT_TRUE(by_name.count("holiday <ü>.pcapng"));
  ASSERT_TRUE(by_name.count("live-1700000000.pcapng"));
  EXPECT_GT(by_name["second"].bytes, 7u * 140);
  EXPECT_GT(by_name["second"].modified_ns, 1'700'000'000'000'000'000);
  const std::string id = by_name["second"].id;
  ASSERT_EQ(engine->open_stored(id).value_or(""), id);
  engine->wait_for(id);
  ASSERT_TRUE(engine->find(id));
  EXPECT_EQ(engine->find(id)->info().packets, 7u);
  EXPECT_EQ(engine->find(id)->info().name, "second");
  EXPECT_EQ(engine->stored().size(), 2u);
  EXPECT_FALSE(engine->open_stored(id)) << "it is open";
  EXPECT_FALSE(engine->open_stored("c99"));
}

TEST_F(EngineTest, AStoredFileThatCannotBeReadStaysListed) {
  std::ofstream(captures_ + "/upload-1") << "this is no capture at all";
  auto engine = start();
  ASSERT_EQ(engine->stored().size(), 1u);
  const std::string id = engine->stored()[0].id;
  EXPECT_FALSE(engine->open_stored(id));
  ASSERT_EQ(engine->stored().size(), 1u);
  EXPECT_EQ(*engine->remove_capture(id), Removal::kDeleted);
  EXPECT_EQ(files(), 0u);
}

TEST_F(EngineTest, DeletingTakesTheFileOfOursAndOnlyClosesOthers) {
  auto engine = start();
  const std::string mine = upload(*engine, "mine", 5);
  const std::string elsewhere = data_.path() + "/upload-elsewhere.pcapng";
  write_capture(elsewhere, 3);
  const auto foreign = engine->open_file(elsewhere, "elsewhere");
  const auto dotted = engine->open_file(captures_ + "/../upload-elsewhere.pcapng", "dotted");
  ASSERT_TRUE(foreign && dotted);
  EXPECT_EQ(engine->captures().size(), 3u);
  EXPECT_EQ(files(), 2u) << "the capture and its name";
  EXPECT_EQ(*engine->remove_capture(mine), Removal::kDeleted);
  EXPECT_EQ(files(), 0u);
  EXPECT_EQ(engine->state().disk_used_bytes, 0u);
  EXPECT_EQ(*engine->remove_capture(*foreign), Removal::kClosed);
  EXPECT_EQ(*engine->remove_capture(*dotted), Removal::kClosed);
  EXPECT_TRUE(fs::exists(elsewhere));
  EXPECT_TRUE(engine->captures().empty());
  EXPECT_EQ(*engine->remove_capture(mine), Removal::kUnknown);
}

TEST_F(EngineTest, DeletingWhileItIsReadEndsTheReading) {
  auto engine = start(1 << 30);
  write_capture(captures_ + "/upload-1", 200'000);
  engine = start(1 << 30);
  const std::string id = engine->stored()[0].id;
  ASSERT_TRUE(engine->open_stored(id));
  const auto view = engine->find(id);
  EXPECT_EQ(*engine->remove_capture(id), Removal::kDeleted);
  EXPECT_FALSE(engine->find(id));
  // Somebody may still look at it: what was read stays readable for them.
  EXPECT_LE(view->info().packets, 200'000u);
  EXPECT_TRUE(view->rows("", 0, 10));
}

TEST_F(EngineTest, UnfinishedUploadsAndOtherRestsAreRemovedAtTheStart) {
  auto engine = start();
  const auto path = engine->reserve_upload("half", 1000);
  ASSERT_TRUE(path);
  std::ofstream(*path) << "half of it";
  std::ofstream(captures_ + "/upload-9-1.name") << "a name without its file";
  std::ofstream(captures_ + "/live-17.pcapng.name") << "another";
  // What we do not call so is not ours to delete.
  const char* theirs[] = {"/thesis.part", "/upload-notes.part", "/upload-1-2-3.part", "/1-2.part",
                          "/song.name",   "/live-notes.name",   "/live-1x.name"};
  for (const char* name : theirs) std::ofstream(captures_ + name) << "mine";
  upload(*engine, "whole", 2);
  engine = start();
  EXPECT_FALSE(fs::exists(*path));
  EXPECT_FALSE(fs::exists(captures_ + "/upload-9-1.name"));
  EXPECT_FALSE(fs::exists(captures_ + "/live-17.pcapng.name"));
  for (const char* name : theirs) EXPECT_TRUE(fs::exists(captures_ + name)) << name;
  ASSERT_EQ(engine->stored().size(), 1u);
  EXPECT_EQ(engine->stored()[0].name, "whole");
}

TEST_F(EngineTest, TheQuotaCountsWhatIsThereAndWhatIsAnnounced) {
  auto engine = start(100'000);
  EXPECT_EQ(engine->state().disk_quota_bytes, 100'000u);
  upload(*engine, "a", 100);
  const uint64_t used = bytes_on_disk();
  EXPECT_EQ(engine->state().disk_used_bytes, used);
  // Announced counts at once, although nothing has come yet.
  const auto coming = engine->reserve_upload("b", 60'000);
  ASSERT_TRUE(coming);
  EXPECT_EQ(engine->state().disk_used_bytes, used + 60'000);
  const auto refused = engine->reserve_upload("c", 60'000);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("delete captures first"), std::string::npos);
  EXPECT_FALSE(engine->reserve_upload("d", UINT64_MAX)) << "the sum must not wrap";
  // Given up: its place is free again.
  fs::remove(*coming);
  EXPECT_TRUE(engine->reserve_upload("c", 60'000));
}

TEST_F(EngineTest, ExportsStandInTheSameAccount) {
  auto engine = start(100'000);
  ASSERT_TRUE(make_private_directory(data_.path() + "/exports"));
  EXPECT_TRUE(engine->room_for(100'000));
  const std::string file = data_.path() + "/exports/export-1";
  std::ofstream(file) << std::string(60'000, 'x');
  EXPECT_TRUE(engine->room_for(40'000));
  EXPECT_FALSE(engine->room_for(40'001));
  EXPECT_FALSE(engine->room_for(UINT64_MAX)) << "the sum must not wrap";
  EXPECT_FALSE(engine->reserve_upload("a", 60'000));
  EXPECT_EQ(engine->state().disk_used_bytes, 60'000u);
  fs::remove(file);
  EXPECT_TRUE(engine->reserve_upload("a", 60'000));
}

TEST_F(EngineTest, AStoredFileOpenedByItsPathIsTheStoredOne) {
  write_capture(captures_ + "/upload-1", 3);
  auto engine = start();
  const std::string id = engine->stored().at(0).id;
  EXPECT_EQ(engine->open_file(captures_ + "/../captures/upload-1", "x").value_or(""), id);
  EXPECT_TRUE(engine->stored().empty());
  EXPECT_EQ(engine->open_file(captures_ + "/upload-1", "x").value_or(""), id);
  EXPECT_EQ(engine->captures().size(), 1u) << "one file, one entry";
  EXPECT_EQ(*engine->remove_capture(id), Removal::kDeleted);
}

/// Without the rights of root, which no folder's mode holds back.
class OrdinaryUser {
 public:
  OrdinaryUser() { changed_ = ::geteuid() == 0 && ::seteuid(kUid) == 0; }
  ~OrdinaryUser() {
    if (changed_ && ::seteuid(0) != 0) std::abort();
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;
  static constexpr uid_t kUid = 65'534;

 private:
  bool changed_ = false;
};

TEST_F(EngineTest, AFileThatCannotBeDeletedStaysListed) {
  write_capture(captures_ + "/upload-1", 3);
  auto engine = start();
  const std::string id = engine->stored().at(0).id;
  if (::geteuid() == 0) {
    for (const std::string& folder : {data_.path(), captures_})
      ASSERT_EQ(::chown(folder.c_str(), OrdinaryUser::kUid, OrdinaryUser::kUid), 0);
  }
  ASSERT_EQ(::chmod(captures_.c_str(), 0500), 0);
  for (const bool open : {false, true}) {
    if (open) {
      ASSERT_TRUE(engine->open_stored(id));
    }
    const OrdinaryUser user;
    EXPECT_FALSE(engine->remove_capture(id));
    ASSERT_EQ(engine->stored().size(), 1u) << open;
    EXPECT_EQ(engine->stored()[0].id, id);
    EXPECT_TRUE(engine->captures().empty());
  }
  ASSERT_EQ(::chmod(captures_.c_str(), 0700), 0);
  EXPECT_EQ(*engine->remove_capture(id), Removal::kDeleted);
  EXPECT_TRUE(engine->stored().empty());
}

constexpr const char* kDiscard = "udp dst port 9";

/// Sends datagrams to the discard port of this machine.
void send_datagrams(int count, size_t bytes) {
  const int out = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string data(bytes, 'x');
  for (int i = 0; i < count; ++i)
    ::sendto(out, data.data(), bytes, 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  ::close(out);
}

TEST_F(EngineTest, StopDeleteAndStartAtTheSameTime) {
  // Looking through many files takes the capture's thread a while at its end: others come between.
  for (int i = 0; i < 1000; ++i) std::ofstream(fmt::format("{}/{}", captures_, i)) << "x";
  auto engine = start_live();
  if (!engine) GTEST_SKIP() << "live capture is not possible here";
  auto id = engine->start_capture({{"lo"}, kDiscard});
  if (!id) GTEST_SKIP() << id.error().message;
  for (int round = 0; round < 20; ++round) {
    send_datagrams(20, 100);
    std::vector<std::thread> others;
    for (int i = 0; i < 2; ++i) others.emplace_back([&] { EXPECT_TRUE(engine->stop_capture()); });
    std::atomic<bool> deleted{false};
    others.emplace_back([&, gone = *id] {
      Result<Removal> removal = Removal::kRunning;
      while (removal && *removal == Removal::kRunning) removal = engine->remove_capture(gone);
      EXPECT_EQ(removal.value_or(Removal::kUnknown), Removal::kDeleted);
      deleted = true;
    });
    auto next = engine->start_capture({{"lo"}, kDiscard});
    while (!next) next = engine->start_capture({{"lo"}, kDiscard});
    for (std::thread& t : others) t.join();
    EXPECT_TRUE(deleted);
    EXPECT_NE(*next, *id);
    EXPECT_EQ(engine->captures().size(), 1u);
    id = std::move(next);
  }
  // A stop of one round may have come after the next start: then it is stopped already.
  EXPECT_TRUE(engine->stop_capture());
  const uint64_t on_disk = bytes_on_disk();
  EXPECT_TRUE(engine->room_for(1));
  EXPECT_EQ(engine->state().disk_used_bytes, on_disk) << "each file is counted once";
}

TEST_F(EngineTest, CancellingALiveCaptureStopsIt) {
  auto engine = start_live();
  if (!engine) GTEST_SKIP() << "live capture is not possible here";
  const auto id = engine->start_capture({{"lo"}, kDiscard});
  if (!id) GTEST_SKIP() << id.error().message;
  ASSERT_TRUE(engine->cancel_reading(*id));
  for (int i = 0; i < 1000 && engine->state().state != "STOPPED"; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(engine->state().state, "STOPPED");
  EXPECT_EQ(engine->find(*id)->info().state, CaptureState::kReady);
  EXPECT_FALSE(engine->cancel_reading("c99"));
}

TEST_F(EngineTest, ACancelledReadingSaysWhereItStoppedAndIsNotDamaged) {
  auto engine = start();
  const std::string given = data_.path() + "/given";
  write_capture(given, 9);
  const auto growth = std::make_shared<FileGrowth>(fs::file_size(given) + 1000);
  const auto id = engine->open_growing(given, "given", growth);
  ASSERT_TRUE(id) << id.error().message;
  ASSERT_TRUE(engine->cancel_reading(*id));
  growth->whole = true;
  engine->wait_for(*id);
  const CaptureInfo info = engine->find(*id)->info();
  EXPECT_EQ(info.state, CaptureState::kStopped);
  EXPECT_EQ(info.damage, "reading was stopped by you at packet " + std::to_string(info.packets));
}

TEST_F(EngineTest, ALiveCaptureGoesOnWithinTheQuota) {
  auto engine = start_live(200'000);
  if (!engine) GTEST_SKIP() << "live capture is not possible here";
  const auto id = engine->start_capture({{"lo"}, kDiscard});
  if (!id) GTEST_SKIP() << id.error().message;
  for (int i = 0; i < 500 && engine->state().store.expired_packets < 100; ++i) {
    send_datagrams(20, 1000);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(engine->state().state, "RUNNING");
  EXPECT_GE(engine->state().store.expired_packets, 100u);
  EXPECT_EQ(engine->state().not_written, 0u);
  (void)engine->stop_capture();
  const CaptureInfo info = engine->find(*id)->info();
  EXPECT_EQ(info.state, CaptureState::kReady);
  EXPECT_EQ(info.damage + info.ended, "");
  EXPECT_GT(info.first_number, 100u);
  EXPECT_LE(bytes_on_disk(), 200'000u + 1'000);
}

TEST_F(EngineTest, AlwaysOnLetsGoOfEarlierCapturesOfItsKind) {
  auto old = [&](const std::string& name, int hours) {
    fs::create_directories(captures_ + "/" + name);
    for (int k = 1; k <= 2; ++k) {
      const std::string path = captures_ + "/" + name + "/00000" + std::to_string(k) + ".pcapng";
      write_capture(path, 3);
      fs::last_write_time(
          path, fs::file_time_type::clock::now() - std::chrono::minutes(hours * 60 - k * 90));
    }
  };
  auto engine = start_live();
  if (!engine) GTEST_SKIP() << "live capture is not possible here";
  engine.reset();
  old("always-1", 40);
  old("always-2", 26);  // one segment is 24.5 hours old, the other 23
  old("live-3", 40);
  engine = start_live();
  StorePolicy policy;
  policy.always_on = true;
  ASSERT_TRUE(engine->set_store_policy(policy));
  EXPECT_EQ(engine->stored().size(), 3u);
  const auto id = engine->start_capture({{"lo"}, kDiscard});
  if (!id) GTEST_SKIP() << id.error().message;
  for (int i = 0; i < 500 && fs::exists(captures_ + "/always-1"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(fs::exists(captures_ + "/always-1"));
  EXPECT_FALSE(fs::exists(captures_ + "/always-2/000001.pcapng"));
  EXPECT_TRUE(fs::exists(captures_ + "/live-3/000001.pcapng")) << "kept until it is deleted";
  EXPECT_LE(engine->stored().size(), 2u);
  (void)engine->stop_capture();
}

TEST_F(EngineTest, OpenCapturesAreBounded) {
  auto engine = start();
  const std::string path = data_.path() + "/small.pcapng";
  write_capture(path, 1);
  std::string first;
  for (uint32_t i = 0; i < limits::kCapturesOpenMax; ++i) {
    const auto id = engine->open_file(path, "small");
    ASSERT_TRUE(id) << i;
    if (first.empty()) first = *id;
  }
  const auto refused = engine->open_file(path, "small");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("too many captures are open"), std::string::npos);
  EXPECT_EQ(*engine->remove_capture(first), Removal::kClosed);
  EXPECT_TRUE(engine->open_file(path, "small"));
}

TEST_F(EngineTest, AFileThatIsSlowToOpenHoldsNobodyUp) {
  auto engine = start();
  const std::string pipe = data_.path() + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::atomic<bool> opened{false};
  std::thread opener([&] {
    EXPECT_FALSE(engine->open_file(pipe, "pipe"));
    opened = true;
  });
  // Opening the pipe waits for somebody who writes into it; all else goes on.
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(engine->state().state, "STOPPED");
    EXPECT_TRUE(engine->captures().empty());
    EXPECT_FALSE(engine->start_capture({{"sp3none"}, ""}));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_FALSE(opened);
  { std::ofstream writer(pipe); }
  opener.join();
}

TEST_F(EngineTest, AnUploadThatIsNoCaptureLeavesNothing) {
  auto engine = start();
  const auto path = engine->reserve_upload("x", 10);
  ASSERT_TRUE(path);
  std::ofstream(*path) << "0123456789";
  EXPECT_FALSE(engine->open_upload(*path, "x"));
  EXPECT_EQ(files(), 0u);
}

}  // namespace
}  // namespace sp3ctra
