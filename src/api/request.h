#pragma once
// What the transport asks of the API and gets back. No sockets here.
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/private_file.h"

namespace sp3ctra::api {

/// Where a call runs, so that slow ones never hold up the quick ones. kStop belongs to the calls
/// that end something.
enum class Lane : uint8_t { kStop, kControl, kRead, kLong };
inline constexpr size_t kLanes = 4;

/// One call; login, Host and Origin are checked before it comes here.
struct Request {
  std::string method;  ///< GET, POST, PUT, DELETE
  std::string path;    ///< below /api/v1, without the query: "/captures/c1/find"
  std::vector<std::pair<std::string, std::string>> query;  ///< percent-decoded
  std::string body;
  /// Set when the asker has gone away or the server stops: long work gives up.
  const std::atomic<bool>* cancelled = nullptr;

  /// First value of that name, or `otherwise`.
  std::string_view value(std::string_view name, std::string_view otherwise = {}) const;
};

struct Response {
  int status = 200;
  std::string body = "{}";
  std::string content_type = "application/json";
  /// A download: the body is this file, as an attachment called `file_name`; forgotten (closed,
  /// deleted) with its last holder.
  std::shared_ptr<PrivateFile> file = {};
  std::string file_name = {};
};

/// A refusal: `{"error": words, "position": …, "length": …}`; position < 0 = not told.
Response refuse(int status, std::string_view words, int64_t position = -1, int64_t length = 0);

/// One segment of a path, percent-decoded; false when it is malformed. A '+' stays one.
bool decode_segment(std::string_view in, std::string& out);

/// Splits "/path?a=b&c=d" into `path` and `query` of the request. False when it is malformed or
/// larger than 32 parameters.
bool set_target(Request& request, std::string_view target);

}  // namespace sp3ctra::api
