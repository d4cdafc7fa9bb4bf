#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/capture_files.h"
#include "cli/color.h"
#include "cli/commands.h"
#include "cli/terminal.h"

extern char** environ;

namespace sp3ctra::cli {
namespace {

volatile sig_atomic_t caught = 0;
void on_signal(int) { caught = 1; }

}  // namespace

std::string program_directory() {
  std::error_code ec;
  return std::filesystem::read_symlink("/proc/self/exe", ec).parent_path().string();
}

std::string default_data_directory() {
  if (const char* x = std::getenv("XDG_DATA_HOME"); x && *x) return std::string(x) + "/sp3ctra";
  const char* home = std::getenv("HOME");
  return std::string(home && *home ? home : "/tmp") + "/.local/share/sp3ctra";
}

std::string find_demo() {
  const std::filesystem::path here = program_directory();
  for (const auto& p : {here / "../../packaging/demo.pcapng", here / "demo.pcapng",
                        here / "../share/sp3ctra/demo.pcapng"}) {
    std::error_code ec;
    if (std::filesystem::is_regular_file(p, ec)) return p.lexically_normal().string();
  }
  return {};
}

void catch_signals() {
  struct sigaction a {};
  a.sa_handler = on_signal;
  sigaction(SIGINT, &a, nullptr);
  sigaction(SIGTERM, &a, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write(), not an end
}

bool signalled() { return caught != 0; }

void wait_for_signal(const std::atomic<bool>* give_up) {
  while (!signalled() && !(give_up && give_up->load()))
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

namespace {

/// A new 0600 file with this content; false when it cannot be made.
bool write_private(const std::string& path, const std::string& content) {
  ::unlink(path.c_str());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool ok =
      ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  ::close(fd);
  if (!ok) ::unlink(path.c_str());
  return ok;
}

}  // namespace

void open_browser(const std::string& data, const std::string& url) {
  const bool desktop = std::getenv("DISPLAY") || std::getenv("WAYLAND_DISPLAY");
  if (!desktop || geteuid() == 0) return;
  std::string program = "xdg-open", address = data + "/open.html";
  if (!write_private(address, "<!doctype html><meta http-equiv=\"refresh\" content=\"0;url=" + url +
                                  "\"><title>sp3ctra</title>"))
    return;
  char* argv[] = {program.data(), address.data(), nullptr};
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  for (const int fd : {0, 1, 2})
    posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0);
  pid_t pid = 0;
  // The child is not waited for here: it may live as long as the browser.
  signal(SIGCHLD, SIG_IGN);
  posix_spawnp(&pid, "xdg-open", &quiet, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&quiet);
}

Result<int> lock_data_directory(const std::string& path) {
  const int fd = ::open((path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail_errno("cannot open " + path + "/lock");
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return fail(
        "another sp3ctra uses {}; open its page (sp3ctra serve --url), or choose another "
        "directory with --data DIR",
        path);
  }
  return fd;
}

void remember_running_url(const std::string& data, const std::string& url) {
  (void)write_private(data + "/running-url", url + "\n");
}

void forget_running_url(const std::string& data) {
  ::unlink((data + "/running-url").c_str());
  ::unlink((data + "/open.html").c_str());
}

int print_running_url(const std::string& data) {
  const auto lock = lock_data_directory(data);
  if (lock) ::close(*lock);
  std::ifstream in(data + "/running-url");
  std::string url;
  if (lock || !std::getline(in, url)) {
    std::fprintf(stderr, "sp3ctra: no dashboard runs on %s; start one with ./run\n", data.c_str());
    return kFailed;
  }
  std::printf("%s\n", url.c_str());
  return kDone;
}

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

bool use_color(std::string_view choice, int descriptor) {
  if (choice != "auto") return choice == "always";
  const char* none = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  if (none && *none) return false;
  return is_terminal(descriptor) && kind && std::string_view(kind) != "dumb";
}

Status cut_file(int descriptor, uint64_t bytes) {
  if (::ftruncate(descriptor, static_cast<off_t>(bytes)) != 0)
    return fail_errno("cannot cut the file after its last whole packet");
  return {};
}

unsigned default_workers() {
  const unsigned cores = std::thread::hardware_concurrency();
  return cores > 2 ? cores - 1 : 1;
}

}  // namespace sp3ctra::cli
