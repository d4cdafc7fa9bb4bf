// A filter in plain words: "Showing everything except SSH and except packets that come from …".
#include <fmt/format.h>

#include <algorithm>

#include "filter/program.h"

namespace sp3ctra {
namespace {

class Words {
 public:
  explicit Words(const FilterProgram& p) : p_(p) {}

  std::string all() const {
    std::string s = p_.exprs.empty() ? "Showing everything." : sentence(p_.root());
    for (const std::string& w : p_.warnings) s += " " + w;
    // The user's own text may hold control characters (pasted): they never reach a terminal.
    for (char& c : s)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return s;
  }

 private:
  const Test& test_of(uint32_t e) const { return p_.tests[p_.exprs[e].test]; }

  std::string protocol_label(const Operand& o) const {
    const Protocol* p = owner_of(*o.fields[0], *p_.lookup);
    return std::string(p && !p->label.empty() ? p->label : o.fields[0]->label);
  }
  bool is_protocol(const Test& t) const {
    return t.relation == Relation::kExists && t.left.field_kind == Kind::kProtocol &&
           t.left.slices.empty() && t.left.layer == 0;
  }

  std::string sentence(uint32_t root) const {
    const Expr& e = p_.exprs[root];
    std::vector<uint32_t> parts = e.op == Op::kAnd ? e.children : std::vector<uint32_t>{root};
    const bool only_nots = std::all_of(parts.begin(), parts.end(),
                                       [&](uint32_t c) { return p_.exprs[c].op == Op::kNot; });
    if (only_nots) {
      std::string s = "Showing everything";
      for (size_t i = 0; i < parts.size(); ++i)
        s += (i ? " and except " : " except ") + noun(p_.exprs[parts[i]].children[0]);
      return s + ".";
    }
    return "Showing only " + noun(root) + ".";
  }

  /// What a part selects, as a thing.
  std::string noun(uint32_t index) const {
    const Expr& e = p_.exprs[index];
    if (e.op == Op::kTest && is_protocol(test_of(index)))
      return protocol_label(test_of(index).left);
    const bool protocols_only =
        e.op == Op::kOr && std::all_of(e.children.begin(), e.children.end(), [&](uint32_t c) {
          return p_.exprs[c].op == Op::kTest && is_protocol(test_of(c));
        });
    if (!protocols_only) return "packets that " + verb(index);
    std::string s;
    for (uint32_t c : e.children) s += (s.empty() ? "" : " or ") + noun(c);
    return s;
  }

  static std::string negated(const std::string& phrase) {
    if (phrase.starts_with("are ")) return "are not " + phrase.substr(4);
    return "do not " + phrase;
  }

  /// What a part demands, to stand behind "packets that".
  std::string verb(uint32_t index) const {
    const Expr& e = p_.exprs[index];
    if (e.op == Op::kTest) return phrase(test_of(index));
    if (e.op == Op::kNot) {
      if (p_.exprs[e.children[0]].op == Op::kTest) return negated(verb(e.children[0]));
      return "do not fit (" + verb(e.children[0]) + ")";
    }
    const char* joint = e.op == Op::kAnd  ? " and "
                        : e.op == Op::kOr ? " or "
                                          : " or else (not both) ";
    std::string s;
    for (uint32_t c : e.children) {
      if (!s.empty()) s += joint;
      const Op inner = p_.exprs[c].op;
      s += inner == Op::kTest || inner == Op::kNot ? verb(c) : "(" + verb(c) + ")";
    }
    return s;
  }

  std::string thing(const Operand& o) const {
    std::string s = o.name;
    if (o.field_kind == Kind::kProtocol) {
      s = protocol_label(o) + " bytes";
    } else if (o.fields.size() == 1 && o.fields[0]->name == o.name) {
      s = fmt::format("{} ({})", o.fields[0]->label, o.name);
    }
    if (o.layer > 0) s += fmt::format(" of layer {}", o.layer);
    if (o.layer < 0) s += fmt::format(" of layer {} from the end", -o.layer);
    if (!o.slices.empty()) s = "a part of " + s;
    if (o.function == Function::kLen) s = "the length of " + s;
    if (o.function == Function::kCount) s = "the number of " + s;
    if (o.function == Function::kLower) s += " in small letters";
    if (o.function == Function::kUpper) s += " in capitals";
    if (o.mask) s += fmt::format(" masked with {:#x}", *o.mask);
    return s;
  }

