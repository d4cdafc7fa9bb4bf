#pragma once
// Colour on a terminal: on, off, or as the terminal and NO_COLOR say.
#include <string>
#include <string_view>

namespace sp3ctra::cli {

/// Whether text for this descriptor is coloured. `choice`: "auto" (a terminal that is not "dumb",
/// and NO_COLOR is not set), "always", "never".
bool use_color(std::string_view choice, int descriptor);
/// Whether a person reads what goes to this descriptor.
bool is_terminal(int descriptor);

/// Puts text into a colour, or leaves it as it is.
struct Paint {
  bool on = false;
  /// `code`: an SGR number ("1" bold, "31" red …). Empty: no colour.
  std::string operator()(std::string_view code, std::string_view text) const {
    if (!on || code.empty() || text.empty()) return std::string(text);
    std::string out = "\x1b[";
    out.append(code).append("m").append(text).append("\x1b[0m");
    return out;
  }
};

}  // namespace sp3ctra::cli
