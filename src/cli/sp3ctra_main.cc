// The program: reads like its help. Every subcommand is one file of this folder.
#include <algorithm>
#include <string_view>

#include "cli/commands.h"
#include "cli/version.h"

namespace {

/// The arguments in CLI11's order (last first). Files and options without a subcommand are the
/// dashboard's: "sp3ctra x.pcap" is "sp3ctra serve x.pcap".
std::vector<std::string> with_serve(int argc, char** argv) {
  std::vector<std::string> args(argv + 1, argv + argc);
  const auto is = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), args[0]) != words.end();
  };
  if (!args.empty() && !is({"serve", "interfaces", "capture", "read", "explain", "alerts", "bench",
                            "fields", "doctor", "--help", "-h", "--version"}))
    args.insert(args.begin(), "serve");
  std::reverse(args.begin(), args.end());
  return args;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace sp3ctra::cli;
  CLI::App app{
      "sp3ctra: captures packets, explains them in plain words, shows the bytes behind.\n"
      "Without a subcommand: the dashboard.",
      "sp3ctra"};
  app.set_version_flag("--version", std::string("sp3ctra ") + kVersion);
  app.require_subcommand(0, 1);
  Action chosen;
  add_serve(app, chosen);
  add_interfaces(app, chosen);
  add_capture(app, chosen);
  add_read(app, chosen);
  add_explain(app, chosen);
  add_alerts(app, chosen);
  add_bench(app, chosen);
  add_fields(app, chosen);
  add_doctor(app, chosen);
  try {
    app.parse(with_serve(argc, argv));
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kDone : kUsage;
  }
  return chosen();
}
