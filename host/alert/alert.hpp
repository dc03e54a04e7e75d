// Alerts on their way to people: what is raised, what waits for a receiver, what is silenced. Values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "stipend/abi/alert.h"
#include "stipend/abi/host.h"

namespace stipend::alert {

inline constexpr std::size_t max_active = 10'000;  // more are counted, and not delivered
inline constexpr std::size_t max_pending = 1'000;  // for each receiver; then the oldest are dropped
inline constexpr std::size_t max_listed = 20;      // alerts in one message
inline constexpr std::size_t max_silences = 1'000;
inline constexpr std::size_t max_text_bytes = 4'200;
inline constexpr std::size_t max_id_bytes = 300;

// Is sent at once, also in quiet hours.
[[nodiscard]] constexpr bool is_critical(std::int32_t severity) {
    return severity >= STIPEND_ALERT_CRITICAL;
}

// An alert is raised or resolved.
struct Notice {
    std::string id;
    std::int32_t severity = STIPEND_ALERT_WARNING;
    std::string text;
    stipend_unix_ns at = 0;
    bool resolved = false;
};

// An alert that fires.
struct Active {
    std::string id;
    std::int32_t severity = STIPEND_ALERT_WARNING;
    std::string text;
    stipend_unix_ns since = 0;
    std::map<std::string, stipend_unix_ns> notified = {};  // receivers, and when a message to each was last queued
    bool unconfirmed = false;                              // from before a restart, and not raised again yet
};

// A message about one alert that a receiver has not accepted yet.
struct Pending {
    std::uint64_t number = 0;  // in the order in which they came
    std::string receiver;
    std::string delivery_id;  // never changes, whatever becomes of the message
    std::string alert_id;
    std::int32_t severity = STIPEND_ALERT_WARNING;
    bool resolved = false;
    bool repeated = false;
    bool test = false;
    std::string text;
    stipend_unix_ns since = 0;
    stipend_unix_ns ended = 0;  // 0: it fires
    stipend_unix_ns queued = 0;
};

struct Silence {
    std::string match;  // ids of alerts; a text with `*` is a pattern
    stipend_unix_ns since = 0;
    stipend_unix_ns until = 0;
    std::string reason;
    std::string by;
};

// All that survives a restart.
struct State {
    std::vector<Active> active;
    std::vector<Pending> pending;  // by number
    std::vector<Silence> silences;
    std::map<std::string, std::uint64_t> dropped;  // by receiver, not reported yet
};

// What is to be written, in one transaction.
struct Changes {
    bool everything = false;  // the store is emptied first
    std::vector<Active> active;
    std::vector<std::string> ended;  // ids of alerts
    std::vector<Pending> added;
    std::vector<std::uint64_t> removed;  // numbers of pending messages
    bool silences_changed = false;
    std::vector<Silence> silences;  // all of them, where they changed
    bool dropped_changed = false;
    std::map<std::string, std::uint64_t> dropped;  // the same
    [[nodiscard]] bool empty() const {
        return !everything && active.empty() && ended.empty() && added.empty() && removed.empty() &&
               !silences_changed && !dropped_changed;
    }
};

[[nodiscard]] constexpr const char* severity_text(std::int32_t severity) {
    return severity == STIPEND_ALERT_CRITICAL ? "critical" : severity == STIPEND_ALERT_INFO ? "info" : "warning";
}

}  // namespace stipend::alert
