#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace sp3ctra {

tl::unexpected<Error> fail_errno(std::string_view what) {
  const int code = errno;
  return tl::unexpected<Error>(Error{fmt::format("{}: {}", what, std::strerror(code))});
}

}  // namespace sp3ctra
