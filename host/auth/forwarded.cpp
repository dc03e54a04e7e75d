#include "host/auth/forwarded.hpp"

#include <algorithm>
#include <optional>

#include "stipend/ascii.hpp"
#include "stipend/headers.hpp"

namespace stipend::auth {
namespace {

constexpr int max_hops = 32;

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), ascii::is_digit);
}

// An address as proxies write it: bare, or with a port; IPv6 with a port is in brackets.
std::optional<IpAddress> parse_hop(std::string_view text) {
    text = trim_blanks(text);
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const auto rest = text.substr(end + 1);
        if (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1)))) return std::nullopt;
        const auto inside = text.substr(1, end - 1);
        return inside.find(':') == std::string_view::npos ? std::nullopt : IpAddress::parse(inside);
    }
    const auto colon = text.find(':');
    if (colon != std::string_view::npos && colon == text.rfind(':')) {  // IPv6 has two at least
        if (!is_port(text.substr(colon + 1))) return std::nullopt;
        text = text.substr(0, colon);
    }
    return IpAddress::parse(text);
}

// Takes the last entry off the value of a field.
std::string_view take_last(std::string_view& value, bool& more) {
    const auto comma = value.rfind(',');
    more = comma != std::string_view::npos;
    const auto out = more ? value.substr(comma + 1) : value;
    value = more ? value.substr(0, comma) : std::string_view();
    return out;
}

}  // namespace

IpAddress client_address(const IpAddress& peer, std::span<const std::string_view> forwarded_for,
                         std::span<const IpRange> trusted_proxies) {
    const auto is_trusted = [&](const IpAddress& address) {
        return std::any_of(trusted_proxies.begin(), trusted_proxies.end(),
                           [&](const IpRange& range) { return range.contains(address); });
    };
    IpAddress at = peer;
    int hops = 0;
    for (auto field = forwarded_for.rbegin(); field != forwarded_for.rend(); ++field) {
        auto value = *field;
        for (bool more = true; more;) {
            if (!is_trusted(at) || hops++ == max_hops) return at;
            const auto hop = parse_hop(take_last(value, more));
            if (!hop) return at;
            at = *hop;
        }
    }
    return at;
}

}  // namespace stipend::auth
