#pragma once
// JSON in and out for the API: hostile text in, valid text out, nothing thrown.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace sp3ctra::api {

/// Written in the order it was put together.
using Json = nlohmann::ordered_json;
/// Read: looked up by a tree, so that a body of a million names stays cheap.
using JsonIn = nlohmann::json;

/// An object, nested at most 32 deep; empty for anything else.
std::optional<JsonIn> parse_object(std::string_view text);
/// Compact text; broken UTF-8 is replaced.
std::string dump(const Json& json);

/// The member as that type; empty when it is missing or of another type.
std::optional<std::string> text_member(const JsonIn& object, const char* name);
std::optional<uint64_t> number_member(const JsonIn& object, const char* name);
std::optional<bool> bool_member(const JsonIn& object, const char* name);
/// Nanoseconds since 1970: a string of digits (a number loses them, but is taken).
std::optional<int64_t> time_member(const JsonIn& object, const char* name);

/// The whole text as a decimal number.
std::optional<uint64_t> to_number(std::string_view text);
std::optional<int64_t> to_signed(std::string_view text);

}  // namespace sp3ctra::api
