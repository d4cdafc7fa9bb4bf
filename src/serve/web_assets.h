#pragma once
// The page's files, packed into the program when it is built (cmake/web_assets.cmake).
#include <span>
#include <string>
#include <string_view>

namespace sp3ctra::serve {

/// One packed file; everything lives as long as the program.
struct WebAsset {
  std::string_view path;  ///< "/index.html", "/assets/index-3f9a1c2b.js"
  std::string_view bytes;
};

/// All packed files; without a built page, none. Defined in the generated file.
std::span<const WebAsset> packed_web_assets();

/// The file a browser gets for this path ("/" is /index.html); null when there is none.
const WebAsset* find_web_asset(std::string_view path);
std::string_view content_type_of(std::string_view path);
/// Vite puts a hash into every name under /assets/: such a file never changes.
bool never_changes(std::string_view path);
/// Quoted ETag, from the bytes.
std::string etag_of(const WebAsset& asset);
/// What "/" answers when the page was not built: how to build it.
std::string_view missing_page();

}  // namespace sp3ctra::serve
