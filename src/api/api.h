#pragma once
// The calls of docs/api.md below /api/v1: a route table from (Request, engine, captures) to
// Response.
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/exports.h"
#include "api/interface_row.h"
#include "api/interface_watch.h"
#include "api/request.h"
#include "api/uploads.h"
#include "control/engine.h"
#include "query/capture_view.h"

namespace sp3ctra::api {

/// Any thread; handle() blocks as long as the call takes. Engine and library outlive it.
class Api {
 public:
  /// `data_dir` exists; exports go to its folder "exports".
  Api(Engine& commands, CaptureLibrary& captures, Providers given, const std::string& data_dir)
      : engine(commands),
        library(captures),
        providers(std::move(given)),
        interfaces(providers.interfaces),
        uploads(commands),
        exports(commands, data_dir + "/exports") {}

  /// What the table says of a call: where it runs, how large its body may be; empty when there is
  /// no such call.
  struct Plan {
    Lane lane = Lane::kControl;
    size_t body_bytes_max = 0;
    bool by_ticket = false;  ///< a link: the cookie is there, the secret's header cannot be
  };
  static std::optional<Plan> plan(std::string_view method, std::string_view path);
  Response handle(const Request& request);

  Engine& engine;
  CaptureLibrary& library;
  const Providers providers;
  InterfaceWatch interfaces;
  Uploads uploads;
  Exports exports;
};

}  // namespace sp3ctra::api
