#include "host/config/url.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace stipend::config {
namespace {

constexpr std::size_t max_url_bytes = 2048;

bool valid_port(std::string_view text, unsigned least) {
    unsigned port = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, port);
    return error == std::errc{} && rest == end && text.size() <= 5 && port >= least && port <= 65535;
}

bool valid_host(std::string_view host) {
    const auto within = [](std::string_view text, std::string_view extra) {
        return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   extra.find(c) != std::string_view::npos;
        });
    };
    if (host.starts_with('[')) return host.ends_with(']') && within(host.substr(1, host.size() - 2), ":.%");
    return host.size() <= 253 && within(host, ".-_");
}

// Splits "host:port"; the port is empty where there is no colon. Nothing where the host is malformed.
std::optional<UrlParts> parse_authority(std::string_view text) {
    UrlParts out;
    const auto bracket = text.rfind(']');
    const auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    out.host = text.substr(0, colon);
    if (!valid_host(out.host)) return std::nullopt;
    if (colon != std::string_view::npos) {
        out.port = text.substr(colon + 1);
        if (out.port.empty()) return std::nullopt;
    }
    return out;
}

}  // namespace

std::optional<UrlParts> parse_url(std::string_view text) {
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (!printable || text.size() > max_url_bytes) return std::nullopt;
    const auto separator = text.find("://");
    if (separator == std::string_view::npos) return std::nullopt;
    const auto scheme = text.substr(0, separator);
    if (scheme != "http" && scheme != "https") return std::nullopt;
    const auto after = text.substr(separator + 3);
    const auto slash = std::min(after.find_first_of("/?#"), after.size());
    auto out = parse_authority(after.substr(0, slash));
    if (!out || (!out->port.empty() && !valid_port(out->port, 1))) return std::nullopt;
    out->scheme = scheme;
    out->rest = after.substr(slash);
    return out;
}

std::optional<std::string> read_origin(std::string_view text) {
    const auto url = parse_url(text);
    if (!url || (!url->rest.empty() && url->rest != "/")) return std::nullopt;
    return std::string(text.substr(0, text.size() - url->rest.size()));
}

bool valid_listen(std::string_view text) {
    const auto parts = parse_authority(text);
    return parts && valid_port(parts->port, 0);
}

bool loopback_listen(std::string_view text) {
    const auto parts = parse_authority(text);
    if (!parts) return false;
    const std::string host(parts->host);
    in_addr v4{};
    in6_addr v6{};
    if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    const bool bracketed = host.size() > 2 && host.front() == '[';
    return bracketed && ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6) == 1 &&
           IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace stipend::config
