// sp3ctra fields: the field reference, made from the protocols' own tables.
#include <fmt/format.h>

#include <set>

#include "cli/commands.h"
#include "decode/registry.h"

namespace sp3ctra::cli {
namespace {

int print_fields(const std::string& prefix) {
  std::set<std::string_view> seen;
  for (const Protocol* p : all_protocols())
    for (const FieldDef& f : p->fields)
      if (f.type != FieldType::kLabel && f.name.starts_with(prefix) && seen.insert(f.name).second)
        fmt::print("{:<36} {:<24} {}\n", f.name, f.label, f.words);
  return seen.empty() ? failed(fmt::format("no field starts with '{}'", prefix)) : int{kDone};
}

}  // namespace

void add_fields(CLI::App& app, Action& chosen) {
  auto prefix = std::make_shared<std::string>();
  CLI::App* c = app.add_subcommand("fields", "the names that filters and -e understand");
  c->add_option("PREFIX", *prefix, "only names that start with this")->type_name("FIELD");
  c->callback([prefix, &chosen] { chosen = [prefix] { return print_fields(*prefix); }; });
}

}  // namespace sp3ctra::cli
