// Evaluation of a compiled filter over the tree of one packet.
#include <algorithm>
#include <array>
#include <climits>
#include <cstring>

#include "filter/program.h"

namespace sp3ctra {

Kind kind_of(FieldType type) {
  switch (type) {
    case FieldType::kProtocol:
      return Kind::kProtocol;
    case FieldType::kLabel:
      return Kind::kNone;
    case FieldType::kBool:
      return Kind::kBool;
    case FieldType::kUint8:
    case FieldType::kUint16:
    case FieldType::kUint24:
    case FieldType::kUint32:
    case FieldType::kUint64:
    case FieldType::kFrameNum:
      return Kind::kUnsigned;
    case FieldType::kInt32:
    case FieldType::kInt64:
      return Kind::kSigned;
    case FieldType::kString:
      return Kind::kString;
    case FieldType::kBytes:
      return Kind::kBytes;
    case FieldType::kEther:
      return Kind::kEther;
    case FieldType::kIpv4:
      return Kind::kIpv4;
    case FieldType::kIpv6:
      return Kind::kIpv6;
    case FieldType::kAbsTime:
      return Kind::kAbsTime;
    case FieldType::kRelTime:
      return Kind::kRelTime;
  }
  return Kind::kNone;
}

namespace {

template <class T>
int order(T a, T b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

int compare_bits(std::string_view a, std::string_view b, uint8_t prefix) {
  const size_t n = std::min({a.size(), b.size(), size_t{prefix} / 8});
  if (const int c = n ? std::memcmp(a.data(), b.data(), n) : 0) return c;
  const unsigned rest = prefix % 8;
  if (rest == 0 || n >= a.size() || n >= b.size()) return 0;
  const unsigned mask = (0xffu << (8 - rest)) & 0xff;
  return order(static_cast<unsigned char>(a[n]) & mask, static_cast<unsigned char>(b[n]) & mask);
}

}  // namespace

int compare(const Value& a, const Value& b) noexcept {
  switch (a.kind) {
    case Kind::kBool:
      return order<int>(a.number != 0, b.number != 0);
    case Kind::kIpv4: {
      const unsigned bits = std::min({a.prefix, b.prefix, uint8_t{32}});
      const uint64_t mask = bits == 0 ? 0 : 0xffffffffull << (32 - bits) & 0xffffffffull;
      return order(a.number & mask, b.number & mask);
    }
    case Kind::kIpv6:
      return compare_bits(a.bytes, b.bytes, std::min(a.prefix, b.prefix));
    case Kind::kAbsTime:
    case Kind::kRelTime:
      return order(static_cast<int64_t>(a.number), static_cast<int64_t>(b.number));
    case Kind::kUnsigned:
    case Kind::kSigned: {
      // -1 lies below every unsigned number, also below those with the top bit set.
      const bool a_low = a.kind == Kind::kSigned && static_cast<int64_t>(a.number) < 0;
      const bool b_low = b.kind == Kind::kSigned && static_cast<int64_t>(b.number) < 0;
      if (a_low != b_low) return a_low ? -1 : 1;
      return order(a.number, b.number);
    }
    case Kind::kEther:
      return order(a.number, b.number);
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kProtocol:
      return a.bytes.compare(b.bytes);
    case Kind::kNone:
      return 0;
  }
  return 0;
}

bool relation_holds(const Test& t, const Value& v, const Value& right) noexcept {
  switch (t.relation) {
    case Relation::kExists:
      return true;
    case Relation::kNonZero:
      return v.number != 0;
    case Relation::kEq:
      return compare(v, right) == 0;
    case Relation::kNe:
      return compare(v, right) != 0;
    case Relation::kLt:
      return compare(v, right) < 0;
    case Relation::kLe:
      return compare(v, right) <= 0;
    case Relation::kGt:
      return compare(v, right) > 0;
    case Relation::kGe:
      return compare(v, right) >= 0;
    case Relation::kContains:
      return v.bytes.find(right.bytes) != v.bytes.npos;
    case Relation::kMatches:
      return t.regex->found(v.bytes);
    case Relation::kIn:
      return std::any_of(t.set.begin(), t.set.end(), [&](const LiteralRange& r) {
        if (!r.range) return compare(v, r.low.value()) == 0;
        return compare(v, r.low.value()) >= 0 && compare(v, r.high.value()) <= 0;
      });
  }
  return false;
}

namespace {

/// One pass over one packet.
class Matcher {
 public:
  Matcher(const FilterProgram& program, const Tree& tree, Bytes frame)
      : program_(program), tree_(tree), frame_(frame) {}

