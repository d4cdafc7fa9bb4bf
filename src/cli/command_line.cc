#include "cli/command_line.h"

#include "cli/version.h"

namespace sp3ctra::cli {
namespace {

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(at, begin), text.size());
    out.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

/// CLI11 joins type and checks: "TEXT:{auto,always,never}", "N:UINT in [1 - 64]".
void understand_value(const CLI::Option& option, OptionRow& row) {
  if (option.get_items_expected_max() == 0) return;
  const std::vector<std::string> parts = split(option.get_type_name(), ':');
  row.value = row.kind = parts[0];
  if (parts[0].find('|') != std::string::npos) row.choices = split(parts[0], '|');
  for (size_t k = 1; k < parts.size(); ++k) {
    const std::string& check = parts[k];
    const size_t range = check.find(" in [");
    if (check.starts_with('{') && check.ends_with('}')) {
      row.choices = split(std::string_view(check).substr(1, check.size() - 2), ',');
    } else if (range != std::string::npos) {
      row.help += " (from " + check.substr(range + 5);
      row.help.replace(row.help.rfind(" - "), 3, " to ").back() = ')';
    }
  }
  if (option.get_positional() && (row.kind == "TEXT" || row.kind == "UINT"))
    row.kind = option.get_name(true, false);
}

OptionRow option_row(const CLI::Option& option) {
  OptionRow row;
  row.help = option.get_description();
  row.required = option.get_required();
  row.many = option.get_items_expected_max() > 1;
  understand_value(option, row);
  if (option.nonpositional()) {
    for (const std::string& name : option.get_snames()) row.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) row.names.push_back("--" + name);
  } else {
    row.value = option.get_name(true, false);
  }
  return row;
}

void add_rows(const CLI::App& app, const std::vector<std::string>& path,
              std::vector<CommandRow>& table) {
  CommandRow row{path, app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options())
    if (!option->get_group().empty()) row.options.push_back(option_row(*option));
  const auto shown = [](const CLI::App* c) {
    return !c->get_name().empty() && !c->get_group().empty();
  };
  const std::vector<const CLI::App*> below = app.get_subcommands(shown);
  for (const CLI::App* c : below) row.commands.push_back(c->get_name());
  table.push_back(std::move(row));
  for (const CLI::App* c : below) {
    std::vector<std::string> deeper = path;
    deeper.push_back(c->get_name());
    add_rows(*c, deeper, table);
  }
}

void add_own_description(CLI::App& app, Action& chosen) {
  const auto table = [] {
    CLI::App all;
    Action ignored;
    declare_command_line(all, ignored);
    return command_table(all);
  };
  const auto print = [](const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return std::fflush(stdout) == 0 ? kDone : kFailed;
  };
  app.add_subcommand("man", "this program's manual page as roff, for man -l")
      ->callback([&chosen, table, print] {
        chosen = [table, print] { return print(manual_page(table(), kVersion)); };
      });
  CLI::App* c = app.add_subcommand("completion", "what the shell's Tab key needs, as a script");
  auto shell = std::make_shared<std::string>();
  c->add_option("SHELL", *shell, "for which shell")->required()->check(CLI::IsMember({"bash"}));
  c->callback([&chosen, shell, table, print] {
    chosen = [table, print] { return print(bash_completion(table())); };
  });
}

}  // namespace

void declare_command_line(CLI::App& app, Action& chosen) {
  app.name("sp3ctra");
  app.description(
      "sp3ctra: captures packets, explains them in plain words, shows the bytes behind.\n"
      "Without a subcommand: the dashboard.");
  app.set_help_flag("-h,--help", "print this help and end");
  app.set_version_flag(
      "--version", [] { return version_text(); }, "print version, commit and libraries and end");
  app.require_subcommand(0, 1);
  add_serve(app, chosen);
  add_interfaces(app, chosen);
  add_capture(app, chosen);
  add_read(app, chosen);
  add_explain(app, chosen);
  add_alerts(app, chosen);
  add_bench(app, chosen);
  add_fields(app, chosen);
  add_doctor(app, chosen);
  add_own_description(app, chosen);
}

std::vector<CommandRow> command_table(const CLI::App& app) {
  std::vector<CommandRow> table;
  add_rows(app, {}, table);
  return table;
}

}  // namespace sp3ctra::cli
