#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sp3ctra::cli {
namespace {

std::vector<CommandRow> real_table() {
  CLI::App app;
  Action chosen;
  declare_command_line(app, chosen);
  return command_table(app);
}

const OptionRow* find(const std::vector<CommandRow>& table, const std::string& command,
                      const std::string& name) {
  for (const CommandRow& c : table) {
    if (c.path != std::vector<std::string>{command}) continue;
    for (const OptionRow& o : c.options)
      if (std::find(o.names.begin(), o.names.end(), name) != o.names.end() ||
          (o.names.empty() && o.value == name))
        return &o;
  }
  return nullptr;
}

/// A command line of this test's own, with everything a table has to understand.
std::vector<CommandRow> small_table() {
  CLI::App app{"What it is.", "small"};
  CLI::App* logs = app.add_subcommand("logs", "the logs");
  CLI::App* clear = logs->add_subcommand("clear", "clears .them");
  clear->add_option("--how", "in which way")->type_name("fast|slow");
  clear->add_option("-n,--rows", "how many")->type_name("N")->check(CLI::Range(1, 64));
  clear->add_option("--quiet-one", "not shown")->group("");
  clear->add_flag("-f,--force")->description("a \\ and “quotes”");
  clear->add_option("PATH", "where")->type_name("DIRECTORY")->required();
  return command_table(app);
}

TEST(CommandTable, HoldsWhatWasDeclared) {
  const auto table = small_table();
  ASSERT_EQ(table.size(), 3u);
  EXPECT_EQ(table[0].commands, std::vector<std::string>{"logs"});
  EXPECT_EQ(table[2].path, (std::vector<std::string>{"logs", "clear"}));
  const auto& options = table[2].options;
  ASSERT_EQ(options.size(), 5u);  // with --help, without the hidden one
  EXPECT_EQ(options[1].choices, (std::vector<std::string>{"fast", "slow"}));
  EXPECT_EQ(options[2].names, (std::vector<std::string>{"-n", "--rows"}));
  EXPECT_EQ(options[2].help, "how many (from 1 to 64)");
  EXPECT_EQ(options[3].value, "");
  EXPECT_EQ(options[4].value, "PATH");
  EXPECT_EQ(options[4].kind, "DIRECTORY");
  EXPECT_TRUE(options[4].required);
}

TEST(CommandTable, KnowsTheRealOnes) {
  const auto table = real_table();
  ASSERT_NE(find(table, "read", "--write"), nullptr);
  EXPECT_EQ(find(table, "read", "--write")->kind, "FILE");
  EXPECT_EQ(find(table, "read", "FILE")->kind, "FILE");
  EXPECT_TRUE(find(table, "read", "FILE")->many);
  EXPECT_EQ(find(table, "capture", "-i")->kind, "INTERFACE");
  EXPECT_EQ(find(table, "interfaces", "--color")->choices,
            (std::vector<std::string>{"auto", "always", "never"}));
  EXPECT_EQ(find(table, "serve", "--no-browser")->value, "");
}

TEST(ManualPage, NamesEveryCommandAndOption) {
  const auto table = real_table();
  const std::string page = manual_page(table, "1.2.3");
  EXPECT_NE(page.find("\"sp3ctra 1.2.3\""), std::string::npos);
  const auto escaped = [](std::string text) {
    for (size_t k = 0; (k = text.find('-', k)) != std::string::npos; k += 2) text.insert(k, "\\");
    return text;
  };
  for (const CommandRow& c : table) {
    if (c.path.empty()) continue;
    const size_t section = page.find("\n.SS " + c.path[0] + "\n");
    ASSERT_NE(section, std::string::npos) << c.path[0];
    for (const OptionRow& o : c.options)
      for (const std::string& n : o.names)
        EXPECT_NE(page.find("\\fB" + escaped(n), section), std::string::npos) << c.path[0] << n;
  }
}

TEST(ManualPage, TextStaysText) {
  const std::string page = manual_page(small_table(), "1");
  EXPECT_NE(page.find("\na \\e and \\[u201C]quotes\\[u201D]\n"), std::string::npos) << page;
  EXPECT_NE(page.find("\n.SS logs clear\n"), std::string::npos) << page;
  EXPECT_EQ(std::count_if(page.begin(), page.end(), [](char c) { return c & '\x80'; }), 0);
}

TEST(BashCompletion, OffersEveryCommandAndOption) {
  const auto table = real_table();
  const std::string script = bash_completion(table);
  for (const CommandRow& c : table) {
    std::string path;
    for (const std::string& p : c.path) path += " " + p;
    const size_t begin = script.find("    '" + path + "') options='");
    ASSERT_NE(begin, std::string::npos) << path;
    const std::string line = script.substr(begin, script.find('\n', begin) - begin);
    for (const OptionRow& o : c.options)
      for (const std::string& n : o.names) EXPECT_NE(line.find(n), std::string::npos) << path << n;
    for (const std::string& below : c.commands)
      EXPECT_NE(line.find(below), std::string::npos) << below;
  }
}

TEST(BashCompletion, KnowsWhereValuesComeFrom) {
  const std::string script = bash_completion(small_table());
  EXPECT_NE(script.find("' logs clear --how') kind=words values='fast slow' ;;"),
            std::string::npos);
  EXPECT_NE(script.find("' logs clear -n' | ' logs clear --rows') kind=none ;;"),
            std::string::npos);
  EXPECT_NE(script.find("plain=directory ;;"), std::string::npos) << script;
}

}  // namespace
}  // namespace sp3ctra::cli
