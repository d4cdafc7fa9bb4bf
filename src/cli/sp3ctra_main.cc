// The program: reads like its help. Every subcommand is one file of this folder.
#include <algorithm>

#include "cli/command_line.h"

namespace {

/// The arguments in CLI11's order (last first). Files and options without a subcommand are the
/// dashboard's: "sp3ctra x.pcap" is "sp3ctra serve x.pcap".
std::vector<std::string> with_serve(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> args(argv + 1, argv + argc);
  const auto named = [&](const CLI::App* c) { return c->get_name() == args[0]; };
  if (!args.empty() && args[0] != "--help" && args[0] != "-h" && args[0] != "--version" &&
      app.get_subcommands(named).empty())
    args.insert(args.begin(), "serve");
  std::reverse(args.begin(), args.end());
  return args;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace sp3ctra::cli;
  CLI::App app;
  Action chosen;
  declare_command_line(app, chosen);
  try {
    app.parse(with_serve(app, argc, argv));
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kDone : kUsage;
  }
  return chosen();
}
