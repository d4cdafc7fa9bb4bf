#include "api/uploads.h"

#include "api/json.h"

namespace sp3ctra::api {
namespace {

/// The last part of a name as the browser gave it, for showing only: no folders, no control bytes.
std::string shown_name(std::string_view name) {
  name = name.substr(name.find_last_of("/\\") + 1);
  std::string out;
  for (const char c : name.substr(0, 255))
    if (static_cast<uint8_t>(c) >= 0x20 && c != 0x7f) out += c;
  return out.empty() ? "upload" : out;
}

}  // namespace

void Uploads::drop_idle(int64_t now_ns) {
  std::erase_if(open_,
                [&](const auto& item) { return now_ns - item.second->touched_ns > kIdleMaxNs; });
}

std::shared_ptr<Uploads::Upload> Uploads::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto it = open_.find(id);
  return it == open_.end() ? nullptr : it->second;
}

Response Uploads::begin(const std::string& name, uint64_t size_bytes, int64_t now_ns) {
  if (size_bytes == 0) return refuse(400, "The file is empty.");
  const std::lock_guard lock(mutex_);
  drop_idle(now_ns);
  if (open_.size() >= kOpenMax)
    return refuse(429, "Too many uploads at once: wait until one has ended.");
  auto upload = std::make_shared<Upload>();
  upload->name = shown_name(name);
  const auto path = engine_.reserve_upload(upload->name, size_bytes);
  if (!path) return refuse(413, path.error().message);
  auto file = PrivateFile::open(*path);
  if (!file) return refuse(500, file.error().message);
  upload->file = std::move(*file);
  upload->file.remove_at_end(true);
  upload->size_bytes = size_bytes;
  upload->growth = std::make_shared<FileGrowth>(size_bytes);
  upload->touched_ns = now_ns;
  const std::string id = "u" + random_hex(8);
  open_[id] = std::move(upload);
  return {.body = dump({{"upload", id}})};
}

Response Uploads::add(const std::string& id, uint64_t offset, std::string_view chunk,
                      int64_t now_ns) {
  const auto upload = find(id);
  if (!upload) return refuse(404, "There is no such upload (any more): start it again.");
  const std::lock_guard lock(upload->mutex);
  if (upload->file.fd() < 0) return refuse(404, "This upload has ended.");
  if (offset != upload->received)
    return refuse(409, fmt::format("The next byte to send is {}.", upload->received));
  if (chunk.size() > upload->size_bytes - upload->received)
    return refuse(413, fmt::format("This is more than the {} bytes that were announced.",
                                   upload->size_bytes));
  if (const auto written = upload->file.write_at(offset, chunk); !written)
    return refuse(507, written.error().message);
  upload->received += chunk.size();
  {
    const std::lock_guard all(mutex_);
    upload->touched_ns = now_ns;
  }
  if (upload->received == upload->size_bytes) upload->end_growth();
  Json answer = {{"received", upload->received}};
  if (upload->capture.empty() && upload->received < upload->size_bytes) {
    auto capture = engine_.open_growing(upload->file.path(), upload->name, upload->growth);
    if (!capture) {
      upload->file.close();
      const std::lock_guard all(mutex_);
      open_.erase(id);
      return refuse(400, capture.error().message);
    }
    upload->capture = std::move(*capture);
  }
  if (!upload->capture.empty()) answer["capture"] = upload->capture;
  return {.body = dump(answer)};
}

Response Uploads::finish(const std::string& id) {
  const auto upload = find(id);
  if (!upload) return refuse(404, "There is no such upload (any more): start it again.");
  const std::lock_guard lock(upload->mutex);
  if (upload->file.fd() < 0) return refuse(404, "This upload has ended.");
  if (upload->received != upload->size_bytes)
    return refuse(409, fmt::format("{} of {} bytes have come: the next byte to send is {}.",
                                   upload->received, upload->size_bytes, upload->received));
  const std::string path = upload->file.path();
  upload->file.remove_at_end(false);
  upload->file.close();
  {
    const std::lock_guard all(mutex_);
    open_.erase(id);
  }
  const auto capture = engine_.open_upload(path, upload->name);
  if (!capture) return refuse(400, capture.error().message);
  return {.body = dump({{"capture", *capture}})};
}

}  // namespace sp3ctra::api
