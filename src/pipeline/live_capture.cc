#include "pipeline/live_capture.h"

#include <algorithm>
#include <chrono>

namespace sp3ctra {
namespace {

Timestamp wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
}

/// Another one may have its name by now.
bool is_removed(const CaptureInterfaceState& i) {
  return i.state == state_word(LiveInterfaceState::kRemoved);
}

/// What nothing but the capture as a whole can say of its interfaces.
std::string words_of(const std::vector<LiveInterfaceState>& states) {
  const auto is = [&](LiveInterfaceState::State wanted) {
    return std::all_of(states.begin(), states.end(), [&](const LiveInterfaceState& s) {
      return s.state == wanted || s.state == LiveInterfaceState::kRemoved;
    });
  };
  if (is(LiveInterfaceState::kWaiting)) {
    return "no interface is left: the capture waits and goes on by itself when one returns";
  }
  if (is(LiveInterfaceState::kDown)) {
    return "no interface is switched on and connected: the capture waits for one";
  }
  if (std::none_of(states.begin(), states.end(), [](const LiveInterfaceState& s) {
        return s.state == LiveInterfaceState::kRunning;
      })) {
    return "nothing is captured at the moment: no interface can be captured; each is tried again";
  }
  return {};
}

}  // namespace

/// The writer, and the view told of what the writer is told.
class LiveCapture::Sink final : public PacketSink {
 public:
  Sink(SegmentWriter& writer, IndexedCapture& view) : writer_(writer), view_(view) {}
  uint64_t write(const Packet& packet) override {
    const uint64_t offset = writer_.write(packet);
    if (offset == kNotKept)
      leave_out(packet.interface_id);
    else
      since_flush_.push_back(packet.interface_id);
    return offset;
  }
  uint64_t flush() override {
    const uint64_t kept = writer_.flush();
    written_ += since_flush_.size();
    const uint64_t lost =
        std::min<uint64_t>(written_ - std::min(kept, written_), since_flush_.size());
    for (uint64_t i = 0; i < lost; ++i) leave_out(since_flush_[since_flush_.size() - 1 - i]);
    written_ -= lost;
    since_flush_.clear();
    return kept;
  }
  void add_interface(const CaptureInterface& interface) override {
    writer_.add_interface(interface);
    view_.update([&](CaptureFacts& f) { f.interfaces.push_back(interface); });
  }
  void statistics(const FileStatistics& counted, Timestamp now) override {
    writer_.statistics(counted, now);
  }
  /// Taken out of the ring, but not into the file.
  void leave_out(uint16_t interface_id) {
    if (left_out_.size() <= interface_id) left_out_.resize(interface_id + 1u);
    ++left_out_[interface_id];
  }
  uint64_t left_out(uint16_t id) const { return id < left_out_.size() ? left_out_[id] : 0; }

 private:
  SegmentWriter& writer_;
  IndexedCapture& view_;
  std::vector<uint64_t> left_out_;     ///< by interface
  std::vector<uint16_t> since_flush_;  ///< interfaces of the packets written since
  uint64_t written_ = 0;               ///< before the last flush and not left out
};

LiveCapture::LiveCapture(std::unique_ptr<LiveSet> source, std::unique_ptr<SegmentWriter> writer,
                         std::shared_ptr<IndexedCapture> view, int64_t since_ns)
    : writer_(std::move(writer)),
      view_(std::move(view)),
      id_(view_->info().id),
      since_ns_(since_ns),
      source_(std::move(source)) {}

std::shared_ptr<LiveSet> LiveCapture::run(unsigned workers, const std::function<void()>& closed) {
  std::shared_ptr<LiveSet> live = source();
  Sink sink(*writer_, *view_);
  AnalysisOptions options;
  options.workers = workers;
  options.writer = &sink;
  options.live = true;
  options.checkpoints = &view_->checkpoints();
  options.on_counters = [this](const TrackerCounters& c) {
    view_->update([&c](CaptureFacts& f) { f.given_up = c; });
  };
  options.counters = &counters_;
  options.wait = [&] {
    tell_ended(sink, false);
    live->wait(500);
    return true;
  };
  std::atomic<bool> never{false};  // stop() ends the source, which then gives out what it holds
  analyse_capture(*live, view_->index(), options, never);
  tell_ended(sink, true);
  (void)sink.flush();
  writer_->close();
  closed();
  view_->update([](CaptureFacts& f) { f.state = CaptureState::kReady; });
  live->settle();
  const std::lock_guard lock(mutex_);
  last_states_ = live->states();
  last_bpf_ = live->filter();
  last_notice_ = live->notice();
  source_.reset();
  ended_.store(true, std::memory_order_release);
  return live;
}

