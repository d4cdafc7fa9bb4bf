#pragma once
// Rows of the packet list as the page's binary message: little-endian columns (docs/api.md).
#include <span>
#include <string>

#include "query/capture_view.h"

namespace sp3ctra::api {

inline constexpr uint32_t kRowsMagic = 0x31525053;  // "SPR1"

/// One message: rows `first` … of `rows_in_all`. Each text is cut at limits::kInfoBytesMax bytes.
std::string encode_rows(uint32_t view, uint64_t first, uint64_t rows_in_all, bool follow,
                        std::span<const Row> rows);

}  // namespace sp3ctra::api
