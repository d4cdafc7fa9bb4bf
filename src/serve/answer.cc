#include "serve/answer.h"

#include <fmt/format.h>

#include "serve/gate.h"

namespace sp3ctra::serve {
namespace {

std::string head(int status, std::string_view type, uint64_t bytes, bool keep_alive,
                 std::string_view more) {
  return fmt::format(
      "HTTP/1.1 {}\r\nServer: sp3ctra\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
      "Connection: {}\r\n{}{}\r\n",
      status_line(status), type, bytes, keep_alive ? "keep-alive" : "close", security_headers(),
      more);
}

/// `{"error": …}` with the status it would have had.
void put_status_in_body(api::Response& response) {
  if (response.body.size() > 1 && response.body.front() == '{')
    response.body.insert(
        1, fmt::format("\"status\":{}{}", response.status, response.body == "{}" ? "" : ","));
  response.status = 200;
}

}  // namespace

Answer api_answer(api::Response response, bool keep_alive, bool errors_in_body,
                  std::string_view more_headers) {
  if (response.status >= 400 && errors_in_body) put_status_in_body(response);
  Answer answer;
  answer.keep_alive = keep_alive;
  std::string more = "Cache-Control: no-store\r\n" + std::string(more_headers);
  if (response.file) {
    if (const auto size = response.file->size_bytes()) {
      answer.file = std::move(response.file);
      answer.file_bytes = *size;
      more +=
          fmt::format("Content-Disposition: attachment; filename=\"{}\"\r\n", response.file_name);
      answer.head = head(200, response.content_type, *size, keep_alive, more);
      return answer;
    }
    response = api::refuse(500, "The exported file is gone.");
  }
  answer.text = std::move(response.body);
  answer.head = head(response.status, response.content_type, answer.text.size(), keep_alive, more);
  return answer;
}

Assets::Assets() {
  for (const WebAsset& asset : packed_web_assets()) tags_[asset.path] = etag_of(asset);
}

Answer Assets::answer(std::string_view method, std::string_view path,
                      std::string_view if_none_match, bool keep_alive) const {
  Answer answer;
  answer.keep_alive = keep_alive;
  constexpr std::string_view kText = "text/plain; charset=utf-8";
  if (method != "GET" && method != "HEAD") {
    answer.text = "Only GET here.\n";
    answer.head = head(405, kText, answer.text.size(), keep_alive, "Allow: GET, HEAD\r\n");
    return answer;
  }
  std::string_view body, type;
  std::string more = "Cache-Control: no-cache\r\n";
  int status = 200;
  if (const WebAsset* asset = find_web_asset(path)) {
    const std::string& tag = tags_.at(asset->path);
    body = asset->bytes;
    type = content_type_of(asset->path);
    if (never_changes(asset->path)) more = "Cache-Control: public, max-age=31536000, immutable\r\n";
    more += "ETag: " + tag + "\r\n";
    if (if_none_match == tag) {
      answer.head = head(304, type, body.size(), keep_alive, more);
      return answer;
    }
  } else if (path == "/") {
    body = missing_page();
    type = content_type_of(".html");
  } else {
    status = 404;
    body = "There is no such file. The page is at /\n";
    type = kText;
  }
  answer.head = head(status, type, body.size(), keep_alive, more);
  if (method == "GET") answer.packed = body;
  return answer;
}

}  // namespace sp3ctra::serve
