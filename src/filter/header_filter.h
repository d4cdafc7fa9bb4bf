#pragma once
// Filters over the packet index: which rows match, which do not, and which only the packet's tree
// can tell (three-valued logic). Exact where it says yes or no; the caller asks Filter::matches()
// for the rows left as maybe. header_only filters leave few: packets quoted in ICMP errors,
// tunnels, rows without a flow.
//
// Header fields: frame.number/len/cap_len/time/time_epoch, protocol presence,
// ip.src/dst/addr/proto, ipv6.src/dst/addr, tcp and udp ports, tcp.flags and its bits, vlan.id.
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/limits.h"
#include "filter/filter.h"

namespace sp3ctra {

struct Test;

/// True when a test asks only for header fields.
bool in_header(const Test& test);

/// What is the same for all packets of a flow. The innermost flow, as the row names it.
struct FlowFacts {
  IpAddress orig, resp;
  uint16_t orig_port = 0, resp_port = 0;
  uint8_t ip_proto = 0;
  uint16_t vlan = 0;
  bool has_vlan = false, has_ports = false;
  bool vlan_exact = false;  ///< every packet of the flow is known to carry exactly this VLAN id
};

/// The protocols of one stack id, outermost first, as in frame.protocols.
struct StackFacts {
  std::vector<std::string_view> protocols;
};

inline constexpr uint32_t kNoFlow = std::numeric_limits<uint32_t>::max();

/// Columns of consecutive rows; every array has n entries and outlives the call.
struct RowColumns {
  size_t n = 0;
  const int64_t* ts_ns = nullptr;
  const uint32_t* len = nullptr;
  const uint32_t* caplen = nullptr;
  const uint32_t* flow = nullptr;       ///< as given to set_flow, or kNoFlow
  const uint8_t* direction = nullptr;   ///< 0 = originator → responder
  const uint16_t* tcp_flags = nullptr;  ///< 12 bits as on the wire
  const uint16_t* stack_id = nullptr;   ///< as given to set_stack
  const uint16_t* anomaly_bits = nullptr;
  uint64_t first_number = 1;  ///< frame number of row 0
  /// Bits of anomaly_bits after which a row's header columns are not trusted (left as maybe).
  uint16_t uncertain_bits = 0xffff;
};

/// A filter compiled for scanning. First tell it the flows and stacks (in any order, also later
/// when new ones appear; not while evaluate runs), then evaluate blocks of rows from any thread.
class HeaderProgram {
 public:
  static HeaderProgram compile(const Filter& filter);

  /// True when every test is a header test (Filter::header_only).
  bool exact() const { return exact_; }
  /// Of a row left as maybe: false when its packet lacks the addresses and ports without which the
  /// filter cannot be true.
  bool could_match(Bytes packet) const noexcept;
  void set_flow(uint32_t flow, const FlowFacts& facts);
  /// What was told of flows below `flow` that are of its shard (the same remainder by
  /// limits::kShards) may be forgotten: their rows become maybe.
  void forget_flows_below(uint32_t flow);
  void set_stack(uint16_t stack, const StackFacts& facts);

  /// Bitmaps of (n + 63) / 64 words, bit i of word w = row 64 w + i; unused bits are 0. A row is in
  /// `yes`, in `maybe` or in neither (it surely does not match).
  void evaluate(const RowColumns& rows, uint64_t* yes, uint64_t* maybe) const noexcept;

 private:
  enum class Source : uint8_t {
    kDeep,
    kAlways,
    kStack,
    kFlow,
    kTcpFlags,
    kNumber,
    kLen,
    kCapLen,
    kTime
  };
  struct Interval {
    uint64_t low, high;
  };
  /// Flows are numbered shard by shard: flow n is the n / kLanes-th of lane n % kLanes.
  static constexpr uint32_t kLanes = limits::kShards;
  struct Lane {
    size_t flows_from = 0;       ///< flows of the lane below are not known any more
    std::vector<uint8_t> flows;  ///< by 2 (place in the lane - flows_from) + direction: Answer
  };
  struct Leaf {
    Source source = Source::kDeep;
    const Test* test = nullptr;
    uint64_t mask = ~0ull;                 ///< applied to a row's number first
    bool as_bool = false;                  ///< then ≠ 0
    std::vector<Interval> intervals;       ///< a row's number lies in one: true
    std::vector<std::string_view> owners;  ///< protocols without which the test is false
    std::vector<uint8_t> columns;          ///< of the test's fields, for kFlow
    bool two_way = false;                  ///< both directions of a flow have the same values
    bool numbers = false;                  ///< kFlow: some number in intervals[0] is all it asks
    std::string needle;                    ///< bytes of a packet that it cannot be true without
    std::vector<uint8_t> stacks;           ///< by stack id: Answer
    std::vector<Lane> lanes = std::vector<Lane>(kLanes);
  };
  /// Bit 0: surely true; bit 1: possibly true. kAsk: the flow or the row decides.
  enum Answer : uint8_t { kFalse = 0, kAsk = 1, kMaybe = 2, kTrue = 3 };
  struct Words;

  Leaf make_leaf(const Test& test) const;
  static std::string needle_of(const Leaf& leaf);
  bool could(size_t expr, std::string_view packet, bool decided) const noexcept;
  static void set_intervals(Leaf& leaf);
  static uint8_t stack_answer(const Leaf& leaf, const StackFacts& facts);
  static uint8_t number_answer(const Leaf& leaf, const FlowFacts& facts, bool reversed);
  static uint8_t flow_answer(const Leaf& leaf, const FlowFacts& facts, bool reversed);
  void chunk(const RowColumns& rows, size_t from, size_t n, std::vector<Words>& scratch) const;
  void leaf_words(const Leaf& leaf, const RowColumns& rows, size_t from, size_t n,
                  const Words& doubt, Words& out) const;
  template <class NumberOf>
  static void number_words(const Leaf& leaf, size_t from, size_t n, Words& out, NumberOf number);

  Filter filter_;  // keeps the program alive that the leaves point into
  bool exact_ = true;
  std::vector<Leaf> leaves_;  // one for each test
};

}  // namespace sp3ctra
