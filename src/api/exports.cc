#include "api/exports.h"

#include <chrono>

#include "base/limits.h"

namespace sp3ctra::api {
namespace {

constexpr std::string_view kPrefix = "export-";
constexpr size_t kNameBytes = 12;
constexpr std::chrono::seconds kSweepEvery{30};

/// A file name a browser may keep: letters, digits, dot, dash, underscore.
std::string download_name(std::string_view capture, bool pcapng) {
  for (const std::string_view ending : {".pcapng", ".pcap", ".gz", ".zst"})
    if (capture.ends_with(ending)) capture.remove_suffix(ending.size());
  std::string out;
  for (const char c : capture.substr(0, 64)) {
    const bool kept = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '-' || c == '_' || (c == '.' && !out.empty());
    out += kept ? c : '_';
  }
  if (out.empty()) out = "sp3ctra";
  return out + "-export" + (pcapng ? ".pcapng" : ".pcap");
}

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile uint8_t difference = 0;
  for (size_t i = 0; i < a.size(); ++i)
    difference = static_cast<uint8_t>(difference |
                                      (static_cast<uint8_t>(a[i]) ^ static_cast<uint8_t>(b[i])));
  return difference == 0;
}

int64_t steady_ns() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Exports::Exports(Engine& engine, std::string folder) : engine_(engine), folder_(std::move(folder)) {
  if (make_private_folder(folder_)) remove_random_files(folder_, kPrefix, kNameBytes);
  for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { work(); });
}

Exports::~Exports() { stop(); }

void Exports::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [id, job] : jobs_) job->cancelled = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
  const std::lock_guard lock(mutex_);
  jobs_.clear();
}

Response Exports::start(std::shared_ptr<CaptureView> view, ExportRequest request, int64_t now_ns) {
  auto job = std::make_shared<Job>();
  job->capture_name = view->info().name;
  job->view = std::move(view);
  job->request = std::move(request);
  job->started_ns = now_ns;
  const std::lock_guard lock(mutex_);
  if (stopping_) return refuse(503, "sp3ctra is stopping.");
  sweep(now_ns);
  if (jobs_.size() >= limits::kJobsMax)
    return refuse(429, "Too many exports: fetch or cancel some first.");
  if (const Status room = engine_.room_for(1); !room) return refuse(413, room.error().message);
  job->id = fmt::format("j{}", ++serial_);
  auto file = PrivateFile::create(fmt::format("{}/{}{}", folder_, kPrefix, random_hex(kNameBytes)));
  if (!file) return refuse(500, file.error().message);
  job->file = std::make_shared<PrivateFile>(std::move(*file));
  job->file->remove_at_end(true);
  jobs_[job->id] = job;
  waiting_.push_back(job);
  wake_.notify_one();
  return {.body = dump({{"job", job->id}})};
}

void Exports::work() {
  for (;;) {
    JobPtr job;
    {
      std::unique_lock lock(mutex_);
      // Nobody may ask for an hour: what is too old goes all the same.
      while (!wake_.wait_for(lock, kSweepEvery, [&] { return stopping_ || !waiting_.empty(); }))
        sweep(steady_ns());
      if (stopping_) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
    run(job);
  }
}

bool Exports::going_on(Job& job, uint64_t done, uint64_t total) {
  job.done = done;
  job.total = total;
  if (const int64_t now_ns = steady_ns(); now_ns - job.asked_room_ns >= kRoomNs) {
    job.asked_room_ns = now_ns;
    if (const Status room = engine_.room_for(0); !room) job.no_room = room.error().message;
  }
  return job.no_room.empty() && !job.cancelled;
}

void Exports::run(const JobPtr& job) {
  if (job->cancelled) return end(job, "cancelled", "", 0);
  struct User {
    Exports& exports;
    Job& job;
  } user{*this, *job};
  const auto progress = [](void* told, uint64_t done, uint64_t total) {
    auto* to = static_cast<User*>(told);
    return to->exports.going_on(to->job, done, total);
  };
  const auto written = job->view->export_to(job->file->fd(), job->request, progress, &user);
  if (job->cancelled) return end(job, "cancelled", "", 0);
  if (!job->no_room.empty()) return end(job, "failed", job->no_room, 0);
  if (!written) return end(job, "failed", written.error().message, 0);
  end(job, "done", "", *written);
}

void Exports::end(const JobPtr& job, std::string state, std::string error, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  job->state = std::move(state);
  job->error = std::move(error);
  job->bytes = bytes;
  job->ended_ns = steady_ns();
  job->view.reset();
  job->request.numbers = {};
  if (job->state != "done") job->file.reset();
}

void Exports::sweep(int64_t now_ns) {
  std::erase_if(jobs_, [&](const auto& item) {
    const Job& job = *item.second;
    if (job.state == "running") return false;
    // An ended job without a file is only kept as long as somebody may still ask how it ended.
    return now_ns - job.ended_ns > (job.file ? kKeptNs : kKeptNs / 60);
  });
}

Exports::JobPtr Exports::find(const std::string& id) const {
  const auto it = jobs_.find(id);
  return it == jobs_.end() ? nullptr : it->second;
}

Json Exports::job_json(const Job& job) const {
  const uint64_t done = job.done, total = job.total;
  const int64_t until = job.ended_ns != 0 ? job.ended_ns : steady_ns();
  const double seconds = static_cast<double>(until - job.started_ns) / 1e9;
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const bool running = job.state == "running";
  const double left =
      running && rate > 0 && total > done ? static_cast<double>(total - done) / rate : 0;
  return {{"id", job.id}, {"state", job.state}, {"done", done},       {"total", total},
          {"rate", rate}, {"left_s", left},     {"error", job.error}, {"bytes", job.bytes}};
}

Response Exports::state(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const JobPtr job = find(id);
  if (!job) return refuse(404, "There is no such job.");
  return {.body = dump(job_json(*job))};
}

Response Exports::cancel(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const JobPtr job = find(id);
  if (!job) return refuse(404, "There is no such job.");
  job->cancelled = true;
  return {};
}

Response Exports::ticket(const std::string& id, int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const JobPtr job = find(id);
  if (!job) return refuse(404, "There is no such job.");
  if (!job->file || job->state != "done") return refuse(409, "The export is not ready.");
  job->ticket = random_hex(24);
  job->ticket_ns = now_ns;
  return {.body = dump({{"ticket", job->ticket}})};
}

Response Exports::fetch(const std::string& id, std::string_view ticket, int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const JobPtr job = find(id);
  if (!job || !job->file || job->ticket.empty() || !same_secret(job->ticket, ticket))
    return refuse(403, "This link was used already or never existed: ask for the export again.");
  job->ticket.clear();
  if (now_ns - job->ticket_ns > kTicketNs)
    return refuse(403, "This link is older than a minute: ask for the export again.");
  Response response;
  response.content_type = "application/vnd.tcpdump.pcap";
  response.file = std::move(job->file);
  response.file_name = download_name(job->capture_name, job->request.pcapng);
  return response;
}

std::vector<Json> Exports::jobs(int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  sweep(now_ns);
  std::vector<Json> out;
  for (const auto& [id, job] : jobs_) out.push_back(job_json(*job));
  return out;
}

}  // namespace sp3ctra::api
