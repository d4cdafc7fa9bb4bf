#pragma once
// Values written in a filter, turned into the kind the field needs, with reasons when they do not
// fit.
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "filter/program.h"
#include "filter/tokens.h"

namespace sp3ctra {

/// The literal of token `t` for an operand of kind `kind`; `fields` give names of values and ranges
/// (empty for results of functions). The error is a sentence without a position.
tl::expected<Literal, std::string> make_literal(const Token& t, Kind kind,
                                                std::span<const FieldDef* const> fields);

/// Bare forms for beginners; kind kNone when the word is not of that form.
Literal parse_ipv4(std::string_view word);  ///< with an optional /bits
Literal parse_ipv6(std::string_view word);
Literal parse_ether(std::string_view word);

}  // namespace sp3ctra
