#include "pipeline/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "capture/file_source.h"
#include "capture/interfaces.h"
#include "pipeline/disk.h"

namespace sp3ctra {
namespace {

constexpr uint64_t kNoQuota = uint64_t{1} << 62;  // only the disk bounds it
constexpr std::string_view kTooManyOpen = "too many captures are open; close or delete some first";

int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

StartError start_error(const BpfError& e) {
  const bool about_text = e.length > 0 || e.position > 0;
  return {e.message, about_text ? static_cast<int>(e.position) : -1, static_cast<int>(e.length),
          e.interface_name};
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

/// `name` is what messages call the file.
Result<std::unique_ptr<FileSource>> open_named(const std::string& path, const std::string& name,
                                               FileOptions options) {
  if (is_folder(path)) return open_capture_file(path);
  auto file = FileHandle::open_read(path);
  if (!file) return tl::unexpected(std::move(file.error()));
  return open_capture_file(std::move(*file), name, std::move(options));
}

}  // namespace

CaptureEngine::CaptureEngine(EngineOptions options, Capd capd)
    : options_(std::move(options)),
      settings_(options_.data_directory),
      capd_(std::move(capd)),
      folder_(options_.data_directory, quota()) {
  folder_.remove_leftovers();
  for (StoredFile& f : folder_.files())
    stored_.push_back(
        {{next_id(), std::move(f.name), f.bytes, f.modified_ns, f.segments}, std::move(f.path)});
}

/// Bytes of all captures; "always on" is bounded by the disk.
uint64_t CaptureEngine::quota() const {
  const StorePolicy policy = settings_.policy();
  if (options_.disk_quota_bytes != 0) return options_.disk_quota_bytes;
  return policy.always_on || policy.bytes == 0 ? kNoQuota : policy.bytes;
}

/// Segments of captures that were "always on" and that nobody looks at.
bool CaptureEngine::drop_earlier(int64_t before_ns) {
  std::vector<std::string> open, gone;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& r : running_) open.push_back(r->path);
  }
  const bool any = folder_.drop_oldest(before_ns, open, gone);
  if (gone.empty()) return any;
  const std::lock_guard lock(mutex_);
  std::erase_if(stored_, [&](const Stored& s) {
    return std::find(gone.begin(), gone.end(), s.path) != gone.end();
  });
  ++generation_;
  return any;
}

Status CaptureEngine::set_store_policy(const StorePolicy& policy) {
  TRY(settings_.set_policy(policy));
  folder_.set_quota(quota());
  ++generation_;
  return {};
}

tl::expected<std::string, StartError> CaptureEngine::start_always_on() {
  const LastCapture last = settings_.last();
  if (!settings_.policy().always_on || last.interfaces.empty()) return std::string{};
  StartRequest request;
  request.interfaces = last.interfaces;
  request.bpf = last.bpf;
  request.promiscuous = last.promiscuous;
  request.snaplen = last.snaplen;
  request.ring_bytes = last.ring_bytes;
  // The program may start before the interfaces do.
  return start(request, true);
}

void CaptureEngine::remember(const LiveSet* set, LastCapture last) {
  if (set) {
    last.interfaces.clear();
    for (LiveInterfaceState& i : set->states())
      if (i.state != LiveInterfaceState::kRemoved) last.interfaces.push_back(std::move(i.name));
    last.bpf = set->filter();
  }
  (void)settings_.set_last(last);
}

void CaptureEngine::remember_change(const LiveSet& set) {
  const std::lock_guard remembering(remembering_);
  remember(&set, settings_.last());
  ++generation_;
}

CaptureEngine::~CaptureEngine() {
  (void)stop_capture();
  for (auto& r : running_) {
    r->stop = true;
    r->wait();
  }
}

void CaptureEngine::Running::wait() {
  const std::lock_guard lock(joining);
  if (thread.joinable()) thread.join();
}

std::string CaptureEngine::next_id() { return fmt::format("c{}", ++serial_); }

CaptureEngine::Running& CaptureEngine::add(std::shared_ptr<IndexedCapture> view,
                                           const std::string& id, const std::string& path) {
  auto run = std::make_shared<Running>();
  run->view = std::move(view);
  run->id = id;
  run->path = path;
  running_.push_front(std::move(run));
  ++generation_;
  return *running_.front();
}

Result<std::string> CaptureEngine::open_file(const std::string& path, const std::string& name) {
  const std::string own = folder_.own_path(path);
  std::string id;
  bool kept = false;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& r : running_)
      if (!own.empty() && r->path == own) return r->id;
    for (const Stored& s : stored_)
      if (s.path == own) {
        id = s.shown.id;
        kept = true;
      }
    if (!kept) id = next_id();
  }
  if (kept) return open_stored(id);
  return open_as(id, own.empty() ? path : own, name);
}

