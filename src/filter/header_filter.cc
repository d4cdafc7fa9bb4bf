#include "filter/header_filter.h"

#include <algorithm>

#include "base/limits.h"
#include "filter/program.h"

namespace sp3ctra {
namespace {

/// What a field name reads from the index.
enum class Column : uint8_t {
  kNone,
  kNumber,
  kLen,
  kCapLen,
  kTime,
  kTcpFlags,
  kIpSrc,
  kIpDst,
  kIpAny,
  kIp6Src,
  kIp6Dst,
  kIp6Any,
  kIpProto,
  kTcpSrc,
  kTcpDst,
  kTcpAny,
  kUdpSrc,
  kUdpDst,
  kUdpAny,
  kVlan,
};
struct Named {
  std::string_view name;
  Column column;
  uint16_t mask = 0xffff;  ///< for TCP flags
};
constexpr Named kNamed[] = {
    {"frame.number", Column::kNumber},
    {"frame.len", Column::kLen},
    {"frame.cap_len", Column::kCapLen},
    {"frame.time", Column::kTime},
    {"frame.time_epoch", Column::kTime},
    {"ip.src", Column::kIpSrc},
    {"ip.dst", Column::kIpDst},
    {"ip.addr", Column::kIpAny},
    {"ipv6.src", Column::kIp6Src},
    {"ipv6.dst", Column::kIp6Dst},
    {"ipv6.addr", Column::kIp6Any},
    {"ip.proto", Column::kIpProto},
    {"tcp.srcport", Column::kTcpSrc},
    {"tcp.dstport", Column::kTcpDst},
    {"tcp.port", Column::kTcpAny},
    {"udp.srcport", Column::kUdpSrc},
    {"udp.dstport", Column::kUdpDst},
    {"udp.port", Column::kUdpAny},
    {"vlan.id", Column::kVlan},
    {"tcp.flags", Column::kTcpFlags, 0xfff},
    {"tcp.flags.fin", Column::kTcpFlags, 1},
    {"tcp.flags.syn", Column::kTcpFlags, 2},
    {"tcp.flags.reset", Column::kTcpFlags, 4},
    {"tcp.flags.push", Column::kTcpFlags, 8},
    {"tcp.flags.ack", Column::kTcpFlags, 16},
    {"tcp.flags.urg", Column::kTcpFlags, 32},
    {"tcp.flags.ece", Column::kTcpFlags, 64},
    {"tcp.flags.cwr", Column::kTcpFlags, 128},
    {"tcp.flags.ae", Column::kTcpFlags, 256},
    {"tcp.flags.ns", Column::kTcpFlags, 256},
    {"tcp.flags.res", Column::kTcpFlags, 0xe00},
};

const Named* column_of(const FieldDef& f) {
  for (const Named& n : kNamed)
    if (n.name == f.name) return &n;
  return nullptr;
}

/// Fields of one test must come from one place of the index: the rows, or one layer.
enum class Group : uint8_t { kNone, kRow, kIp, kIp6, kPorts, kVlan };
Group group_of(Column c) {
  switch (c) {
    case Column::kNone:
      return Group::kNone;
    case Column::kNumber:
    case Column::kLen:
    case Column::kCapLen:
    case Column::kTime:
    case Column::kTcpFlags:
      return Group::kRow;
    case Column::kIpSrc:
    case Column::kIpDst:
    case Column::kIpAny:
    case Column::kIpProto:
      return Group::kIp;
    case Column::kIp6Src:
    case Column::kIp6Dst:
    case Column::kIp6Any:
      return Group::kIp6;
    case Column::kVlan:
      return Group::kVlan;
    default:
      return Group::kPorts;
  }
}

/// A packet and its answer have the same values of the field.
bool both_ways(Column c) {
  switch (c) {
    case Column::kIpAny:
    case Column::kIp6Any:
    case Column::kTcpAny:
    case Column::kUdpAny:
    case Column::kIpProto:
    case Column::kVlan:
      return true;
    default:
      return false;
  }
}

bool is_protocol(const Test& t) {
  return t.relation == Relation::kExists && t.left.fields.size() == 1 &&
         t.left.fields[0]->type == FieldType::kProtocol;
}

constexpr uint64_t kSignBit = 1ull << 63;

size_t count_of(const StackFacts& s, std::string_view name) {
  return static_cast<size_t>(std::count(s.protocols.begin(), s.protocols.end(), name));
}

/// Nothing can be concluded from a layer's absence. (What an ICMP error quotes is in the stack.)
bool open_ended(const StackFacts& s) {
  return s.protocols.empty() || s.protocols.size() >= limits::kLayersMax;
}

/// The row's flow does not speak for every address in the packet.
bool several_layers(const StackFacts& s) {
  constexpr std::string_view kRewriting[] = {"ah", "esp", "ipcomp", "gre", "mpls"};
  for (std::string_view name : kRewriting)
    if (count_of(s, name) > 0) return true;
  return count_of(s, "ip") + count_of(s, "ipv6") > 1 || count_of(s, "tcp") + count_of(s, "udp") > 1;
}

/// The values of the test's fields in a packet of this flow; at most 4.
size_t flow_values(const Test& t, std::span<const uint8_t> columns, const FlowFacts& f,
                   bool reversed, std::array<Value, 4>& out) {
  const IpAddress& src = reversed ? f.resp : f.orig;
  const IpAddress& dst = reversed ? f.orig : f.resp;
  const uint16_t ports[2] = {reversed ? f.resp_port : f.orig_port,
                             reversed ? f.orig_port : f.resp_port};
  size_t n = 0;
  const auto put = [&](Value v) {
    if (n < out.size()) out[n++] = v;
  };
  const auto put_ip = [&](const IpAddress& a, int version) {
    if (a.version != version) return;
    if (version == 4) put({.kind = Kind::kIpv4, .number = a.v4_host_order(), .bytes = {}});
    if (version == 6) put({.kind = Kind::kIpv6, .bytes = as_text(a.bytes())});
  };
  const auto put_number = [&](uint64_t v) {
    put({.kind = Kind::kUnsigned, .number = t.left.mask ? v & *t.left.mask : v, .bytes = {}});
  };
  const bool tcp = f.has_ports && f.ip_proto == 6, udp = f.has_ports && f.ip_proto == 17;
  for (const uint8_t column : columns) {
    const auto c = static_cast<Column>(column);
    if (c == Column::kIpSrc || c == Column::kIpAny) put_ip(src, 4);
    if (c == Column::kIpDst || c == Column::kIpAny) put_ip(dst, 4);
    if (c == Column::kIp6Src || c == Column::kIp6Any) put_ip(src, 6);
    if (c == Column::kIp6Dst || c == Column::kIp6Any) put_ip(dst, 6);
    if (c == Column::kIpProto && src.version == 4) put_number(f.ip_proto);
    if (tcp && (c == Column::kTcpSrc || c == Column::kTcpAny)) put_number(ports[0]);
    if (tcp && (c == Column::kTcpDst || c == Column::kTcpAny)) put_number(ports[1]);
    if (udp && (c == Column::kUdpSrc || c == Column::kUdpAny)) put_number(ports[0]);
    if (udp && (c == Column::kUdpDst || c == Column::kUdpAny)) put_number(ports[1]);
    if (c == Column::kVlan && f.has_vlan && f.vlan_exact) put_number(f.vlan);
  }
  return n;
}

}  // namespace

bool in_header(const Test& t) {
  if (is_protocol(t)) return t.left.slices.empty() && t.left.layer == 0;
  const Operand& o = t.left;
  if (o.function != Function::kNone || !o.slices.empty() || o.layer != 0 || t.right.is_field)
    return false;
  if (t.relation == Relation::kContains || t.relation == Relation::kMatches) return false;
  Group group = Group::kNone;
  for (const FieldDef* f : o.fields) {
    const Named* n = column_of(*f);
    if (!n) return false;
    const Group g = group_of(n->column);
    if (group != Group::kNone && g != group) return false;
    group = g;
  }
  // Row columns are one value each; a name that stands for two of them is left to the tree.
  return group != Group::kNone && (group != Group::kRow || o.fields.size() == 1);
}

void HeaderProgram::set_intervals(Leaf& leaf) {
  const Test& t = *leaf.test;
  const bool is_signed = t.left.kind == Kind::kAbsTime || t.left.kind == Kind::kRelTime ||
                         t.left.kind == Kind::kSigned;
  // Signed values are shifted so that one unsigned comparison serves all.
  const uint64_t shift = is_signed ? kSignBit : 0;
  const uint64_t v = t.right.literal.number ^ shift;
  auto& out = leaf.intervals;
  switch (t.relation) {
    case Relation::kExists:
      out = {{0, ~0ull}};
      break;
    case Relation::kNonZero:
      out = {{1, ~0ull}};
      break;
    case Relation::kEq:
      out = {{v, v}};
      break;
    case Relation::kNe:
      if (v > 0) out.push_back({0, v - 1});
      if (v < ~0ull) out.push_back({v + 1, ~0ull});
      break;
    case Relation::kLt:
      if (v > 0) out = {{0, v - 1}};
      break;
    case Relation::kLe:
      out = {{0, v}};
      break;
    case Relation::kGt:
      if (v < ~0ull) out = {{v + 1, ~0ull}};
      break;
    case Relation::kGe:
      out = {{v, ~0ull}};
      break;
    case Relation::kIn:
      for (const LiteralRange& r : t.set)
        out.push_back({r.low.number ^ shift, r.high.number ^ shift});
      break;
    default:
      break;
  }
}

HeaderProgram::Leaf HeaderProgram::make_leaf(const Test& t) const {
  const FieldLookup& lookup = *filter_.program().lookup;
  Leaf leaf;
  leaf.test = &t;
  for (const FieldDef* f : t.left.fields) {
    const Protocol* owner = owner_of(*f, lookup);
    // A field of unknown origin may stand anywhere: its absence cannot be concluded.
    if (!owner || owner->name == "frame") {
      leaf.owners.clear();
      break;
    }
    leaf.owners.push_back(owner->name);
  }
  if (!in_header(t)) return leaf;
  if (is_protocol(t)) {
    const std::string_view name = t.left.fields[0]->name;
    leaf.source = name == "frame" ? Source::kAlways : Source::kStack;
    leaf.owners = {name};
    return leaf;
  }
  const Named& n = *column_of(*t.left.fields[0]);
  const Group group = group_of(n.column);
  if (group == Group::kRow) {
    switch (n.column) {
      case Column::kNumber:
        leaf.source = Source::kNumber;
        break;
      case Column::kLen:
        leaf.source = Source::kLen;
        break;
      case Column::kCapLen:
        leaf.source = Source::kCapLen;
        break;
      case Column::kTime:
        leaf.source = Source::kTime;
        break;
      default:
        leaf.source = Source::kTcpFlags;
        leaf.owners = {"tcp"};
    }
    leaf.mask = leaf.source == Source::kTcpFlags ? n.mask : ~0ull;
    leaf.as_bool = t.left.field_kind == Kind::kBool;
    if (t.left.mask) leaf.mask &= *t.left.mask;
    set_intervals(leaf);
    return leaf;
  }
  leaf.source = Source::kFlow;
  leaf.two_way = true;
  for (const FieldDef* f : t.left.fields) {
    const Column c = column_of(*f)->column;
    leaf.columns.push_back(static_cast<uint8_t>(c));
    leaf.two_way = leaf.two_way && both_ways(c);
  }
  const Literal& literal = t.right.literal;
  if (t.relation == Relation::kEq && !t.all && !t.left.mask &&
      (literal.kind == Kind::kIpv4 || literal.kind == Kind::kUnsigned)) {
    const bool net = literal.kind == Kind::kIpv4 && literal.prefix < 32;
    const uint64_t host = net ? 0xffffffffull >> literal.prefix : 0;
    leaf.numbers = true;
    leaf.intervals = {{literal.number & ~host, literal.number | host}};
  }
  leaf.owners.clear();
  if (group == Group::kIp) leaf.owners = {"ip"};
  if (group == Group::kIp6) leaf.owners = {"ipv6"};
  if (group == Group::kVlan) leaf.owners = {"vlan"};
  for (const FieldDef* f : t.left.fields) {
    if (group != Group::kPorts) break;
    const std::string_view owner = f->name.substr(0, 3);
    if (std::find(leaf.owners.begin(), leaf.owners.end(), owner) == leaf.owners.end())
      leaf.owners.push_back(owner);
  }
  return leaf;
}

HeaderProgram HeaderProgram::compile(const Filter& filter) {
  HeaderProgram p;
  p.filter_ = filter;
  p.exact_ = filter.header_only();
  for (const Test& t : p.filter_.program().tests) p.leaves_.push_back(p.make_leaf(t));
  for (Leaf& leaf : p.leaves_) leaf.needle = needle_of(leaf);
  return p;
}

/// The bytes of a packet without which a test of one address or port cannot be true.
std::string HeaderProgram::needle_of(const Leaf& leaf) {
  if (!leaf.numbers || leaf.intervals[0].low != leaf.intervals[0].high) return {};
  const Group group = group_of(static_cast<Column>(leaf.columns[0]));
  const int bytes = group == Group::kIp && leaf.test->right.literal.kind == Kind::kIpv4 ? 4
                    : group == Group::kPorts                                            ? 2
                                                                                        : 0;
  const uint64_t number = leaf.intervals[0].low;
  if (bytes == 0 || number >> (8 * bytes) != 0) return {};
  std::string text;
  for (int at = bytes - 1; at >= 0; --at) text.push_back(static_cast<char>(number >> (8 * at)));
  return text;
}

/// `decided`: had a test of the row's own columns been true here, the row would have been a yes.
bool HeaderProgram::could(size_t expr, std::string_view packet, bool decided) const noexcept {
  const Expr& x = filter_.program().exprs[expr];
  if (x.op == Op::kTest) {
    const Leaf& leaf = leaves_[x.test];
    const bool row = leaf.source == Source::kNumber || leaf.source == Source::kLen ||
                     leaf.source == Source::kCapLen || leaf.source == Source::kTime;
    if (row) return !decided;
    return leaf.needle.empty() || packet.find(leaf.needle) != std::string_view::npos;
  }
  const auto child = [&](auto c) { return could(c, packet, decided && x.op == Op::kOr); };
  if (x.op == Op::kAnd) return std::all_of(x.children.begin(), x.children.end(), child);
  if (x.op == Op::kOr) return std::any_of(x.children.begin(), x.children.end(), child);
  return true;
}

bool HeaderProgram::could_match(Bytes packet) const noexcept {
  const auto& exprs = filter_.program().exprs;
  return exprs.empty() || could(exprs.size() - 1, as_text(packet), true);
}

uint8_t HeaderProgram::stack_answer(const Leaf& leaf, const StackFacts& facts) {
  if (leaf.owners.empty()) return kMaybe;
  size_t present = 0;
  for (std::string_view owner : leaf.owners) present += count_of(facts, owner);
  if (present == 0) return open_ended(facts) ? kMaybe : kFalse;
  if (leaf.source == Source::kStack) return kTrue;
  if (leaf.source == Source::kDeep) return kMaybe;
  if (present > 1 || open_ended(facts) || several_layers(facts)) return kMaybe;
  return kAsk;
}

/// As flow_answer, for the commonest question, asked once for every flow of a capture.
uint8_t HeaderProgram::number_answer(const Leaf& leaf, const FlowFacts& f, bool reversed) {
  const Interval wanted = leaf.intervals[0];
  bool known = false, in = false;
  const auto take = [&](uint64_t v) {
    known = true;
    in = in || v - wanted.low <= wanted.high - wanted.low;
  };
  const bool v4 = f.orig.version == 4, ports = f.has_ports;
  for (const uint8_t column : leaf.columns) {
    const auto c = static_cast<Column>(column);
    const bool tcp = c == Column::kTcpSrc || c == Column::kTcpDst || c == Column::kTcpAny;
    const bool udp = c == Column::kUdpSrc || c == Column::kUdpDst || c == Column::kUdpAny;
    const bool src = c == Column::kIpSrc || c == Column::kTcpSrc || c == Column::kUdpSrc;
    const bool dst = c == Column::kIpDst || c == Column::kTcpDst || c == Column::kUdpDst;
    const bool address = c == Column::kIpSrc || c == Column::kIpDst || c == Column::kIpAny;
    if ((address && v4) || (tcp && ports && f.ip_proto == 6) ||
        (udp && ports && f.ip_proto == 17)) {
      const uint64_t orig = address ? f.orig.v4_host_order() : f.orig_port;
      const uint64_t resp = address ? f.resp.v4_host_order() : f.resp_port;
      if (!dst) take(reversed ? resp : orig);
      if (!src) take(reversed ? orig : resp);
    } else if (c == Column::kIpProto && v4) {
      take(f.ip_proto);
    } else if (c == Column::kVlan && f.has_vlan && f.vlan_exact) {
      take(f.vlan);
    }
  }
  return !known ? kMaybe : in ? kTrue : kFalse;
}

uint8_t HeaderProgram::flow_answer(const Leaf& leaf, const FlowFacts& facts, bool reversed) {
  if (leaf.numbers) return number_answer(leaf, facts, reversed);
  std::array<Value, 4> values;
  const size_t n = flow_values(*leaf.test, leaf.columns, facts, reversed, values);
  if (n == 0) return kMaybe;
  const Test& t = *leaf.test;
  if (t.relation == Relation::kExists) return kTrue;
  const Value right = t.right.literal.value();
  const auto holds = [&](const Value& v) { return relation_holds(t, v, right); };
  const bool yes = t.all ? std::all_of(values.begin(), values.begin() + n, holds)
                         : std::any_of(values.begin(), values.begin() + n, holds);
  return yes ? kTrue : kFalse;
}

void HeaderProgram::set_flow(uint32_t flow, const FlowFacts& facts) {
  if (flow == kNoFlow) return;
  for (Leaf& leaf : leaves_) {
    if (leaf.source != Source::kFlow) continue;
    Lane& lane = leaf.lanes[flow % kLanes];
    if (flow / kLanes < lane.flows_from) continue;
    const size_t at = (flow / kLanes - lane.flows_from) * 2;
    if (lane.flows.size() < at + 2) lane.flows.resize(at + 2, kMaybe);
    lane.flows[at] = flow_answer(leaf, facts, false);
    lane.flows[at + 1] = leaf.two_way ? lane.flows[at] : flow_answer(leaf, facts, true);
  }
}

void HeaderProgram::forget_flows_below(uint32_t flow) {
  for (Leaf& leaf : leaves_) {
    if (leaf.source != Source::kFlow) continue;
    Lane& lane = leaf.lanes[flow % kLanes];
    const size_t from = flow / kLanes;
    if (from <= lane.flows_from) continue;
    const size_t gone = std::min((from - lane.flows_from) * 2, lane.flows.size());
    lane.flows.erase(lane.flows.begin(), lane.flows.begin() + static_cast<std::ptrdiff_t>(gone));
    lane.flows.shrink_to_fit();
    lane.flows_from = from;
  }
}

void HeaderProgram::set_stack(uint16_t stack, const StackFacts& facts) {
  for (Leaf& leaf : leaves_) {
    if (leaf.stacks.size() <= stack) leaf.stacks.resize(size_t{stack} + 1, kMaybe);
    leaf.stacks[stack] = stack_answer(leaf, facts);
  }
}

}  // namespace sp3ctra
