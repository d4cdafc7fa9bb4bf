#pragma once
// What every request is asked before anything else, and what every answer carries. Text only.
#include <cstdint>
#include <string>
#include <string_view>

namespace sp3ctra::serve {

/// The headers of a request that decide whether it may come in; empty = not sent.
struct Knock {
  std::string_view host, origin, fetch_site, cookie, secret;
};

/// True for 127.0.0.1, localhost and [::1] with our port (without one when it is 80).
bool is_our_host(std::string_view host, uint16_t port);
/// Empty when Host, Origin and Sec-Fetch-Site are ours, else words. A page of another site that
/// found its way here (DNS rebinding, a form, a script) is refused whatever it carries.
std::string_view why_foreign(const Knock& knock, uint16_t port, bool is_api);
/// The value of one cookie of the header; empty when it is not there.
std::string_view cookie_value(std::string_view header, std::string_view name);
/// Cookies are shared by all ports of a host: the name tells ours from a second server's.
std::string cookie_name(uint16_t port);
/// Header lines (each ended) of every answer: CSP and its companions.
std::string_view security_headers();
/// "404 Not Found" etc.
std::string_view status_line(int status);
/// Addresses this program may listen on.
bool is_loopback(std::string_view listen);

}  // namespace sp3ctra::serve
