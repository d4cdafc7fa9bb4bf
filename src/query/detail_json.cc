#include "query/detail_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "decode/registry.h"
#include "decode/value_text.h"

namespace sp3ctra {
namespace {

using Json = nlohmann::ordered_json;

/// Replaces broken UTF-8 instead of throwing.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string hex_text(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(bytes.size() * 2, '0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    out[2 * i] = kDigits[load8(bytes, i) >> 4];
    out[2 * i + 1] = kDigits[load8(bytes, i) & 15];
  }
  return out;
}

std::string filter_text(const Tree& tree, const Node& node) {
  if (node.field->type == FieldType::kLabel) return {};
  if (node.field->type == FieldType::kProtocol) return std::string(node.field->name);
  const std::string value = filter_value(tree, node);
  // A field without a value to compare with is still found by its presence.
  return value.empty() ? std::string(node.field->name)
                       : fmt::format("{} == {}", node.field->name, value);
}

Json node_json(const Tree& tree, const Node& node) {
  Json out = {{"field", node.field->name},
              {"label", node.field->label},
              {"value", plain_value(tree, node)},
              {"filter", filter_text(tree, node)},
              {"source", node.source},
              {"offset", node.offset},
              {"length", node.length},
              {"words", node.anomaly ? node.anomaly->words : node.field->words},
              {"anomaly", node.anomaly != nullptr}};
  if (node.generated) out["generated"] = true;
  if (node.field->type == FieldType::kFrameNum && node.number != 0) out["packet"] = node.number;
  return out;
}

/// The nodes from `at` that lie deeper than their parent; moves `at` behind them. The tree's depth
/// is bounded by the sink (64 open nodes), and so is this recursion.
Json level_json(const Tree& tree, size_t& at, uint16_t depth) {
  Json out = Json::array();
  while (at < tree.nodes.size() && tree.nodes[at].depth >= depth) {
    const Node& node = tree.nodes[at++];
    const size_t children_at = at;
    if (node.hidden || node.field == nullptr) {
      while (at < tree.nodes.size() && tree.nodes[at].depth > node.depth) ++at;
      continue;
    }
    Json drawn = node_json(tree, node);
    Json children = level_json(tree, at, static_cast<uint16_t>(node.depth + 1));
    if (at > children_at && !children.empty()) drawn["children"] = std::move(children);
    out.push_back(std::move(drawn));
  }
  return out;
}

Json sentence_json(const Sentence& sentence) {
  Json out = Json::array();
  for (const Run& run : sentence) {
    if (run.packet != 0) {
      out.push_back({{"packet", run.packet}});
    } else if (run.strong) {
      out.push_back({{"t", run.text}, {"b", true}});
    } else {
      out.push_back({{"t", run.text}});
    }
  }
  return out;
}

Json words_json(const PlainWords& words) {
  Json facts = Json::array();
  for (const Sentence& fact : words.facts) facts.push_back(sentence_json(fact));
  return {{"lead", sentence_json(words.lead)},
          {"facts", std::move(facts)},
          {"verdict", words.verdict},
          {"reason", sentence_json(words.reason)},
          {"basis", words.basis}};
}

Json sources_json(const PacketDetail& detail) {
  Json out = Json::array();
  out.push_back({{"name", "Frame"}, {"hex", hex_text(detail.bytes)}});
  for (size_t i = 1; i < detail.tree.sources.size(); ++i) {
    const TreeSource& source = detail.tree.sources[i];
    std::string name = source.name;
    if (!source.frames.empty())
      name +=
          fmt::format(" ({} packet{})", source.frames.size(), source.frames.size() == 1 ? "" : "s");
    out.push_back(
        {{"name", std::move(name)}, {"hex", hex_text(source.bytes)}, {"packets", source.frames}});
  }
  return out;
}

Json number_or_null(uint64_t number) { return number == 0 ? Json(nullptr) : Json(number); }

std::string_view type_name(FieldType type) {
  switch (type) {
    case FieldType::kProtocol:
      return "protocol";
    case FieldType::kLabel:
      return "label";
    case FieldType::kBool:
      return "yes or no";
    case FieldType::kUint8:
    case FieldType::kUint16:
    case FieldType::kUint24:
    case FieldType::kUint32:
    case FieldType::kUint64:
    case FieldType::kInt32:
    case FieldType::kInt64:
      return "number";
    case FieldType::kString:
      return "text";
    case FieldType::kBytes:
      return "bytes";
    case FieldType::kEther:
      return "hardware address";
    case FieldType::kIpv4:
      return "IPv4 address";
    case FieldType::kIpv6:
      return "IPv6 address";
    case FieldType::kAbsTime:
      return "time";
    case FieldType::kRelTime:
      return "duration";
    case FieldType::kFrameNum:
      return "packet number";
  }
  return "number";
}

}  // namespace

std::string_view family_name(Family family) {
  static constexpr std::string_view kNames[] = {"carrier", "names",  "secure", "clear",
                                                "upkeep",  "remote", "files",  "things"};
  const auto i = static_cast<size_t>(family);
  return i < std::size(kNames) ? kNames[i] : kNames[0];
}

std::string packet_json(const PacketDetail& detail) {
  const Packet& packet = detail.packet;
  const Protocol* shown = detail.parsed.shown;
  size_t at = 0;
  Json out = {{"number", packet.number},
              {"ts_ns", std::to_string(packet.ts.ns)},
              {"caplen", packet.caplen},
              {"len", packet.len},
              {"interface", escape_text(detail.interface_name)},
              {"protocol", shown ? shown->label : std::string_view("Data")},
              {"family", family_name(shown ? shown->family : Family::kCarrier)},
              {"sources", sources_json(detail)},
              {"tree", level_json(detail.tree, at, 0)},
              {"truncated", detail.tree.truncated},
              {"words", words_json(detail.words)},
              {"previous", number_or_null(detail.previous)},
              {"next", number_or_null(detail.next)},
              {"flow", detail.parsed.flow.any() ? fmt::format("{}:{}", detail.parsed.flow.shard(),
                                                              detail.parsed.flow.serial())
                                                : std::string()},
              {"stream", detail.stream},
              {"command", detail.command}};
  return dump(out);
}

std::string fields_json(std::string_view prefix, size_t limit) {
  const auto names = all_field_names();
  Json fields = Json::array();
  for (auto it = std::lower_bound(names.begin(), names.end(), prefix); it != names.end(); ++it) {
    if (!it->starts_with(prefix) || fields.size() == limit) break;
    const auto found = find_fields(*it);
    if (found.empty()) continue;
    fields.push_back({{"name", *it},
                      {"type", type_name(found[0]->type)},
                      {"label", found[0]->label},
                      {"words", found[0]->words}});
  }
  return dump(Json{{"fields", std::move(fields)}});
}

}  // namespace sp3ctra
