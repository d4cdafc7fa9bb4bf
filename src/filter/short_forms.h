#pragma once
// What beginners type: an address, `port 53`, `host A`, a plain word. And help with unknown names.
#include "filter/test_parser.h"

namespace sp3ctra {

/// Takes a short form from the cursor, or says what is wrong with the word there.
tl::expected<Test, FilterParseError> short_form(TokenCursor& cursor, const FieldLookup& lookup);

/// "There is no field “tpc.port”; did you mean tcp.port?"
FilterParseError unknown_field(const Token& word, const FieldLookup& lookup);

}  // namespace sp3ctra
