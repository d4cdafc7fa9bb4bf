#pragma once
// The pieces of one HTTP exchange that do not need the network library.
#include <map>
#include <string>
#include <string_view>

#include "api/request.h"
#include "serve/web_assets.h"

namespace sp3ctra::serve {

/// What goes out: a whole header block, and the body (own text or packed bytes or a file).
struct Answer {
  std::string head;
  std::string text;
  std::string_view packed;  ///< used when text is empty
  std::shared_ptr<PrivateFile> file;
  uint64_t file_bytes = 0;
  bool keep_alive = true;
};

/// An API response as HTTP. With `errors_in_body` (header X-Sp3ctra-Errors: body) a refusal goes
/// out as 200 with "status" in its body, because browsers write every 4xx to the console.
Answer api_answer(api::Response response, bool keep_alive, bool errors_in_body,
                  std::string_view more_headers = {});

/// The page's files with their tags, made once.
class Assets {
 public:
  Assets();
  Answer answer(std::string_view method, std::string_view path, std::string_view if_none_match,
                bool keep_alive) const;

 private:
  std::map<std::string_view, std::string> tags_;
};

}  // namespace sp3ctra::serve