  bool holds(uint32_t index) const {
    const Expr& e = program_.exprs[index];
    switch (e.op) {
      case Op::kTest:
        return test(program_.tests[e.test]);
      case Op::kNot:
        return !holds(e.children[0]);
      case Op::kAnd:
        return std::all_of(e.children.begin(), e.children.end(),
                           [&](uint32_t c) { return holds(c); });
      case Op::kOr:
        return std::any_of(e.children.begin(), e.children.end(),
                           [&](uint32_t c) { return holds(c); });
      case Op::kXor: {
        bool odd = false;
        for (uint32_t c : e.children) odd ^= holds(c);
        return odd;
      }
    }
    return false;
  }

 private:
  static bool means(const Operand& o, const FieldDef* field) {
    return std::find(o.fields.begin(), o.fields.end(), field) != o.fields.end();
  }

  /// Calls `f(node)` for each node of the field until it returns true.
  template <class F>
  void each_node(const Operand& o, F f) const {
    const int32_t wanted = o.layer == 0 ? 0 : layer_number(o);
    if (wanted < 0) return;
    for (const Node& n : tree_.nodes) {
      if (!means(o, n.field)) continue;
      if (wanted > 0 && layer_of(n) != wanted) continue;
      if (f(n)) return;
    }
  }

  /// Which layer of its protocol a node lies in, from 1.
  int32_t layer_of(const Node& node) const {
    const FieldDef* top = nullptr;
    const auto at = static_cast<size_t>(&node - tree_.nodes.data());
    for (size_t i = at + 1; i-- > 0 && !top;)
      if (tree_.nodes[i].depth == 0) top = tree_.nodes[i].field;
    int32_t n = 0;
    for (size_t i = 0; i <= at; ++i) n += tree_.nodes[i].depth == 0 && tree_.nodes[i].field == top;
    return n;
  }
  /// A negative layer counts from the last one; -1 when there are not so many.
  int32_t layer_number(const Operand& o) const {
    if (o.layer > 0) return o.layer;
    int32_t last = 0;
    for (const Node& n : tree_.nodes)
      if (means(o, n.field)) last = std::max(last, layer_of(n));
    return last + o.layer + 1 > 0 ? last + o.layer + 1 : -1;
  }

  std::string_view source_bytes(uint16_t source) const {
    if (source == 0 && !frame_.empty()) return as_text(frame_);
    if (source >= tree_.sources.size()) return {};
    return as_text(tree_.sources[source].bytes);
  }

  /// A protocol's bytes: from its first byte to the end of what it carries, as far as later nodes
  /// of the same byte source reach (so padding drawn before it stays out).
  std::string_view protocol_bytes(const Node& node) const {
    const std::string_view all = source_bytes(node.source);
    if (node.offset >= all.size()) return {};
    size_t end = size_t{node.offset} + node.length;
    const auto at = static_cast<size_t>(&node - tree_.nodes.data());
    for (size_t i = at + 1; i < tree_.nodes.size(); ++i)
      if (tree_.nodes[i].source == node.source)
        end = std::max(end, size_t{tree_.nodes[i].offset} + tree_.nodes[i].length);
    return all.substr(node.offset, end - node.offset);
  }

  Value value_of(const Node& n, Kind kind, std::array<char, 8>& scratch, bool as_bytes) const {
    Value v{.kind = kind, .number = n.number, .bytes = {}};
    if (kind == Kind::kProtocol) {
      v.bytes = protocol_bytes(n);
    } else if (n.text_size > 0) {
      v.bytes = tree_.text_of(n);
    } else if (as_bytes && (kind == Kind::kEther || kind == Kind::kIpv4)) {
      const size_t size = kind == Kind::kEther ? 6 : 4;
      for (size_t i = 0; i < size; ++i)
        scratch[i] = static_cast<char>(n.number >> (8 * (size - 1 - i)));
      v.bytes = {scratch.data(), size};
    }
    return v;
  }

