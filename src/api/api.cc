#include "api/api.h"

#include <algorithm>
#include <array>

#include "api/json.h"
#include "api/state_json.h"
#include "api/store_json.h"
#include "base/limits.h"
#include "query/completion_json.h"
#include "query/detail_json.h"

namespace sp3ctra::api {
namespace {

constexpr size_t kIdBytesMax = 64;
constexpr size_t kFindBytesMax = 4096;
constexpr uint64_t kBinsMax = 4096;
constexpr size_t kFieldsMax = 500;
constexpr size_t kInterfaceNameBytesMax = 15;  // the kernel's IFNAMSIZ
constexpr uint32_t kSnaplenMin = 64;           // less shows no ports
constexpr uint32_t kRingMibMin = limits::kRingBytesMin >> 20;
constexpr uint32_t kRingMibMax = limits::kRingBytesMax >> 20;
constexpr size_t kSmallBody = 64 * 1024;
constexpr uint32_t kStopAnswerMs = 250;  // a stop that takes longer is told as STOPPING

/// A call matched to its route: the ids of its path, and the members of its body.
struct Call {
  const Request& request;
  std::array<std::string, 2> ids;
  JsonIn body;
};
using Handler = Response (*)(Api&, const Call&);

Response json(const Json& body) { return {.body = dump(body)}; }

// ---- the program ----

Response get_state(Api& api, const Call&) {
  const EngineState state = api.engine.state();
  return json(state_json(state, api.interfaces.look(steady_ns(), state.rights_state).none));
}

Response get_interfaces(Api& api, const Call&) {
  return json(interfaces_json(api.providers.interfaces ? api.providers.interfaces()
                                                       : std::vector<InterfaceRow>{}));
}

Response get_presets(Api& api, const Call&) { return json(presets_json(api.providers.presets)); }

Response refuse_start(const StartError& e) {
  Json body = {{"error", e.message}};
  if (!e.interface_name.empty()) body["interface"] = e.interface_name;
  if (e.position >= 0) {
    body["position"] = e.position;
    body["length"] = e.length;
  }
  return {.status = 400, .body = dump(body)};
}

bool is_interface_name(std::string_view name) {
  return !name.empty() && name.size() <= kInterfaceNameBytesMax && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return static_cast<unsigned char>(c) > ' ' && c != '/' && c != '\x7f';
         });
}

/// A number of the body within its bounds; `otherwise` when it is missing, empty when it is wrong.
std::optional<uint32_t> bounded(const Call& call, const char* name, uint32_t least, uint32_t most) {
  if (!call.body.contains(name)) return 0;
  const auto value = number_member(call.body, name);
  if (!value || *value > most || (*value != 0 && *value < least)) return {};
  return static_cast<uint32_t>(*value);
}

Response start_capture(Api& api, const Call& call) {
  StartRequest start;
  if (const auto list = call.body.find("interfaces"); list != call.body.end() && list->is_array()) {
    for (const JsonIn& name : *list) {
      if (!name.is_string() || !is_interface_name(name.get_ref<const std::string&>()))
        return refuse(400, "\"interfaces\" holds names of interfaces.");
      start.interfaces.push_back(name.get<std::string>());
    }
  }
  if (start.interfaces.empty())
    return refuse(400, "Say which interfaces: {\"interfaces\": [\"eth0\"]}.");
  if (start.interfaces.size() > limits::kLiveInterfacesMax)
    return refuse(400, fmt::format("A capture has at most {} interfaces at once.",
                                   limits::kLiveInterfacesMax));
  start.bpf = text_member(call.body, "bpf").value_or("");
  if (start.bpf.size() > limits::kFilterBytesMax)
    return refuse(400, "The capture filter is too long.");
  start.promiscuous = bool_member(call.body, "promiscuous").value_or(true);
  const auto snaplen = bounded(call, "snaplen", kSnaplenMin, limits::kPacketBytesMax);
  if (!snaplen)
    return refuse(400, fmt::format("\"snaplen\" is {} to {} bytes, or 0 for whole packets.",
                                   kSnaplenMin, limits::kPacketBytesMax));
  const auto ring_mib = bounded(call, "ring_mib", kRingMibMin, kRingMibMax);
  if (!ring_mib)
    return refuse(400, fmt::format("\"ring_mib\" is {} to {}.", kRingMibMin, kRingMibMax));
  start.snaplen = *snaplen;
  start.ring_bytes = *ring_mib << 20;
  const auto started = api.engine.start_capture(start);
  if (!started) return refuse_start(started.error());
  return json({{"capture", *started}});
}

