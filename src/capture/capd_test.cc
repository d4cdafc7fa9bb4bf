#include "capture/capd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "capture/bpf.h"
#include "capture/capd_protocol.h"
#include "capture/live_source.h"
#include "capture/live_test_namespace.h"

namespace sp3ctra {
namespace {

using capd::Answer;
using capd::OpenRequest;
using capd::Reply;
constexpr uid_t kOrdinaryUid = 65534;

/// A capd driven by hand: its socket and its pid.
struct RawCapd {
  Descriptor socket;
  pid_t pid = -1;
  RawCapd() = default;
  RawCapd(RawCapd&& other) noexcept
      : socket(std::move(other.socket)), pid(std::exchange(other.pid, -1)) {}
  ~RawCapd() {
    socket.reset();
    if (pid > 0) waitpid(pid, nullptr, 0);
  }
  bool reply(Reply& out, bool* has_socket = nullptr) {
    iovec part = {&out, sizeof out};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr m{};
    m.msg_iov = &part;
    m.msg_iovlen = 1;
    m.msg_control = control.data();
    m.msg_controllen = control.size();
    const ssize_t n = recvmsg(socket.get(), &m, MSG_CMSG_CLOEXEC);
    const cmsghdr* c = n > 0 ? CMSG_FIRSTHDR(&m) : nullptr;
    if (has_socket) *has_socket = c != nullptr;
    if (c) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
      close(fd);
    }
    return n == sizeof out;
  }
};

RawCapd start_raw(const std::string& path, uid_t as_uid = 0) {
  RawCapd out;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return out;
  const timeval limit = {3, 0};
  setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  out.socket = Descriptor(ends[0]);
  out.pid = fork();
  if (out.pid == 0) {
    if (as_uid != 0 && (setgid(as_uid) != 0 || setuid(as_uid) != 0)) _exit(9);
    dup2(ends[1], capd::kSocketFd);
    if (ends[1] == capd::kSocketFd) fcntl(ends[1], F_SETFD, 0);
    execl(path.c_str(), "sp3ctra-capd", nullptr);
    _exit(9);
  }
  close(ends[1]);
  return out;
}

/// Runs `check` as an ordinary user in a child; its answer is the child's exit code.
int as_ordinary_user(const std::function<int()>& check) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (setgid(kOrdinaryUid) != 0 || setuid(kOrdinaryUid) != 0) _exit(99);
    _exit(check());
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class CapdTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root to play both root and an ordinary user";
    namespace_ = std::make_unique<live_test::Namespace>();
    if (!namespace_->problem().empty()) GTEST_SKIP() << namespace_->problem();
    char name[] = "/tmp/sp3ctra-capd-test-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    ASSERT_EQ(chmod(name, 0755), 0);
    beside_ = live_test::test_directory() + "/sp3ctra-capd";
  }
  void TearDown() override {
    if (!directory_.empty()) live_test::run({"rm", "-rf", directory_});
  }
  /// Installs capd as packaging/install-capd does; false where capabilities cannot be set.
  bool install(bool with_capability = true) {
    installed_ = directory_ + "/sp3ctra-capd";
    if (live_test::run({"install", "-m", "0755", beside_, installed_}) != 0) return false;
    return !with_capability || live_test::run({"setcap", "cap_net_raw=ep", installed_}) == 0;
  }
  void list_users(const std::string& text) {
    std::ofstream(directory_ + "/capd.users") << text;
    chmod((directory_ + "/capd.users").c_str(), 0644);
  }
  Capd::Options options() const {
    Capd::Options o;
    o.installed_path = installed_;
    o.program_directory = "/nonexistent";
    o.install_command = "sudo the-fix";
    return o;
  }
  /// The state that an ordinary user finds.
  Rights::State ordinary_state() {
    return static_cast<Rights::State>(
        as_ordinary_user([&] { return static_cast<int>(Capd::start(options()).rights().state); }));
  }

  std::unique_ptr<live_test::Namespace> namespace_;
  std::string directory_;
  std::string beside_;
  std::string installed_ = "/nonexistent/sp3ctra-capd";
};

