// The parts of an http-like URL, as it is written. Nothing is decoded, and no character is refused.
#pragma once

#include <optional>
#include <string_view>

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

}  // namespace stipend
