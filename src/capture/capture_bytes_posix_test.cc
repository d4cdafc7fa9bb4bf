// What the capture tests ask of the system, and their readings.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/check.h"
#include "capture/capture_bytes_testing.h"

namespace sp3ctra::testing {

FileHandle file_of(std::string_view bytes) {
  auto file = FileHandle::open_spool("");
  CHECK(file.has_value());
  refill(*file, bytes);
  return std::move(*file);
}

void refill(const FileHandle& file, std::string_view bytes) {
  CHECK(ftruncate(file.fd(), 0) == 0);
  CHECK(pwrite(file.fd(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
}

std::string content_of(const FileHandle& file) {
  std::string text(file.size(), '\0');
  auto got = file.read_at({reinterpret_cast<std::byte*>(text.data()), text.size()}, 0);
  CHECK(got.has_value() && *got == text.size());
  return text;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Pipe make_pipe() {
  int ends[2];
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  return {FileHandle(ends[0]), FileHandle(ends[1])};
}

std::string output_of(const std::vector<std::string>& command) {
  Pipe pipe = make_pipe();
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, 0);
    dup2(pipe.writing.fd(), 1);
    dup2(nowhere, 2);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  pipe.writing = FileHandle();
  std::string text;
  std::byte block[4096];
  while (auto got = pipe.reading.read(block)) {
    if (*got == 0) break;
    text.append(reinterpret_cast<const char*>(block), *got);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return text;
}

Reading read_all(PacketSource& source) {
  Reading reading;
  Packet packet;
  for (;;) {
    const PacketSource::Next next = source.next(packet);
    if (next == PacketSource::Next::kEnd) break;
    if (next == PacketSource::Next::kIdle) continue;
    reading.packets.push_back({packet, std::string(as_text(packet.data))});
  }
  reading.damage = source.damage();
  reading.interfaces = source.interfaces();
  return reading;
}

Reading read_bytes(std::string_view bytes, const FileOptions& options) {
  auto source = open_capture_file(file_of(bytes), "test", options);
  if (!source) return {{}, source.error().message, {}};
  return read_all(**source);
}

}  // namespace sp3ctra::testing
