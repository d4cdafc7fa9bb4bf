#include "serve/web_assets.h"

#include <sodium.h>

#include <array>

namespace sp3ctra::serve {

const WebAsset* find_web_asset(std::string_view path) {
  if (path == "/") path = "/index.html";
  for (const WebAsset& asset : packed_web_assets())
    if (asset.path == path) return &asset;
  return nullptr;
}

std::string_view content_type_of(std::string_view path) {
  struct Type {
    std::string_view ending, type;
  };
  static constexpr Type kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".txt", "text/plain; charset=utf-8"},
      {".wasm", "application/wasm"},
  };
  for (const Type& type : kTypes)
    if (path.ends_with(type.ending)) return type.type;
  return "application/octet-stream";
}

bool never_changes(std::string_view path) { return path.starts_with("/assets/"); }

std::string etag_of(const WebAsset& asset) {
  std::array<unsigned char, 16> hash{};
  crypto_generichash(hash.data(), hash.size(),
                     reinterpret_cast<const unsigned char*>(asset.bytes.data()), asset.bytes.size(),
                     nullptr, 0);
  std::string hex(2 * hash.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  hex.pop_back();
  return "\"" + hex + "\"";
}

std::string_view missing_page() {
  return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>sp3ctra</title>"
         "</head><body><h1>The page was not built into this program</h1>"
         "<p>Build it, then build sp3ctra again:</p>"
         "<pre>cd web &amp;&amp; npm ci --ignore-scripts &amp;&amp; npm run build\n"
         "cmake --preset release &amp;&amp; cmake --build --preset release</pre>"
         "<p><code>./run</code> does all of this.</p></body></html>\n";
}

}  // namespace sp3ctra::serve
