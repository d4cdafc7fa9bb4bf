#include "cli/packet_printer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "decode/registry.h"
#include "decode/value_text.h"
#include "filter/filter.h"

namespace sp3ctra::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string end_text(const Parsed& p, bool source) {
  const IpAddress& a = source ? p.src : p.dst;
  if (a.any()) return a.text();
  if (p.has_eth) return mac_text(source ? p.eth_src : p.eth_dst);
  return "-";
}

/// RFC 4180, and a leading sign that a spreadsheet would take for a formula is made harmless.
std::string csv_cell(std::string s) {
  if (!s.empty() && std::string_view("=+-@\t\r").find(s[0]) != std::string_view::npos)
    s.insert(0, "'");
  if (s.find_first_of(",\"\n\r") == std::string::npos) return s;
  std::string out = "\"";
  for (const char c : s) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

Json json_value(const Tree& tree, const Node& n) {
  switch (n.field->type) {
    case FieldType::kBool:
      return n.number != 0;
    case FieldType::kUint8:
    case FieldType::kUint16:
    case FieldType::kUint24:
    case FieldType::kUint32:
    case FieldType::kFrameNum:
      return n.number;
    case FieldType::kInt32:
      return static_cast<int32_t>(n.number);
    default: {
      std::string s;
      append_value(s, tree, n);
      return s;
    }
  }
}

/// The SGR code of a family, as the page's hues: names blue, secure green, clear yellow …
std::string_view family_color(Family family) {
  switch (family) {
    case Family::kCarrier:
      return "";
    case Family::kNames:
      return "34";
    case Family::kSecure:
      return "32";
    case Family::kClear:
      return "33";
    case Family::kUpkeep:
      return "36";
    case Family::kRemote:
      return "35";
    case Family::kFiles:
      return "94";
    case Family::kThings:
      return "95";
  }
  return "";
}

}  // namespace

Result<Format> parse_format(const std::string& name) {
  if (name == "text") return Format::kText;
  if (name == "tsv") return Format::kTsv;
  if (name == "jsonl") return Format::kJsonl;
  if (name == "csv") return Format::kCsv;
  if (name == "tree") return Format::kTree;
  return fail("-o {}: unknown; use text, tsv, jsonl, csv or tree", name);
}

Result<PacketPrinter> PacketPrinter::make(Format format, const std::vector<std::string>& names) {
  PacketPrinter p;
  p.format_ = format;
  for (const std::string& name : names) {
    const auto fields = find_fields(name);
    if (fields.empty()) {
      const std::string_view near = nearest_name(name, registry_lookup());
      return near.empty() ? fail("-e {}: there is no such field; see 'sp3ctra fields'", name)
                          : fail("-e {}: there is no such field; did you mean {}?", name, near);
    }
    p.columns_.push_back({name, {fields.begin(), fields.end()}});
  }
  if ((format == Format::kTsv || format == Format::kCsv) && p.columns_.empty())
    return fail("-o tsv and csv need fields: add -e FIELD, for example -e ip.src");
  return p;
}

void PacketPrinter::header(std::string& out) const {
  if (format_ != Format::kCsv) return;
  for (size_t i = 0; i < columns_.size(); ++i) out += (i ? "," : "") + csv_cell(columns_[i].name);
  out += "\r\n";
}

std::string PacketPrinter::cell(const Column& column, const Tree& tree) const {
  std::string out;
  bool first = true;
  for (const Node& n : tree.nodes) {
    if (std::find(column.fields.begin(), column.fields.end(), n.field) == column.fields.end())
      continue;
    if (!first) out += ',';
    first = false;
    append_value(out, tree, n);
  }
  return out;
}

void PacketPrinter::print_columns(std::string& out, const Dissection& d, char separator) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) out += separator;
    const std::string text = cell(columns_[i], *d.tree());
    out += separator == ',' ? csv_cell(text) : text;
  }
  out += separator == ',' ? "\r\n" : "\n";
}

