#include "host/alert/rules.hpp"

#include <algorithm>

#include "host/alert/labels.hpp"
#include "stipend/glob.hpp"
#include "stipend/result.hpp"

namespace stipend::alert {

std::string instance_name(std::string_view receiver) {
    return cat("alert-", receiver);
}

bool matches(std::string_view match, std::string_view alert_id) {
    return is_glob(match) ? glob_match(match, alert_id) : match == alert_id;
}

namespace {

bool is_for(const Route& route, std::string_view alert_id, std::int32_t severity) {
    const auto labels = labels_of(alert_id);
    const auto fits = [](std::string_view wanted, std::string_view got) {
        return wanted.empty() || matches(wanted, got);
    };
    // A pattern of an orchestrator is about alerts that have one, `*` too.
    const bool whose = route.orchestrator.empty() ||
                       (!labels.orchestrator.empty() && matches(route.orchestrator, labels.orchestrator));
    return severity >= route.severity && fits(route.match, alert_id) && fits(route.kind, labels.kind) &&
           fits(route.subject, labels.subject) && whose;
}

}  // namespace

std::vector<std::string> receivers_of(const Rules& rules, std::string_view alert_id, std::int32_t severity) {
    std::vector<std::string> out;
    for (const auto& receiver : rules.receivers) {
        if (alert_id.starts_with(instance_name(receiver.name) + ":")) continue;
        const bool routed = rules.routes.empty() || std::ranges::any_of(rules.routes, [&](const Route& route) {
                                return is_for(route, alert_id, severity) &&
                                       std::ranges::find(route.receivers, receiver.name) != route.receivers.end();
                            });
        if (routed) out.push_back(receiver.name);
    }
    return out;
}

}  // namespace stipend::alert
