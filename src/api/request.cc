#include "api/request.h"

#include "api/json.h"

namespace sp3ctra::api {
namespace {

constexpr size_t kParametersMax = 32;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool decode(std::string_view in, std::string& out, bool plus_is_space = true) {
  for (size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (in[i] != '%') {
      out += in[i];
    } else {
      if (i + 2 >= in.size()) return false;
      const int high = hex_digit(in[i + 1]), low = hex_digit(in[i + 2]);
      if (high < 0 || low < 0) return false;
      out += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return true;
}

}  // namespace

std::string_view Request::value(std::string_view name, std::string_view otherwise) const {
  for (const auto& [key, text] : query)
    if (key == name) return text;
  return otherwise;
}

bool decode_segment(std::string_view in, std::string& out) { return decode(in, out, false); }

bool set_target(Request& request, std::string_view target) {
  const size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  request.query.clear();
  if (mark == std::string_view::npos) return true;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part.empty()) continue;
    if (request.query.size() == kParametersMax) return false;
    const size_t equals = std::min(part.find('='), part.size());
    auto& [key, value] = request.query.emplace_back();
    if (!decode(part.substr(0, equals), key)) return false;
    if (equals < part.size() && !decode(part.substr(equals + 1), value)) return false;
  }
  return true;
}

Response refuse(int status, std::string_view words, int64_t position, int64_t length) {
  Json body = {{"error", words}};
  if (position >= 0) {
    body["position"] = position;
    body["length"] = length;
  }
  return {.status = status, .body = dump(body)};
}

}  // namespace sp3ctra::api
