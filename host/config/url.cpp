#include "host/config/url.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

#include "host/base/ip_address.hpp"
#include "stipend/ascii.hpp"
#include "stipend/result.hpp"

namespace stipend::config {
namespace {

constexpr std::size_t max_url_bytes = 2048;
constexpr std::string_view http = "http://";
constexpr std::string_view https = "https://";

struct Authority {          // borrowed from the text
    std::string_view host;  // an IPv6 address in its brackets
    std::string_view port;  // empty where there is no colon
};

bool valid_port(std::string_view text, unsigned least) {
    unsigned port = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, port);
    return error == std::errc{} && rest == end && text.size() <= 5 && port >= least && port <= 65535;
}

bool valid_host(std::string_view host) {
    const auto within = [](std::string_view text, std::string_view extra) {
        return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
            return ascii::is_alnum(c) || extra.find(c) != std::string_view::npos;
        });
    };
    if (host.starts_with('[')) return host.ends_with(']') && within(host.substr(1, host.size() - 2), ":.%");
    return host.size() <= 253 && within(host, ".-_");
}

std::optional<Authority> parse_authority(std::string_view text) {
    const auto bracket = text.rfind(']');
    const auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    Authority out{.host = text.substr(0, colon), .port = {}};
    if (!valid_host(out.host)) return std::nullopt;
    if (colon == std::string_view::npos) return out;
    out.port = text.substr(colon + 1);
    return valid_port(out.port, 0) ? std::optional(out) : std::nullopt;
}

// The one spelling of a host; nothing where it is an internet address in a form that not everything reads alike, as
// 127.1 or 0x7f000001, or a name with more than one dot at its end.
std::optional<std::string> one_spelling(std::string_view host) {
    if (host.starts_with('[')) {
        const auto inside = host.substr(1, host.size() - 2);
        const auto zone = std::min(inside.find('%'), inside.size());
        const auto address = IpAddress::parse(inside.substr(0, zone));
        if (!address || (address->is_v4() && zone != inside.size())) return std::nullopt;
        return address->is_v4() ? address->text() : cat("[", address->text(), inside.substr(zone), "]");
    }
    auto name = host;
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.ends_with('.')) return std::nullopt;
    const auto label = name.substr(name.rfind('.') + 1);  // all of it, where there is no dot
    const auto all_of = [](std::string_view text, auto is) { return std::all_of(text.begin(), text.end(), is); };
    const bool hex = label.size() >= 2 && label[0] == '0' && ascii::to_lower(label.substr(0, 2)) == "0x" &&
                     all_of(label.substr(2), [](char c) {
                         return ascii::is_digit(c) || (ascii::to_lower(c) >= 'a' && ascii::to_lower(c) <= 'f');
                     });
    if (!hex && !all_of(label, [](char c) { return ascii::is_digit(c); })) return std::string(host);
    return IpAddress::parse(name) ? std::optional(std::string(host)) : std::nullopt;
}

// What follows the scheme of an origin.
std::string_view after_scheme(std::string_view text) {
    return text.substr(std::min(text.size(), text.starts_with(https) ? https.size() : http.size()));
}

}  // namespace

std::optional<std::string> read_origin(std::string_view text) {
    if (text.size() > max_url_bytes || !(text.starts_with(http) || text.starts_with(https))) return std::nullopt;
    if (text.ends_with('/')) text.remove_suffix(1);
    const auto authority = parse_authority(after_scheme(text));
    if (!authority || (!authority->port.empty() && !valid_port(authority->port, 1))) return std::nullopt;
    const auto host = one_spelling(authority->host);
    if (!host) return std::nullopt;
    const auto rest = after_scheme(text);
    return cat(text.substr(0, text.size() - rest.size()), *host, rest.substr(authority->host.size()));
}

std::string host_and_port(std::string_view origin) {
    const auto authority = parse_authority(after_scheme(origin));
    STIPEND_ASSERT(authority.has_value());
    const std::string_view by_scheme = origin.starts_with(https) ? "443" : "80";
    return cat(authority->host, ":", authority->port.empty() ? by_scheme : authority->port);
}

bool valid_listen(std::string_view text) {
    const auto authority = parse_authority(text);
    return authority && !authority->port.empty();
}

bool loopback_listen(std::string_view text) {
    if (text == no_listener) return true;
    const auto authority = parse_authority(text);
    if (!authority) return false;
    const std::string host(authority->host);
    in_addr v4{};
    in6_addr v6{};
    if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    const bool bracketed = host.size() > 2 && host.front() == '[';
    return bracketed && ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6) == 1 &&
           IN6_IS_ADDR_LOOPBACK(&v6);
}

bool same_listener(std::string_view a, std::string_view b) {
    const auto one = parse_authority(a);
    const auto other = parse_authority(b);
    if (!one || !other) return false;
    const auto number = [](std::string_view port) {
        unsigned out = 0;
        std::from_chars(port.data(), port.data() + port.size(), out);
        return out;
    };
    const auto all = [](std::string_view host) { return host == "0.0.0.0" || host == "[::]"; };
    return number(one->port) != 0 && number(one->port) == number(other->port) &&
           (one->host == other->host || all(one->host) || all(other->host));
}

}  // namespace stipend::config
