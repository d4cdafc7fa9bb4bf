#pragma once
// The subcommands. Each file adds one to the command line; main runs what was chosen.
#include <CLI/CLI.hpp>
#include <functional>

namespace sp3ctra::cli {

/// Exit codes of the program: 0 done, 1 failed, 2 wrong usage.
enum Exit : int { kDone = 0, kFailed = 1, kUsage = 2 };

/// Runs when its subcommand was chosen; returns the exit code.
using Action = std::function<int()>;

/// Adds a subcommand; sets `chosen` when the user names it.
void add_serve(CLI::App& app, Action& chosen);
void add_read(CLI::App& app, Action& chosen);
void add_capture(CLI::App& app, Action& chosen);
void add_interfaces(CLI::App& app, Action& chosen);
void add_explain(CLI::App& app, Action& chosen);
void add_alerts(CLI::App& app, Action& chosen);
void add_bench(CLI::App& app, Action& chosen);
void add_fields(CLI::App& app, Action& chosen);
void add_doctor(CLI::App& app, Action& chosen);

/// Prints "sp3ctra: <message>" on standard error and returns kFailed.
int failed(std::string_view message);

}  // namespace sp3ctra::cli
