// The language over the real protocols; the rest of the folder knows only FieldLookup.
#include "decode/registry.h"
#include "filter/filter.h"

namespace sp3ctra {

const FieldLookup& registry_lookup() {
  static constexpr FieldLookup kRegistry{find_fields, all_field_names, all_protocols};
  return kRegistry;
}

tl::expected<Filter, FilterParseError> parse_filter(std::string_view text) {
  return parse_filter(text, registry_lookup());
}

}  // namespace sp3ctra