Result<std::string> CaptureEngine::open_as(const std::string& id, const std::string& path,
                                           const std::string& name,
                                           std::shared_ptr<const FileGrowth> growth) {
  FileOptions file_options;
  file_options.spool.directory = options_.data_directory;
  file_options.growth = growth;
  auto opened = open_named(path, name, std::move(file_options));
  if (!opened) return tl::unexpected(std::move(opened.error()));
  std::unique_ptr<FileSource> source = std::move(*opened);
  while (source->start() == Fill::kIdle) {
    if (growth) return std::string{};
  }
  if (!source->packet_file()) return fail("cannot read {}: {}", name, source->damage());
  CaptureFacts facts;
  facts.id = id;
  facts.name = name;
  facts.path = path;
  facts.deletable = folder_.holds(path);
  facts.demo = !options_.demo_path.empty() && path == options_.demo_path;
  auto view = std::make_shared<IndexedCapture>(pool_, std::make_shared<CaptureIndex>(),
                                               source->packet_file(), facts);
  const std::lock_guard lock(mutex_);
  if (running_.size() >= limits::kCapturesOpenMax) return fail("{}", kTooManyOpen);
  Running& run = add(std::move(view), id, path);
  run.thread =
      std::thread([this, &run, s = std::move(source)]() mutable { read_file(run, std::move(s)); });
  return id;
}

