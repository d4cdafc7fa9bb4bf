#pragma once
// Text as one word of a shell command that a user may paste.
#include <string>

namespace sp3ctra {

/// Quoted so that a POSIX shell reads exactly `text`, whatever it holds.
std::string shell_word(const std::string& text);

}  // namespace sp3ctra
