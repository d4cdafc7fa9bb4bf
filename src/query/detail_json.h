#pragma once
// One packet as the page's inspector reads it (docs/api.md, "Packet"), and the field reference.
#include <string>
#include <string_view>

#include "query/capture_view.h"

namespace sp3ctra {

/// The JSON object of one packet: tree nested from the pre-order nodes, byte sources in hex, plain
/// words. Every text is escaped, valid UTF-8. Any thread; never fails.
std::string packet_json(const PacketDetail& detail);

/// The word of a family in JSON: carrier names secure clear upkeep remote files things.
std::string_view family_name(Family family);

/// `{"fields":[{"name","type","label","words"}]}`: names that start with `prefix`, sorted, at most
/// `limit` of them.
std::string fields_json(std::string_view prefix, size_t limit);

}  // namespace sp3ctra
