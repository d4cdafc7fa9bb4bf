#include "pipeline/capture_folder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/limits.h"
#include "capture/joined_file.h"
#include "pipeline/disk.h"

namespace sp3ctra {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPart = ".part", kName = ".name";

constexpr std::string_view kLive = "live-", kAlways = "always-";

bool is_capture(std::string_view file_name) {
  return (file_name.starts_with(kLive) || file_name.starts_with(kAlways) ||
          file_name.starts_with("upload-")) &&
         !file_name.ends_with(kPart) && !file_name.ends_with(kName);
}

bool take(std::string_view& text, std::string_view beginning) {
  if (!text.starts_with(beginning)) return false;
  text.remove_prefix(beginning.size());
  return true;
}

bool take_digits(std::string_view& text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(digits);
  return digits > 0;
}

/// `upload-<digits>-<digits>` + ending: what reserve() calls its files.
bool is_upload(std::string_view file, std::string_view ending) {
  return take(file, "upload-") && take_digits(file) && take(file, "-") && take_digits(file) &&
         file == ending;
}

/// `live-<digits>` or `always-<digits>` + ending: what begin_live() calls its folders.
bool is_live(std::string_view file, std::string_view ending) {
  return (take(file, kLive) || take(file, kAlways)) && take_digits(file) && file == ending;
}

bool is_always(std::string_view file) { return file.starts_with(kAlways); }

/// The name beside an upload or a live capture.
bool is_kept_name(std::string_view file) {
  if (is_upload(file, kName)) return true;
  return is_live(file, kName) || is_live(file, ".pcapng.name");
}

/// Only what is ours in it: a folder that holds anything else stays.
std::error_code remove_live_folder(const std::string& path) {
  std::error_code ec;
  for (const std::string& segment : segment_paths(path)) {
    fs::remove(segment, ec);
    if (ec) return ec;
  }
  fs::remove(path, ec);
  return ec;
}

bool is_plain(const fs::path& path) {
  std::error_code ec;
  return fs::symlink_status(path, ec).type() == fs::file_type::regular;
}

/// Calls f(path) for every plain file; a folder that cannot be read has none.
template <class F>
void each_file(const std::string& folder, F f) {
  std::error_code ec;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec))
    if (is_plain(at->path())) f(at->path());
}

/// Calls f(path) for every folder of a live capture.
template <class F>
void each_live_folder(const std::string& folder, F f) {
  std::error_code ec;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec))
    if (is_live(at->path().filename().string(), "") && is_folder(at->path().string()))
      f(at->path());
}

uint64_t file_bytes(const std::string& path) {
  std::error_code ec;
  const uint64_t bytes = fs::file_size(path, ec);
  return ec ? 0 : bytes;
}

uint64_t segment_bytes(const std::string& folder) {
  uint64_t sum = 0;
  for (const std::string& path : segment_paths(folder)) sum += file_bytes(path);
  return sum;
}

int64_t modified_ns(const fs::path& path) {
  std::error_code ec;
  const auto time = fs::last_write_time(path, ec);
  if (ec) return 0;
  const auto system = std::chrono::file_clock::to_sys(time).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(system).count();
}

std::string kept_name(const fs::path& path) {
  std::ifstream in(path.string() + std::string(kName), std::ios::binary);
  std::string name(limits::kCaptureNameBytesMax, '\0');
  in.read(name.data(), static_cast<std::streamsize>(name.size()));
  name.resize(static_cast<size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return name.empty() ? path.filename().string() : name;
}

}  // namespace

CaptureFolder::CaptureFolder(const std::string& data_directory, uint64_t quota_bytes)
    : folder_(data_directory + "/captures"),
      exports_(data_directory + "/exports"),
      quota_bytes_(quota_bytes) {
  const std::lock_guard lock(mutex_);
  look();
}