TEST_F(CapdTest, WithoutCapdTheFixIsNamed) {
  const int rc = as_ordinary_user([&] {
    const Capd c = Capd::start(options());
    const Rights& r = c.rights();
    return r.state == Rights::State::kNoCapd && !r.can_capture && r.fix == "sudo the-fix" &&
                   r.why.find("not installed") != std::string::npos
               ? 0
               : 1;
  });
  EXPECT_EQ(rc, 0);
}

TEST_F(CapdTest, OrdinaryUserCapturesThroughTheInstalledOne) {
  if (!install()) GTEST_SKIP() << "file capabilities cannot be set here";
  list_users("0\n65534\n");
  const int rc = as_ordinary_user([&] {
    Capd c = Capd::start(options());
    if (!c.rights().can_capture) return 1;
    LiveSource::Options o;
    o.interface_name = "lo";
    o.bpf = "udp port 9";
    o.ring_bytes = 4 << 20;
    auto source = LiveSource::open(c, o);
    if (!source) return 2;
    const Descriptor out(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 5; ++i) {
      sendto(out.get(), "hello", 5, 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
    }
    (*source)->stop();
    Packet p;
    int packets = 0;
    for (auto n = (*source)->next(p); n != PacketSource::Next::kEnd; n = (*source)->next(p)) {
      if (n == PacketSource::Next::kPacket) ++packets;
      if (n == PacketSource::Next::kIdle) (*source)->wait(10);
    }
    if (packets != 5) return 3;
    // The right is capd's alone.
    return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? 0 : 4;
  });
  EXPECT_EQ(rc, 0);
}

TEST_F(CapdTest, StatesOfAnInstallation) {
  ASSERT_TRUE(install(false));
  list_users("65534\n");
  EXPECT_EQ(ordinary_state(), Rights::State::kNoCapability);
  if (!install(true)) GTEST_SKIP() << "file capabilities cannot be set here";
  EXPECT_EQ(ordinary_state(), Rights::State::kReady);
  for (const char* text :
       {"", "0\n1000\n", "6553\n", "655340\n", "65534", "x65534\n", "#65534\n"}) {
    list_users(text);
    EXPECT_EQ(ordinary_state(), Rights::State::kUserNotListed) << text;
  }
  list_users("65534\n");
  ASSERT_EQ(chmod((directory_ + "/capd.users").c_str(), 0666), 0);
  EXPECT_EQ(ordinary_state(), Rights::State::kUserNotListed) << "anybody could write the list";
  ASSERT_EQ(chmod((directory_ + "/capd.users").c_str(), 0644), 0);
  ASSERT_EQ(chmod(directory_.c_str(), 0777), 0);
  EXPECT_EQ(ordinary_state(), Rights::State::kUserNotListed) << "anybody could swap the list";
  ASSERT_EQ(chmod(directory_.c_str(), 0755), 0);
  EXPECT_EQ(ordinary_state(), Rights::State::kReady);
}

TEST_F(CapdTest, ARightGivenLaterIsFound) {
  installed_ = directory_ + "/sp3ctra-capd";
  enum { kAllWell, kFoundTooEarly, kNotFound, kNotListedFound, kReadyAgain };
  const pid_t user = fork();
  if (user == 0) {
    // An ordinary user's program that waits while root installs capd in steps.
    if (setgid(kOrdinaryUid) != 0 || setuid(kOrdinaryUid) != 0) _exit(99);
    Capd capd = Capd::start(options());
    if (capd.rights().state != Rights::State::kNoCapd || capd.look_again()) _exit(kFoundTooEarly);
    kill(getpid(), SIGSTOP);
    if (!capd.look_again() || capd.rights().state != Rights::State::kNoCapability) _exit(kNotFound);
    if (capd.look_again()) _exit(kFoundTooEarly);
    kill(getpid(), SIGSTOP);
    if (!capd.look_again() || capd.rights().state != Rights::State::kUserNotListed)
      _exit(kNotListedFound);
    kill(getpid(), SIGSTOP);
    const bool found = capd.look_again() && capd.rights().can_capture && !capd.look_again();
    _exit(found ? kAllWell : kReadyAgain);
  }
  int status = 0;
  const auto wait_for_user = [&] {
    return waitpid(user, &status, WUNTRACED) == user && WIFSTOPPED(status);
  };
  ASSERT_TRUE(wait_for_user()) << WEXITSTATUS(status);
  ASSERT_TRUE(install(false));
  kill(user, SIGCONT);
  ASSERT_TRUE(wait_for_user()) << WEXITSTATUS(status);
  if (!install(true)) {
    kill(user, SIGKILL);
    waitpid(user, &status, 0);
    GTEST_SKIP() << "file capabilities cannot be set here";
  }
  list_users("0\n");
  kill(user, SIGCONT);
  ASSERT_TRUE(wait_for_user()) << WEXITSTATUS(status);
  list_users("65534\n");
  kill(user, SIGCONT);
  waitpid(user, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), kAllWell);
}

