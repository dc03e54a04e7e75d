// A router under a clock that the test sets.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "host/alert/router.hpp"

namespace stipend::alert {

struct Fixture {
    static constexpr std::int64_t group_wait = 10 * ns_per_s;
    static constexpr std::int64_t confirm = 900 * ns_per_s;
    static constexpr std::int64_t repeat = 4 * 3600 * ns_per_s;

    stipend_unix_ns now = 1'800'000'000 * ns_per_s;
    std::uint64_t last_random = 0;
    Router router{[this] { return ++last_random; }};

    explicit Fixture(std::vector<Receiver> receivers = {{.name = "ops"}}, std::vector<Route> routes = {}) {
        router.configure(rules(std::move(receivers), std::move(routes)), now);
    }
    static Rules rules(std::vector<Receiver> receivers, std::vector<Route> routes = {}) {
        return {.receivers = std::move(receivers),
                .routes = std::move(routes),
                .repeat_ns = repeat,
                .group_wait_ns = group_wait,
                .confirm_ns = confirm};
    }
    void raise(const std::string& id, std::int32_t severity = STIPEND_ALERT_WARNING) {
        router.take({.id = id, .severity = severity, .text = id + " is wrong", .at = now}, now);
    }
    void resolve(const std::string& id) {
        router.take({.id = id, .text = "resolved", .at = now, .resolved = true}, now);
    }
    // Lets time pass from one wake-up to the next, as the host does, and returns what is sent; each message is ended
    // by `result`, unless it `hangs`.
    std::vector<Message> pass(std::int64_t ns, const Result<void>& result = {}, bool hangs = false) {
        std::vector<Message> out;
        const auto until = now + ns;
        for (int turns = 0; turns < 100'000; ++turns) {
            router.tick(now);
            while (auto message = router.next_message(now)) {
                out.push_back(*message);
                if (!hangs) router.ended(message->receiver, result, now);
            }
            const auto next = router.next_wakeup(now);
            if (!next || *next > until) break;
            REQUIRE(*next >= now);
            now = std::max(*next, now);
        }
        now = until;
        return out;
    }
    [[nodiscard]] ReceiverState state(const std::string& name = "ops") const {
        for (const auto& one : router.receivers(now)) {
            if (one.name == name) return one;
        }
        return {};
    }
};

inline std::vector<std::string> ids(const std::vector<Message>& messages) {
    std::vector<std::string> out;
    for (const auto& message : messages) {
        for (const auto& one : message.alerts) out.push_back(one.alert_id + (one.resolved ? " resolved" : ""));
    }
    return out;
}

using Ids = std::vector<std::string>;
inline const Result<void> refused = fail(STIPEND_E_UNAVAILABLE, "connection refused");

}  // namespace stipend::alert
