#pragma once
// The command line as a table, and what is made from it, the manual page and the completion:
// neither can forget an option.
#include <string>
#include <string_view>
#include <vector>

namespace sp3ctra::cli {

/// One option, flag or positional argument as the user meets it.
struct OptionRow {
  std::vector<std::string> names;  ///< "-w", "--write"; empty: positional
  std::string value;               ///< the word for its value, "FILE"; empty: a flag
  std::string kind;                ///< what its value is, for the completion; "FILE", "INTERFACE"
  std::vector<std::string> choices;
  std::string help;
  bool required = false;
  bool many = false;  ///< may be given more than once
};

/// One subcommand, or the program itself.
struct CommandRow {
  std::vector<std::string> path;  ///< {"read"}; empty: the program
  std::string help;
  std::vector<OptionRow> options;
  std::vector<std::string> commands;  ///< the names below it
};

/// The manual page as roff, ASCII only.
std::string manual_page(const std::vector<CommandRow>& table, std::string_view version);

/// The completion for bash 4 or later. It starts nothing but `sp3ctra fields`.
std::string bash_completion(const std::vector<CommandRow>& table);

}  // namespace sp3ctra::cli