void CaptureFolder::remove_leftovers() {
  std::vector<fs::path> gone;
  each_file(folder_, [&](const fs::path& path) {
    std::error_code ec;
    const std::string file = path.filename().string();
    const bool unfinished = is_upload(file, kPart);
    const bool nameless =
        is_kept_name(file) && !fs::exists(path.string().substr(0, path.string().size() - 5), ec);
    if (unfinished || nameless) gone.push_back(path);
  });
  std::error_code ec;
  each_live_folder(folder_, [&](const fs::path& path) {
    if (segment_bytes(path.string()) == 0) (void)remove_live_folder(path.string());
  });
  for (const fs::path& path : gone) fs::remove(path, ec);
  const std::lock_guard lock(mutex_);
  look();
}

std::vector<StoredFile> CaptureFolder::files() const {
  std::vector<StoredFile> out;
  each_file(folder_, [&](const fs::path& path) {
    if (!is_capture(path.filename().string())) return;
    if (auto found = file(path.string())) out.push_back(std::move(*found));
  });
  each_live_folder(folder_, [&](const fs::path& path) {
    if (auto found = file(path.string())) out.push_back(std::move(*found));
  });
  std::sort(out.begin(), out.end(), [](const StoredFile& a, const StoredFile& b) {
    return std::tie(a.modified_ns, a.path) > std::tie(b.modified_ns, b.path);
  });
  if (out.size() > limits::kStoredCapturesMax) out.resize(limits::kStoredCapturesMax);
  return out;
}

std::optional<StoredFile> CaptureFolder::file(const std::string& path) const {
  std::error_code ec;
  if (is_folder(path)) {
    const std::vector<std::string> segments = segment_paths(path);
    if (segments.empty()) return {};
    return StoredFile{path, kept_name(path), segment_bytes(path), modified_ns(segments.back()),
                      segments.size()};
  }
  const uint64_t bytes = fs::file_size(path, ec);
  if (ec) return {};
  return StoredFile{path, kept_name(path), bytes, modified_ns(path)};
}

std::string CaptureFolder::own_path(const std::string& path) const {
  std::error_code ec;
  const fs::path real = fs::canonical(path, ec);
  return !ec && holds(real.string()) ? folder_ + "/" + real.filename().string() : std::string{};
}

bool CaptureFolder::holds(const std::string& path) const {
  std::error_code ec;
  const fs::path parent = fs::weakly_canonical(fs::path(path).parent_path(), ec);
  if (ec) return false;
  const fs::path ours = fs::weakly_canonical(folder_, ec);
  return !ec && parent == ours && is_capture(fs::path(path).filename().string());
}

/// With the mutex held.
void CaptureFolder::look() {
  uint64_t sum = 0;
  growing_bytes_ = 0;
  std::map<std::string, uint64_t> still;
  each_file(folder_, [&](const fs::path& path) {
    std::error_code ec;
    uint64_t bytes = fs::file_size(path, ec);
    if (ec) return;
    if (path == growing_) {
      growing_bytes_ = bytes;
      return;
    }
    if (const auto at = announced_.find(path.string()); at != announced_.end()) {
      bytes = std::max(bytes, at->second);
      still.insert(*at);
    }
    sum += bytes;
  });
  each_live_folder(folder_, [&](const fs::path& path) {
    (path == growing_ ? growing_bytes_ : sum) += segment_bytes(path.string());
  });
  each_file(exports_, [&](const fs::path& path) {
    std::error_code ec;
    const uint64_t bytes = fs::file_size(path, ec);
    if (!ec) sum += bytes;
  });
  // An upload that was given up has no file any more.
  announced_ = std::move(still);
  others_bytes_.store(sum, std::memory_order_relaxed);
  looked_ = std::chrono::steady_clock::now();
}

uint64_t CaptureFolder::used_bytes() {
  const std::lock_guard lock(mutex_);
  const auto age = std::chrono::steady_clock::now() - looked_;
  if (age >= std::chrono::milliseconds(limits::kDiskLookMs)) look();
  return others_bytes_ + growing_bytes_;
}

Status CaptureFolder::room_for(uint64_t more_bytes) {
  const std::lock_guard lock(mutex_);
  look();
  const uint64_t used = others_bytes_ + growing_bytes_;
  if (used <= quota_bytes_ && more_bytes <= quota_bytes_ - used) return {};
  return fail("the limit of {} MB for captures is used up; delete captures or fetch exports first",
              quota_bytes_ / 1'000'000);
}

