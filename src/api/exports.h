#pragma once
// Exports as jobs: packets written to a file of ours, fetched once with a ticket.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/json.h"
#include "api/private_file.h"
#include "api/request.h"
#include "control/engine.h"
#include "query/capture_view.h"

namespace sp3ctra::api {

/// Any thread. Two exports are written at a time, at most limits::kJobsMax are remembered; a file
/// is deleted once fetched, one hour after it was made, and at the end of the program. Files stand
/// under the disk quota: an export that passes it fails with words.
class Exports {
 public:
  static constexpr int64_t kKeptNs = 3'600'000'000'000;
  static constexpr int64_t kTicketNs = 60'000'000'000;
  static constexpr int64_t kRoomNs = 250'000'000;  ///< a running export asks so often for room

  /// Files go to `folder` (made when missing; exports left there by a killed run are deleted).
  /// `engine` keeps the account and outlives this.
  Exports(Engine& engine, std::string folder);
  ~Exports();

  /// `{"job": id}`, 429 when too many wait, 413 when the disk quota is used up.
  Response start(std::shared_ptr<CaptureView> view, ExportRequest request, int64_t now_ns);
  Response state(const std::string& id);
  Response cancel(const std::string& id);
  /// `{"ticket"}`: good for one fetch within kTicketNs.
  Response ticket(const std::string& id, int64_t now_ns);
  Response fetch(const std::string& id, std::string_view ticket, int64_t now_ns);

  /// All jobs as JSON objects (without "op"), for the stream. Those too old are deleted first.
  std::vector<Json> jobs(int64_t now_ns);
  /// Gives up what runs and ends the threads; start() refuses afterwards.
  void stop();

 private:
  struct Job {
    std::string id;
    std::shared_ptr<CaptureView> view;
    ExportRequest request;
    std::shared_ptr<PrivateFile> file;
    std::string capture_name;
    std::string no_room;  // its thread's alone, like the next
    int64_t asked_room_ns = 0;
    std::atomic<uint64_t> done{0}, total{0};
    std::atomic<bool> cancelled{false};
    std::string state = "running", error;  // guarded by mutex_, like all below
    uint64_t bytes = 0;
    int64_t started_ns = 0, ended_ns = 0, ticket_ns = 0;
    std::string ticket;
  };
  using JobPtr = std::shared_ptr<Job>;

  void work();
  void run(const JobPtr& job);
  bool going_on(Job& job, uint64_t done, uint64_t total);
  void end(const JobPtr& job, std::string state, std::string error, uint64_t bytes);
  void sweep(int64_t now_ns);
  JobPtr find(const std::string& id) const;
  Json job_json(const Job& job) const;

  Engine& engine_;
  const std::string folder_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  uint64_t serial_ = 0;
  std::map<std::string, JobPtr> jobs_;
  std::deque<JobPtr> waiting_;
  std::vector<std::thread> threads_;
};

/// Compares in a time that does not depend on where the texts differ.
bool same_secret(std::string_view a, std::string_view b);
/// Nanoseconds of the steady clock.
int64_t steady_ns();

}  // namespace sp3ctra::api
