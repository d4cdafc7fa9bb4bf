#include "protocols/dissection.h"

#include "base/check.h"

namespace sp3ctra {

void Tree::clear() {
  nodes.clear();
  text.clear();
  sources.resize(1);
  sources[0].name = "Frame";
  sources[0].bytes.clear();
  truncated = false;
}

const Protocol* DispatchTables::find(Table table, uint32_t key) const noexcept {
  const auto in = [key](const std::vector<const Protocol*>& v) {
    return key < v.size() ? v[key] : nullptr;
  };
  switch (table) {
    case Table::kLinkType:
      return in(link_type);
    case Table::kEthertype:
      return in(ethertype);
    case Table::kIpProto:
      return in(ip_proto);
    case Table::kTcpPort:
      return in(tcp_port);
    case Table::kUdpPort:
      return in(udp_port);
    default:
      return nullptr;
  }
}

void Dissection::reset(const Packet& p) noexcept {
  packet = &p;
  parsed = Parsed{};
  quoted = 0;
  depth_ = call_depth_ = 0;
  source_count_ = 0;
  event_sequence_ = 0;
  info_size_ = 0;
  if (tree_) tree_->clear();
}

Node* Dissection::add(const FieldDef& f, const Input& in, size_t at, size_t size) {
  if (tree_->nodes.size() >= limits::kTreeNodesMax) {
    tree_->truncated = true;
    return nullptr;
  }
  Node& n = tree_->nodes.emplace_back();
  n.field = &f;
  n.source = in.source;
  n.offset = static_cast<uint32_t>(in.offset + at);
  n.length = static_cast<uint32_t>(size);
  n.depth = depth_;
  return &n;
}

void Dissection::store_text(Node& n, std::string_view value) {
  n.text = static_cast<uint32_t>(tree_->text.size());
  n.text_size = static_cast<uint32_t>(value.size());
  tree_->text.append(value);
}

void Dissection::open(const FieldDef& f, const Input& in, size_t at, size_t size, uint64_t value) {
  if (!tree_) return;
  Node* n = add(f, in, at, size);
  if (n) n->number = value;
  // A full tree still counts depth, so that close() stays balanced.
  if (depth_ < open_.size()) open_[depth_] = static_cast<uint32_t>(tree_->nodes.size() - 1);
  ++depth_;
}

void Dissection::open_text(const FieldDef& f, const Input& in, size_t at, size_t size,
                           std::string_view value) {
  if (!tree_) return;
  open(f, in, at, size);
  if (!tree_->truncated) store_text(tree_->nodes.back(), value);
}

void Dissection::close() {
  if (!tree_) return;
  DCHECK(depth_ > 0);
  --depth_;
}

void Dissection::number(const FieldDef& f, const Input& in, size_t at, size_t size,
                        uint64_t value) {
  if (!tree_) return;
  if (Node* n = add(f, in, at, size)) n->number = value;
}

void Dissection::text(const FieldDef& f, const Input& in, size_t at, size_t size,
                      std::string_view value) {
  if (!tree_) return;
  if (Node* n = add(f, in, at, size)) store_text(*n, value);
}

void Dissection::bytes(const FieldDef& f, const Input& in, size_t at, size_t size) {
  if (!tree_ || at > in.data.size()) return;
  const size_t n = std::min(size, in.data.size() - at);
  text(f, in, at, n, as_text(in.data.subspan(at, n)));
}

void Dissection::ip(const FieldDef& f, const Input& in, size_t at, const IpAddress& value) {
  if (!tree_) return;
  Node* n = add(f, in, at, value.size());
  if (!n) return;
  if (value.version == 4) n->number = value.v4_host_order();
  store_text(*n, as_text(value.bytes()));
}

void Dissection::derived(const FieldDef& f, const Input& in, uint64_t value) {
  if (!tree_) return;
  if (Node* n = add(f, in, 0, 0)) {
    n->number = value;
    n->generated = true;
  }
}

void Dissection::derived_text(const FieldDef& f, const Input& in, std::string_view value) {
  if (!tree_) return;
  if (Node* n = add(f, in, 0, 0)) {
    n->generated = true;
    store_text(*n, value);
  }
}

void Dissection::hide_last() {
  if (tree_ && !tree_->nodes.empty()) tree_->nodes.back().hidden = true;
}

void Dissection::note(std::string_view value) {
  if (!tree_ || tree_->nodes.empty()) return;
  Node& n = tree_->nodes.back();
  n.note = static_cast<uint32_t>(tree_->text.size());
  n.note_size = static_cast<uint32_t>(value.size());
  tree_->text.append(value);
}

void Dissection::note_open(std::string_view value) {
  if (!tree_ || depth_ == 0 || depth_ > open_.size() || tree_->nodes.empty()) return;
  Node& n = tree_->nodes[open_[depth_ - 1]];
  n.note = static_cast<uint32_t>(tree_->text.size());
  n.note_size = static_cast<uint32_t>(value.size());
  tree_->text.append(value);
}

void Dissection::set_open_length(size_t size) {
  if (!tree_ || depth_ == 0 || depth_ > open_.size() || tree_->nodes.empty()) return;
  tree_->nodes[open_[depth_ - 1]].length = static_cast<uint32_t>(size);
}

namespace {
constexpr FieldDef kAnomalyField{"sp3ctra.anomaly", FieldType::kString, FieldBase::kDec, "Anomaly",
                                 "Something in these bytes breaks the rules of the protocol."};
}  // namespace

void Dissection::anomaly(const AnomalyDef& a, const Input& in, size_t at, size_t size) noexcept {
  if (quoted > 0) return;  // the quoted packet is cut by rule; its oddities are not this packet's
  for (size_t i = 0; i < parsed.anomaly_count; ++i)
    if (parsed.anomalies[i] == &a) return;
  if (parsed.anomaly_count < parsed.anomalies.size()) parsed.anomalies[parsed.anomaly_count++] = &a;
  if (!tree_) return;
  if (Node* n = add(kAnomalyField, in, at, size)) {
    n->anomaly = &a;
    n->generated = true;
    store_text(*n, a.name);
  }
}

void Dissection::info(std::string_view line) {
  if (quoted > 0) return;
  info_size_ = std::min(line.size(), info_.size());
  std::memcpy(info_.data(), line.data(), info_size_);
}

void Dissection::emit(Event& event) noexcept {
  if (!wants_events() || quoted > 0) return;
  event.ts = packet->ts;
  event.frame = packet->number;
  event.sequence = event_sequence_++;
  event.flow = parsed.flow;
  event.ip_proto = parsed.ip_proto;
  const bool forward = parsed.direction == 0;
  event.orig = forward ? parsed.src : parsed.dst;
  event.resp = forward ? parsed.dst : parsed.src;
  event.orig_port = forward ? parsed.src_port : parsed.dst_port;
  event.resp_port = forward ? parsed.dst_port : parsed.src_port;
  events_->take(event);
}

bool Dissection::call(Table table, uint32_t key, Input in) noexcept {
  const Protocol* p = tables_.find(table, key);
  if (!p) return false;
  call(*p, in);
  return true;
}

void Dissection::call(const Protocol& protocol, Input in) noexcept {
  if (call_depth_ >= limits::kLayersMax) return;
  // Several messages of one stream in one packet are one layer.
  const bool again = protocol.frame && parsed.layer_count > 0 &&
                     parsed.layers[parsed.layer_count - 1] == &protocol;
  if (!again) {
    if (parsed.layer_count >= limits::kLayersMax) return;
    parsed.layers[parsed.layer_count++] = &protocol;
  }
  if (quoted == 0 && &protocol != tables_.data) parsed.shown = &protocol;
  ++call_depth_;
  const uint16_t depth = depth_;
  depth_ = 0;
  protocol.dissect(*this, in);
  depth_ = depth;
  --call_depth_;
}

void Dissection::opaque(Input in) noexcept {
  if (tables_.data && !in.data.empty()) call(*tables_.data, in);
}

uint16_t Dissection::add_source(std::string_view name, Bytes bytes,
                                std::span<const uint64_t> frames) {
  ++source_count_;
  if (tree_) {
    tree_->sources.push_back(
        {std::string(name), {bytes.begin(), bytes.end()}, {frames.begin(), frames.end()}});
  }
  return source_count_;
}

}  // namespace sp3ctra