Response add_interface(Api& api, const Call& call) {
  const auto name = text_member(call.body, "name");
  if (!name || !is_interface_name(*name))
    return refuse(400, "Say which interface: {\"name\": \"eth0\"}.");
  if (const auto added = api.engine.add_interface(*name); !added)
    return refuse_start(added.error());
  return {};
}

Response remove_interface(Api& api, const Call& call) {
  if (const auto removed = api.engine.remove_interface(call.ids[0]); !removed)
    return refuse(409, removed.error().message);
  return {};
}

Response set_capture_filter(Api& api, const Call& call) {
  const auto bpf = text_member(call.body, "bpf");
  if (!bpf || bpf->size() > limits::kFilterBytesMax)
    return refuse(400, "Say {\"bpf\": \"the capture filter\"}.");
  if (const auto changed = api.engine.set_capture_filter(*bpf); !changed)
    return refuse_start(changed.error());
  return {};
}

Response stop_capture(Api& api, const Call&) {
  const bool stopped = api.engine.stop_capture(kStopAnswerMs);
  return json({{"state", stopped ? "STOPPED" : "STOPPING"}});
}

Response get_store(Api& api, const Call&) {
  return json(store_policy_json(api.engine.store_policy()));
}

Response put_store(Api& api, const Call& call) {
  std::string why;
  const auto policy = store_policy_of(call.body, api.engine.store_policy(), why);
  if (!policy) return refuse(400, why);
  if (const Status set = api.engine.set_store_policy(*policy); !set)
    return refuse(500, set.error().message);
  return json(store_policy_json(*policy));
}

Response get_captures(Api& api, const Call&) {
  return json(
      {{"captures", captures_json(api.library)}, {"stored", stored_json(api.engine.stored())}});
}

Response open_demo(Api& api, const Call&) {
  const auto opened = api.engine.open_demo();
  if (!opened) return refuse(409, opened.error().message);
  return json({{"capture", *opened}});
}

Response open_stored(Api& api, const Call& call) {
  const auto opened = api.engine.open_stored(call.ids[0]);
  if (opened) return json({{"capture", *opened}});
  // One that is there but cannot be read stays in the list.
  const auto stored = api.engine.stored();
  const bool there = std::any_of(stored.begin(), stored.end(),
                                 [&](const StoredCapture& s) { return s.id == call.ids[0]; });
  return refuse(there ? 400 : 404, opened.error().message);
}

Response remove_capture(Api& api, const Call& call) {
  const auto removed = api.engine.remove_capture(call.ids[0]);
  if (!removed) return refuse(500, removed.error().message);
  switch (*removed) {
    case Removal::kDeleted:
      return json({{"deleted", true}, {"words", "The capture and its file are deleted."}});
    case Removal::kClosed:
      return json({{"deleted", false},
                   {"words",
                    "The capture is closed. Its file was opened from elsewhere and stays there."}});
    case Removal::kRunning:
      return refuse(409, "This capture is running: stop it first.");
    case Removal::kUnknown:
      break;
  }
  return refuse(404, "There is no such capture (any more).");
}

Response cancel_reading(Api& api, const Call& call) {
  if (const auto cancelled = api.engine.cancel_reading(call.ids[0]); !cancelled)
    return refuse(404, cancelled.error().message);
  return {};
}

// ---- uploads ----

Response begin_upload(Api& api, const Call& call) {
  const auto name = text_member(call.body, "name");
  const auto size = number_member(call.body, "size");
  if (!name || !size) return refuse(400, "Say {\"name\": …, \"size\": bytes}.");
  return api.uploads.begin(*name, *size, steady_ns());
}

