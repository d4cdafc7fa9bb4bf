#pragma once
// The display-filter language: text in, an immutable program out that says which packets to show.
// Syntax and meaning are those of Wireshark 4.0 (`!=` is true when *all* values differ), plus short
// forms for beginners: a bare address, `port 53`, a bare word. Nothing here throws.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "protocols/dissection.h"

namespace sp3ctra {

/// Why a filter cannot be used, in plain words, and which bytes of the text are meant.
struct FilterParseError {
  std::string message;
  uint32_t position = 0;  ///< byte offset in the text
  uint32_t length = 0;    ///< bytes; 0 = at this place (the text ended)
};

/// Where the language finds its fields; tests put their own table here. All functions are pure.
struct FieldLookup {
  /// Every definition that answers to a name; empty when unknown.
  std::span<const FieldDef* const> (*find)(std::string_view name);
  /// All names a user can type, sorted.
  std::span<const std::string_view> (*names)();
  /// Protocols; each field belongs to the one in whose table it stands.
  std::span<const Protocol* const> (*protocols)();
};
/// The real protocols (decode/registry.h).
const FieldLookup& registry_lookup();

struct FilterProgram;

/// A compiled filter: a small handle to something immutable. Copy freely, use from any thread.
class Filter {
 public:
  Filter();  ///< shows everything
  explicit Filter(std::shared_ptr<const FilterProgram> program) : program_(std::move(program)) {}

  /// Whether a packet is shown. `frame` = its captured bytes, needed by `frame contains …`, slices
  /// of protocols and plain words; without them those tests see no bytes.
  bool matches(const Tree& tree, Bytes frame = {}) const noexcept;
  /// How the filter was understood, in plain words: "Showing everything except SSH."
  /// Includes the warnings.
  std::string reading() const;
  /// Sentences about what may surprise (`and` mixed with `or`, `!=`); empty when nothing.
  const std::vector<std::string>& warnings() const;
  /// True when every test asks for something the packet index knows (filter/header_filter.h).
  bool header_only() const;
  /// True for the empty filter.
  bool everything() const;
  const std::string& text() const;
  const FilterProgram& program() const { return *program_; }

 private:
  std::shared_ptr<const FilterProgram> program_;
};

/// Compiles a filter. Text ≤ limits::kFilterBytesMax, nesting ≤ limits::kFilterDepthMax. Empty or
/// blank text = everything.
tl::expected<Filter, FilterParseError> parse_filter(std::string_view text);
tl::expected<Filter, FilterParseError> parse_filter(std::string_view text,
                                                    const FieldLookup& lookup);

/// One way to go on typing.
struct Completion {
  std::string text;    ///< replaces the bytes from … to of the text
  std::string words;   ///< what it is
  uint64_t count = 0;  ///< how often this capture has it, 0 = unknown
};
struct Completions {
  uint32_t from = 0, to = 0;
  std::vector<Completion> options;  ///< best first, at most 40
};
/// What may stand at byte `pos`. `counts` = names seen in this capture; they come first.
Completions complete(std::string_view text, size_t pos,
                     std::span<const std::pair<std::string, uint64_t>> counts,
                     const FieldLookup& lookup = registry_lookup());

/// The known name nearest to `word` by edit distance, empty when none is near.
std::string_view nearest_name(std::string_view word, const FieldLookup& lookup);

}  // namespace sp3ctra
