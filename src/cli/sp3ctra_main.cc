// The program: reads like its help. Every subcommand is one file of this folder.
#include <cstdio>

#include "cli/commands.h"
#include "cli/version.h"

int main(int argc, char** argv) {
  using namespace sp3ctra::cli;
  CLI::App app{"sp3ctra: captures packets, explains them in plain words, shows the bytes behind.\n"
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
  add_bench(app, chosen);
  add_fields(app, chosen);
  add_doctor(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kDone : kUsage;
  }
  return chosen();
}
