#include "api/stream_session.h"

#include <algorithm>

#include "api/json.h"
#include "api/rows_encoder.h"
#include "api/state_json.h"
#include "base/limits.h"

namespace sp3ctra::api {
namespace {

std::string with_op(std::string_view op, const Json& body) {
  Json message = {{"op", op}};
  message.update(body);
  return dump(message);
}

}  // namespace

std::optional<std::string> hello_secret(std::string_view message) {
  const auto body = parse_object(message);
  if (!body || text_member(*body, "op") != "hello") return {};
  return text_member(*body, "secret");
}

bool StreamSession::take(std::string_view message) {
  const auto body = parse_object(message);
  if (!body) return false;
  const auto op = text_member(*body, "op");
  if (op == "hello") return true;  // said once more after a reconnect: harmless
  if (op == "interfaces") {
    const auto on = bool_member(*body, "on");
    const std::lock_guard lock(mutex_);
    counters_wanted_ = on.value_or(counters_wanted_);
    return on.has_value();
  }
  if (op != "view") return false;
  const auto id = number_member(*body, "view");
  const auto capture = text_member(*body, "capture");
  const auto first = number_member(*body, "first");
  const auto count = number_member(*body, "count");
  if (!id || *id > UINT32_MAX || !capture || !first || *first > (uint64_t{1} << 53) || !count)
    return false;
  View view;
  view.id = static_cast<uint32_t>(*id);
  view.capture = *capture;
  if (const auto filter = text_member(*body, "filter")) {
    view.filter = *filter;
    view.filter_null = false;
  }
  view.follow = bool_member(*body, "follow").value_or(false);
  view.first = *first;
  view.count = static_cast<uint32_t>(std::min<uint64_t>(*count, limits::kRowsPerRequestMax));
  const std::lock_guard lock(mutex_);
  wanted_ = std::move(view);
  return true;
}

bool StreamSession::waiting() const {
  const std::lock_guard lock(mutex_);
  return wanted_.has_value();
}

std::vector<StreamMessage> StreamSession::due(int64_t now_ns) {
  std::vector<StreamMessage> out;
  {
    const std::lock_guard lock(mutex_);
    if (wanted_) {
      if (!shown_ || shown_->id != wanted_->id || shown_->capture != wanted_->capture ||
          shown_->filter != wanted_->filter)
        last_count_.clear();
      shown_ = std::move(*wanted_);
      wanted_.reset();
      answered_ = false;
    }
  }
  add_view(now_ns, out);
  add_rare(now_ns, out);
  return out;
}

void StreamSession::add_rare(int64_t now_ns, std::vector<StreamMessage>& out) {
  if (rare_ns_ != 0 && now_ns - rare_ns_ < kStateNs) return;
  rare_ns_ = now_ns;
  const auto add = [&](std::string& last, std::string text) {
    if (text == last) return;
    last = text;
    out.push_back({false, std::move(text)});
  };
  const EngineState state = api_.engine.state();
  const InterfaceWatch::Seen seen = api_.interfaces.look(now_ns, state.rights_state);
  add(last_state_, with_op("state", state_json(state, seen.none)));
  add_interfaces(seen, out);
  add_captures(out);
  add_jobs(out);
}

void StreamSession::add_interfaces(const InterfaceWatch::Seen& seen,
                                   std::vector<StreamMessage>& out) {
  bool counters = false;
  {
    const std::lock_guard lock(mutex_);
    counters = counters_wanted_;
  }
  const bool changed = seen.changes != interface_changes_;
  if (!seen.message || (!changed && !(counters && seen.looks != interface_looks_))) return;
  interface_changes_ = seen.changes;
  interface_looks_ = seen.looks;
  out.push_back({false, *seen.message});
}

void StreamSession::add_captures(std::vector<StreamMessage>& out) {
  Json message = {{"op", "captures"}, {"captures", captures_json(api_.library)}};
  std::string text = dump(message);
  auto stored = api_.engine.stored();
  // Thousands may be stored: they are written out only when they have changed.
  const bool stored_changed = !last_stored_ || *last_stored_ != stored;
  if (!stored_changed && text == last_captures_) return;
  last_captures_ = text;
  if (stored_changed) {
    message["stored"] = stored_json(stored);
    text = dump(message);
    last_stored_ = std::move(stored);
  }
  out.push_back({false, std::move(text)});
}

void StreamSession::add_jobs(std::vector<StreamMessage>& out) {
  std::unordered_map<std::string, std::string> now;
  for (const Json& job : api_.exports.jobs(steady_ns())) {
    const std::string id = job.value("id", "");
    // Rate and time left move with the clock; only progress is news.
    std::string key = dump({job["state"], job["done"], job["total"]});
    const auto last = last_jobs_.find(id);
    if (last == last_jobs_.end() || last->second != key)
      out.push_back({false, with_op("job", job)});
    now[id] = std::move(key);
  }
  last_jobs_ = std::move(now);
}

bool StreamSession::rows_due(const FilterProgress& progress, bool counts_due) const {
  if (!answered_) return true;
  if (progress.rows == answered_rows_) return false;
  if (shown_->follow) return true;
  // The end of a list that still grows: fill the screen as rows come.
  return counts_due && answered_count_ < shown_->count;
}

void StreamSession::add_view(int64_t now_ns, std::vector<StreamMessage>& out) {
  if (!shown_) return;
  const auto capture = api_.library.find(shown_->capture);
  if (!capture) {
    if (!answered_)
      out.push_back({true, encode_rows(shown_->id, shown_->first, 0, shown_->follow, {})});
    answered_ = true;
    answered_rows_ = answered_count_ = 0;
    return;
  }
  const bool counts_due = now_ns - count_ns_ >= kCountNs;
  if (answered_ && !shown_->follow && !counts_due) return;
  const FilterProgress progress = capture->progress(shown_->filter);
  if (rows_due(progress, counts_due)) add_rows(*capture, progress, out);
  if (counts_due || last_count_.empty()) {
    count_ns_ = now_ns;
    add_count(progress, out);
  }
}

void StreamSession::add_count(const FilterProgress& progress, std::vector<StreamMessage>& out) {
  const Json filter = shown_->filter_null ? Json(nullptr) : Json(shown_->filter);
  std::string text = dump({{"op", "rows"},
                           {"view", shown_->id},
                           {"capture", shown_->capture},
                           {"filter", filter},
                           {"rows", progress.rows},
                           {"of", progress.of},
                           {"complete", progress.complete},
                           {"scanned", progress.scanned},
                           {"ms", progress.took_ms},
                           {"first_row", progress.first_row}});
  if (text == last_count_) return;
  last_count_ = text;
  out.push_back({false, std::move(text)});
}

void StreamSession::add_rows(CaptureView& capture, const FilterProgress& progress,
                             std::vector<StreamMessage>& out) {
  const uint64_t last_page = progress.rows > shown_->count ? progress.rows - shown_->count : 0;
  const uint64_t first = shown_->follow ? last_page : shown_->first;
  auto rows = capture.rows(shown_->filter, first, shown_->count);
  answered_ = true;
  answered_rows_ = progress.rows;
  // Rows that cannot be read leave an empty answer: the page shows the gap, the link stays.
  if (!rows) rows = std::vector<Row>{};
  if (rows->size() > shown_->count) rows->resize(shown_->count);
  answered_count_ = static_cast<uint32_t>(rows->size());
  out.push_back({true, encode_rows(shown_->id, first, progress.rows, shown_->follow, *rows)});
}

}  // namespace sp3ctra::api
