// The parts of an http-like URL, as it is written, and the form in which two addresses are compared. Nothing is
// decoded, and no character is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stipend/ascii.hpp"

namespace stipend {

// Views of the text scheme://host:port/rest.
struct UrlParts {
    std::string_view scheme;
    std::string_view authority;  // host and port
    std::string_view host;       // an IPv6 address with its brackets; empty where they do not close
    std::string_view port;       // without the colon; empty where there is none
    std::string_view rest;       // empty, or from the first '/', '?' or '#' on
};

// Nothing where there is no "://".
[[nodiscard]] constexpr std::optional<UrlParts> split_url(std::string_view url) {
    const auto mark = url.find("://");
    if (mark == std::string_view::npos) return std::nullopt;
    UrlParts out;
    out.scheme = url.substr(0, mark);
    url.remove_prefix(mark + 3);
    out.authority = url.substr(0, url.find_first_of("/?#"));
    out.rest = url.substr(out.authority.size());
    const bool ipv6 = out.authority.starts_with('[');
    out.host = out.authority.substr(0, ipv6 ? out.authority.find(']') + 1 : out.authority.rfind(':'));
    const auto tail = out.authority.substr(out.host.size());
    if (tail.starts_with(':')) out.port = tail.substr(1);
    return out;
}

// The form of an address in comparisons and as a key: equal for two spellings of one address. Scheme and host are in
// lower case; the dot that may end a name, the scheme's default port, zeros before a port and the one slash that may
// end the text are left out. An authority with a user name stays as it is. Not for messages and records, which show the
// address as it was written.
[[nodiscard]] inline std::string address_key(std::string_view address) {
    const auto url = split_url(address);
    auto rest = url ? url->rest : address;
    if (rest.ends_with('/') && rest.find_first_of("?#") == std::string_view::npos) rest.remove_suffix(1);
    if (!url) return std::string(rest);
    auto out = ascii::to_lower(url->scheme);
    const std::string_view default_port = out == "https" ? "443" : out == "http" ? "80" : "";
    out += "://";
    const auto tail = url->authority.substr(url->host.size());
    if (url->authority.find('@') != std::string_view::npos || (!tail.empty() && !tail.starts_with(':'))) {
        return out.append(url->authority).append(rest);
    }
    auto host = url->host;
    if (host.size() > 1 && host.ends_with('.')) host.remove_suffix(1);
    out += ascii::to_lower(host);
    auto port = url->port;
    while (port.size() > 1 && port.starts_with('0')) port.remove_prefix(1);
    if (!port.empty() && port != default_port) out.append(":").append(port);
    return out.append(rest);
}

}  // namespace stipend
