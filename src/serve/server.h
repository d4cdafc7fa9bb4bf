#pragma once
// The program's door for browsers: HTTP and WebSocket on one loopback port, the page's files, the
// API of docs/api.md behind logins.
#include <cstdint>
#include <memory>
#include <string>

#include "api/interface_row.h"
#include "base/result.h"
#include "control/engine.h"

namespace sp3ctra {
class CaptureLibrary;
}

namespace sp3ctra::serve {

struct ServeOptions {
  std::string listen = "127.0.0.1";  ///< loopback only; anything else is refused with a way out
  uint16_t port = 5000;              ///< 0 = any; when taken the next free one, see port()
  uint16_t ports_tried = 100;
  std::string data_dir;  ///< exists, 0700: token, logins, exports/
};

class Server {
 public:
  virtual ~Server() = default;
  /// Listens and answers from threads of its own. Engine and library outlive the server.
  static Result<std::unique_ptr<Server>> start(const ServeOptions& options, Engine& engine,
                                               CaptureLibrary& library, api::Providers providers);
  virtual uint16_t port() const = 0;
  /// The address to open, with the token: http://127.0.0.1:5000/#token=…
  virtual std::string url() const = 0;
  /// Ends all connections, gives up calls that are under way, joins the threads. Also done at the
  /// end of the server's life. Calls of the engine that are running are waited for.
  virtual void stop() = 0;
};

}  // namespace sp3ctra::serve
