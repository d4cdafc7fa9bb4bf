// The completion for bash, made from the table of commands.
#include <fmt/format.h>

#include "cli/command_table.h"

namespace sp3ctra::cli {
namespace {

// {0}: the paths as patterns, {1}: what each path offers, {2}: what each option's value is.
constexpr const char* kScript = R"(# bash completion of sp3ctra, made by `sp3ctra completion bash`
_sp3ctra() {{
  local program=$1 word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
  local at=1 path='' options='' commands='' kind='' plain='' values='' line
  COMPREPLY=()
  # bash takes --color=auto apart into three words.
  if [[ $word == '=' ]]; then
    word=''
  elif [[ $before == '=' ]] && ((COMP_CWORD > 2)); then
    before=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  while ((at < COMP_CWORD)); do
    case "$path ${{COMP_WORDS[at]}}" in
      {0}) path="$path ${{COMP_WORDS[at]}}" ;;
      *) break ;;
    esac
    at=$((at + 1))
  done
  # Files and options without a command are the dashboard's.
  [[ -n $path ]] || ((COMP_CWORD == 1)) || path=' serve'
  case $path in
{1}  esac
  case "$path $before" in
{2}  esac
  if [[ -z $kind && $word == -* ]]; then
    kind=words values=$options
  elif [[ -z $kind ]]; then
    kind=$plain values="$values $commands"
  fi
  case $kind in
    file)
      mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word"; compgen -f -- "$word")
      compopt -o filenames 2>/dev/null
      ;;
    directory)
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      compopt -o filenames 2>/dev/null
      ;;
    interface)
      # Names are compared, never expanded: the kernel allows $ and quotes in them.
      for line in any /sys/class/net/*/; do
        line=${{line%/}}
        line=${{line##*/}}
        [[ $line == "$word"* ]] || continue
        printf -v line %q "$line"
        COMPREPLY+=("$line")
      done
      ;;
    field)
      mapfile -t COMPREPLY < <("$program" fields "$word" 2>/dev/null |
        while read -r line _; do echo "$line"; done)
      ;;
    words)
      mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
      ;;
  esac
}}
complete -F _sp3ctra sp3ctra
)";

std::string path_text(const CommandRow& c) {
  std::string out;
  for (const std::string& p : c.path) out += " " + p;
  return out;
}

/// How the script finds the values of this kind; "none": it cannot.
std::string_view source_of(std::string_view kind) {
  if (kind == "FILE") return "file";
  if (kind == "DIRECTORY") return "directory";
  if (kind == "INTERFACE") return "interface";
  if (kind == "FIELD" || kind == "FILTER") return "field";
  return "none";
}

/// "kind=words values='a b'".
std::string found_by(const OptionRow& o) {
  if (o.choices.empty()) return fmt::format("kind={}", source_of(o.kind));
  return fmt::format("kind=words values='{}'", fmt::join(o.choices, " "));
}

std::string offers(const CommandRow& c) {
  std::string options, plain = "kind=words";
  for (const OptionRow& o : c.options) {
    for (const std::string& n : o.names) options += (options.empty() ? "" : " ") + n;
    if (o.names.empty()) plain = found_by(o);
  }
  plain.replace(0, 4, "plain");
  return fmt::format("    '{}') options='{}' commands='{}' {} ;;\n", path_text(c), options,
                     fmt::join(c.commands, " "), plain);
}

}  // namespace

std::string bash_completion(const std::vector<CommandRow>& table) {
  std::string paths, what, values;
  for (CommandRow c : table) {
    if (!c.path.empty()) paths += fmt::format("{}'{}'", paths.empty() ? "" : " | ", path_text(c));
    // The first word may also be the dashboard's.
    for (const CommandRow& other : table)
      for (const OptionRow& o : other.options)
        if (c.path.empty() && other.path == std::vector<std::string>{"serve"} &&
            (o.names.empty() || o.names[0] != "-h"))
          c.options.push_back(o);
    what += offers(c);
    for (const OptionRow& o : c.options) {
      if (o.names.empty() || o.value.empty()) continue;
      std::string patterns;
      for (const std::string& n : o.names)
        patterns += fmt::format("{}'{} {}'", patterns.empty() ? "" : " | ", path_text(c), n);
      values += fmt::format("    {}) {} ;;\n", patterns, found_by(o));
    }
  }
  return fmt::format(kScript, paths, what, values);
}

}  // namespace sp3ctra::cli
