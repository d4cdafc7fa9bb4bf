#pragma once
// The value of a tree node as text: as `tshark -n -T fields` prints it, and as people read it.
#include <string>

#include "protocols/dissection.h"

namespace sp3ctra {

/// Appends exactly what tshark 4.0 prints for this field with -T fields (booleans 1/0, hex with
/// the type's width, times as "Nov 14, 2023 22:13:20.000000000 UTC", control characters escaped).
void append_value(std::string& out, const Tree& tree, const Node& node);
/// The same for people: the note if there is one, else the value's name, else the value.
std::string plain_value(const Tree& tree, const Node& node);
/// A value to put behind "field == " in a filter; empty when there is none (labels, protocols).
std::string filter_value(const Tree& tree, const Node& node);
/// Escapes control characters and invalid UTF-8 (\x1b, \n …) so that no terminal obeys a packet.
std::string escape_text(std::string_view raw);

}  // namespace sp3ctra