  std::string right_side(const Test& t) const {
    if (t.right.is_field) return thing(t.right);
    const bool utc = t.left.kind == Kind::kAbsTime && t.right.name.find('Z') == std::string::npos &&
                     t.right.name.find("UTC") == std::string::npos &&
                     t.right.name.find(':') != std::string::npos;
    return utc ? t.right.name + " UTC" : t.right.name;
  }

  static std::string list(const Test& t) {
    std::string s;
    for (size_t i = 0; i < t.set.size(); ++i) {
      if (i) s += i + 1 == t.set.size() ? " or " : ", ";
      s += t.set[i].low.shown;
      if (t.set[i].range) s += " to " + t.set[i].high.shown;
    }
    return s;
  }

  std::string relation(const Test& t) const {
    const std::string r = right_side(t);
    switch (t.relation) {
      case Relation::kEq:
        return t.all ? "always equal to " + r : "equal to " + r;
      case Relation::kNe:
        return "different from " + r;
      case Relation::kLt:
        return "below " + r;
      case Relation::kLe:
        return "at most " + r;
      case Relation::kGt:
        return "above " + r;
      case Relation::kGe:
        return "at least " + r;
      case Relation::kContains:
        return "containing " + r;
      case Relation::kMatches:
        return "matching the pattern " + r;
      case Relation::kIn:
        return "equal to " + list(t);
      default:
        return {};
    }
  }

  /// The common ones get their own words; empty for the others.
  std::string familiar(const Test& t) const {
    if (t.relation != Relation::kEq || t.all || t.right.is_field || !t.left.slices.empty() ||
        t.left.function != Function::kNone || t.left.mask || t.left.layer != 0)
      return {};
    const std::string& n = t.left.name;
    const bool net = t.right.name.find('/') != std::string::npos;
    const std::string who = (net ? "the network " : "") + t.right.name;
    if (n == "ip.src" || n == "ipv6.src" || n == "eth.src") return "come from " + who;
    if (n == "ip.dst" || n == "ipv6.dst" || n == "eth.dst") return "go to " + who;
    if (n == "ip.addr" || n == "ipv6.addr" || n == "eth.addr") return "come from or go to " + who;
    if (n == "tcp.port") return "use TCP port " + t.right.name;
    if (n == "udp.port") return "use UDP port " + t.right.name;
    if (n == "frame.number") return "are number " + t.right.name;
    if (t.left.kind == Kind::kBool)
      return fmt::format("have {} {}", thing(t.left), t.right.literal.number ? "set" : "not set");
    return {};
  }

  std::string phrase(const Test& t) const {
    if (t.short_form == ShortForm::kPort) return fmt::format("use port {} (TCP or UDP)", t.word);
    if (t.short_form == ShortForm::kWord) {
      std::string hint;
      const std::string_view near = nearest_name(t.word, *p_.lookup);
      if (!near.empty()) hint = fmt::format("; did you mean {}?", near);
      return fmt::format("contain the text “{}” anywhere (it is no field name{})", t.word, hint);
    }
    if (is_protocol(t)) return "are " + protocol_label(t.left);
    if (t.relation == Relation::kExists) return "have " + thing(t.left);
    if (t.relation == Relation::kNonZero) return fmt::format("have {} not zero", thing(t.left));
    if (std::string s = familiar(t); !s.empty()) return s;
    const bool many = t.left.fields.size() > 1;
    const char* each = t.all && many ? "every " : many ? "some " : "";
    return fmt::format("have {}{} {}", each, thing(t.left), relation(t));
  }

  const FilterProgram& p_;
};

}  // namespace

std::string reading_of(const FilterProgram& program) { return Words(program).all(); }

}  // namespace sp3ctra