Response add_upload(Api& api, const Call& call) {
  const auto offset = to_number(call.request.value("offset"));
  if (!offset) return refuse(400, "Say ?offset= of the first byte.");
  return api.uploads.add(call.ids[0], *offset, call.request.body, steady_ns());
}

Response finish_upload(Api& api, const Call& call) { return api.uploads.finish(call.ids[0]); }

// ---- one capture ----

Response no_capture() { return refuse(404, "There is no such capture (any more)."); }

std::string filter_of(const Call& call) {
  const std::string_view filter = call.request.value("filter");
  return std::string(filter == "null" ? "" : filter);
}

Response add_filter(Api& api, const Call& call) {
  const auto view = api.library.find(call.ids[0]);
  if (!view) return no_capture();
  const auto text = text_member(call.body, "text");
  if (!text) return refuse(400, "Say {\"text\": \"the filter\"}.");
  if (text->size() > limits::kFilterBytesMax)
    return refuse(400, fmt::format("A filter has at most {} bytes.", limits::kFilterBytesMax),
                  limits::kFilterBytesMax, 0);
  std::string reading;
  const auto filter = view->add_filter(*text, reading);
  if (!filter)
    return refuse(400, filter.error().message, filter.error().position, filter.error().length);
  return json({{"filter", *filter}, {"reading", reading}});
}

Response get_packet(Api& api, const Call& call) {
  const auto view = api.library.find(call.ids[0]);
  if (!view) return no_capture();
  const auto number = to_number(call.ids[1]);
  if (!number || *number == 0) return refuse(400, "Packets are numbered from 1.");
  const auto detail = view->packet(*number);
  if (!detail) return refuse(404, detail.error().message);
  return {.body = packet_json(*detail)};
}

std::optional<FindKind> find_kind(std::string_view word) {
  if (word == "text") return FindKind::kText;
  if (word == "hex") return FindKind::kHex;
  if (word == "number") return FindKind::kNumber;
  if (word == "time") return FindKind::kTime;
  return {};
}

Response found_json(const std::optional<Found>& found) {
  if (!found) return refuse(404, "Nothing more in this direction.");
  return json({{"number", found->number}, {"row", found->row}});
}

Response find_packet(Api& api, const Call& call) {
  const auto view = api.library.find(call.ids[0]);
  if (!view) return no_capture();
  const Request& request = call.request;
  const auto kind = find_kind(request.value("kind", "text"));
  const std::string_view what = request.value("q");
  const auto from = to_number(request.value("from", "0"));
  if (!kind || !from || what.empty() || what.size() > kFindBytesMax)
    return refuse(400, "Say kind=text, hex, number or time, q= what to find, from= a packet.");
  const auto go_on = [](void* user, uint64_t, uint64_t) {
    const auto* cancelled = static_cast<const std::atomic<bool>*>(user);
    return cancelled == nullptr || !cancelled->load();
  };
  const auto found =
      view->find(filter_of(call), *kind, what, *from, request.value("dir", "next") != "prev", go_on,
                 const_cast<std::atomic<bool>*>(request.cancelled));
  if (!found) return refuse(400, found.error().message);
  return found_json(*found);
}

Response find_conversation(Api& api, const Call& call) {
  const auto view = api.library.find(call.ids[0]);
  if (!view) return no_capture();
  const auto number = to_number(call.request.value("n"));
  if (!number) return refuse(400, "Say n= the packet's number.");
  return found_json(
      view->conversation(filter_of(call), *number, call.request.value("dir", "next") != "prev"));
}

Response get_row(Api& api, const Call& call) {
  const auto view = api.library.find(call.ids[0]);
  if (!view) return no_capture();
  const auto number = to_number(call.request.value("n"));
  if (!number) return refuse(400, "Say n= the packet's number.");
  return json({{"row", view->row_of(filter_of(call), *number)}});
}

/// False when the parameter is there but no number.
bool time_value(const Request& request, std::string_view name, std::optional<Timestamp>& out) {
  const std::string_view text = request.value(name);
  if (text.empty()) return true;
  const auto ns = to_signed(text);
  if (ns) out = Timestamp{*ns};
  return ns.has_value();
}