  /// Cuts `in` by the slices. One that reaches outside leaves nothing at all, as the reference
  /// does: an empty value, which differs from everything and does not count as present.
  static void cut(const Operand& o, std::string_view in, std::string& joined,
                  std::string_view& out) {
    joined.clear();
    const auto size = static_cast<int64_t>(in.size());
    for (const Slice& s : o.slices) {
      const int64_t from = s.from < 0 ? size + s.from : s.from;
      int64_t to = size;
      if (s.form == Slice::kLength) to = from + s.to;
      if (s.form == Slice::kInclusive) to = (s.to < 0 ? size + s.to : s.to) + 1;
      if (from < 0 || from >= size || to > size || to <= from) return void(out = {});
      const auto part = in.substr(static_cast<size_t>(from), static_cast<size_t>(to - from));
      if (o.slices.size() == 1) return void(out = part);
      joined += part;
    }
    out = joined;
  }

  /// Calls f(value) for each value of an operand until it returns true.
  template <class F>
  void each_value(const Operand& o, F f) const {
    if (!o.is_field) {
      f(o.literal.value());
      return;
    }
    if (o.function == Function::kCount) {
      uint64_t n = 0;
      each_node(o, [&](const Node&) { return ++n, false; });
      if (n > 0) f(Value{.kind = Kind::kUnsigned, .number = n, .bytes = {}});
      return;
    }
    std::array<char, 8> scratch{};
    std::string joined, changed;
    const bool as_bytes =
        !o.slices.empty() || o.function == Function::kLen || o.kind == Kind::kBytes;
    each_node(o, [&](const Node& n) {
      Value v = value_of(n, o.field_kind, scratch, as_bytes);
      v.kind = o.field_kind;
      if (!o.slices.empty()) cut(o, v.bytes, joined, v.bytes);
      if (o.function == Function::kLen) v.number = v.bytes.size();
      if (o.function == Function::kLower || o.function == Function::kUpper) {
        change_case(v.bytes, o.function == Function::kUpper, changed);
        v.bytes = changed;
      }
      if (o.mask) v.number &= *o.mask;
      v.kind = o.kind;
      return f(v);
    });
  }

  static void change_case(std::string_view in, bool up, std::string& out) {
    out.assign(in);
    const char from = up ? 'a' : 'A';
    for (char& c : out)
      if (c >= from && c < from + 26) c = static_cast<char>(c ^ 0x20);
  }

  bool test(const Test& t) const {
    if (t.relation == Relation::kExists) {
      bool found = false;
      if (t.left.slices.empty()) {
        each_node(t.left, [&](const Node&) { return found = true; });
      } else {
        each_value(t.left, [&](const Value& v) { return found = !v.bytes.empty(); });
      }
      return found;
    }
    // No value, no match, whatever the relation: also for "all".
    bool any_value = false, result = t.all;
    each_value(t.left, [&](const Value& a) {
      const auto decide = [&](const Value& b) {
        any_value = true;
        if (relation_holds(t, a, b) == t.all) return false;
        result = !t.all;
        return true;
      };
      if (t.relation == Relation::kIn || t.relation == Relation::kMatches ||
          t.relation == Relation::kNonZero)
        return decide(Value{});
      if (!t.right.is_field) return decide(t.right.literal.value());
      each_value(t.right, decide);
      return any_value && result != t.all;
    });
    return any_value && result;
  }

  const FilterProgram& program_;
  const Tree& tree_;
  Bytes frame_;
};

}  // namespace

bool Filter::matches(const Tree& tree, Bytes frame) const noexcept {
  const FilterProgram& p = *program_;
  return p.exprs.empty() || Matcher(p, tree, frame).holds(p.root());
}

}  // namespace sp3ctra
