// Which receivers an alert goes to, and when each may be disturbed. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/recurring.hpp"
#include "stipend/abi/host.h"

namespace stipend::alert {

struct Receiver {
    std::string name;
    std::int64_t per_minute = 20;
    std::optional<Recurring> quiet = {};  // only critical alerts are sent meanwhile
};

struct Route {
    std::int32_t severity = STIPEND_ALERT_INFO;  // the least one
    std::string match;                           // ids; empty: all
    // What its labels have to be; each an exact text or a pattern, or empty: any.
    std::string kind = {}, subject = {}, orchestrator = {};
    std::vector<std::string> receivers;
};

struct Rules {
    std::vector<Receiver> receivers;
    std::vector<Route> routes;  // none: every alert goes to every receiver
    std::int64_t repeat_ns = 0;
    std::int64_t group_wait_ns = 0;
    std::int64_t confirm_ns = 0;  // an alert from before a restart that is not raised again in this time is over
};

// The name of a receiver's plugin instance.
[[nodiscard]] std::string instance_name(std::string_view receiver);

// True where `match`, a name or a pattern, is about that alert.
[[nodiscard]] bool matches(std::string_view match, std::string_view alert_id);

// The receivers of every route that matches, each once, in the order of the configuration. An alert about a receiver
// is not sent by that receiver.
[[nodiscard]] std::vector<std::string> receivers_of(const Rules& rules, std::string_view alert_id,
                                                    std::int32_t severity);

}  // namespace stipend::alert
