#pragma once
// Regular expressions of `matches`. Bounded in time: a search that needs too many steps is no
// match.
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace sp3ctra {

struct RegexError {
  std::string message;
  size_t position = 0;  ///< in the pattern
};

/// A compiled pattern, immutable; found() may run in many threads at once.
class Regex {
 public:
  virtual ~Regex() = default;
  virtual bool found(std::string_view subject) const noexcept = 0;
};

/// Compiles a Perl-like pattern, case ignored, bytes not characters.
tl::expected<std::shared_ptr<const Regex>, RegexError> compile_regex(std::string_view pattern);

}  // namespace sp3ctra
