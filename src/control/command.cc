#include "control/command.h"

#include <utility>

namespace sp3ctra {
namespace {

void refuse(const Command& command, const char* words) {
  if (!command.reply) return;
  CommandResult result;
  result.ok = false;
  result.error = words;
  command.reply(result);
}

}  // namespace

bool CommandQueue::push(Command command) {
  const char* refusal = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      refusal = "the program is ending";
    } else if (waiting_.size() >= capacity_) {
      refusal = "too many requests are waiting; try again in a moment";
    } else {
      waiting_.push_back(std::move(command));
    }
  }
  // Outside the lock: a reply may push again.
  if (refusal) {
    refuse(command, refusal);
    return false;
  }
  ready_.notify_one();
  return true;
}

std::optional<Command> CommandQueue::pop(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  ready_.wait_for(lock, timeout, [this] { return closed_ || !waiting_.empty(); });
  if (waiting_.empty()) return std::nullopt;
  Command next = std::move(waiting_.front());
  waiting_.pop_front();
  return next;
}

void CommandQueue::close() {
  std::deque<Command> refused;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    refused.swap(waiting_);
  }
  ready_.notify_all();
  for (const Command& c : refused) refuse(c, "the program is ending");
}

bool CommandQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

size_t CommandQueue::size() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

}  // namespace sp3ctra
