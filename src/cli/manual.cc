// The manual page, made from the table of commands.
#include <fmt/format.h>

#include "cli/command_table.h"

namespace sp3ctra::cli {
namespace {

constexpr const char* kEnd = R"(.SH EXIT STATUS
0: done. 1: it failed, or a file is damaged (what was readable has been printed). 2: wrong usage.
.SH RIGHTS
sp3ctra itself never has the right to capture. A small program, sp3ctra\-capd, opens the capture
socket and hands it over; it serves the users that are listed for it.
.B sp3ctra doctor
says whether you may capture, and when not, the one command that changes it.
.SH ENVIRONMENT
.TP
.B NO_COLOR
When set, nothing is printed in colour unless asked for.
.TP
.B XDG_DATA_HOME
Where the data directory is made; ~/.local/share when not set.
.SH FILES
.TP
.I ~/.local/share/sp3ctra
Captures, settings and logins of the dashboard.
.TP
.I /usr/lib/sp3ctra/sp3ctra\-capd
The program that opens capture sockets, as the package installs it.
.TP
.I /etc/sp3ctra/capd.users
The user ids that it serves, one a line.
.TP
.I /usr/share/sp3ctra/install\-capd
Adds a user to that list, or installs sp3ctra\-capd where there is no package.
.SH EXAMPLES
.nf
sp3ctra
sp3ctra read FILE \-Y 'dns.flags.rcode == 3' \-e frame.number \-e dns.qry.name \-o tsv
sp3ctra explain FILE \-\-packet 12
sp3ctra capture \-i eth0 \-w FILE.pcapng \-b filesize:100000 \-b files:10 not port 22
.fi
.SH SEE ALSO
.BR pcap\-filter (7),
.BR tcpdump (8),
.BR tshark (1)
)";

/// The code point at the start of `text`, which loses it. Our own help texts are valid UTF-8.
uint32_t take_code_point(std::string_view& text) {
  const auto byte = [&](size_t k) {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u;
  };
  const uint32_t first = byte(0);
  const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  uint32_t code = size == 1 ? first : first & (0x7fu >> size);
  for (size_t k = 1; k < size; ++k) code = code << 6 | (byte(k) & 0x3f);
  text.remove_prefix(std::min(size, text.size()));
  return code;
}

/// Text as roff prints it unchanged.
std::string roff(std::string_view text) {
  std::string out;
  // A line that begins with one of these would be a command.
  if (!text.empty() && (text[0] == '.' || text[0] == '\'')) out += "\\&";
  while (!text.empty()) {
    const uint32_t c = take_code_point(text);
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '\n':
        out += "\n.br\n";
        break;
      default:
        if (c < 0x80)
          out += static_cast<char>(c);
        else
          out += fmt::format("\\[u{:04X}]", c);
    }
  }
  return out;
}

std::string value_text(const OptionRow& o) {
  if (o.choices.empty()) return "\\fI" + roff(o.value) + "\\fR";
  std::string out;
  for (const std::string& c : o.choices) out += (out.empty() ? "\\fB" : "\\fR|\\fB") + roff(c);
  return out + "\\fR";
}

void add_option(const OptionRow& o, std::string& out) {
  out += ".TP\n";
  std::string names;
  for (const std::string& n : o.names) names += (names.empty() ? "\\fB" : "\\fR, \\fB") + roff(n);
  if (!names.empty()) names += "\\fR";
  if (!o.value.empty()) names += (names.empty() ? "" : " ") + value_text(o);
  out += names + "\n" + roff(o.help) + "\n";
}

std::string synopsis(const CommandRow& c) {
  std::string out = fmt::format(".br\n.B {}\n[\\fIOPTIONS\\fR]",
                                roff(fmt::format("sp3ctra {}", fmt::join(c.path, " "))));
  for (const OptionRow& o : c.options) {
    if (!o.names.empty()) continue;
    const std::string value = value_text(o) + (o.many ? "..." : "");
    out += o.required ? " " + value : " [" + value + "]";
  }
  return out + "\n";
}

}  // namespace

std::string manual_page(const std::vector<CommandRow>& table, std::string_view version) {
  const CommandRow& own = table.front();
  std::string out = fmt::format(
      ".\\\" Made by `sp3ctra man` from the command line's own table.\n"
      ".TH SP3CTRA 1 \"\" \"sp3ctra {}\" \"User Commands\"\n.SH NAME\n"
      "sp3ctra \\- captures network packets and explains them in plain words\n.SH SYNOPSIS\n"
      ".B sp3ctra\n[\\fIFILE\\fR...]\n",
      version);
  for (const CommandRow& c : table)
    if (!c.path.empty() && c.commands.empty()) out += synopsis(c);
  out += ".SH DESCRIPTION\n" + roff(own.help) + "\n.SH OPTIONS\n";
  for (const OptionRow& o : own.options) add_option(o, out);
  out += ".SH COMMANDS\n";
  for (const CommandRow& c : table) {
    if (c.path.empty()) continue;
    out +=
        fmt::format(".SS {}\n{}\n", roff(fmt::format("{}", fmt::join(c.path, " "))), roff(c.help));
    for (const OptionRow& o : c.options) add_option(o, out);
  }
  return out + kEnd;
}

}  // namespace sp3ctra::cli
