// Addresses of orchestrators and listeners: enough of URLs to reject a malformed one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stipend::config {

// http(s)://host:port, without the one slash that may end it, and an IPv6 address in its canonical form (RFC 5952; of a
// mapped IPv4 address that one). Nothing for any other text: a user and password would end in logs, and an IPv4 address
// that is not four decimal numbers, or a name with more than one dot at its end, would pass for another party.
[[nodiscard]] std::optional<std::string> read_origin(std::string_view text);
// "host:port" of an origin, the port by its scheme where it names none: the default id of an orchestrator.
[[nodiscard]] std::string host_and_port(std::string_view origin);

// In place of an address to listen on: nothing listens.
inline constexpr std::string_view no_listener = "none";
// "host:port" with a port of 0..65535.
[[nodiscard]] bool valid_listen(std::string_view text);
// True where it is reached from this machine at most: 127.0.0.0/8 and [::1], but no name; and `no_listener`.
[[nodiscard]] bool loopback_listen(std::string_view text);
// Whether two listeners exclude each other: the same port, and the same host or either on all addresses. Port 0 is
// any free one; `no_listener` excludes none.
[[nodiscard]] bool same_listener(std::string_view a, std::string_view b);

}  // namespace stipend::config
