#pragma once
// The dashboard's program parts that serve and capture share.
#include <atomic>
#include <memory>
#include <string>

#include "pipeline/engine.h"

namespace sp3ctra::cli {

/// $XDG_DATA_HOME/sp3ctra or ~/.local/share/sp3ctra.
std::string default_data_directory();
/// packaging/demo.pcapng beside the build, or the installed one; empty when missing.
std::string find_demo();
/// Directory of this executable.
std::string program_directory();
/// Turns SIGINT and SIGTERM into a flag; blocks until it is set or `give_up` returns true.
void wait_for_signal(const std::atomic<bool>* give_up = nullptr);
/// True once SIGINT or SIGTERM came (after catch_signals).
bool signalled();
void catch_signals();
/// Opens the address in the desktop's browser, if there is a desktop and it is not root. The token
/// goes through a private file, never over a command line that other users can read.
void open_browser(const std::string& data, const std::string& url);
/// Takes the lock of the data directory: one server at a time.
Result<int> lock_data_directory(const std::string& path);
/// The address of the running dashboard is kept in the data directory (0600) while it runs.
void remember_running_url(const std::string& data, const std::string& url);
void forget_running_url(const std::string& data);
/// Prints it, or says that none runs; the exit code.
int print_running_url(const std::string& data);
/// Workers for this machine: one fewer than its cores, at least 1.
unsigned default_workers();

}  // namespace sp3ctra::cli