std::shared_ptr<LiveSet> LiveCapture::source() const {
  const std::lock_guard lock(mutex_);
  return source_;
}

/// Statistics of the interfaces that went since the last time, or of all at the end.
void LiveCapture::tell_ended(Sink& sink, bool all) {
  const std::shared_ptr<LiveSet> live = source();
  const std::vector<uint16_t> ended = live->take_ended();
  if (!all && ended.empty()) return;
  for (FileStatistics& s : live->statistics(all)) {
    const bool told = all || std::find(ended.begin(), ended.end(), s.interface_id) != ended.end();
    s.delivered -= std::min(sink.left_out(s.interface_id), s.delivered);
    if (told) sink.statistics(s, wall_clock());
  }
}

void LiveCapture::stop() {
  stopping_ = true;
  if (const auto live = source()) live->stop();
}

void LiveCapture::describe(EngineState& s) {
  s.capture_id = id_;
  s.since_ns = since_ns_;
  const CaptureInfo info = view_->info();
  s.packets = info.packets - info.duplicates;
  s.bytes = info.bytes - info.duplicate_bytes;
  s.duplicates = info.duplicates;
  s.words = info.ended;
  s.not_analysed = s.event_drops = counters_.not_analysed;
  s.not_written = counters_.not_written;
  s.store = writer_->state();
  s.queue_fill = counters_.queue_fill.load(std::memory_order_relaxed);
  add_interfaces(s);
  add_rates(s);
}

void LiveCapture::add_interfaces(EngineState& s) {
  std::vector<LiveInterfaceState> states;
  const std::shared_ptr<LiveSet> live = source();
  if (live) {
    states = live->states();
    s.bpf = live->filter();
    const std::string notice = live->notice();
    for (const std::string& words : {words_of(states), notice}) {
      if (!s.words.empty() && !words.empty()) s.words += "; ";
      s.words += words;
    }
  } else {
    const std::lock_guard lock(mutex_);
    states = last_states_;
    s.bpf = last_bpf_;
    if (s.words.empty()) s.words = last_notice_;
  }
  for (LiveInterfaceState& i : states) {
    CaptureInterfaceState out;
    out.name = std::move(i.name);
    out.state = state_word(i.state);
    out.words = std::move(i.words);
    out.since_ns = i.since_ns;
    out.packets = i.packets;
    out.bytes = i.bytes;
    out.duplicates = i.duplicates;
    out.received = i.stats.received;
    out.kernel_drops = i.stats.kernel_drops;
    out.card_drops = i.stats.card_drops;
    out.ring_bytes = i.ring_bytes;
    out.ring_fill = i.ring_fill;
    out.promiscuous = i.promiscuous;
    out.snaplen = i.snaplen;
    out.mtu = i.mtu;
    s.kernel_drops += out.kernel_drops;
    s.card_drops += out.card_drops;
    s.interfaces.push_back(std::move(out));
  }
}

void LiveCapture::Rate::step(uint64_t now_packets, uint64_t now_bytes, double seconds) {
  if (seconds > 0 && now_packets >= packets && now_bytes >= bytes) {
    packets_per_s = static_cast<double>(now_packets - packets) / seconds;
    bits_per_s = static_cast<double>(now_bytes - bytes) * 8 / seconds;
  }
  packets = now_packets;
  bytes = now_bytes;
}

void LiveCapture::add_rates(EngineState& s) {
  if (ended()) return;
  const int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::lock_guard lock(mutex_);
  const double seconds = static_cast<double>(now - rate_ns_) / 1e9;
  if (rate_ns_ == 0 || seconds >= 0.9) {
    const double passed = rate_ns_ == 0 ? 0 : seconds;
    rate_.step(s.packets, s.bytes, passed);
    for (const CaptureInterfaceState& i : s.interfaces) {
      if (is_removed(i)) continue;
      interface_rates_[i.name].step(i.packets, i.bytes, passed);
    }
    rate_ns_ = now;
  }
  s.packets_per_s = rate_.packets_per_s;
  s.bits_per_s = rate_.bits_per_s;
  for (CaptureInterfaceState& i : s.interfaces) {
    const auto rate = interface_rates_.find(i.name);
    if (is_removed(i) || rate == interface_rates_.end()) continue;
    i.packets_per_s = rate->second.packets_per_s;
    i.bits_per_s = rate->second.bits_per_s;
  }
}

}  // namespace sp3ctra
