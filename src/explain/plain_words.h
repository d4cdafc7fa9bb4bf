#pragma once
// Plain words about a packet, a flow or a host: sentences with strong parts and links to packets.
#include <cstdint>
#include <string>
#include <vector>

namespace sp3ctra {

/// A piece of a sentence. Text from packets is escaped already.
struct Run {
  std::string text;
  bool strong = false;
  uint64_t packet = 0;  ///< ≠ 0: an evidence link to this packet; text is then unused
};
using Sentence = std::vector<Run>;

/// The "in plain words" panel. Every sentence says only what the packet shows.
struct PlainWords {
  Sentence lead;
  std::vector<Sentence> facts;
  std::string verdict = "normal";  ///< normal | look | bad
  Sentence reason;
  std::string basis;
};

}  // namespace sp3ctra