std::string PacketPrinter::interface_name(const Packet& packet) const {
  if (!interfaces_ || packet.interface_id >= interfaces_->size()) return {};
  return escape_text((*interfaces_)[packet.interface_id].name);
}

void PacketPrinter::print_text(std::string& out, const Dissection& d) const {
  const Parsed& p = d.parsed;
  const auto end = [&](bool source) {
    const std::string a = end_text(p, source);
    const uint16_t port = source ? p.src_port : p.dst_port;
    if (!p.has_ports) return a;
    return p.src.version == 6 ? fmt::format("[{}]:{}", a, port) : fmt::format("{}:{}", a, port);
  };
  const std::string name = interface_name(*d.packet);
  const std::string label(p.shown ? p.shown->label : "?");
  const bool odd = p.anomaly_count > 0;
  const std::string_view hue = odd ? "31" : p.shown ? family_color(p.shown->family) : "";
  fmt::format_to(
      std::back_inserter(out), "{} {}{} → {} {} {} {}\n",
      paint_("2", fmt::format("{:>6} {}", d.packet->number, rfc3339(d.packet->ts).substr(11, 15))),
      name.empty() ? "" : name + " ", end(true), end(false), paint_(odd ? "1;31" : hue, label),
      d.packet->len, paint_(hue, escape_text(d.info())));
}

void PacketPrinter::print_tree(std::string& out, const Dissection& d) const {
  print_text(out, d);
  const Tree& t = *d.tree();
  for (const Node& n : t.nodes) {
    if (n.hidden) continue;
    const std::string value = plain_value(t, n);
    const bool top = n.field->type == FieldType::kProtocol;
    fmt::format_to(std::back_inserter(out), "{:{}}{}{}{}  [{}]\n", "", 2 + 2 * n.depth,
                   n.field->label,
                   value.empty() ? ""
                   : top         ? " "
                                 : ": ",
                   value, n.field->name);
  }
  if (t.truncated) out += "  … more fields than are drawn for one packet\n";
  out += '\n';
}

void PacketPrinter::print_jsonl(std::string& out, const Dissection& d) const {
  const Parsed& p = d.parsed;
  Json j;
  j["ts"] = rfc3339(d.packet->ts);
  j["number"] = d.packet->number;
  j["interface"] = d.packet->interface_id;
  if (interfaces_) j["interface_name"] = interface_name(*d.packet);
  j["len"] = d.packet->len;
  j["caplen"] = d.packet->caplen;
  j["src"] = end_text(p, true);
  j["dst"] = end_text(p, false);
  if (p.has_ports) {
    j["src_port"] = p.src_port;
    j["dst_port"] = p.dst_port;
  }
  j["protocol"] = std::string(p.shown ? p.shown->label : "");
  j["info"] = escape_text(d.info());
  for (const Column& c : columns_) {
    Json values = Json::array();
    for (const Node& n : d.tree()->nodes)
      if (std::find(c.fields.begin(), c.fields.end(), n.field) != c.fields.end())
        values.push_back(json_value(*d.tree(), n));
    j["fields"][c.name] = std::move(values);
  }
  Json anomalies = Json::array();
  for (size_t i = 0; i < p.anomaly_count; ++i)
    anomalies.push_back(std::string(p.anomalies[i]->name));
  if (!anomalies.empty()) j["anomalies"] = std::move(anomalies);
  out += j.dump(-1, ' ', false, Json::error_handler_t::replace);
  out += '\n';
}

void PacketPrinter::print(std::string& out, const Dissection& d) const {
  switch (format_) {
    case Format::kText:
      return columns_.empty() ? print_text(out, d) : print_columns(out, d, '\t');
    case Format::kTsv:
      return print_columns(out, d, '\t');
    case Format::kCsv:
      return print_columns(out, d, ',');
    case Format::kJsonl:
      return print_jsonl(out, d);
    case Format::kTree:
      return print_tree(out, d);
  }
}

}  // namespace sp3ctra::cli
