#include "pipeline/live_capture.h"

#include <chrono>

namespace sp3ctra {

LiveCapture::LiveCapture(std::unique_ptr<LiveSource> source, std::unique_ptr<SegmentWriter> writer,
                         std::shared_ptr<IndexedCapture> view, std::string bpf, int64_t since_ns)
    : writer_(std::move(writer)),
      view_(std::move(view)),
      id_(view_->info().id),
      interface_name_(source->interfaces()[0].name),
      bpf_(std::move(bpf)),
      since_ns_(since_ns),
      source_(std::move(source)) {}

void LiveCapture::run(unsigned workers, const std::function<void()>& closed) {
  AnalysisOptions options;
  options.workers = workers;
  options.writer = writer_.get();
  options.live = true;
  options.checkpoints = &view_->checkpoints();
  options.on_counters = [this](const TrackerCounters& c) {
    view_->update([&c](CaptureFacts& f) { f.given_up = c; });
  };
  options.counters = &counters_;
  options.wait = [this] {
    source_->wait(500);
    return true;
  };
  std::atomic<bool> never{false};  // stop() ends the source, which then gives out what it holds
  analyse_capture(*source_, view_->index(), options, never);
  const LiveStats last = stats();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  FileStatistics numbers;
  numbers.received = last.packets;
  numbers.dropped = last.kernel_drops;
  writer_->statistics(
      0, numbers, Timestamp{std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()});
  writer_->close();
  closed();
  view_->update([&](CaptureFacts& f) {
    f.ended = source_->damage();
    f.state = CaptureState::kReady;
  });
  const std::lock_guard lock(mutex_);
  last_stats_ = last;
  source_.reset();
  ended_.store(true, std::memory_order_release);
}

LiveStats LiveCapture::stats() {
  const std::lock_guard lock(mutex_);
  return source_ ? source_->stats() : last_stats_;
}

void LiveCapture::stop() {
  stopping_ = true;
  const std::lock_guard lock(mutex_);
  if (source_) source_->stop();
}

void LiveCapture::describe(EngineState& s) {
  s.capture_id = id_;
  s.interface_name = interface_name_;
  s.bpf = bpf_;
  s.since_ns = since_ns_;
  s.state = ended() ? "STOPPED" : stopping_ ? "STOPPING" : "RUNNING";
  const CaptureInfo info = view_->info();
  s.packets = info.packets;
  s.bytes = info.bytes;
  s.words = info.ended;
  s.not_analysed = counters_.not_analysed;
  s.not_written = counters_.not_written;
  s.store = writer_->state();
  s.kernel_drops = stats().kernel_drops;
  if (!ended()) add_rates(s);
}

void LiveCapture::add_rates(EngineState& s) {
  const int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::lock_guard lock(mutex_);
  const double seconds = static_cast<double>(now - rate_ns_) / 1e9;
  if (rate_ns_ == 0 || seconds >= 0.9) {
    if (rate_ns_ != 0) {
      packets_per_s_ = static_cast<double>(s.packets - rate_packets_) / seconds;
      bits_per_s_ = static_cast<double>(s.bytes - rate_bytes_) * 8 / seconds;
    }
    rate_ns_ = now;
    rate_packets_ = s.packets;
    rate_bytes_ = s.bytes;
  }
  s.packets_per_s = packets_per_s_;
  s.bits_per_s = bits_per_s_;
}

}  // namespace sp3ctra
