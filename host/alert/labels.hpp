// What the id of an alert says of it. Pure.
#pragma once

#include <array>
#include <string_view>

namespace stipend::alert {

// How the ids of alerts begin that are about one orchestrator, whose key follows. No other alert is its business.
inline constexpr std::array<std::string_view, 11> payee_alerts{
    "limit:",  "policy:",    "suspended:",    "unlisted:",    "fees:",         "fees-reported:",
    "change:", "objection:", "alert-target:", "payout-held:", "payout-frozen:"};

// The key of the orchestrator that an alert is about; empty: none. An id that merely ends like a key is of a plugin or
// the host.
[[nodiscard]] constexpr std::string_view payee_of_alert(std::string_view id) {
    for (const auto kind : payee_alerts) {
        if (id.starts_with(kind)) return id.substr(kind.size());
    }
    return {};
}

// `kind` and `subject` are the parts before and after the first colon; the subject is empty without one.
struct Labels {
    std::string_view kind, subject, orchestrator;
};
[[nodiscard]] constexpr Labels labels_of(std::string_view id) {
    const auto colon = id.find(':');
    return {.kind = id.substr(0, colon),
            .subject = colon == std::string_view::npos ? std::string_view() : id.substr(colon + 1),
            .orchestrator = payee_of_alert(id)};
}

}  // namespace stipend::alert
