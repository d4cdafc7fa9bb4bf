#pragma once
// What parsing leaves: a tree of and/or/not over tests, each test a relation of operands. Read by
// the matcher (match.cc), the words (reading.cc) and the index scan (header_filter.cc).
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filter/filter.h"
#include "filter/regex.h"

namespace sp3ctra {

/// How values compare.
enum class Kind : uint8_t {
  kNone,
  kBool,
  kUnsigned,
  kSigned,
  kString,
  kBytes,
  kEther,
  kIpv4,
  kIpv6,
  kAbsTime,
  kRelTime,
  kProtocol,
};
Kind kind_of(FieldType type);

/// One value while a filter runs: numbers, booleans, times, MACs and IPv4 in `number`; the rest in
/// `bytes`. prefix: only that many leading bits of an address count.
struct Value {
  Kind kind = Kind::kNone;
  uint8_t prefix = 128;
  uint64_t number = 0;
  std::string_view bytes;
};
/// <0, 0, >0. Values of kinds that do not mix are never compared (the parser refuses).
int compare(const Value& a, const Value& b) noexcept;

/// A value written in the filter.
struct Literal {
  Kind kind = Kind::kNone;
  uint8_t prefix = 128;
  uint64_t number = 0;
  std::string bytes;
  std::string shown;  ///< as typed
  Value value() const { return {kind, prefix, number, bytes}; }
};

/// [from:length], [from-to], [from]; negative = from the end.
struct Slice {
  int32_t from = 0;
  int32_t to = 0;
  enum Form : uint8_t { kLength, kInclusive, kToEnd } form = kToEnd;
};

enum class Function : uint8_t { kNone, kLen, kCount, kLower, kUpper };

/// One side of a relation: a field (perhaps cut, masked, passed through a function) or a literal.
struct Operand {
  bool is_field = false;
  std::string name;                     ///< as typed
  std::vector<const FieldDef*> fields;  ///< every definition meant
  Kind field_kind = Kind::kNone;        ///< of the field itself
  Kind kind = Kind::kNone;              ///< of the result
  int32_t layer = 0;                    ///< tcp.port#2: only the second TCP layer; -1 the last
  std::vector<Slice> slices;
  Function function = Function::kNone;
  std::optional<uint64_t> mask;  ///< field & mask
  Literal literal;               ///< when !is_field
  uint32_t position = 0, length = 0;
};

enum class Relation : uint8_t {
  kExists,
  kNonZero,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kContains,
  kMatches,
  kIn
};

struct LiteralRange {
  Literal low, high;  ///< equal for a single value
  bool range = false;
};

/// What gave a test its short form, for the words.
enum class ShortForm : uint8_t { kNone, kAddress, kPort, kWord };

struct Test {
  Relation relation = Relation::kExists;
  bool all = false;  ///< every value must hold (else any one)
  Operand left, right;
  std::vector<LiteralRange> set;
  std::shared_ptr<const Regex> regex;
  ShortForm short_form = ShortForm::kNone;
  std::string word;  ///< text of the short form
};

enum class Op : uint8_t { kTest, kAnd, kOr, kXor, kNot };

struct Expr {
  Op op = Op::kTest;
  bool parens = false;             ///< written in parentheses
  uint32_t test = 0;               ///< index into tests, for kTest
  std::vector<uint32_t> children;  ///< indexes into exprs
  uint32_t position = 0, length = 0;
};

/// Immutable once parsed. Children stand before their parents; the root is the last.
struct FilterProgram {
  std::string text;
  std::vector<Expr> exprs;  ///< empty = everything
  std::vector<Test> tests;
  std::vector<std::string> warnings;
  const FieldLookup* lookup = nullptr;
  bool header_only = true;
  uint32_t root() const { return static_cast<uint32_t>(exprs.size() - 1); }
};

/// Whether one value on the left satisfies the test (right: the other side's value, if it has one).
bool relation_holds(const Test& test, const Value& left, const Value& right) noexcept;
/// The protocol in whose table a field stands; null when none does.
const Protocol* owner_of(const FieldDef& field, const FieldLookup& lookup);
/// The plain words (reading.cc).
std::string reading_of(const FilterProgram& program);

}  // namespace sp3ctra
