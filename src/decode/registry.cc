#include "decode/registry.h"

#include <algorithm>
#include <map>

#include "base/check.h"

namespace sp3ctra {

// One protocol, one line here and one in the list below.
extern const Protocol kFrame;
extern const Protocol kEth;
extern const Protocol kFddi;
extern const Protocol kLlc;
extern const Protocol kLinuxSll;
extern const Protocol kLinuxSll2;
extern const Protocol kNullLoop;
extern const Protocol kRawIp;
extern const Protocol kVlan;
extern const Protocol kProviderVlan;
extern const Protocol kArp;
extern const Protocol kIp;
extern const Protocol kIpv6;
extern const Protocol kIpv6HopOptions;
extern const Protocol kIpv6DestinationOptions;
extern const Protocol kIpv6Routing;
extern const Protocol kIpv6Fragment;
extern const Protocol kIcmp;
extern const Protocol kIcmpv6;
extern const Protocol kIcmpv6Options;
extern const Protocol kTcp;
extern const Protocol kTcpOptions;
extern const Protocol kUdp;
extern const Protocol kData;
extern const Protocol kDns, kMdns, kLlmnr;
extern const Protocol kHttp;
extern const Protocol kTls;
extern const Protocol kDhcp;

namespace {

const Protocol* const kProtocols[] = {
    &kFrame,
    &kEth,
    &kFddi,
    &kLlc,
    &kLinuxSll,
    &kLinuxSll2,
    &kNullLoop,
    &kRawIp,
    &kVlan,
    &kProviderVlan,
    &kArp,
    &kIp,
    &kIpv6,
    &kIpv6HopOptions,
    &kIpv6DestinationOptions,
    &kIpv6Routing,
    &kIpv6Fragment,
    &kIcmp,
    &kIcmpv6,
    &kIcmpv6Options,
    &kTcp,
    &kTcpOptions,
    &kUdp,
    &kData,
    &kDns,
    &kMdns,
    &kLlmnr,
    &kHttp,
    &kTls,
    &kDhcp,
};

struct Registry {
  DispatchTables tables;
  std::map<std::string_view, std::vector<const FieldDef*>> fields;
  std::vector<std::string_view> names;
  std::vector<std::pair<const Protocol*, uint8_t>> numbers;  // sorted by address

  Registry() {
    tables.data = &kData;
    CHECK(std::size(kProtocols) < 255);
    for (size_t i = 0; i < std::size(kProtocols); ++i)
      numbers.emplace_back(kProtocols[i], static_cast<uint8_t>(i));
    std::sort(numbers.begin(), numbers.end());
    for (const Protocol* p : kProtocols) {
      CHECK(!p->fields.empty() && p->fields[0].type == FieldType::kProtocol);
      for (const Binding& b : p->bindings) bind(b, p);
      for (const FieldDef& f : p->fields) {
        if (f.type == FieldType::kLabel) continue;
        fields[f.name].push_back(&f);
        for_each_word(f.also, [&](std::string_view w) { fields[w].push_back(&f); });
      }
    }
    for (const auto& [name, defs] : fields) names.push_back(name);
  }

  template <class F>
  static void for_each_word(std::string_view s, F f) {
    while (!s.empty()) {
      const size_t n = std::min(s.find(' '), s.size());
      if (n > 0) f(s.substr(0, n));
      s.remove_prefix(std::min(n + 1, s.size()));
    }
  }

  void bind(const Binding& b, const Protocol* p) {
    const auto put = [&](std::vector<const Protocol*>& v, size_t size) {
      v.resize(size);
      CHECK(b.key < size && v[b.key] == nullptr);
      v[b.key] = p;
    };
    switch (b.table) {
      case Table::kLinkType:
        return put(tables.link_type, 65536);
      case Table::kEthertype:
        return put(tables.ethertype, 65536);
      case Table::kIpProto:
        return put(tables.ip_proto, 256);
      case Table::kTcpPort:
        return put(tables.tcp_port, 65536);
      case Table::kUdpPort:
        return put(tables.udp_port, 65536);
      case Table::kTcpHeuristic:
        tables.tcp_heuristic.push_back(p);
        return;
      case Table::kUdpHeuristic:
        tables.udp_heuristic.push_back(p);
        return;
    }
  }
};

const Registry& registry() {
  static const Registry r;
  return r;
}

}  // namespace

std::span<const Protocol* const> all_protocols() { return kProtocols; }

uint8_t protocol_number(const Protocol* protocol) {
  const auto& n = registry().numbers;
  const auto at = std::lower_bound(n.begin(), n.end(), std::pair{protocol, uint8_t{0}});
  return at != n.end() && at->first == protocol ? at->second : uint8_t{255};
}

const DispatchTables& dispatch_tables() { return registry().tables; }

const Protocol* find_protocol(std::string_view name) {
  for (const Protocol* p : kProtocols)
    if (p->name == name) return p;
  return nullptr;
}

std::span<const FieldDef* const> find_fields(std::string_view name) {
  const auto it = registry().fields.find(name);
  if (it == registry().fields.end()) return {};
  return it->second;
}

std::span<const std::string_view> all_field_names() { return registry().names; }

}  // namespace sp3ctra
