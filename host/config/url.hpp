// Just enough of URLs to tell an operator that one is malformed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stipend::config {

struct UrlParts {  // borrowed from the text
    std::string_view scheme;
    std::string_view host;  // an IPv6 address in its brackets
    std::string_view port;  // empty where it names none
    std::string_view rest;  // from the slash on
};

// http and https only, without user and password (they would end in logs), blanks and control characters.
[[nodiscard]] std::optional<UrlParts> parse_url(std::string_view text);
// A URL of host and port alone, without the one slash that may stand at its end.
[[nodiscard]] std::optional<std::string> read_origin(std::string_view text);
// "host:port" with a port of 0..65535.
[[nodiscard]] bool valid_listen(std::string_view text);
// Can it be reached from this machine only? 127.0.0.0/8 and [::1]; a name is none of them.
[[nodiscard]] bool loopback_listen(std::string_view text);

}  // namespace stipend::config
