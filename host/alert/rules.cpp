#include "host/alert/rules.hpp"

#include <algorithm>

#include "stipend/glob.hpp"
#include "stipend/result.hpp"

namespace stipend::alert {

std::string instance_name(std::string_view receiver) {
    return cat("alert-", receiver);
}

bool matches(std::string_view match, std::string_view alert_id) {
    return is_glob(match) ? glob_match(match, alert_id) : match == alert_id;
}

std::vector<std::string> receivers_of(const Rules& rules, std::string_view alert_id, std::int32_t severity) {
    std::vector<std::string> out;
    for (const auto& receiver : rules.receivers) {
        if (alert_id.starts_with(instance_name(receiver.name) + ":")) continue;
        const bool routed = rules.routes.empty() || std::ranges::any_of(rules.routes, [&](const Route& route) {
                                return severity >= route.severity &&
                                       (route.match.empty() || matches(route.match, alert_id)) &&
                                       std::ranges::find(route.receivers, receiver.name) != route.receivers.end();
                            });
        if (routed) out.push_back(receiver.name);
    }
    return out;
}

}  // namespace stipend::alert