TEST_F(CapdTest, ForeignPeerIsRefused) {
  if (!install()) GTEST_SKIP() << "file capabilities cannot be set here";
  list_users("65534\n");
  // The pair was made by root, capd runs as somebody else: its descriptors are not for root.
  RawCapd capd = start_raw(installed_, kOrdinaryUid);
  Reply hello;
  ASSERT_TRUE(capd.reply(hello));
  EXPECT_EQ(hello.answer, Answer::kWrongPeer);
  Reply more;
  EXPECT_FALSE(capd.reply(more)) << "it must have ended";
}

TEST_F(CapdTest, GarbageIsRefusedAndItLivesOn) {
  RawCapd capd = start_raw(beside_);
  Reply reply;
  ASSERT_TRUE(capd.reply(reply));
  ASSERT_EQ(reply.answer, Answer::kReady);
  struct Message {
    OpenRequest request;
    BpfInstruction filter[2];
  };
  const Message good = [] {
    Message m{};
    m.request = OpenRequest{};
    std::strcpy(m.request.interface_name, "lo");
    m.request.block_bytes = 65'536;
    m.request.block_count = 4;
    m.request.retire_ms = 8;
    m.request.filter_count = 1;
    m.filter[0] = keep_all(100)[0];
    return m;
  }();
  const size_t good_bytes = sizeof(OpenRequest) + sizeof(BpfInstruction);
  const auto answer = [&](const void* data, size_t bytes, bool* has_socket = nullptr) {
    EXPECT_EQ(send(capd.socket.get(), data, bytes, MSG_NOSIGNAL), static_cast<ssize_t>(bytes));
    Reply r;
    EXPECT_TRUE(capd.reply(r, has_socket));
    return r.answer;
  };
  const auto changed = [&](const std::function<void(OpenRequest&)>& change) {
    Message m = good;
    change(m.request);
    return answer(&m, good_bytes);
  };
  const std::vector<char> noise(40'000, 'x');
  EXPECT_EQ(answer(noise.data(), 1), Answer::kBadRequest);
  EXPECT_EQ(answer(noise.data(), noise.size()), Answer::kBadRequest);
  for (size_t n = 1; n < good_bytes; ++n) EXPECT_EQ(answer(&good, n), Answer::kBadRequest) << n;
  EXPECT_EQ(answer(&good, sizeof good), Answer::kBadRequest) << "one instruction too many";
  EXPECT_EQ(changed([](auto& r) { r.magic ^= 1; }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { r.version += 1; }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { std::memset(r.interface_name, 'a', 16); }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { r.interface_name[0] = 0; }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { r.filter_count = 0; }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { r.filter_count = 0x20000001; }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { r.block_bytes = 5000; }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { r.block_count = 1; }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { r.block_count = 1u << 31; }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { r.retire_ms = 0; }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { r.cooked = 2; }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { r.promiscuous = 7; }), Answer::kBadRequest);
  EXPECT_EQ(changed([](auto& r) { std::strcpy(r.interface_name, "sp3none"); }),
            Answer::kNoInterface);
  Message wild = good;
  wild.filter[0] = {0xffff, 1, 1, 1};
  EXPECT_EQ(answer(&wild, good_bytes), Answer::kFilter);
  bool has_socket = false;
  EXPECT_EQ(answer(&good, good_bytes, &has_socket), Answer::kReady);
  EXPECT_TRUE(has_socket);
}

TEST_F(CapdTest, OtherVersionsAndStrangersAreTold) {
  // A program that is no capd: it does not answer.
  installed_ = directory_ + "/sp3ctra-capd";
  ASSERT_EQ(live_test::run({"install", "-m", "0755", "/bin/true", installed_}), 0);
  Capd::Options o = options();
  EXPECT_EQ(Capd::start(o).rights().state, Rights::State::kBroken);
  // One that greets with another version number.
  std::ofstream(installed_, std::ios::trunc)
      << "#!/bin/sh\nprintf 'capd\\011\\000\\000\\000%20s' '' >&3\n";
  const Rights other = Capd::start(o).rights();
  EXPECT_EQ(other.state, Rights::State::kOtherVersion) << other.why;
  EXPECT_NE(other.why.find("another version"), std::string::npos);
  EXPECT_EQ(other.fix, "sudo the-fix");
  // For root there is still the one beside the program.
  o.program_directory = live_test::test_directory();
  const Capd own = Capd::start(o);
  EXPECT_TRUE(own.rights().can_capture) << own.rights().why;
  EXPECT_EQ(own.rights().capd_path, beside_);
}

TEST_F(CapdTest, KeepsOnlyItsRightAndEndsWithItsParent) {
  RawCapd capd = start_raw(beside_);
  Reply hello;
  ASSERT_TRUE(capd.reply(hello));
  std::ifstream status("/proc/" + std::to_string(capd.pid) + "/status");
  const std::string text{std::istreambuf_iterator<char>(status), {}};
  for (const char* line :
       {"CapPrm:\t0000000000002000", "CapEff:\t0000000000002000", "CapInh:\t0000000000000000",
        "CapBnd:\t0000000000002000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
  capd.socket.reset();
  int rc = -1;
  ASSERT_EQ(waitpid(capd.pid, &rc, 0), capd.pid);
  EXPECT_EQ(rc, 0);
  capd.pid = -1;
}

TEST_F(CapdTest, RootGivesUpItsCapabilitiesAndStillCaptures) {
  const pid_t pid = fork();
  if (pid == 0) {
    Capd c = Capd::start(live_test::beside_test());
    if (!c.rights().can_capture) _exit(1);
    if (!drop_all_capabilities()) _exit(2);
    if (socket(AF_PACKET, SOCK_RAW, 0) >= 0) _exit(3);
    // Nor does a child of uid 0 get anything back.
    if (live_test::run({"ip", "link", "set", "sp3a", "down"}) == 0) _exit(4);
    LiveSource::Options o;
    o.interface_name = "sp3b";
    o.ring_bytes = 4 << 20;
    if (!LiveSource::open(c, o)) _exit(5);
    _exit(0);
  }
  int rc = -1;
  waitpid(pid, &rc, 0);
  EXPECT_EQ(WEXITSTATUS(rc), 0);
}

TEST_F(CapdTest, InstallScriptDoesWhatItSays) {
  const char* source = getenv("SP3CTRA_SOURCE");
  if (!source) GTEST_SKIP() << "SP3CTRA_SOURCE is not set";
  const std::string script = std::string(source) + "/packaging/install-capd";
  const std::string place = directory_ + "/lib";
  const std::vector<std::string> install = {script, "--directory", place, "--capd", beside_};
  auto for_user = install;
  for_user.insert(for_user.end(), {"--user", "nobody"});
  if (live_test::run(install) != 0) GTEST_SKIP() << "file capabilities cannot be set here";
  ASSERT_EQ(live_test::run(for_user), 0) << "a second time adds a user";
  std::ifstream list(place + "/capd.users");
  const std::string users{std::istreambuf_iterator<char>(list), {}};
  EXPECT_EQ(users, "0\n65534\n");
  EXPECT_EQ(live_test::run(install), 0) << "nothing to do";
  ASSERT_EQ(chmod(place.c_str(), 0777), 0);
  EXPECT_NE(live_test::run(install), 0) << "nothing to do, but others could swap it";
  ASSERT_EQ(chmod(place.c_str(), 0755), 0);
  installed_ = place + "/sp3ctra-capd";
  EXPECT_EQ(ordinary_state(), Rights::State::kReady);
  EXPECT_EQ(live_test::run({script, "--directory", place, "--uninstall"}), 0);
  EXPECT_EQ(access(place.c_str(), F_OK), -1);
}

TEST_F(CapdTest, InstallScriptWorksInEveryLanguage) {
  const char* source = getenv("SP3CTRA_SOURCE");
  if (!source) GTEST_SKIP() << "SP3CTRA_SOURCE is not set";
  const std::string script = std::string(source) + "/packaging/install-capd";
  const std::vector<std::string> install = {script, "--directory", directory_ + "/lib", "--capd",
                                            beside_};
  if (live_test::run(install) != 0) GTEST_SKIP() << "file capabilities cannot be set here";
  // Stands for a system with translations, which a build machine seldom has.
  const std::string translated = directory_ + "/stat";
  std::ofstream(translated) << "#!/bin/sh\n"
                               "PATH=${PATH#*:}\n"
                               "[ \"${LC_ALL-}\" = C ] && exec stat \"$@\"\n"
                               "stat \"$@\" | sed s/directory/Verzeichnis/\n";
  ASSERT_EQ(chmod(translated.c_str(), 0755), 0);
  std::vector<std::string> german = {"env", "LC_ALL=de_DE.UTF-8",
                                     "PATH=" + directory_ + ":" + getenv("PATH")};
  german.insert(german.end(), install.begin(), install.end());
  german.push_back("--replace");  // what is there already would be left alone unseen
  EXPECT_EQ(live_test::run(german), 0);
}

TEST_F(CapdTest, InstallScriptRefusesPlacesThatOthersCouldChange) {
  const char* source = getenv("SP3CTRA_SOURCE");
  if (!source) GTEST_SKIP() << "SP3CTRA_SOURCE is not set";
  const std::string script = std::string(source) + "/packaging/install-capd";
  const std::string place = directory_ + "/lib";
  const auto install = [&](const std::string& where) {
    return live_test::run({script, "--directory", where, "--capd", beside_});
  };
  const auto set = [&](const std::string& path, uid_t uid, gid_t gid, mode_t mode) {
    ASSERT_EQ(chown(path.c_str(), uid, gid), 0);
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  };
  const auto expect_untouched = [&](uid_t uid, gid_t gid, mode_t mode) {
    struct stat s {};
    ASSERT_EQ(stat(place.c_str(), &s), 0);
    EXPECT_EQ(s.st_uid, uid);
    EXPECT_EQ(s.st_gid, gid);
    EXPECT_EQ(s.st_mode & 07777, mode);
    EXPECT_EQ(access((place + "/sp3ctra-capd").c_str(), F_OK), -1);
    EXPECT_EQ(access((place + "/capd.users").c_str(), F_OK), -1);
  };
  ASSERT_EQ(mkdir(place.c_str(), 0755), 0);
  struct Case {
    uid_t uid;
    gid_t gid;
    mode_t mode;
  };
  for (const Case c :
       {Case{kOrdinaryUid, 0, 0755}, Case{0, 0, 0777}, Case{0, 0, 01777},
        Case{0, kOrdinaryUid, 0775}, Case{0, 50, 0775}, Case{kOrdinaryUid, 0, 0700}}) {
    set(place, c.uid, c.gid, c.mode);
    EXPECT_NE(install(place), 0) << c.uid << " " << c.gid << " " << std::oct << c.mode;
    expect_untouched(c.uid, c.gid, c.mode);
  }
  // A good directory below one that is not.
  set(place, 0, 0, 0755);
  set(directory_, kOrdinaryUid, 0, 0755);
  EXPECT_NE(install(place), 0);
  expect_untouched(0, 0, 0755);
  EXPECT_NE(install(directory_ + "/new"), 0);
  EXPECT_EQ(access((directory_ + "/new").c_str(), F_OK), -1);
  set(directory_, 0, 0, 0755);
  // Ways around: a link, a relative path, dots.
  const std::string link = directory_ + "/link";
  ASSERT_EQ(symlink(place.c_str(), link.c_str()), 0);
  EXPECT_NE(install(link), 0);
  EXPECT_NE(install(directory_ + "/x/../lib"), 0);
  EXPECT_NE(install("lib"), 0);
  expect_untouched(0, 0, 0755);
}

}  // namespace
}  // namespace sp3ctra
