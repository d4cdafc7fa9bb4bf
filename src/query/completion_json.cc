#include "query/completion_json.h"

#include <nlohmann/json.hpp>

#include "filter/filter.h"

namespace sp3ctra {

std::string completion_json(std::string_view text, size_t position,
                            std::span<const std::pair<std::string, uint64_t>> counts) {
  using Json = nlohmann::ordered_json;
  const Completions found = complete(text, position, counts);
  Json options = Json::array();
  for (const Completion& option : found.options)
    options.push_back({{"text", option.text}, {"words", option.words}, {"count", option.count}});
  const Json out = {{"from", found.from}, {"to", found.to}, {"options", std::move(options)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sp3ctra
