#pragma once
// The one registry of protocols: who exists, which tables they bind to, which fields they name.
#include <span>
#include <string_view>
#include <vector>

#include "protocols/dissection.h"

namespace sp3ctra {

/// All protocols in registration order. Built once, read-only, any thread.
std::span<const Protocol* const> all_protocols();
/// Number of a protocol in all_protocols(); 255 for null.
uint8_t protocol_number(const Protocol* protocol);
/// The lookup tables made of their bindings.
const DispatchTables& dispatch_tables();
/// Protocol by filter name ("dns"); null when unknown.
const Protocol* find_protocol(std::string_view name);
/// Every field definition that answers to `name` (its own name or one of `also`): "ip.addr" gives
/// the definitions of ip.src and ip.dst. Empty when unknown.
std::span<const FieldDef* const> find_fields(std::string_view name);
/// All names a user can type (fields, aliases, protocols), sorted.
std::span<const std::string_view> all_field_names();

}  // namespace sp3ctra