Result<std::string> CaptureFolder::reserve(const std::string& name, uint64_t size_bytes) {
  const std::lock_guard lock(mutex_);
  look();
  const uint64_t used = others_bytes_ + growing_bytes_;
  if (used > quota_bytes_ || size_bytes > quota_bytes_ - used)
    return fail("{} needs {} MB, but {} of {} MB for captures are used; delete captures first",
                name, (size_bytes + 999'999) / 1'000'000, used / 1'000'000,
                quota_bytes_ / 1'000'000);
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  const std::string path = fmt::format("{}/upload-{}-{}{}", folder_, now, ++serial_, kPart);
  auto file = create_private_file(path);
  if (!file) return tl::unexpected(std::move(file.error()));
  announced_[path] = size_bytes;
  others_bytes_ += size_bytes;
  return path;
}

Result<std::string> CaptureFolder::complete(const std::string& path, const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (!path.ends_with(kPart)) return fail("{} is no upload", name);
  const std::string whole = path.substr(0, path.size() - kPart.size());
  std::error_code ec;
  fs::rename(path, whole, ec);
  if (ec) return fail("cannot keep {}: {}", name, ec.message());
  announced_.erase(path);
  keep_name(whole, name);
  look();
  return whole;
}

Result<std::string> CaptureFolder::begin_live(int64_t since_ns, const std::string& name,
                                              bool always) {
  const std::lock_guard lock(mutex_);
  growing_.clear();
  look();
  if (others_bytes_ >= quota_bytes_)
    return fail("the limit of {} MB for captures is used up; delete captures first",
                quota_bytes_ / 1'000'000);
  growing_ = fmt::format("{}/{}{}", folder_, always ? kAlways : kLive, since_ns);
  keep_name(growing_, name);
  return growing_;
}

void CaptureFolder::end_live() {
  const std::lock_guard lock(mutex_);
  growing_.clear();
  look();
}

/// A name that cannot be kept costs only the name.
void CaptureFolder::keep_name(const std::string& path, const std::string& name) {
  const std::string beside = path + std::string(kName);
  auto file = create_private_file(beside);
  if (!file) return;
  const std::string_view kept = std::string_view(name).substr(0, limits::kCaptureNameBytesMax);
  std::error_code ec;
  if (!file->write_all(as_bytes(kept))) fs::remove(beside, ec);
}

bool CaptureFolder::drop_oldest(int64_t before_ns, const std::vector<std::string>& open,
                                std::vector<std::string>& gone) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> folders;
  each_live_folder(folder_, [&](const fs::path& path) {
    if (path != growing_ && is_always(path.filename().string()) &&
        std::find(open.begin(), open.end(), path.string()) == open.end())
      folders.push_back(path.string());
  });
  std::sort(folders.begin(), folders.end());  // their names are their times
  bool any = false;
  std::error_code ec;
  for (const std::string& folder : folders) {
    const std::vector<std::string> segments = segment_paths(folder);
    size_t left = segments.size();
    for (const std::string& segment : segments) {
      if (modified_ns(segment) >= before_ns || (any && before_ns == INT64_MAX)) break;
      if (!fs::remove(segment, ec)) break;
      any = true;
      --left;
    }
    if (left != 0 || !fs::remove(folder, ec)) continue;
    fs::remove(folder + std::string(kName), ec);
    gone.push_back(folder);
  }
  if (any) look();
  return any;
}

Status CaptureFolder::remove(const std::string& path) {
  if (!holds(path)) return fail("this file does not lie in the data directory");
  std::error_code ec;
  if (is_folder(path))
    ec = remove_live_folder(path);
  else
    fs::remove(path, ec);
  if (ec) return fail("cannot delete the capture: {}", ec.message());
  fs::remove(path + std::string(kName), ec);
  const std::lock_guard lock(mutex_);
  look();
  return {};
}

}  // namespace sp3ctra
