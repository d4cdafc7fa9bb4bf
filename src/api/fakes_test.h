#pragma once
// An engine and a library of one capture, for the tests of api/ and serve/.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "api/private_file.h"
#include "control/engine.h"
#include "query/capture_view.h"

namespace sp3ctra::fakes {

/// A folder that goes with its object.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/sp3ctra-test-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline constexpr std::string_view kHostile = "<script>alert(1)</script>\"\\\x1b[31m\xff";

class FakeView final : public CaptureView {
 public:
  std::atomic<uint64_t> row_count{1000};
  std::atomic<int> rows_calls{0}, finds_running{0}, finds_cancelled{0};
  std::atomic<bool> block_rows{false}, block_exports{false};
  std::atomic<size_t> info_bytes{0};  ///< at least, of each row
  std::string name = "fake <b>.pcapng";

  CaptureInfo info() const override {
    CaptureInfo info;
    info.id = "c1";
    info.name = name;
    info.packets = row_count;
    info.first = Timestamp{1'700'000'000'123'456'789};
    info.given_up.buffers_full = 7;
    return info;
  }
  tl::expected<std::string, FilterError> add_filter(std::string_view text,
                                                    std::string& reading) override {
    if (text == "bad ==") return tl::unexpected(FilterError{"A value is missing", 4, 2});
    reading = "Showing " + std::string(text);
    return "f1";
  }
  FilterProgress progress(const std::string& filter) const override {
    if (filter == "nothing") return {0, row_count, row_count, true, 1};
    return {row_count, row_count, row_count, true, 1};
  }
  Result<std::vector<Row>> rows(const std::string&, uint64_t first, uint32_t count) override {
    ++rows_calls;
    while (block_rows) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::vector<Row> out;
    for (uint64_t i = first; i < row_count && out.size() < count; ++i) {
      Row row;
      row.number = i + 1;
      row.info = "row " + std::to_string(i + 1);
      row.info.resize(std::max<size_t>(row.info.size(), info_bytes), ' ');
      out.push_back(row);
    }
    return out;
  }
  Result<PacketDetail> packet(uint64_t number) override {
    if (number > row_count) return fail("there is no packet {}", number);
    PacketDetail detail;
    detail.packet.number = number;
    detail.packet.ts = Timestamp{1'700'000'000'123'456'789};
    detail.interface_name = kHostile;
    detail.words.lead = {{std::string(kHostile), true, 0}, {"", false, 7}};
    return detail;
  }
  Result<std::optional<Found>> find(const std::string&, FindKind, std::string_view what,
                                    uint64_t from, bool, ProgressFn going_on, void* user) override {
    if (what == "never") return std::optional<Found>{};
    if (what != "block") return std::optional<Found>(Found{from + 1, from});
    ++finds_running;
    while (going_on(user, 0, 1)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    --finds_running;
    ++finds_cancelled;
    return fail("cancelled");
  }
  std::optional<Found> conversation(const std::string&, uint64_t number, bool forward) override {
    if (!forward && number == 1) return {};
    return Found{forward ? number + 1 : number - 1, forward ? number : number - 2};
  }
  uint64_t row_of(const std::string&, uint64_t number) const override { return number - 1; }
  SeriesBins series(const std::string&, std::optional<Timestamp>, std::optional<Timestamp>,
                    uint32_t bins) override {
    SeriesBins out;
    out.packets.assign(bins, 1);
    out.bytes.assign(bins, 60);
    out.families.assign(8, std::vector<uint64_t>(bins, 0));
    return out;
  }
  Result<uint64_t> export_to(int fd, const ExportRequest&, ProgressFn going_on,
                             void* user) override {
    while (block_exports) {
      if (!going_on(user, 1, 2)) return fail("cancelled");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const std::string bytes(600'000, 'x');
    if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      return fail_errno("write");
    going_on(user, 2, 2);
    return bytes.size();
  }
  std::vector<std::pair<std::string, uint64_t>> protocol_counts() const override {
    return {{"dns", 3}};
  }
};

class FakeLibrary final : public CaptureLibrary {
 public:
  std::shared_ptr<FakeView> view = std::make_shared<FakeView>();
  std::vector<std::shared_ptr<CaptureView>> captures() const override { return {view}; }
  std::shared_ptr<CaptureView> find(const std::string& id) const override {
    return id == "c1" ? view : nullptr;
  }
};

class FakeEngine final : public Engine {
 public:
  explicit FakeEngine(std::string data_dir) : data_dir_(std::move(data_dir)) {}
  std::atomic<int> stops{0};
  StartRequest started;
  std::string opened_path, opened_name;
  std::shared_ptr<const FileGrowth> growing;
  uint64_t growing_from_bytes = UINT64_MAX;  ///< so many must have come to know the file
  bool growing_refused = false;
  std::atomic<bool> quota_used_up{false};
  std::vector<StoredCapture> stored_captures = {
      {"c7", std::string(kHostile), 4096, 1'700'000'000'123'456'789}};

  EngineState state() const override {
    EngineState state;
    state.why = kHostile;
    state.since_ns = 1'700'000'000'123'456'789;
    return state;
  }
  tl::expected<std::string, StartError> start_capture(const StartRequest& request) override {
    started = request;
    if (request.bpf == "port http and")
      return tl::unexpected(StartError{"syntax error", 10, 3, {}});
    if (request.interfaces.back() == "none0")
      return tl::unexpected(StartError{"there is no interface none0", -1, 0, "none0"});
    return "c9";
  }
  StorePolicy store_policy() const override { return policy; }
  Status set_store_policy(const StorePolicy& chosen) override {
    if (policy_refused) return fail("the disk is read-only");
    policy = chosen;
    return {};
  }
  StorePolicy policy;
  bool policy_refused = false;
  tl::expected<void, StartError> add_interface(const std::string& name) override {
    if (name == "none0")
      return tl::unexpected(StartError{"there is no interface none0", -1, 0, name});
    return {};
  }
  Status remove_interface(const std::string& name) override {
    if (name == "lo") return fail("lo is the only interface of this capture; stop it instead");
    return {};
  }
  tl::expected<void, StartError> set_capture_filter(const std::string& bpf) override {
    if (bpf == "port http and") return tl::unexpected(StartError{"syntax error", 10, 3, {}});
    return {};
  }
  bool stop_capture(uint32_t patience_ms) override {
    ++stops;
    return stop_takes_ms <= patience_ms;
  }
  uint32_t stop_takes_ms = 0;
  Result<std::string> open_file(const std::string& path, const std::string& name) override {
    opened_path = path;
    opened_name = name;
    return "c2";
  }
  Result<std::string> open_demo() override { return fail("there is no demo here"); }
  Status cancel_reading(const std::string&) override { return {}; }
  Status room_for(uint64_t) override {
    if (quota_used_up) return fail("the disk quota is used up");
    return {};
  }
  Result<std::string> reserve_upload(const std::string&, uint64_t size_bytes) override {
    if (size_bytes > 10'000'000) return fail("the disk quota does not hold it");
    const std::string path = data_dir_ + "/upload-" + random_hex(4);
    auto file = PrivateFile::create(path);
    if (!file) return tl::unexpected(file.error());
    return path;
  }
  Result<std::string> open_growing(const std::string& path, const std::string&,
                                   std::shared_ptr<const FileGrowth> growth) override {
    growing = std::move(growth);
    std::error_code ec;
    if (std::filesystem::file_size(path, ec) < growing_from_bytes) return std::string{};
    if (growing_refused) return fail("not a capture");
    return "c2";
  }
  Result<std::string> open_upload(const std::string& path, const std::string& name) override {
    return open_file(path, name);
  }
  std::vector<StoredCapture> stored() const override { return stored_captures; }
  Result<std::string> open_stored(const std::string& id) override {
    if (id != "c7") return fail("there is no such capture to open");
    return id;
  }
  Result<Removal> remove_capture(const std::string& id) override {
    if (id == "c5") return fail("cannot delete the file");
    return id == "c1"   ? Removal::kClosed
           : id == "c7" ? Removal::kDeleted
           : id == "c9" ? Removal::kRunning
                        : Removal::kUnknown;
  }

 private:
  std::string data_dir_;
};

/// Waits for the condition, at most `seconds`.
inline bool soon(const std::function<bool()>& condition, double seconds = 5) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

}  // namespace sp3ctra::fakes
