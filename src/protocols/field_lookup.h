#pragma once
// Finds a field of a protocol's own table by its name, while compiling: a wrong name does not
// build.
#include <span>
#include <string_view>

#include "protocols/field.h"

namespace sp3ctra {

/// Never defined: reaching it in a constant expression is the compiler's error message.
const FieldDef& no_field_of_that_name();

consteval const FieldDef& find_field(std::span<const FieldDef> fields, std::string_view name) {
  for (const FieldDef& f : fields)
    if (f.name == name) return f;
  return no_field_of_that_name();
}

/// The same for anomalies.
const AnomalyDef& no_anomaly_of_that_name();

consteval const AnomalyDef& find_anomaly(std::span<const AnomalyDef> anomalies,
                                         std::string_view name) {
  for (const AnomalyDef& a : anomalies)
    if (a.name == name) return a;
  return no_anomaly_of_that_name();
}

}  // namespace sp3ctra
