#pragma once
// The whole command line in one place, and the same as a table. Main thread.
#include <vector>

#include "cli/command_table.h"
#include "cli/commands.h"

namespace sp3ctra::cli {

/// Adds every subcommand to an empty `app`; parsing sets `chosen`, which is the dashboard before.
void declare_command_line(CLI::App& app, Action& chosen);

/// Every command in the order of --help, the program first, with every option that is not hidden.
std::vector<CommandRow> command_table(const CLI::App& app);

}  // namespace sp3ctra::cli
