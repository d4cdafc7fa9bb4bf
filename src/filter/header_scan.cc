// The scan itself: leaves give two bitmaps (surely, possibly), and/or/not combine whole words.
#include <algorithm>

#include "filter/header_filter.h"
#include "filter/program.h"

namespace sp3ctra {
namespace {
constexpr size_t kChunkRows = 4096;  // bitmaps of all parts of a filter stay in the nearest cache
constexpr size_t kChunkWords = kChunkRows / 64;
// Shorter than the longest usual headers: a cut capture may lack the field the columns speak of.
constexpr uint32_t kCutCaplen = 128;
}  // namespace

struct HeaderProgram::Words {
  std::array<uint64_t, kChunkWords> surely, possibly;
};

template <class NumberOf>
void HeaderProgram::number_words(const Leaf& leaf, size_t from, size_t n, Words& out,
                                 NumberOf number) {
  if (leaf.intervals.size() == 1) {
    const Interval one = leaf.intervals[0];
    for (size_t i = 0; i < n; ++i) {
      const uint64_t v = number(from + i);
      out.surely[i / 64] |= uint64_t{v - one.low <= one.high - one.low} << (i % 64);
    }
  } else {
    for (size_t i = 0; i < n; ++i) {
      const uint64_t v = number(from + i);
      bool in = false;
      for (const Interval& r : leaf.intervals) in |= v >= r.low && v <= r.high;
      out.surely[i / 64] |= uint64_t{in} << (i % 64);
    }
  }
  out.possibly = out.surely;
}

void HeaderProgram::leaf_words(const Leaf& leaf, const RowColumns& rows, size_t from, size_t n,
                               const Words& doubt, Words& out) const {
  out = {};
  const uint64_t mask = leaf.mask;
  switch (leaf.source) {
    case Source::kAlways:
      out.surely.fill(~0ull);
      out.possibly.fill(~0ull);
      return;
    case Source::kNumber:
      return number_words(leaf, from, n, out,
                          [&](size_t i) { return (rows.first_number + i) & mask; });
    case Source::kLen:
      return number_words(leaf, from, n, out, [&](size_t i) { return rows.len[i] & mask; });
    case Source::kCapLen:
      return number_words(leaf, from, n, out, [&](size_t i) { return rows.caplen[i] & mask; });
    case Source::kTime:
      return number_words(leaf, from, n, out, [&](size_t i) {
        return static_cast<uint64_t>(rows.ts_ns[i]) ^ (1ull << 63);
      });
    case Source::kTcpFlags:
      number_words(leaf, from, n, out, [&](size_t i) {
        const uint64_t v = rows.tcp_flags[i] & mask;
        return leaf.as_bool ? uint64_t{v != 0} : v;
      });
      break;
    default:
      break;
  }
  const Words numbers = out;
  const bool flow = leaf.source == Source::kFlow;
  const size_t stacks = leaf.stacks.size();
  for (size_t w = 0; w * 64 < n; ++w) {
    // Whole words at a time and no branch on a row's data: neighbours belong to other flows.
    uint64_t surely = 0, possibly = 0, flow_surely = numbers.surely[w], flow_possibly = flow_surely;
    const size_t first = from + w * 64, last = std::min(first + 64, from + n);
    for (size_t row = first; row < last; ++row) {
      const uint16_t stack = rows.stack_id[row];
      const uint64_t answer = stack < stacks ? leaf.stacks[stack] : uint8_t{kMaybe};
      surely |= (answer & 1) << (row - first);
      possibly |= (answer >> 1) << (row - first);
    }
    const uint64_t ask = surely & ~possibly;
    if (flow && ask != 0) {
      for (size_t row = first; row < last; ++row) {
        const Lane& lane = leaf.lanes[rows.flow[row] % kLanes];
        const size_t at =
            (size_t{rows.flow[row] / kLanes} - lane.flows_from) * 2 + (rows.direction[row] & 1);
        const uint64_t answer = at < lane.flows.size() ? lane.flows[at] : uint8_t{kMaybe};
        flow_surely |= (answer & 1) << (row - first);
        flow_possibly |= (answer >> 1) << (row - first);
      }
    }
    const uint64_t cut = doubt.surely[w], uncertain = doubt.possibly[w];
    surely = (surely & possibly) | (ask & flow_surely & ~cut);
    possibly |= ask & (flow_possibly | cut);
    out.surely[w] = surely & ~uncertain;
    out.possibly[w] = possibly | uncertain;
  }
}

void HeaderProgram::chunk(const RowColumns& rows, size_t from, size_t n,
                          std::vector<Words>& scratch) const {
  const FilterProgram& p = filter_.program();
  Words doubt{};  // surely: header perhaps cut short; possibly: columns not to be trusted
  for (size_t i = 0; i < n; ++i) {
    const size_t row = from + i;
    const bool cut = (rows.caplen[row] < kCutCaplen) & (rows.caplen[row] < rows.len[row]);
    const bool uncertain = (rows.anomaly_bits[row] & rows.uncertain_bits) != 0;
    doubt.surely[i / 64] |= uint64_t{cut} << (i % 64);
    doubt.possibly[i / 64] |= uint64_t{uncertain} << (i % 64);
  }
  for (size_t e = 0; e < p.exprs.size(); ++e) {
    const Expr& x = p.exprs[e];
    Words& out = scratch[e];
    if (x.op == Op::kTest) {
      leaf_words(leaves_[x.test], rows, from, n, doubt, out);
      continue;
    }
    out = scratch[x.children[0]];
    for (size_t c = x.op == Op::kNot ? 0 : 1; c < x.children.size(); ++c) {
      const Words& in = scratch[x.children[c]];
      for (size_t w = 0; w < kChunkWords; ++w) {
        const uint64_t s = out.surely[w], m = out.possibly[w];
        if (x.op == Op::kNot) {
          out.surely[w] = ~in.possibly[w];
          out.possibly[w] = ~in.surely[w];
        } else if (x.op == Op::kAnd) {
          out.surely[w] = s & in.surely[w];
          out.possibly[w] = m & in.possibly[w];
        } else if (x.op == Op::kOr) {
          out.surely[w] = s | in.surely[w];
          out.possibly[w] = m | in.possibly[w];
        } else {
          // Surely different: one surely true, the other surely false.
          out.surely[w] = (s & ~in.possibly[w]) | (~m & in.surely[w]);
          out.possibly[w] = (m & ~in.surely[w]) | (~s & in.possibly[w]);
        }
      }
    }
  }
}

void HeaderProgram::evaluate(const RowColumns& rows, uint64_t* yes,
                             uint64_t* maybe) const noexcept {
  const FilterProgram& p = filter_.program();
  std::vector<Words> scratch(p.exprs.size());
  for (size_t from = 0; from < rows.n; from += kChunkRows) {
    const size_t n = std::min(kChunkRows, rows.n - from);
    if (!p.exprs.empty()) chunk(rows, from, n, scratch);
    for (size_t w = 0; w * 64 < n; ++w) {
      const size_t left = n - w * 64;
      const uint64_t used = left >= 64 ? ~0ull : (1ull << left) - 1;
      const uint64_t s = p.exprs.empty() ? ~0ull : scratch.back().surely[w];
      const uint64_t m = p.exprs.empty() ? ~0ull : scratch.back().possibly[w];
      yes[from / 64 + w] = s & used;
      maybe[from / 64 + w] = m & ~s & used;
    }
  }
}

}  // namespace sp3ctra