void CaptureEngine::read_file(Running& run, std::unique_ptr<PacketSource> source) {
  ProgressSource progress(*source, *run.view);
  AnalysisOptions options;
  options.workers = options_.workers;
  options.checkpoints = &run.view->checkpoints();
  options.on_counters = [&run](const TrackerCounters& c) {
    run.view->update([&c](CaptureFacts& f) { f.given_up = c; });
  };
  const AnalysisReport report = analyse_capture(progress, run.view->index(), options, run.stop);
  progress.tell();
  run.view->update([&](CaptureFacts& f) {
    f.damage = source->damage();
    f.state = f.damage.empty() ? CaptureState::kReady : CaptureState::kDamaged;
    if (!report.cancelled) return;
    f.damage = fmt::format("reading was stopped by you at packet {}", report.packets);
    f.state = CaptureState::kStopped;
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
  // A live source must be told to end: its thread goes on until the ring is empty.
  if (live_ && live_->id() == capture_id) {
    machine_.take(LiveStep::kStopAsked);
    live_->stop();
    ++generation_;
  }
  for (const auto& r : running_) {
    if (r->id != capture_id) continue;
    r->stop = true;
    return {};
  }
  return fail("there is no capture {}", capture_id);
}

Result<std::string> CaptureEngine::open_growing(const std::string& path, const std::string& name,
                                                std::shared_ptr<const FileGrowth> growth) {
  std::string id;
  {
    const std::lock_guard lock(mutex_);
    id = next_id();
  }
  return open_as(id, path, name, std::move(growth));
}

Result<std::string> CaptureEngine::open_upload(const std::string& path, const std::string& name) {
  const auto whole = folder_.complete(path, name);
  if (!whole) return tl::unexpected(whole.error());
  {
    const std::lock_guard lock(mutex_);
    for (const auto& r : running_) {
      if (r->path != path) continue;
      r->path = *whole;
      r->view->update([&](CaptureFacts& f) {
        f.path = *whole;
        f.deletable = true;
      });
      return r->id;
    }
  }
  auto id = open_file(*whole, name);
  if (!id) (void)folder_.remove(*whole);
  return id;
}

std::vector<StoredCapture> CaptureEngine::stored() const {
  const std::lock_guard lock(mutex_);
  std::vector<StoredCapture> out;
  for (const Stored& s : stored_) out.push_back(s.shown);
  return out;
}

Result<std::string> CaptureEngine::open_stored(const std::string& id) {
  Stored wanted;
  {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(stored_.begin(), stored_.end(),
                                 [&](const Stored& s) { return s.shown.id == id; });
    if (at == stored_.end()) return fail("there is no such capture to open");
    wanted = std::move(*at);
    stored_.erase(at);
  }
  auto opened = open_as(id, wanted.path, wanted.shown.name);
  if (opened) return opened;
  const std::lock_guard lock(mutex_);
  keep(std::move(wanted));
  return opened;
}

void CaptureEngine::keep(Stored stored) {
  const auto at = std::find_if(stored_.begin(), stored_.end(), [&](const Stored& s) {
    return s.shown.modified_ns <= stored.shown.modified_ns;
  });
  stored_.insert(at, std::move(stored));
  ++generation_;
}

Result<Removal> CaptureEngine::remove_capture(const std::string& id) {
  std::shared_ptr<Running> run;
  std::string path;
  {
    const std::lock_guard lock(mutex_);
    if (live_ && live_->id() == id) {
      if (!live_->ended()) return Removal::kRunning;
      live_.reset();
    }
    for (auto at = running_.begin(); at != running_.end() && !run; ++at)
      if ((*at)->id == id) {
        run = std::move(*at);
        running_.erase(at);
        break;
      }
    if (run) path = run->path;
    for (auto at = stored_.begin(); at != stored_.end() && path.empty(); ++at)
      if (at->shown.id == id) {
        path = at->path;
        stored_.erase(at);
        break;
      }
    if (path.empty()) return Removal::kUnknown;
    ++generation_;
  }
  if (run) {
    run->stop = true;
    run->wait();
  }
  if (!folder_.holds(path)) return Removal::kClosed;
  const Status removed = folder_.remove(path);
  if (removed) return Removal::kDeleted;
  // The file is still there, so it must stay in a list.
  if (std::optional<StoredFile> still = folder_.file(path)) {
    const std::lock_guard lock(mutex_);
    keep({{id, std::move(still->name), still->bytes, still->modified_ns, still->segments}, path});
  }
  return tl::unexpected(removed.error());
}

tl::expected<std::string, StartError> CaptureEngine::start(const StartRequest& request,
                                                           bool may_wait) {
  std::string id;
  {
    const std::lock_guard lock(mutex_);
    if (const auto no = refusal_text(machine_.state(), LiveStep::kStartAsked); !no.empty())
      return tl::unexpected(StartError{std::string(no)});
    if (running_.size() >= limits::kCapturesOpenMax)
      return tl::unexpected(StartError{std::string(kTooManyOpen)});
    machine_.take(LiveStep::kStartAsked);
    starting_ = true;
    id = next_id();
    ++generation_;
  }
  std::string path;
  auto opened = open_live(id, request, may_wait, path);
  // Taken first, so that no change of this capture is remembered before it.
  const std::lock_guard remembering(remembering_);
  std::unique_lock lock(mutex_);
  starting_ = false;
  ++generation_;
  changed_.notify_all();
  if (!opened) {
    // When a stop was asked meanwhile there is nothing left to drain.
    machine_.take(LiveStep::kFailed);
    machine_.take(LiveStep::kDrained);
    return tl::unexpected(std::move(opened.error()));
  }
  machine_.take(LiveStep::kStarted);
  live_ = std::move(*opened);
  if (machine_.state() == LiveState::kStopping) live_->stop();
  Running& run = add(live_->view(), id, path);
  run.thread = std::thread([this, &run, live = live_] { run_live(run, *live); });
  const std::shared_ptr<LiveSet> set = live_->source();
  lock.unlock();
  // The disk takes its time; nothing waits for it.
  remember(set.get(), {request.interfaces, request.bpf, request.promiscuous, request.snaplen,
                       request.ring_bytes});
  return id;
}

/// The capture's thread, from its first packet to its last.
void CaptureEngine::run_live(Running& run, LiveCapture& live) {
  const std::shared_ptr<LiveSet> rings = live.run(options_.workers, [this] {
    folder_.end_live();
    const std::lock_guard lock(mutex_);
    if (machine_.state() == LiveState::kRunning) machine_.take(LiveStep::kFailed);
  });
  {
    const std::lock_guard lock(mutex_);
    run.ended = true;
    machine_.take(LiveStep::kDrained);
    ++generation_;
  }
  changed_.notify_all();
}

/// All that takes time of a start; without the mutex.
tl::expected<std::shared_ptr<LiveCapture>, StartError> CaptureEngine::open_live(
    const std::string& id, const StartRequest& request, bool may_wait, std::string& path) {
  LiveSet::Options o;
  o.bpf = request.bpf;
  o.promiscuous = request.promiscuous;
  o.snaplen = request.snaplen;
  o.may_wait = may_wait;
  // Without the right capd_ may be replaced; with it nothing replaces it any more.
  o.may_open = [this]() -> Status {
    const Rights now = rights();
    if (now.can_capture) return {};
    return fail("no right to capture: {}. Run: {}", now.why, now.fix);
  };
  if (request.ring_bytes > 0) o.ring_bytes = request.ring_bytes;
  auto source = LiveSet::open(capd_, request.interfaces, o);
  if (!source) return tl::unexpected(start_error(source.error()));
  const int64_t since_ns = wall_ns();
  CaptureFacts facts;
  facts.id = id;
  facts.name = fmt::format("{} {}", fmt::join(request.interfaces, ", "),
                           rfc3339(Timestamp{since_ns}).substr(0, 19));
  facts.state = CaptureState::kLive;
  facts.interfaces = (*source)->interfaces();
  const auto place = folder_.begin_live(since_ns, facts.name, settings_.policy().always_on);
  if (!place) return tl::unexpected(StartError{place.error().message});
  path = facts.path = *place;
  facts.deletable = true;
  // Its memory must not grow with the time it runs: the index lies in a file.
  auto memory = mapped_index_memory(options_.data_directory);
  auto index = memory ? std::make_shared<CaptureIndex>(std::move(*memory)) : nullptr;
  SegmentWriter::Options segments;
  segments.folder = path;
  segments.interfaces = (*source)->interfaces();
  segments.index = index;
  segments.policy = [this] { return settings_.policy(); };
  segments.quota_left = [this] {
    (void)folder_.used_bytes();  // looks again, when that is long ago
    return folder_.live_room();
  };
  segments.drop_earlier = [this](int64_t before_ns) { return drop_earlier(before_ns); };
  auto writer =
      index ? SegmentWriter::create(std::move(segments))
            : Result<std::unique_ptr<SegmentWriter>>(tl::unexpected(std::move(memory.error())));
  if (!writer) {
    folder_.end_live();
    (void)folder_.remove(path);
    return tl::unexpected(StartError{writer.error().message});
  }
  auto view = std::make_shared<IndexedCapture>(pool_, std::move(index), (*writer)->reader(), facts);
  return std::make_shared<LiveCapture>(std::move(*source), std::move(*writer), std::move(view),
                                       since_ns);
}

bool CaptureEngine::stop_capture(uint32_t patience_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  std::unique_lock lock(mutex_);
  if (machine_.take(LiveStep::kStopAsked)) ++generation_;
  // Whoever is starting sees that it is to end at once.
  if (!changed_.wait_until(lock, until, [this] { return !starting_; })) return false;
  if (!live_) return true;
  live_->stop();
  std::shared_ptr<Running> run;
  for (auto& r : running_)
    if (r->id == live_->id()) run = r;
  return !run || changed_.wait_until(lock, until, [&] { return run->ended.load(); });
}

Status CaptureEngine::stop_capture() {
  while (!stop_capture(UINT32_MAX)) {
  }
  return {};
}

Result<std::shared_ptr<LiveSet>> CaptureEngine::running_set() const {
  const std::lock_guard lock(mutex_);
  switch (machine_.state()) {
    case LiveState::kStopped:
      return fail("no capture is running; start one first");
    case LiveState::kStarting:
      return fail("the capture is only just starting; try again in a moment");
    case LiveState::kStopping:
      return fail("the capture is being stopped");
    case LiveState::kRunning:
      break;
  }
  auto set = live_ ? live_->source() : nullptr;
  if (!set) return fail("the capture has just ended");
  return set;
}

tl::expected<void, StartError> CaptureEngine::add_interface(const std::string& name) {
  const auto set = running_set();
  if (!set) return tl::unexpected(StartError{set.error().message, -1, 0, name});
  const auto added = (*set)->add(name);
  if (!added) return tl::unexpected(start_error(added.error()));
  remember_change(**set);
  return {};
}

Status CaptureEngine::remove_interface(const std::string& name) {
  const auto set = running_set();
  if (!set) return tl::unexpected(set.error());
  const Status removed = (*set)->remove(name);
  if (removed) remember_change(**set);
  return removed;
}

tl::expected<void, StartError> CaptureEngine::set_capture_filter(const std::string& bpf) {
  const auto set = running_set();
  if (!set) return tl::unexpected(StartError{set.error().message});
  const auto changed = (*set)->set_filter(bpf);
  if (!changed) return tl::unexpected(start_error(changed.error()));
  remember_change(**set);
  return {};
}

Rights CaptureEngine::rights() const {
  const std::lock_guard lock(rights_mutex_);
  capd_.look_again();
  return capd_.rights();
}

EngineState CaptureEngine::state() const {
  EngineState s;
  const Rights now = rights();
  s.can_capture = now.can_capture;
  s.rights_state = rights_word(now.state);
  s.why = now.why;
  s.fix = now.fix;
  s.disk_quota_bytes = quota() == kNoQuota ? 0 : quota();
  s.disk_used_bytes = folder_.used_bytes();
  s.disk_free_bytes = free_bytes(options_.data_directory);
  const ProcessLoad::Figures load = load_.figures();
  s.cpu_percent = load.cpu_percent;
  s.memory_bytes = load.memory_bytes;
  s.demo_available = !options_.demo_path.empty();
  s.generation = generation_.load();
  std::shared_ptr<LiveCapture> live;
  {
    const std::lock_guard lock(mutex_);
    live = live_;
    s.state = state_text(machine_.state());
    if (starting_) live.reset();  // the one before
  }
  if (live) live->describe(s);
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