Response get_series(Api& api, const Call& call) {
  const auto view = api.library.find(call.ids[0]);
  if (!view) return no_capture();
  const auto bins = to_number(call.request.value("bins", "200"));
  std::optional<Timestamp> from, to;
  if (!bins || *bins == 0 || *bins > kBinsMax || !time_value(call.request, "from_ns", from) ||
      !time_value(call.request, "to_ns", to))
    return refuse(400, "Say bins=1 to 4096, from_ns= and to_ns= in nanoseconds since 1970.");
  return json(series_json(view->series(filter_of(call), from, to, static_cast<uint32_t>(*bins))));
}

// ---- exports ----

Response start_export(Api& api, const Call& call) {
  const auto view = api.library.find(call.ids[0]);
  if (!view) return no_capture();
  ExportRequest request;
  request.filter = text_member(call.body, "filter").value_or("");
  const std::string format = text_member(call.body, "format").value_or("pcapng");
  if (format != "pcapng" && format != "pcap") return refuse(400, "The format is pcapng or pcap.");
  request.pcapng = format == "pcapng";
  if (const auto ns = time_member(call.body, "from_ns")) request.from = Timestamp{*ns};
  if (const auto ns = time_member(call.body, "to_ns")) request.to = Timestamp{*ns};
  if (const auto it = call.body.find("numbers"); it != call.body.end() && it->is_array()) {
    for (const JsonIn& number : *it) {
      if (!number.is_number_unsigned()) return refuse(400, "\"numbers\" holds packet numbers.");
      request.numbers.push_back(number.get<uint64_t>());
    }
    std::sort(request.numbers.begin(), request.numbers.end());
  }
  return api.exports.start(view, std::move(request), steady_ns());
}

Response get_job(Api& api, const Call& call) { return api.exports.state(call.ids[0]); }
Response cancel_job(Api& api, const Call& call) { return api.exports.cancel(call.ids[0]); }
Response get_ticket(Api& api, const Call& call) {
  return api.exports.ticket(call.ids[0], steady_ns());
}
Response get_file(Api& api, const Call& call) {
  return api.exports.fetch(call.ids[0], call.request.value("ticket"), steady_ns());
}

// ---- filters' words ----

Response complete(Api& api, const Call& call) {
  const std::string text(call.request.value("text"));
  const auto position = to_number(call.request.value("pos", std::to_string(text.size())));
  if (!position || text.size() > limits::kFilterBytesMax)
    return refuse(400, "Say text= the filter so far and pos= the cursor in bytes.");
  const auto view = api.library.find(std::string(call.request.value("capture")));
  using Counts = std::vector<std::pair<std::string, uint64_t>>;
  return {.body = completion_json(text, std::min<size_t>(*position, text.size()),
                                  view ? view->protocol_counts() : Counts{})};
}

Response get_fields(Api&, const Call& call) {
  return {.body = fields_json(call.request.value("prefix"), kFieldsMax)};
}

// ---- the table ----

struct Route {
  std::string_view method, pattern;  ///< {} stands for one id, {name} for an interface's name
  Lane lane;
  size_t body_bytes_max;
  bool raw_body;
  Handler handler;
};

