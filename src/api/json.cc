#include "api/json.h"

#include <charconv>

namespace sp3ctra::api {
namespace {

constexpr int kDepthMax = 32;

/// Counts brackets outside strings, so that the parser never sees a text nested deeper.
bool shallow(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDepthMax) return false;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

template <class T>
std::optional<T> digits(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

const JsonIn* member(const JsonIn& object, const char* name) {
  const auto it = object.find(name);
  return it == object.end() ? nullptr : &*it;
}

}  // namespace

std::optional<JsonIn> parse_object(std::string_view text) {
  if (!shallow(text)) return {};
  JsonIn json = JsonIn::parse(text, nullptr, false);
  if (!json.is_object()) return {};
  return json;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::string> text_member(const JsonIn& object, const char* name) {
  const JsonIn* value = member(object, name);
  if (value == nullptr || !value->is_string()) return {};
  return value->get_ref<const std::string&>();
}

std::optional<uint64_t> number_member(const JsonIn& object, const char* name) {
  const JsonIn* value = member(object, name);
  if (value == nullptr || !value->is_number_unsigned()) return {};
  return value->get<uint64_t>();
}

std::optional<bool> bool_member(const JsonIn& object, const char* name) {
  const JsonIn* value = member(object, name);
  if (value == nullptr || !value->is_boolean()) return {};
  return value->get<bool>();
}

std::optional<int64_t> time_member(const JsonIn& object, const char* name) {
  const JsonIn* value = member(object, name);
  if (value == nullptr) return {};
  if (value->is_string()) return to_signed(value->get_ref<const std::string&>());
  if (value->is_number_integer()) return value->get<int64_t>();
  return {};
}

std::optional<uint64_t> to_number(std::string_view text) { return digits<uint64_t>(text); }
std::optional<int64_t> to_signed(std::string_view text) { return digits<int64_t>(text); }

}  // namespace sp3ctra::api
