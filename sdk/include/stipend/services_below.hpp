// The services that were not up for the whole time that a worker reports on, as one line of text and read from it
// again: `services below 100 %: avatar 43.2 %, voice 97 %, 3 more`. A dispatcher gives it as the reason of a good
// result; the host records it with the decision and explains the uptime by it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "stipend/ascii.hpp"
#include "stipend/money.hpp"

namespace stipend {

struct ServiceUptime {
    std::string name = {};     // chosen by the payee; in a text of at most `most_service_name` bytes
    std::uint32_t up_ppm = 0;  // below ppm_one
    friend bool operator==(const ServiceUptime&, const ServiceUptime&) = default;
};

struct ServicesBelow {
    std::vector<ServiceUptime> services = {};  // the lowest uptime first, then by name
    std::uint64_t more = 0;                    // that are left out
};

inline constexpr std::size_t most_service_name = 40;    // bytes; a longer name ends in "..."
inline constexpr std::size_t most_services_text = 255;  // bytes that a host records of a reason
inline constexpr std::string_view services_below_prefix = "services below 100 %: ";

namespace detail {

// Of printable ASCII; in quotation marks, unless no character of it could be one of the text around it.
inline std::string service_name_text(std::string_view name) {
    std::string out(name.substr(0, most_service_name));
    bool plain = !out.empty();
    for (auto& c : out) {
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') c = '?';
        plain = plain && (ascii::is_alnum(c) || std::string_view("._-/:@").find(c) != std::string_view::npos);
    }
    if (name.size() > most_service_name) out.replace(most_service_name - 3, 3, "...");
    return plain ? out : cat("\"", out, "\"");
}

// Takes `NAME 43.2 %` from the front of the text.
inline std::optional<ServiceUptime> take_service(std::string_view& text) {
    const bool quoted = text.starts_with('"');
    const auto end = quoted ? text.find('"', 1) : text.find(' ');
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    ServiceUptime out{.name = std::string(quoted ? text.substr(1, end - 1) : text.substr(0, end))};
    auto rest = text.substr(quoted ? end + 1 : end);
    if (!rest.starts_with(' ')) return std::nullopt;
    rest.remove_prefix(1);
    const auto sign = rest.find(" %");
    if (sign == std::string_view::npos) return std::nullopt;
    const auto ppm = percent_to_ppm(rest.substr(0, sign));
    if (!ppm || *ppm >= ppm_one) return std::nullopt;
    out.up_ppm = *ppm;
    text = rest.substr(sign + 2);
    return out;
}

}  // namespace detail

// The text, of at most `most_bytes`: what does not fit is counted as `more`. Services with an uptime of ppm_one are
// none of it. Empty if there is nothing to name, or no place for a count. [pure]
[[nodiscard]] inline std::string services_below_text(ServicesBelow below, std::size_t most_bytes = most_services_text) {
    auto& services = below.services;
    std::erase_if(services, [](const ServiceUptime& one) { return one.up_ppm >= ppm_one; });
    std::sort(services.begin(), services.end(), [](const ServiceUptime& a, const ServiceUptime& b) {
        return std::tie(a.up_ppm, a.name) < std::tie(b.up_ppm, b.name);
    });
    const auto more_text = [&](std::size_t named) {
        const auto more = below.more + (services.size() - named);
        return more == 0 ? std::string() : cat(named == 0 ? "" : ", ", more, " more");
    };
    std::string named(services_below_prefix);
    std::string out;  // the longest that fits
    for (std::size_t count = 0; named.size() <= most_bytes; ++count) {
        auto whole = named + more_text(count);
        if (whole.size() <= most_bytes && whole.size() > services_below_prefix.size()) out = std::move(whole);
        if (count == services.size()) break;
        const auto& next = services[count];
        named +=
            cat(count == 0 ? "" : ", ", detail::service_name_text(next.name), " ", ppm_to_percent(next.up_ppm), " %");
    }
    return out;
}

// What such a text at the end of `reason` says. None: there is no such text, or it is damaged. [pure]
[[nodiscard]] inline std::optional<ServicesBelow> read_services_below(std::string_view reason) {
    const auto at = reason.find(services_below_prefix);
    if (at == std::string_view::npos) return std::nullopt;
    auto text = reason.substr(at + services_below_prefix.size());
    ServicesBelow out;
    for (;;) {
        if (auto one = detail::take_service(text)) {
            out.services.push_back(*std::move(one));
            if (text.empty()) return out;
            if (!text.starts_with(", ")) return std::nullopt;
            text.remove_prefix(2);
            continue;
        }
        const auto end = text.find(' ');
        const auto more = Decimal::parse(text.substr(0, end));
        const auto count = more ? more->exact_scaled(0) : Result<std::int64_t>(more.error());
        if (end == std::string_view::npos || text.substr(end) != " more" || !count || *count <= 0) return std::nullopt;
        out.more = static_cast<std::uint64_t>(*count);
        return out;
    }
}

}  // namespace stipend
