#pragma once
// Result<T>: an operation that may fail, with context gathered on the way up. Nothing throws.
#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace sp3ctra {

/// Why an operation failed, in words a user can act on ("cannot open x.pcap: Permission denied").
struct [[nodiscard]] Error {
  std::string message;
  /// Adds what was being done, outermost first: "<doing>: <message>".
  Error in(std::string_view doing) && {
    message = fmt::format("{}: {}", doing, message);
    return std::move(*this);
  }
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = tl::expected<void, Error>;

template <class... A>
tl::unexpected<Error> fail(fmt::format_string<A...> f, A&&... a) {
  return tl::unexpected<Error>(Error{fmt::format(f, std::forward<A>(a)...)});
}

/// fail() with the text of errno at the call: "<what>: <strerror>".
tl::unexpected<Error> fail_errno(std::string_view what);

}  // namespace sp3ctra

/// Returns the error of a Result to the caller, or goes on.
#define TRY(expression)                                           \
  do {                                                            \
    auto try_result_ = (expression);                              \
    if (!try_result_) return tl::unexpected(try_result_.error()); \
  } while (0)
