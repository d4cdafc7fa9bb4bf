#include "pipeline/engine.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "capture/file_source.h"
#include "pipeline/disk.h"
#include "pipeline/live_capture.h"

namespace sp3ctra {
namespace {

int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Passes packets on and tells the view, every now and then, how far the reading has got.
class ProgressSource final : public PacketSource {
 public:
  ProgressSource(PacketSource& inner, IndexedCapture& view) : inner_(inner), view_(view) { tell(); }
  Next next(Packet& out) override {
    if (++count_ % 4096 == 0) tell();
    return inner_.next(out);
  }
  const std::vector<CaptureInterface>& interfaces() const override { return inner_.interfaces(); }
  const std::string& damage() const override { return inner_.damage(); }
  void tell() {
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    view_.update([&](CaptureFacts& f) {
      f.done_bytes = inner_.bytes_done();
      f.total_bytes = inner_.bytes_total();
      f.rate_bytes_per_s = seconds > 0 ? static_cast<double>(f.done_bytes) / seconds : 0;
      f.interfaces = inner_.interfaces();
    });
  }

 private:
  PacketSource& inner_;
  IndexedCapture& view_;
  uint64_t count_ = 0;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace

/// The live capture, from start to its last written packet.
struct CaptureEngine::Live {
  std::unique_ptr<LiveSource> source;
  std::unique_ptr<SegmentWriter> writer;
  Running* run = nullptr;
  std::string interface_name, bpf, id;
  int64_t since_ns = 0;
  std::atomic<bool> stopping{false}, ended{false};
  std::atomic<uint64_t> not_analysed{0};
  // For the rates of state(): guarded by the engine's mutex.
  mutable int64_t rate_ns = 0;
  mutable uint64_t rate_packets = 0, rate_bytes = 0;
  mutable double packets_per_s = 0, bits_per_s = 0;
};

CaptureEngine::CaptureEngine(EngineOptions options, Capd capd)
    : options_(std::move(options)), capd_(std::move(capd)) {}

CaptureEngine::~CaptureEngine() {
  (void)stop_capture();
  for (auto& r : running_) {
    r->stop = true;
    if (r->thread.joinable()) r->thread.join();
  }
}

std::string CaptureEngine::next_id() { return fmt::format("c{}", ++serial_); }

CaptureEngine::Running& CaptureEngine::add(std::shared_ptr<IndexedCapture> view,
                                           const std::string& id) {
  auto run = std::make_unique<Running>();
  run->view = std::move(view);
  run->id = id;
  running_.push_front(std::move(run));
  ++generation_;
  return *running_.front();
}

Result<std::string> CaptureEngine::open_file(const std::string& path, const std::string& name) {
  FileOptions file_options;
  file_options.spool.directory = options_.data_directory;
  auto opened = open_capture_file(path, file_options);
  if (!opened) return tl::unexpected(std::move(opened.error()));
  std::unique_ptr<FileSource> source = std::move(*opened);
  while (source->start() == Fill::kIdle) {
  }
  if (!source->packet_file()) return fail("cannot read {}: {}", name, source->damage());
  const std::lock_guard lock(mutex_);
  CaptureFacts facts;
  facts.id = next_id();
  facts.name = name;
  facts.path = path;
  facts.demo = !options_.demo_path.empty() && path == options_.demo_path;
  auto view = std::make_shared<IndexedCapture>(pool_, std::make_shared<CaptureIndex>(),
                                               source->packet_file(), facts);
  Running& run = add(std::move(view), facts.id);
  run.thread =
      std::thread([this, &run, s = std::move(source)]() mutable { read_file(run, std::move(s)); });
  return facts.id;
}

void CaptureEngine::read_file(Running& run, std::unique_ptr<PacketSource> source) {
  ProgressSource progress(*source, *run.view);
  AnalysisOptions options;
  options.workers = options_.workers;
  options.checkpoints = &run.view->checkpoints();
  const AnalysisReport report = analyse_capture(progress, run.view->index(), options, run.stop);
  progress.tell();
  run.view->update([&](CaptureFacts& f) {
    f.damage = source->damage();
    if (report.cancelled) f.damage = "reading was cancelled; what was read up to then is shown";
    f.state = f.damage.empty() ? CaptureState::kReady : CaptureState::kDamaged;
  });
  run.ended = true;
  ++generation_;
}

Result<std::string> CaptureEngine::open_demo() {
  if (options_.demo_path.empty())
    return fail("the demo capture is missing: packaging/demo.pcapng is not beside the program");
  {
    const std::lock_guard lock(mutex_);
    for (const auto& r : running_)
      if (r->view->info().demo) return r->id;
  }
  return open_file(options_.demo_path, "demo.pcapng");
}

Status CaptureEngine::cancel_reading(const std::string& capture_id) {
  const std::lock_guard lock(mutex_);
  for (const auto& r : running_) {
    if (r->id != capture_id) continue;
    r->stop = true;
    return {};
  }
  return fail("there is no capture {}", capture_id);
}

uint64_t CaptureEngine::disk_used() const {
  uint64_t sum = 0;
  std::error_code ec;
  for (const auto& e :
       std::filesystem::directory_iterator(options_.data_directory + "/captures", ec)) {
    const uint64_t size = e.file_size(ec);
    if (!ec) sum += size;
  }
  return sum;
}

Result<std::string> CaptureEngine::reserve_upload(const std::string& name, uint64_t size_bytes) {
  const uint64_t used = disk_used();
  if (used + size_bytes > options_.disk_quota_bytes)
    return fail("{} needs {} MB, but {} of {} MB for captures are used; delete old captures in {}",
                name, size_bytes / 1'000'000, used / 1'000'000,
                options_.disk_quota_bytes / 1'000'000, options_.data_directory + "/captures");
  const std::lock_guard lock(mutex_);
  const std::string path =
      fmt::format("{}/captures/upload-{}-{}", options_.data_directory, wall_ns(), ++serial_);
  auto file = create_private_file(path);
  if (!file) return tl::unexpected(std::move(file.error()));
  return path;
}

tl::expected<std::string, StartError> CaptureEngine::start_capture(
    const std::string& interface_name, const std::string& bpf) {
  const std::lock_guard lock(mutex_);
  if (live_ && !live_->ended)
    return tl::unexpected(StartError{"a capture is running; stop it first"});
  LiveSource::Options o;
  o.interface_name = interface_name;
  o.bpf = bpf;
  auto source = LiveSource::open(capd_, o);
  if (!source) {
    const BpfError& e = source.error();
    const bool about_text = e.length > 0 || e.position > 0;
    return tl::unexpected(StartError{e.message, about_text ? static_cast<int>(e.position) : -1,
                                     static_cast<int>(e.length)});
  }
  auto live = std::make_unique<Live>();
  live->since_ns = wall_ns();
  const std::string path =
      fmt::format("{}/captures/live-{}.pcapng", options_.data_directory, live->since_ns);
  auto writer = SegmentWriter::create(path, (*source)->interfaces());
  if (!writer) return tl::unexpected(StartError{writer.error().message});
  live->source = std::move(*source);
  live->writer = std::move(*writer);
  live->interface_name = interface_name;
  live->bpf = bpf;
  CaptureFacts facts;
  facts.id = live->id = next_id();
  facts.name =
      fmt::format("{} {}", interface_name, rfc3339(Timestamp{live->since_ns}).substr(0, 19));
  facts.path = path;
  facts.state = CaptureState::kLive;
  facts.interfaces = live->source->interfaces();
  auto view = std::make_shared<IndexedCapture>(pool_, std::make_shared<CaptureIndex>(),
                                               live->writer->reader(), facts);
  live->run = &add(std::move(view), facts.id);
  live_words_.clear();
  live_ = std::move(live);
  live_->run->thread = std::thread([this, l = live_.get()] { run_live(*l); });
  return facts.id;
}

void CaptureEngine::run_live(Live& live) {
  AnalysisOptions options;
  options.workers = options_.workers;
  options.writer = live.writer.get();
  options.live = true;
  options.checkpoints = &live.run->view->checkpoints();
  options.wait = [&live] {
    live.source->wait(500);
    return live.writer->trouble().empty();
  };
  const AnalysisReport report =
      analyse_capture(*live.source, live.run->view->index(), options, live.run->stop);
  const LiveStats stats = live.source->stats();
  live.writer->finish(stats.packets, stats.kernel_drops, Timestamp{wall_ns()});
  live.not_analysed = report.not_analysed;
  live.run->view->update([&](CaptureFacts& f) {
    f.damage = !live.writer->trouble().empty() ? live.writer->trouble() : live.source->damage();
    f.state = f.damage.empty() ? CaptureState::kReady : CaptureState::kDamaged;
  });
  live.run->ended = true;
  live.ended = true;
  ++generation_;
}

Status CaptureEngine::stop_capture() {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    if (!live_ || live_->ended) return {};
    live_->stopping = true;
    live_->source->stop();
    thread = std::move(live_->run->thread);
    ++generation_;
  }
  if (thread.joinable()) thread.join();
  return {};
}

EngineState CaptureEngine::state() const {
  EngineState s;
  const std::lock_guard lock(mutex_);
  s.can_capture = capd_.rights().can_capture;
  s.why = capd_.rights().why;
  s.fix = capd_.rights().fix;
  s.disk_quota_bytes = options_.disk_quota_bytes;
  s.disk_used_bytes = disk_used();
  s.disk_free_bytes = free_bytes(options_.data_directory);
  s.demo_available = !options_.demo_path.empty();
  s.generation = generation_.load();
  if (!live_) return s;
  s.capture_id = live_->id;
  s.interface_name = live_->interface_name;
  s.bpf = live_->bpf;
  s.since_ns = live_->since_ns;
  s.state = live_->ended ? "STOPPED" : live_->stopping ? "STOPPING" : "RUNNING";
  const CaptureInfo info = live_->run->view->info();
  s.packets = info.packets;
  s.bytes = info.bytes;
  s.words = info.damage;
  s.not_analysed = live_->not_analysed;
  s.kernel_drops = live_->source->stats().kernel_drops;
  if (live_->ended) return s;
  const int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
  const double seconds = static_cast<double>(now - live_->rate_ns) / 1e9;
  if (live_->rate_ns == 0 || seconds >= 0.9) {
    if (live_->rate_ns != 0) {
      live_->packets_per_s = static_cast<double>(info.packets - live_->rate_packets) / seconds;
      live_->bits_per_s = static_cast<double>(info.bytes - live_->rate_bytes) * 8 / seconds;
    }
    live_->rate_ns = now;
    live_->rate_packets = info.packets;
    live_->rate_bytes = info.bytes;
  }
  s.packets_per_s = live_->packets_per_s;
  s.bits_per_s = live_->bits_per_s;
  return s;
}

std::vector<std::shared_ptr<CaptureView>> CaptureEngine::captures() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<CaptureView>> out;
  for (const auto& r : running_) out.push_back(r->view);
  return out;
}

std::shared_ptr<CaptureView> CaptureEngine::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& r : running_)
    if (r->id == id) return r->view;
  return nullptr;
}

void CaptureEngine::wait_for(const std::string& capture_id) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      bool ended = true;
      for (const auto& r : running_)
        if (r->id == capture_id) ended = r->ended;
      if (ended) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace sp3ctra
