#include "serve/gate.h"

#include <algorithm>

namespace sp3ctra::serve {
namespace {

bool equal_words(std::string_view a, std::string_view b) {
  const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return low(x) == low(y); });
}

}  // namespace

bool is_our_host(std::string_view host, uint16_t port) {
  const std::string ending = ":" + std::to_string(port);
  if (host.ends_with(ending)) {
    host.remove_suffix(ending.size());
  } else if (port != 80) {
    return false;
  }
  return host == "127.0.0.1" || equal_words(host, "localhost") || host == "[::1]";
}

std::string_view why_foreign(const Knock& knock, uint16_t port, bool is_api) {
  if (!is_our_host(knock.host, port))
    return "sp3ctra answers only to its own name: open the address that it printed "
           "(http://127.0.0.1 with the same port, also through ssh -L).";
  if (!knock.origin.empty()) {
    constexpr std::string_view kScheme = "http://";
    if (!knock.origin.starts_with(kScheme) ||
        !equal_words(knock.origin.substr(kScheme.size()), knock.host))
      return "This call comes from another site's page.";
  }
  if (is_api && !knock.fetch_site.empty() && knock.fetch_site != "same-origin" &&
      knock.fetch_site != "none")
    return "This call comes from another site's page.";
  return {};
}

std::string_view cookie_value(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    std::string_view part = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(part.size() + 1, header.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=')
      return part.substr(name.size() + 1);
  }
  return {};
}

std::string cookie_name(uint16_t port) { return "sp3ctra_session_" + std::to_string(port); }

std::string_view security_headers() {
  return "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
         "img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; "
         "form-action 'none'; frame-ancestors 'none'\r\n"
         "X-Content-Type-Options: nosniff\r\n"
         "Referrer-Policy: no-referrer\r\n"
         "Cross-Origin-Opener-Policy: same-origin\r\n"
         "Cross-Origin-Resource-Policy: same-origin\r\n"
         "X-Frame-Options: DENY\r\n";
}

std::string_view status_line(int status) {
  switch (status) {
    case 200:
      return "200 OK";
    case 304:
      return "304 Not Modified";
    case 400:
      return "400 Bad Request";
    case 401:
      return "401 Unauthorized";
    case 403:
      return "403 Forbidden";
    case 404:
      return "404 Not Found";
    case 405:
      return "405 Method Not Allowed";
    case 408:
      return "408 Request Timeout";
    case 409:
      return "409 Conflict";
    case 413:
      return "413 Content Too Large";
    case 429:
      return "429 Too Many Requests";
    case 431:
      return "431 Request Header Fields Too Large";
    case 503:
      return "503 Service Unavailable";
    case 507:
      return "507 Insufficient Storage";
    default:
      return "500 Internal Server Error";
  }
}

bool is_loopback(std::string_view listen) {
  return listen == "localhost" || listen == "::1" || listen == "[::1]" ||
         (listen.starts_with("127.") &&
          listen.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace sp3ctra::serve
