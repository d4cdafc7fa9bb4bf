#include "api/state_json.h"

#include <algorithm>

#include "api/store_json.h"
#include "query/detail_json.h"

namespace sp3ctra::api {
namespace {

std::string_view state_word(CaptureState state) {
  switch (state) {
    case CaptureState::kLive:
      return "live";
    case CaptureState::kReading:
      return "reading";
    case CaptureState::kReady:
      return "ready";
    case CaptureState::kDamaged:
      return "damaged";
    case CaptureState::kStopped:
      return "stopped";
  }
  return "reading";
}

Json capture_json(const CaptureView& view) {
  const CaptureInfo info = view.info();
  Json given_up_list = Json::array();
  for (const GivenUp& g : given_up(info.given_up))
    if (g.count > 0)
      given_up_list.push_back({{"name", g.name}, {"count", g.count}, {"words", g.words}});
  return {{"id", info.id},
          {"name", info.name},
          {"packets", info.packets},
          {"bytes", info.bytes},
          {"first_number", info.first_number},
          {"expired_packets", std::min(info.packets, info.first_number - 1)},
          {"segments", info.segments},
          {"duplicates", info.duplicates},
          {"first_ns", std::to_string(info.first.ns)},
          {"last_ns", std::to_string(info.last.ns)},
          {"state", state_word(info.state)},
          {"damage", info.damage},
          {"ended", info.ended},
          {"demo", info.demo},
          {"deletable", info.deletable},
          {"interfaces", info.interfaces},
          {"rows", view.progress("").rows},
          {"total_bytes", info.total_bytes},
          {"done_bytes", info.done_bytes},
          {"rate_bytes_per_s", info.rate_bytes_per_s},
          {"given_up", std::move(given_up_list)}};
}

Json rights_json(const EngineState& s, const std::optional<NoInterface>& none) {
  if (s.can_capture && none)
    return {
        {"can_capture", false}, {"state", "no_interface"}, {"why", none->why}, {"fix", none->fix}};
  return {
      {"can_capture", s.can_capture}, {"state", s.rights_state}, {"why", s.why}, {"fix", s.fix}};
}

Json interface_json(const CaptureInterfaceState& i) {
  return {{"name", i.name},
          {"state", i.state},
          {"words", i.words},
          {"since_ns", std::to_string(i.since_ns)},
          {"packets", i.packets},
          {"bytes", i.bytes},
          {"duplicates", i.duplicates},
          {"packets_per_s", i.packets_per_s},
          {"bits_per_s", i.bits_per_s},
          {"received", i.received},
          {"kernel_drops", i.kernel_drops},
          {"card_drops", i.card_drops},
          {"ring_bytes", i.ring_bytes},
          {"ring_fill", i.ring_fill},
          {"promiscuous", i.promiscuous},
          {"snaplen", i.snaplen},
          {"mtu", i.mtu}};
}

}  // namespace

Json state_json(const EngineState& s, const std::optional<NoInterface>& none) {
  Json interfaces = Json::array();
  for (const CaptureInterfaceState& i : s.interfaces) interfaces.push_back(interface_json(i));
  return {
      {"version", kVersion},
      {"capture",
       {{"state", s.state},
        {"id", s.capture_id},
        {"interfaces", std::move(interfaces)},
        {"bpf", s.bpf},
        {"since_ns", std::to_string(s.since_ns)},
        {"packets", s.packets},
        {"bytes", s.bytes},
        {"duplicates", s.duplicates},
        {"kernel_drops", s.kernel_drops},
        {"card_drops", s.card_drops},
        {"event_drops", s.event_drops},
        {"queue_fill", s.queue_fill},
        {"not_analysed", s.not_analysed},
        {"not_written", s.not_written},
        {"packets_per_s", s.packets_per_s},
        {"bits_per_s", s.bits_per_s},
        {"words", s.words},
        {"store", store_state_json(s.store)}}},
      {"rights", rights_json(s, none)},
      {"disk",
       {{"used", s.disk_used_bytes}, {"quota", s.disk_quota_bytes}, {"free", s.disk_free_bytes}}},
      {"process", {{"cpu_percent", s.cpu_percent}, {"memory_bytes", s.memory_bytes}}},
      {"demo", {{"available", s.demo_available}}}};
}

Json captures_json(const CaptureLibrary& library) {
  Json list = Json::array();
  for (const auto& view : library.captures()) list.push_back(capture_json(*view));
  return list;
}

Json stored_json(const std::vector<StoredCapture>& stored) {
  Json list = Json::array();
  for (const StoredCapture& s : stored)
    list.push_back({{"id", s.id},
                    {"name", s.name},
                    {"bytes", s.bytes},
                    {"segments", s.segments},
                    {"modified_ns", std::to_string(s.modified_ns)}});
  return list;
}

Json interfaces_json(const std::vector<InterfaceRow>& rows) {
  Json list = Json::array();
  for (const InterfaceRow& row : rows)
    list.push_back({{"name", row.name},
                    {"index", row.index},
                    {"friendly", row.friendly},
                    {"kind", row.kind},
                    {"addresses", row.addresses},
                    {"mac", row.mac},
                    {"up", row.up},
                    {"carrier", row.carrier},
                    {"wireless", row.wireless},
                    {"virtual", row.is_virtual},
                    {"usb", row.usb},
                    {"loopback", row.loopback},
                    {"default_route", row.default_route},
                    {"capturable", row.capturable},
                    {"preferred", row.preferred},
                    {"why", row.why},
                    {"fix", row.fix},
                    {"rx_bytes", row.rx_bytes},
                    {"tx_bytes", row.tx_bytes},
                    {"speed_mbps", row.speed_mbps},
                    {"mtu", row.mtu}});
  return {{"interfaces", std::move(list)}};
}

Json presets_json(const std::vector<PresetRow>& rows) {
  Json list = Json::array();
  for (const PresetRow& row : rows)
    list.push_back({{"key", row.key}, {"name", row.name}, {"bpf", row.bpf}, {"words", row.words}});
  return {{"presets", std::move(list)}};
}

Json series_json(const SeriesBins& series) {
  Json families = Json::object();
  for (size_t i = 0; i < series.families.size(); ++i)
    families[std::string(family_name(static_cast<Family>(i)))] = series.families[i];
  return {{"from_ns", std::to_string(series.from.ns)},
          {"to_ns", std::to_string(series.to.ns)},
          {"packets", series.packets},
          {"bytes", series.bytes},
          {"families", std::move(families)}};
}

}  // namespace sp3ctra::api