constexpr Route kRoutes[] = {
    {"GET", "/state", Lane::kControl, 0, false, get_state},
    {"GET", "/interfaces", Lane::kControl, 0, false, get_interfaces},
    {"GET", "/capture/presets", Lane::kControl, 0, false, get_presets},
    {"POST", "/capture/start", Lane::kControl, kSmallBody, false, start_capture},
    {"POST", "/capture/stop", Lane::kStop, kSmallBody, false, stop_capture},
    {"GET", "/capture/store", Lane::kControl, 0, false, get_store},
    {"PUT", "/capture/store", Lane::kControl, kSmallBody, false, put_store},
    {"POST", "/capture/interfaces", Lane::kControl, kSmallBody, false, add_interface},
    {"DELETE", "/capture/interfaces/{name}", Lane::kControl, kSmallBody, false, remove_interface},
    {"POST", "/capture/filter", Lane::kControl, kSmallBody, false, set_capture_filter},
    {"GET", "/captures", Lane::kControl, 0, false, get_captures},
    {"POST", "/captures/demo", Lane::kControl, kSmallBody, false, open_demo},
    {"POST", "/captures/{}/open", Lane::kControl, kSmallBody, false, open_stored},
    {"DELETE", "/captures/{}", Lane::kControl, kSmallBody, false, remove_capture},
    {"POST", "/captures/{}/cancel", Lane::kStop, kSmallBody, false, cancel_reading},
    {"POST", "/uploads", Lane::kControl, kSmallBody, false, begin_upload},
    {"PUT", "/uploads/{}", Lane::kRead, Uploads::kChunkBytesMax, true, add_upload},
    {"POST", "/uploads/{}/finish", Lane::kControl, kSmallBody, false, finish_upload},
    {"POST", "/captures/{}/filters", Lane::kRead, kSmallBody, false, add_filter},
    {"GET", "/captures/{}/packets/{}", Lane::kRead, 0, false, get_packet},
    {"GET", "/captures/{}/find", Lane::kLong, 0, false, find_packet},
    {"GET", "/captures/{}/conversation", Lane::kRead, 0, false, find_conversation},
    {"GET", "/captures/{}/row", Lane::kRead, 0, false, get_row},
    {"GET", "/captures/{}/series", Lane::kRead, 0, false, get_series},
    {"POST", "/captures/{}/exports", Lane::kControl, limits::kHttpBodyBytesMax, false,
     start_export},
    {"GET", "/jobs/{}", Lane::kControl, 0, false, get_job},
    {"DELETE", "/jobs/{}", Lane::kStop, kSmallBody, false, cancel_job},
    {"POST", "/jobs/{}/ticket", Lane::kControl, kSmallBody, false, get_ticket},
    {"GET", "/jobs/{}/file", Lane::kControl, 0, false, get_file},
    {"GET", "/complete", Lane::kRead, 0, false, complete},
    {"GET", "/fields", Lane::kRead, 0, false, get_fields},
};

bool is_id(std::string_view text) {
  if (text.empty() || text.size() > kIdBytesMax) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

bool matches(std::string_view pattern, std::string_view path, std::array<std::string, 2>& ids) {
  size_t found = 0;
  while (!pattern.empty()) {
    if (path.empty() || path[0] != '/') return false;
    const std::string_view want = pattern.substr(0, std::min(pattern.find('/', 1), pattern.size()));
    const std::string_view have = path.substr(0, std::min(path.find('/', 1), path.size()));
    if (want == "/{}") {
      if (!is_id(have.substr(1)) || found == ids.size()) return false;
      ids[found++] = have.substr(1);
    } else if (want == "/{name}") {
      std::string name;
      if (!decode_segment(have.substr(1), name) || !is_interface_name(name)) return false;
      ids[found++] = name;
    } else if (want != have) {
      return false;
    }
    pattern.remove_prefix(want.size());
    path.remove_prefix(have.size());
  }
  return path.empty();
}

const Route* route_of(std::string_view method, std::string_view path,
                      std::array<std::string, 2>& ids) {
  for (const Route& route : kRoutes)
    if (route.method == method && matches(route.pattern, path, ids)) return &route;
  return nullptr;
}

}  // namespace

std::optional<Api::Plan> Api::plan(std::string_view method, std::string_view path) {
  std::array<std::string, 2> ids;
  const Route* route = route_of(method, path, ids);
  if (route == nullptr) return {};
  return Plan{route->lane, route->body_bytes_max, route->handler == get_file};
}

Response Api::handle(const Request& request) {
  Call call{request, {}, JsonIn::object()};
  const Route* route = route_of(request.method, request.path, call.ids);
  if (route == nullptr) return refuse(404, "There is no such call; docs/api.md lists them.");
  if (request.body.size() > route->body_bytes_max)
    return refuse(413, "The body of this call is too large.");
  if (!route->raw_body && !request.body.empty()) {
    auto body = parse_object(request.body);
    if (!body) return refuse(400, "The body must be a JSON object.");
    call.body = std::move(*body);
  }
  try {
    return route->handler(*this, call);
  } catch (const std::exception& cause) {  // the JSON library's, and no memory
    return refuse(500, fmt::format("The call failed: {}", cause.what()));
  }
}

}  // namespace sp3ctra::api
