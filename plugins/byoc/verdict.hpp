// Whose fault? Decides, after each try of a job without a valid answer, what follows from it. Pure.
//
//   the orchestrator itself was heard            nothing is the payer's fault any more: try again, then FAILED
//   the sentinel failed                          UNKNOWN: the gateway is the payer's trouble
//   the sentinel is answered, first try          try again
//   the sentinel is answered, second try         FAILED, in whatever form, except:
//     the gateway could not be connected to      UNKNOWN: nobody was asked
//     never known, and both tries brought the    UNKNOWN and UNLISTED: neither paid nor punished
//     gateway's own "no such orchestrator"
//
// UNKNOWN so needs what no payee can make: a gateway that does not answer for an orchestrator which does not exist, or
// that takes no connection.
#pragma once

#include <string>
#include <vector>

#include "answer.hpp"

namespace byoc {

// What the sentinel found out about the gateway.
struct GatewayState {
    enum class Is : std::uint8_t {
        not_asked,
        well,
        failing,     // no answer, or not the one of a healthy gateway
        refusing,    // it refuses what we send, whoever it is for: our own mistake
        not_looked,  // our own side ended the sentinel
    };
    Is is = Is::not_asked;
    std::string why;     // where it is not well
    GatewayWords words;  // where it is well: how it says that it has no such orchestrator
};

struct Case {
    std::vector<Attempt> attempts;  // one or two, the last one without a valid answer
    bool all_unlisted = true;       // every attempt so far brought the gateway's own words
    bool answered = false;          // the gateway said anything else about it, while it was well
    bool known = false;             // STIPEND_JOB_KNOWN
};

struct Verdict {
    enum class Next : std::uint8_t { try_again, finish };
    Next next = Next::finish;
    std::int32_t outcome = 0;  // STIPEND_JOB_*
    std::uint32_t flags = 0;   // STIPEND_RESULT_*
    std::string reason;
};

// Takes account of the last attempt, in the light of what the sentinel found after it. `gateway` is `not_asked` where
// the orchestrator was heard.
Verdict judge(Case& job, const GatewayState& gateway);

}  // namespace byoc
