// How a job ended, and what of an answer is checked.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::jobs {

enum class Outcome : std::uint8_t {
    succeeded,
    connect,           // no connection
    tls,               // no TLS over it
    timeout,           // no whole answer by the deadline
    client_error,      // 4xx, other than the next
    no_orchestrators,  // the gateway found none
    server_error,      // 5xx
    empty,             // 200 with an empty body: every try of the gateway failed
    body_check,        // the body is not what --check wants
    other,             // answered by another orchestrator than the one that was asked
    unexpected,        // another status, or a 200 that names no orchestrator
    broken,            // the connection ended within the answer, or it is no HTTP, or too large
};
inline constexpr std::size_t outcomes = 12;
// As reports and thresholds name it.
std::string_view name_of(Outcome outcome);

using Counts = std::array<std::uint64_t, outcomes>;  // by outcome

// What a body has to be.
struct Check {
    enum class Is : std::uint8_t {
        none,
        json,      // a JSON value
        uptime,    // an answer that a manager would take: a JSON object with an uptime
        contains,  // has `text`
    };
    Is is = Is::none;
    std::string text = {};
};
// "json", "uptime" or "contains:TEXT".
Result<Check> parse_check(std::string_view text);

// The one that is asked, and the names under which it may answer. Without an address any may answer.
struct Asked {
    std::string address;
    std::vector<std::string> announced;
};

struct Answer {
    int status = 0;
    std::string served_by;  // X-Orchestrator-Url
    std::string balance;    // Livepeer-Balance
    std::string body;
};

struct Judged {
    Outcome outcome = Outcome::succeeded;
    std::string why;  // empty if it succeeded
};
// Pure.
Judged judge(const Answer& answer, const Asked& asked, const Check& check);

}  // namespace stipend::jobs
