#pragma once
// For tests only: a small table of protocols, and packets as trees made by hand from it.
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "filter/filter.h"

namespace sp3ctra::filter_test {

inline constexpr ValueName kTypes[] = {{1, "A"}, {28, "AAAA"}, {15, "MX"}};
inline constexpr FieldDef kFrameFields[] = {
    {"frame", FieldType::kProtocol, FieldBase::kDec, "Frame", "w"},
    {"frame.number", FieldType::kUint32, FieldBase::kDec, "Number", "w"},
    {"frame.len", FieldType::kUint32, FieldBase::kDec, "Length", "w"},
    {"frame.cap_len", FieldType::kUint32, FieldBase::kDec, "Captured", "w"},
    {"frame.time", FieldType::kAbsTime, FieldBase::kDec, "Time", "w"},
    {"frame.time_epoch", FieldType::kRelTime, FieldBase::kDec, "Seconds since 1970", "w"},
    {"frame.time_relative", FieldType::kRelTime, FieldBase::kDec, "Since the start", "w"},
    {"frame.offset", FieldType::kInt32, FieldBase::kDec, "Offset", "w"}};
inline constexpr FieldDef kEthFields[] = {
    {"eth", FieldType::kProtocol, FieldBase::kDec, "Ethernet", "w"},
    {"eth.src", FieldType::kEther, FieldBase::kDec, "From", "w", {}, "eth.addr"},
    {"eth.dst", FieldType::kEther, FieldBase::kDec, "To", "w", {}, "eth.addr"}};
inline constexpr FieldDef kVlanFields[] = {
    {"vlan", FieldType::kProtocol, FieldBase::kDec, "VLAN", "w"},
    {"vlan.id", FieldType::kUint16, FieldBase::kDec, "VLAN number", "w"}};
inline constexpr FieldDef kIpFields[] = {
    {"ip", FieldType::kProtocol, FieldBase::kDec, "IP", "w"},
    {"ip.src", FieldType::kIpv4, FieldBase::kDec, "From", "w", {}, "ip.addr"},
    {"ip.dst", FieldType::kIpv4, FieldBase::kDec, "To", "w", {}, "ip.addr"},
    {"ip.ttl", FieldType::kUint8, FieldBase::kDec, "Hops left", "w"},
    {"ip.proto", FieldType::kUint8, FieldBase::kDec, "Protocol", "w"}};
inline constexpr FieldDef kIpv6Fields[] = {
    {"ipv6", FieldType::kProtocol, FieldBase::kDec, "IPv6", "w"},
    {"ipv6.src", FieldType::kIpv6, FieldBase::kDec, "From", "w", {}, "ipv6.addr"},
    {"ipv6.dst", FieldType::kIpv6, FieldBase::kDec, "To", "w", {}, "ipv6.addr"}};
inline constexpr FieldDef kTcpFields[] = {
    {"tcp", FieldType::kProtocol, FieldBase::kDec, "TCP", "w"},
    {"tcp.srcport", FieldType::kUint16, FieldBase::kDec, "From port", "w", {}, "tcp.port"},
    {"tcp.dstport", FieldType::kUint16, FieldBase::kDec, "To port", "w", {}, "tcp.port"},
    {"tcp.flags", FieldType::kUint16, FieldBase::kHex, "Flags", "w"},
    {"tcp.flags.syn", FieldType::kBool, FieldBase::kDec, "SYN", "w"},
    {"tcp.flags.ack", FieldType::kBool, FieldBase::kDec, "ACK", "w"}};
inline constexpr FieldDef kUdpFields[] = {
    {"udp", FieldType::kProtocol, FieldBase::kDec, "UDP", "w"},
    {"udp.srcport", FieldType::kUint16, FieldBase::kDec, "From port", "w", {}, "udp.port"},
    {"udp.dstport", FieldType::kUint16, FieldBase::kDec, "To port", "w", {}, "udp.port"}};
inline constexpr FieldDef kIcmpFields[] = {
    {"icmp", FieldType::kProtocol, FieldBase::kDec, "ICMP", "w"},
    {"icmp.type", FieldType::kUint8, FieldBase::kDec, "Type", "w"}};
inline constexpr FieldDef kDnsFields[] = {
    {"dns", FieldType::kProtocol, FieldBase::kDec, "DNS", "w"},
    {"dns.qry.name", FieldType::kString, FieldBase::kDec, "Name asked for", "w"},
    {"dns.qry.type", FieldType::kUint16, FieldBase::kDec, "Kind asked for", "w", kTypes},
    {"dns.a", FieldType::kIpv4, FieldBase::kDec, "Address", "w"}};
inline constexpr FieldDef kSshFields[] = {
    {"ssh", FieldType::kProtocol, FieldBase::kDec, "SSH", "w"}};
inline constexpr FieldDef kDataFields[] = {
    {"data", FieldType::kProtocol, FieldBase::kDec, "Data", "w"},
    {"data.data", FieldType::kBytes, FieldBase::kDec, "Bytes", "w"}};

inline Protocol protocol(std::string_view label, std::span<const FieldDef> fields) {
  Protocol p{};
  p.name = fields[0].name;
  p.label = label;
  p.fields = fields;
  return p;
}

struct Tables {
  std::vector<Protocol> protocols{protocol("Frame", kFrameFields), protocol("Ethernet", kEthFields),
                                  protocol("VLAN", kVlanFields),   protocol("IP", kIpFields),
                                  protocol("IPv6", kIpv6Fields),   protocol("TCP", kTcpFields),
                                  protocol("UDP", kUdpFields),     protocol("ICMP", kIcmpFields),
                                  protocol("DNS", kDnsFields),     protocol("SSH", kSshFields),
                                  protocol("Data", kDataFields)};
  std::vector<const Protocol*> pointers;
  std::map<std::string_view, std::vector<const FieldDef*>> fields;
  std::vector<std::string_view> names;
  Tables() {
    for (const Protocol& p : protocols) {
      pointers.push_back(&p);
      for (const FieldDef& f : p.fields) {
        fields[f.name].push_back(&f);
        if (!f.also.empty()) fields[f.also].push_back(&f);
      }
    }
    for (const auto& [name, defs] : fields) names.push_back(name);
  }
};
inline const Tables& tables() {
  static const Tables t;
  return t;
}

inline const FieldLookup& lookup() {
  static constexpr FieldLookup kLookup{
      [](std::string_view name) -> std::span<const FieldDef* const> {
        const auto it = tables().fields.find(name);
        if (it == tables().fields.end()) return {};
        return it->second;
      },
      []() -> std::span<const std::string_view> { return tables().names; },
      []() -> std::span<const Protocol* const> { return tables().pointers; }};
  return kLookup;
}

/// Builds a tree; the frame's bytes are kept in it.
struct PacketMaker {
  Tree tree;
  PacketMaker() { tree.clear(); }
  PacketMaker& bytes(std::string_view b) {
    tree.sources[0].bytes.assign(as_bytes(b).begin(), as_bytes(b).end());
    return *this;
  }
  PacketMaker& layer(std::string_view name, uint32_t offset = 0, uint32_t length = 0) {
    depth_ = 0;
    number(name, 0).tree.nodes.back().offset = offset;
    tree.nodes.back().length = length;
    depth_ = 1;
    return *this;
  }
  PacketMaker& number(std::string_view name, uint64_t v) {
    Node n;
    n.field = lookup().find(name)[0];
    n.number = v;
    n.depth = depth_;
    tree.nodes.push_back(n);
    return *this;
  }
  PacketMaker& text(std::string_view name, std::string_view v) {
    number(name, 0);
    tree.nodes.back().text = static_cast<uint32_t>(tree.text.size());
    tree.nodes.back().text_size = static_cast<uint32_t>(v.size());
    tree.text += v;
    return *this;
  }
  PacketMaker& ip(std::string_view name, std::string_view address) {
    const IpAddress a = *IpAddress::parse(address);
    text(name, as_text(a.bytes()));
    if (a.version == 4) tree.nodes.back().number = a.v4_host_order();
    return *this;
  }

 private:
  uint16_t depth_ = 0;
};

}  // namespace sp3ctra::filter_test
