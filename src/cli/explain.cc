// sp3ctra explain: one packet of a file in plain words, with the packets that prove them.
#include <fmt/format.h>

#include <filesystem>

#include "cli/commands.h"
#include "cli/terminal.h"
#include "decode/value_text.h"

namespace sp3ctra::cli {
namespace {

std::string sentence_text(const Sentence& s) {
  std::string out;
  for (const Run& r : s) out += r.packet ? fmt::format("#{}", r.packet) : escape_text(r.text);
  return out;
}

int explain(const std::string& file, uint64_t number) {
  EngineOptions options;
  options.data_directory = std::filesystem::temp_directory_path().string();
  options.workers = default_workers();
  CaptureEngine engine(options, Capd{});
  const auto id = engine.open_file(file, file);
  if (!id) return failed(id.error().message);
  engine.wait_for(*id);
  auto detail = engine.find(*id)->packet(number);
  if (!detail) return failed(detail.error().message);
  const PlainWords& w = detail->words;
  fmt::print("#{} {}\n", number, sentence_text(w.lead));
  for (const Sentence& s : w.facts) fmt::print("  - {}\n", sentence_text(s));
  const char* verdict = w.verdict == "normal" ? "Normal."
                        : w.verdict == "look" ? "Worth a look."
                                              : "Not normal.";
  fmt::print("{} {}\n{}\n", verdict, sentence_text(w.reason), escape_text(w.basis));
  return kDone;
}

}  // namespace

void add_explain(CLI::App& app, Action& chosen) {
  auto file = std::make_shared<std::string>();
  auto number = std::make_shared<uint64_t>(0);
  CLI::App* c = app.add_subcommand("explain", "one packet in plain words");
  c->add_option("FILE", *file, "capture file")->required();
  c->add_option("--packet", *number, "its frame number")->type_name("N")->required();
  c->callback(
      [file, number, &chosen] { chosen = [file, number] { return explain(*file, *number); }; });
}

}  // namespace sp3ctra::cli
