#pragma once
// Looks up values in a drawn tree, and builds sentences of them.
#include <fmt/format.h>

#include "decode/value_text.h"
#include "explain/plain_words.h"
#include "protocols/dissection.h"

namespace sp3ctra::explain {

/// The packet being explained.
class PacketView {
 public:
  PacketView(const Tree& tree, const Parsed& parsed, const Packet& packet)
      : tree(tree), parsed(parsed), packet(packet) {}

  /// First node of the field, outside quoted packets; null when there is none.
  const Node* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// 0 when there is none.
  uint64_t number(std::string_view name) const;
  /// Text as printed by value_text, escaped; empty when there is none.
  std::string text(std::string_view name) const;
  /// Texts of every node of the field, at most `most`.
  std::vector<std::string> texts(std::string_view name, size_t most) const;
  std::string src() const;
  std::string dst() const;

  const Tree& tree;
  const Parsed& parsed;
  const Packet& packet;
};

/// Collects the words; at most five facts are kept.
class Words {
 public:
  explicit Words(PlainWords& out) : out_(out) {}
  void lead(Sentence s) { out_.lead = std::move(s); }
  void fact(Sentence s) {
    if (out_.facts.size() < kFactsMax) out_.facts.push_back(std::move(s));
  }
  void normal(std::string_view why) { judge("normal", why); }
  void look(std::string_view why) { judge("look", why); }
  void bad(std::string_view why) { judge("bad", why); }
  static constexpr size_t kFactsMax = 5;

 private:
  void judge(const char* verdict, std::string_view why) {
    out_.verdict = verdict;
    out_.reason = {Run{std::string(why), false, 0}};
  }
  PlainWords& out_;
};

inline Run say(std::string text) { return {std::move(text), false, 0}; }
inline Run strong(std::string text) { return {std::move(text), true, 0}; }
inline Run link(uint64_t frame) { return {{}, false, frame}; }

/// "18.2 ms", "3.4 s" of nanoseconds.
std::string duration_text(int64_t ns);
/// "10 minutes" of seconds.
std::string seconds_text(uint64_t seconds);
/// "1,234".
std::string count_text(uint64_t n);

void explain_dns(const PacketView& p, Words& w);
void explain_http(const PacketView& p, Words& w);
void explain_tls(const PacketView& p, Words& w);
void explain_dhcp(const PacketView& p, Words& w);
void explain_arp(const PacketView& p, Words& w);
void explain_icmp(const PacketView& p, Words& w);
void explain_icmpv6(const PacketView& p, Words& w);
void explain_tcp(const PacketView& p, Words& w);
void explain_udp(const PacketView& p, Words& w);
void explain_fragment(const PacketView& p, Words& w);

}  // namespace sp3ctra::explain
