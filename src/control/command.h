#pragma once
// What page and CLI ask of the pipeline: the only way back. Many threads push, the pipeline's
// control thread pops; the queue is bounded and never blocks its pushers.
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/limits.h"

namespace sp3ctra {

/// Start a live capture.
struct StartCapture {
  std::vector<std::string> interfaces;
  std::string bpf;  ///< empty = everything
  bool promiscuous = true;
  uint32_t snaplen = 0;  ///< 0 = whole packets
};
/// Stop the live capture; what was captured stays.
struct StopCapture {};
/// Open a capture file. `path` comes from the program's own books or its command line, never from
/// the page.
struct OpenCapture {
  std::string path;
  std::string name;  ///< as shown
  bool is_demo = false;
};
/// Stop reading a file; what was read stays.
struct CancelReading {
  std::string capture_id;
};
/// End the program in order.
struct Shutdown {};

using CommandBody = std::variant<StartCapture, StopCapture, OpenCapture, CancelReading, Shutdown>;

/// What became of a command.
struct CommandResult {
  bool ok = true;
  std::string capture_id;                ///< of StartCapture and OpenCapture
  std::string error;                     ///< words, when not ok
  std::optional<size_t> error_position;  ///< bytes into the BPF text, when that was wrong
  size_t error_length = 0;
};

/// A command and who wants to know. `reply` is called exactly once, on the control thread, or on
/// the thread that closes the queue; it must not block. May be empty.
struct Command {
  CommandBody body;
  std::function<void(const CommandResult&)> reply;
};

/// The bounded queue between them. Every member function: any thread.
class CommandQueue {
 public:
  explicit CommandQueue(size_t capacity = limits::kCommandsMax) : capacity_(capacity) {}
  /// Refuses what still waits, as close() does.
  ~CommandQueue() { close(); }
  CommandQueue(const CommandQueue&) = delete;
  CommandQueue& operator=(const CommandQueue&) = delete;

  /// False when full or closed; the command is then answered at once with the reason.
  bool push(Command command);
  /// The next command; empty after `timeout` without one, or when closed.
  std::optional<Command> pop(std::chrono::milliseconds timeout);
  /// No more commands; those waiting are refused in words.
  void close();
  bool closed() const;
  size_t size() const;

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Command> waiting_;
  bool closed_ = false;
};

}  // namespace sp3ctra
