// sp3ctra interfaces and doctor: what can be captured here, why not, and the exact fix.
#include "capture/interfaces.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/terminal.h"
#include "cli/version.h"
#include "decode/value_text.h"
#include "pipeline/disk.h"

namespace sp3ctra::cli {
namespace {

int print_interfaces(const std::string& output) {
  const Capd capd = Capd::start();
  const auto list = list_interfaces(capd.rights());
  if (!list) return failed(list.error().message);
  if (output == "json") {
    auto all = nlohmann::ordered_json::array();
    for (const InterfaceInfo& i : *list)
      all.push_back({{"name", i.name},
                     {"friendly", i.friendly},
                     {"addresses", i.addresses},
                     {"mac", i.mac},
                     {"up", i.up},
                     {"mtu", i.mtu},
                     {"speed_mbps", i.speed_mbps},
                     {"wireless", i.wireless},
                     {"virtual", i.is_virtual},
                     {"loopback", i.loopback},
                     {"default_route", i.default_route},
                     {"capturable", i.capturable},
                     {"why", i.why},
                     {"fix", i.fix}});
    fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return kDone;
  }
  if (output != "text") {
    failed(fmt::format("-o {}: unknown; use text or json", output));
    return kUsage;
  }
  for (const InterfaceInfo& i : *list) {
    fmt::print("{:<12} {} {}{}\n", escape_text(i.name), i.friendly, i.up ? "up" : "down",
               i.default_route ? ", the way to the internet" : "");
    fmt::print("{:<12} {}\n", "", fmt::join(i.addresses, " "));
    if (!i.capturable) fmt::print("{:<12} cannot be captured: {}\n", "", i.why);
    if (!i.fix.empty()) fmt::print("{:<12} fix: {}\n", "", i.fix);
  }
  return kDone;
}

int doctor() {
  const Capd capd = Capd::start();
  const Rights& r = capd.rights();
  fmt::print("sp3ctra {}\n", kVersion);
  fmt::print("rights     {}\n", r.can_capture ? "live capture is possible" : r.why);
  if (!r.can_capture) fmt::print("  fix      {}\n", r.fix);
  fmt::print("helper     {}\n", r.capd_path.empty() ? "none" : r.capd_path);
  const std::string data = default_data_directory();
  fmt::print("data       {} ({} MB free)\n", data, free_bytes(data) / 1'000'000);
  fmt::print("demo       {}\n", find_demo().empty() ? "missing" : find_demo());
  const auto list = list_interfaces(r);
  if (!list) return failed(list.error().message);
  const InterfaceInfo* best = preferred_interface(*list);
  fmt::print("interfaces {}, capture on {}\n", list->size(),
             best ? best->name : std::string("none of them"));
  return r.can_capture ? kDone : kFailed;
}

}  // namespace

void add_interfaces(CLI::App& app, Action& chosen) {
  auto output = std::make_shared<std::string>("text");
  CLI::App* c = app.add_subcommand("interfaces", "what can be captured, why not, and the fix");
  c->add_option("-o,--output", *output, "text or json");
  c->callback([output, &chosen] { chosen = [output] { return print_interfaces(*output); }; });
}

void add_doctor(CLI::App& app, Action& chosen) {
  CLI::App* c = app.add_subcommand("doctor", "rights, disk, versions: what works here");
  c->callback([&chosen] { chosen = doctor; });
}

}  // namespace sp3ctra::cli
