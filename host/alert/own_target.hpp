// Where the own alerts of an orchestrator go: one webhook or e-mail address of its own choice. What it gets,
// how often, and when no more. Pure; the time is an argument.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/sha256.hpp"
#include "stipend/abi/types.h"
#include "stipend/duration.hpp"
#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace stipend::alert {

inline constexpr std::uint32_t most_events_a_day = 20;  // in a UTC day; as many wait at most
inline constexpr std::uint32_t most_changes_a_day = 10;
inline constexpr std::uint32_t most_failures = 10;  // in a row; then it is off
inline constexpr std::uint32_t most_wrong_codes = 5;
inline constexpr std::int64_t code_valid_ns = 1'800 * ns_per_s;
inline constexpr std::int64_t first_target_pause_ns = 10 * ns_per_s;  // after a failure; doubled each time
inline constexpr std::int64_t longest_target_pause_ns = 3'600 * ns_per_s;
inline constexpr std::int64_t own_fault_pause_ns = 60 * ns_per_s;  // after a failure of this host itself

// What may be so of an orchestrator: bits.
enum Sign : std::uint32_t {
    sign_down = 1U << 0U,  // its last check failed
    sign_suspended = 1U << 1U,
    sign_limit = 1U << 2U,  // these four: its payments are on hold
    sign_policy = 1U << 3U,
    sign_fees = 1U << 4U,
    sign_unlisted = 1U << 5U,
    sign_change = 1U << 6U,     // a change of its payout address or worker's key waits
    sign_objection = 1U << 7U,  // it has one that is not answered
};
// The sign of an alert about an orchestrator; 0: one that it does not get.
[[nodiscard]] std::uint32_t sign_of_alert(std::string_view alert_id);

enum class OwnKind : std::uint8_t {
    down,
    up,
    suspended,
    resumed,
    held,
    released,
    change_waiting,
    change_over,
    objection_answered,
    target_set,
    target_replaced,
    omitted,
};
[[nodiscard]] std::string_view name_of(OwnKind kind);
// One sentence, which names neither amounts nor addresses.
[[nodiscard]] std::string_view sentence_of(OwnKind kind);

struct OwnEvent {
    OwnKind kind = OwnKind::down;
    stipend_unix_ns at = 0;
    std::string delivery_id;  // the same each time it is sent
    std::uint64_t omitted = 0;
};

enum class TargetState : std::uint8_t { none, unconfirmed, active, off };
[[nodiscard]] std::string_view name_of(TargetState state);

struct OwnTarget {
    std::string orchestrator;
    stipend_unix_ns registered_at = 0;  // of the registration that set it: a later one of the same id has another
    TargetState state = TargetState::none;
    bool mail = false;
    std::string address;  // a URL, which is a secret, or an e-mail address
    stipend_unix_ns set_at = 0;
    std::optional<Sha256> code;  // that is waited for
    stipend_unix_ns code_until = 0;
    std::uint32_t wrong_codes = 0;
    std::uint32_t signs = 0;  // what was so when it was looked at last
    std::int64_t day = 0;     // the UTC day of the next two, since 1970
    std::uint32_t sent = 0;   // events that were accepted
    std::uint32_t changes = 0;
    std::uint64_t omitted = 0;   // events beyond the day's number, not reported yet
    std::uint32_t failures = 0;  // in a row
    std::string last_error = {};
    stipend_unix_ns retry_at = 0;
    stipend_unix_ns last_success = 0;
    std::deque<OwnEvent> waiting = {};
};

// INVALID: it is no https URL without a user name.
[[nodiscard]] Result<void> check_webhook(std::string_view url);

// Counts a change of the target. LIMIT: too many today.
[[nodiscard]] Result<void> count_change(OwnTarget& target, stipend_unix_ns now);
// Sends to this webhook from now on, a first message at once.
void set_webhook(OwnTarget& target, std::string url, stipend_unix_ns now, std::string delivery_id);
// Sends to this address once `code` has come back.
void set_mail(OwnTarget& target, std::string address, std::string_view code, stipend_unix_ns now);
// It has none any more; its counters stay.
void clear_target(OwnTarget& target);

enum class CodeCheck : std::uint8_t { right, wrong, none_waits, expired, too_many };
// A code passes once; then the address gets a message. Compared in constant time.
[[nodiscard]] CodeCheck check_code(OwnTarget& target, std::string_view code, stipend_unix_ns now,
                                   std::string delivery_id);

// A sign is so, or no more. True: the target changed, and is to be written. `delivery_id` is of the event, if there is
// one.
bool observe(OwnTarget& target, std::uint32_t sign, bool is_so, stipend_unix_ns now, std::string delivery_id);
// Lets time pass: on another day it gets the number of events that were omitted. True: the target changed.
bool pass_time(OwnTarget& target, stipend_unix_ns now, std::string delivery_id);
// When there is something to do; nothing: not before the next event.
[[nodiscard]] std::optional<stipend_unix_ns> next_wakeup(const OwnTarget& target, stipend_unix_ns now);
[[nodiscard]] bool may_send(const OwnTarget& target, stipend_unix_ns now);

struct Attempt {
    bool accepted = false;
    bool own_fault = false;  // of this host: it does not count
    std::string why = {};    // of a failure, without details of a network
};
// How the attempt at the first event that waits ended. True: the target is off from now on.
bool attempted(OwnTarget& target, const Attempt& attempt, stipend_unix_ns now);

// Names of what is so: ["down"].
[[nodiscard]] Json signs_json(std::uint32_t signs);
// What a webhook gets.
[[nodiscard]] Json own_message(const OwnTarget& target, const OwnEvent& event);

}  // namespace stipend::alert
