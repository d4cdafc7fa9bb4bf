#include "pipeline/store_settings.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "pipeline/disk.h"

namespace sp3ctra {
namespace {

using Json = nlohmann::ordered_json;
constexpr size_t kFileBytesMax = 64 * 1024;
constexpr size_t kInterfacesMax = 256;

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kFileBytesMax, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return text;
}

/// A number from `least` to `most`, or 0.
template <typename Number>
void take(const Json& json, const char* name, uint64_t least, uint64_t most, Number& into) {
  const auto at = json.find(name);
  if (at == json.end() || !at->is_number_unsigned()) return;
  const auto number = at->get<uint64_t>();
  if (number == 0 || (number >= least && number <= most)) into = static_cast<Number>(number);
}

void take(const Json& json, const char* name, bool& into) {
  if (const auto at = json.find(name); at != json.end() && at->is_boolean()) into = at->get<bool>();
}

}  // namespace

StoreSettings::StoreSettings(const std::string& data_directory)
    : path_(data_directory + "/store.json") {
  const Json json = Json::parse(text_of(path_), nullptr, false);
  if (!json.is_object()) return;
  take(json, "asked", policy_.asked);
  using P = StorePolicy;
  take(json, "bytes", P::kBytesMin, P::kBytesMax, policy_.bytes);
  take(json, "hours", 1, P::kHoursMax, policy_.hours);
  take(json, "files", P::kFilesMin, P::kFilesMax, policy_.files);
  take(json, "min_free_bytes", 1, P::kBytesMax, policy_.min_free_bytes);
  take(json, "always_on", policy_.always_on);
  if (const auto at = json.find("when_full"); at != json.end() && *at == "pause")
    policy_.when_full = StorePolicy::WhenFull::kPause;
  take(json, "promiscuous", last_.promiscuous);
  take(json, "snaplen", 1, limits::kPacketBytesMax, last_.snaplen);
  take(json, "ring_bytes", limits::kRingBytesMin, limits::kRingBytesMax, last_.ring_bytes);
  if (const auto at = json.find("bpf"); at != json.end() && at->is_string())
    last_.bpf = at->get<std::string>();
  if (const auto at = json.find("interfaces"); at != json.end() && at->is_array())
    for (const Json& name : *at)
      if (name.is_string() && last_.interfaces.size() < kInterfacesMax)
        last_.interfaces.push_back(name.get<std::string>());
}

StorePolicy StoreSettings::policy() const {
  const std::lock_guard lock(mutex_);
  return policy_;
}

LastCapture StoreSettings::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

Status StoreSettings::set_policy(const StorePolicy& policy) {
  const std::lock_guard lock(mutex_);
  if (policy_ == policy) return {};
  const StorePolicy before = std::exchange(policy_, policy);
  const Status written = write();
  if (!written) policy_ = before;
  return written;
}

Status StoreSettings::set_last(const LastCapture& last) {
  const std::lock_guard lock(mutex_);
  if (last_ == last) return {};
  last_ = last;
  return write();
}

/// With the mutex held.
Status StoreSettings::write() const {
  const bool pause = policy_.when_full == StorePolicy::WhenFull::kPause;
  const Json json = {{"asked", policy_.asked},
                     {"bytes", policy_.bytes},
                     {"hours", policy_.hours},
                     {"files", policy_.files},
                     {"min_free_bytes", policy_.min_free_bytes},
                     {"when_full", pause ? "pause" : "overwrite"},
                     {"always_on", policy_.always_on},
                     {"interfaces", last_.interfaces},
                     {"bpf", last_.bpf},
                     {"promiscuous", last_.promiscuous},
                     {"snaplen", last_.snaplen},
                     {"ring_bytes", last_.ring_bytes}};
  // What is no UTF-8 is replaced: an interface name may be any bytes.
  return replace_private_file(path_,
                              json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace sp3ctra
