// sp3ctra interfaces and doctor: what can be captured here, why not, and the exact fix.
#include "capture/interfaces.h"

#include <fmt/format.h>

#include <array>

#include "api/interface_watch.h"
#include "api/state_json.h"
#include "cli/color.h"
#include "cli/commands.h"
#include "cli/interface_rows.h"
#include "cli/terminal.h"
#include "cli/version.h"
#include "decode/value_text.h"
#include "pipeline/disk.h"

namespace sp3ctra::cli {
namespace {

struct InterfacesOptions {
  std::string output = "text", color = "auto";
};

std::string speed_text(uint32_t mbps) {
  if (mbps == 0) return "";
  return mbps < 1000 ? fmt::format("{} Mbit/s", mbps) : fmt::format("{:g} Gbit/s", mbps / 1000.0);
}

std::string what_text(const InterfaceInfo& i) {
  const bool said = i.loopback || i.friendly.find("irtual") != std::string::npos;
  return i.friendly + (i.is_virtual && !said ? " (virtual)" : "");
}

std::string state_text(const InterfaceInfo& i) {
  if (!i.up) return "down";
  return i.carrier ? "up" : i.wireless ? "up, not joined" : "up, no link";
}

/// The list as columns; a line below says what else is to know.
std::string interface_table(const std::vector<InterfaceInfo>& list, const Rights& rights,
                            Paint paint) {
  constexpr size_t kColumns = 5;
  std::vector<std::array<std::string, kColumns>> cells = {
      {"NAME", "WHAT", "STATE", "SPEED", "MAC"}};
  for (const InterfaceInfo& i : list)
    cells.push_back({escape_text(i.name), what_text(i), state_text(i),
                     i.loopback ? "" : speed_text(i.speed_mbps), i.mac});
  std::array<size_t, kColumns> widths{};
  for (const auto& row : cells)
    for (size_t c = 0; c < kColumns; ++c) widths[c] = std::max(widths[c], row[c].size());
  std::string out;
  for (size_t k = 0; k < cells.size(); ++k) {
    const InterfaceInfo* i = k == 0 ? nullptr : &list[k - 1];
    for (size_t c = 0; c < kColumns; ++c) {
      const char* code = !i                 ? "2"
                         : c == 0           ? (i->capturable ? "1;32" : "1")
                         : c == 2 && !i->up ? "31"
                                            : "";
      out += paint(code, cells[k][c]) + std::string(widths[c] - cells[k][c].size() + 2, ' ');
    }
    out += i ? fmt::format("{}", fmt::join(i->addresses, " ")) : paint("2", "ADDRESSES");
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
    if (!i) continue;
    const std::string indent(widths[0] + 2, ' ');
    if (i->default_route) out += indent + paint("2", "the way to the internet") + '\n';
    if (i->capturable || i->why == rights.why) continue;
    out += indent + paint("33", "cannot be captured: " + i->why) + '\n';
    if (!i->fix.empty()) out += indent + "fix: " + paint("1", i->fix) + '\n';
  }
  if (!rights.can_capture)
    out += fmt::format("\n{}\nfix: {}\n", paint("33", "Nothing can be captured yet: " + rights.why),
                       paint("1", rights.fix));
  return out;
}

int print_interfaces(const InterfacesOptions& o) {
  if (o.output != "text" && o.output != "json") {
    failed(fmt::format("-o {}: unknown; use text or json", o.output));
    return kUsage;
  }
  const Capd capd = Capd::start();
  const auto list = list_interfaces(capd.rights());
  if (!list) return failed(list.error().message);
  if (o.output == "json") {
    const api::Json all = api::interfaces_json(interface_rows(*list));
    fmt::print("{}\n", all["interfaces"].dump(2, ' ', false, api::Json::error_handler_t::replace));
    return kDone;
  }
  fmt::print("{}", interface_table(*list, capd.rights(), Paint{use_color(o.color, 1)}));
  return kDone;
}

/// Rights and interfaces together: what stands between this user and a capture.
int print_readiness(const Rights& rights, const std::vector<InterfaceInfo>& list) {
  const auto none = rights.can_capture ? api::no_interface(interface_rows(list)) : std::nullopt;
  const bool ready = rights.can_capture && !none;
  fmt::print("rights     {}\n", none ? none->why : ready ? "live capture is possible" : rights.why);
  fmt::print("  state    {}\n", none ? "no_interface" : rights_word(rights.state));
  const std::string fix = none ? none->fix : rights.fix;
  if (!fix.empty()) fmt::print("  fix      {}\n", fix);
  return ready ? kDone : kFailed;
}

int doctor() {
  const Capd capd = Capd::start();
  const Rights& r = capd.rights();
  const auto list = list_interfaces(r);
  if (!list) return failed(list.error().message);
  fmt::print("sp3ctra {}\n", kVersion);
  const int code = print_readiness(r, *list);
  fmt::print("helper     {}\n", r.capd_path.empty() ? "none" : r.capd_path);
  const std::string data = default_data_directory();
  fmt::print("data       {} ({} MB free)\n", data, free_bytes(data) / 1'000'000);
  fmt::print("demo       {}\n", find_demo().empty() ? "missing" : find_demo());
  const InterfaceInfo* best = preferred_interface(*list);
  fmt::print("interfaces {}, capture on {}\n", list->size(),
             best ? escape_text(best->name) : std::string("none of them"));
  return code;
}

}  // namespace

void add_interfaces(CLI::App& app, Action& chosen) {
  auto o = std::make_shared<InterfacesOptions>();
  CLI::App* c = app.add_subcommand("interfaces", "what can be captured, why not, and the fix");
  c->add_option("-o,--output", o->output, "how they are printed")->type_name("text|json");
  c->add_option("--color", o->color, "colours")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  c->callback([o, &chosen] { chosen = [o] { return print_interfaces(*o); }; });
}

void add_doctor(CLI::App& app, Action& chosen) {
  CLI::App* c = app.add_subcommand("doctor", "rights, disk, versions: what works here");
  c->callback([&chosen] { chosen = doctor; });
}

}  // namespace sp3ctra::cli
