#include "explain/packet_words.h"

#include <algorithm>

#include "explain/packet_view.h"

namespace sp3ctra {
namespace explain {

const Node* PacketView::find(std::string_view name) const {
  for (const Node& n : tree.nodes)
    if (n.field && n.field->name == name) return &n;
  return nullptr;
}

uint64_t PacketView::number(std::string_view name) const {
  const Node* n = find(name);
  return n ? n->number : 0;
}

std::string PacketView::text(std::string_view name) const {
  std::string out;
  if (const Node* n = find(name)) append_value(out, tree, *n);
  return escape_text(out);
}

std::vector<std::string> PacketView::texts(std::string_view name, size_t most) const {
  std::vector<std::string> out;
  for (const Node& n : tree.nodes) {
    if (out.size() == most) break;
    if (!n.field || n.field->name != name) continue;
    std::string one;
    append_value(one, tree, n);
    out.push_back(escape_text(one));
  }
  return out;
}

std::string PacketView::src() const {
  if (parsed.src.any()) return parsed.src.text();
  return parsed.has_eth ? mac_text(parsed.eth_src) : std::string("The sender");
}

std::string PacketView::dst() const {
  if (parsed.dst.any()) return parsed.dst.text();
  if (!parsed.has_eth) return "the receiver";
  return parsed.eth_dst == 0xffffffffffff ? std::string("everyone here") : mac_text(parsed.eth_dst);
}

std::string duration_text(int64_t ns) {
  const double s = static_cast<double>(ns) / 1e9;
  if (s < 0.001) return fmt::format("{:.0f} µs", s * 1e6);
  if (s < 1) return fmt::format("{:.1f} ms", s * 1e3);
  if (s < 120) return fmt::format("{:.1f} s", s);
  return fmt::format("{:.0f} minutes", s / 60);
}

std::string seconds_text(uint64_t n) {
  const auto unit = [](uint64_t v, const char* word) {
    return fmt::format("{} {}{}", v, word, v == 1 ? "" : "s");
  };
  if (n >= 2 * 86'400) return unit(n / 86'400, "day");
  if (n >= 2 * 3'600) return unit(n / 3'600, "hour");
  if (n >= 60) return unit(n / 60, "minute");
  return unit(n, "second");
}

std::string count_text(uint64_t n) {
  std::string s = std::to_string(n);
  for (size_t i = s.size(); i > 3; i -= 3) s.insert(i - 3, 1, ',');
  return s;
}

namespace {

struct Explainer {
  std::string_view protocol;
  void (*explain)(const PacketView&, Words&);
};
constexpr Explainer kExplainers[] = {
    {"dns", explain_dns},   {"mdns", explain_dns},  {"llmnr", explain_dns},
    {"http", explain_http}, {"tls", explain_tls},   {"dhcp", explain_dhcp},
    {"arp", explain_arp},   {"icmp", explain_icmp}, {"icmpv6", explain_icmpv6},
    {"tcp", explain_tcp},   {"udp", explain_udp}};

/// What can be said of any packet.
void explain_unknown(const PacketView& p, Words& w) {
  const Protocol* shown = p.parsed.shown;
  w.lead({strong(p.src()), say(" sends "), strong(count_text(p.packet.len) + " bytes"), say(" to "),
          strong(p.dst()), say(".")});
  if (shown && !shown->words.empty()) w.fact({say(std::string(shown->words))});
  w.normal("Nothing in this packet stands out. Its content is not explained further.");
}

/// Oddities outweigh what the protocol said.
void explain_anomalies(const PacketView& p, PlainWords& out) {
  const uint8_t n = p.parsed.anomaly_count;
  if (n == 0) return;
  const size_t room = Words::kFactsMax - std::min<size_t>(Words::kFactsMax, n);
  if (out.facts.size() > room) out.facts.resize(room);
  for (uint8_t i = 0; i < n && out.facts.size() < Words::kFactsMax; ++i)
    out.facts.push_back({say(std::string(p.parsed.anomalies[i]->words))});
  if (out.verdict != "bad") {
    out.verdict = "look";
    out.reason = {say(n == 1
                          ? "Something in this packet breaks the rules of its protocol: a damaged "
                            "packet, an unusual program, or somebody testing."
                          : "Several things in this packet break the rules of its protocols: a "
                            "damaged packet, an unusual program, or somebody testing.")};
  }
}

void add_basis(const PacketView& p, PlainWords& out) {
  std::vector<uint64_t> others;
  const auto note = [&](const Sentence& s) {
    for (const Run& r : s)
      if (r.packet && std::find(others.begin(), others.end(), r.packet) == others.end())
        others.push_back(r.packet);
  };
  note(out.lead);
  for (const Sentence& s : out.facts) note(s);
  out.basis = others.empty() ? std::string("Read directly from this packet.")
                             : fmt::format("Read directly from this packet and {} other{}.",
                                           others.size(), others.size() == 1 ? "" : "s");
  if (p.packet.caplen < p.packet.len)
    out.basis += fmt::format(" Only {} of {} bytes were captured.", count_text(p.packet.caplen),
                             count_text(p.packet.len));
}

}  // namespace
}  // namespace explain

PlainWords explain_packet(const Tree& tree, const Parsed& parsed, const Packet& packet) {
  using namespace explain;
  PlainWords out;
  Words words(out);
  const PacketView view(tree, parsed, packet);
  const std::string_view name = parsed.shown ? parsed.shown->name : std::string_view{};
  if (parsed.fragment) {
    explain_fragment(view, words);
  } else {
    for (const Explainer& e : kExplainers)
      if (e.protocol == name) e.explain(view, words);
  }
  if (out.lead.empty()) explain_unknown(view, words);
  explain_anomalies(view, out);
  add_basis(view, out);
  return out;
}

}  // namespace sp3ctra
