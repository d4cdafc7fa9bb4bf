// sp3ctra serve: the dashboard.
#include <fmt/format.h>

#include <filesystem>

#include "capture/interfaces.h"
#include "cli/commands.h"
#include "cli/interface_rows.h"
#include "cli/terminal.h"
#include "pipeline/disk.h"
#include "serve/server.h"

namespace sp3ctra::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string listen = "127.0.0.1", data;
  uint16_t port = 5000;
  uint64_t quota_mb = 0;
  bool no_browser = false, url_only = false;
};

Status make_directories(const std::string& data) {
  std::error_code ec;
  std::filesystem::create_directories(std::filesystem::path(data).parent_path(), ec);
  TRY(make_private_directory(data));
  TRY(make_private_directory(data + "/captures"));
  return make_private_directory(data + "/exports");
}

/// Whether there is anything to capture on. Where there is not, the demo is what a newcomer sees.
bool can_listen(const Rights& rights) {
  const auto list = list_interfaces(rights);
  return list && preferred_interface(*list) != nullptr;
}

/// Keeps what the command line wants while the page runs.
int serve(const Options& o) {
  const std::string data = o.data.empty() ? default_data_directory() : o.data;
  if (o.url_only) return print_running_url(data);
  if (const Status s = make_directories(data); !s) return failed(s.error().message);
  const auto lock = lock_data_directory(data);
  if (!lock) return failed(lock.error().message);
  forget_running_url(data);  // of a run that was killed
  // capd first: it needs the right that the rest of the program gives up before any thread starts.
  Capd capd = Capd::start();
  if (const Status s = drop_all_capabilities(); !s) return failed(s.error().message);
  raise_open_files_limit();
  catch_signals();
  EngineOptions eo;
  eo.data_directory = data;
  eo.demo_path = find_demo();
  eo.workers = default_workers();
  eo.disk_quota_bytes = o.quota_mb * 1'000'000;
  CaptureEngine engine(eo, std::move(capd));
  serve::ServeOptions so;
  so.listen = o.listen;
  so.port = o.port;
  so.data_dir = data;
  auto server =
      serve::Server::start(so, engine, engine, providers([&engine] { return engine.rights(); }));
  if (!server) return failed(server.error().message);
  for (const std::string& f : o.files) {
    const auto id = engine.open_file(f, std::filesystem::path(f).filename().string());
    if (!id) failed(id.error().message);
  }
  if (const auto always = engine.start_always_on(); !always) failed(always.error().message);
  if (o.files.empty() && !can_listen(engine.rights())) (void)engine.open_demo();
  const std::string url = (*server)->url();
  if ((*server)->port() != o.port)
    fmt::print("Port {} is taken, so this is port {}.\n", o.port, (*server)->port());
  fmt::print("sp3ctra is at\n\n  {}\n\nCtrl-C stops it.\n", url);
  if (!engine.rights().can_capture)
    fmt::print("Live capture is not possible yet: {}\n  {}\n", engine.rights().why,
               engine.rights().fix);
  std::fflush(stdout);
  remember_running_url(data, url);
  if (!o.no_browser) open_browser(data, url);
  wait_for_signal();
  forget_running_url(data);
  (*server)->stop();
  return kDone;
}

}  // namespace

void add_serve(CLI::App& app, Action& chosen) {
  auto o = std::make_shared<Options>();
  CLI::App* c = app.add_subcommand("serve", "the dashboard in the browser (the default)");
  c->add_option("FILE", o->files, "captures to open");
  c->add_option("--listen", o->listen, "loopback address to listen on")->type_name("ADDRESS");
  c->add_option("--port", o->port, "port, the next free one when taken")->type_name("N");
  c->add_option("--data", o->data, "directory for captures and settings")->type_name("DIRECTORY");
  c->add_option("--disk-quota", o->quota_mb,
                "MB (of 1,000,000 bytes) that captures in the data directory may take")
      ->type_name("N")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}));
  c->add_flag("--no-browser", o->no_browser, "do not open a browser");
  c->add_flag("--url", o->url_only, "print the address of the running dashboard and end");
  c->callback([o, &chosen] { chosen = [o] { return serve(*o); }; });
  // Without a subcommand: the dashboard with its defaults.
  chosen = [o] { return serve(*o); };
}

}  // namespace sp3ctra::cli
