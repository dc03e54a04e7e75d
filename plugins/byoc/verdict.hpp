// Decides, after each attempt without a valid response, whose fault that is. Pure.
//
//   an attempt never left this machine           retry, then UNKNOWN
//   the orchestrator itself responded, or        not the payer's fault: retry, then FAILED
//     served an earlier attempt
//   the sentinel failed                          UNKNOWN: the gateway is the payer's responsibility
//   the sentinel is answered, first attempt      retry
//   the sentinel is answered, second attempt     FAILED, in every case but two:
//     no connection to the gateway               UNKNOWN: the job was never sent
//     never known, and both attempts brought     UNKNOWN and UNLISTED: neither paid nor punished
//     the gateway's own "no such orchestrator",
//     or were not sent without a price
//
// So UNKNOWN requires what no payee can cause: a gateway that does not respond for an orchestrator that does not exist,
// or that accepts no connection.
#pragma once

#include <string>
#include <vector>

#include "answer.hpp"

namespace byoc {

// The health of the gateway according to the sentinel.
struct GatewayState {
    enum class Is : std::uint8_t {
        not_asked,
        well,
        failing,     // no response, or not that of a healthy gateway
        refusing,    // it rejects every job: a mistake of the payer
        not_looked,  // the host cancelled the sentinel
    };
    Is is = Is::not_asked;
    std::string why;     // why it is not healthy
    GatewayWords words;  // if healthy: its response for an unknown orchestrator
};

struct Case {
    std::vector<Attempt> attempts;  // at most `tries`; the last one has no valid response
    std::size_t tries = 2;          // 3 where the second failure met a restart of the orchestrator
    bool all_unlisted = true;       // every attempt so far brought no word of the orchestrator: see above
    bool answered = false;          // the gateway, while healthy, responded in any other way
    bool known = false;             // STIPEND_JOB_KNOWN
};

// Whether the last failure cannot be the gateway's: the orchestrator had a job of this check, or its own answer, as to
// the question for its price, is what ended the last attempt. Such an answer to an earlier attempt says nothing of a
// gateway that failed since.
bool is_orchestrators_own(const std::vector<Attempt>& attempts);

struct Verdict {
    enum class Next : std::uint8_t { try_again, finish };
    Next next = Next::finish;
    std::int32_t outcome = 0;  // STIPEND_JOB_*
    std::uint32_t flags = 0;   // STIPEND_RESULT_*
    std::string reason;
};

// Judges the last attempt by the sentinel's result after it. `gateway` is `not_asked` if the orchestrator responded.
Verdict judge(Case& job, const GatewayState& gateway);

}  // namespace byoc
