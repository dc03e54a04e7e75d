// Takes back the waits and counts of checks that failed through the payer's own fault: the state of an orchestrator is
// computed again from the checks that remain. Decisions, and what they owe, never change.
#pragma once

#include <string>

#include "host/engine/stretch_request.hpp"
#include "host/ledger/rows.hpp"
#include "host/plugin/policy_instance.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

struct PardonRequest : StretchRequest {  // no orchestrator: all; the time is of due times
    bool dry_run = false;
};

// {"orchestrator" or "all":true, "from","to","reason","by","dry_run"}; times as RFC 3339.
Result<PardonRequest> parse_pardon(const Json& json);

// What a pardon is decided with: the newest generation's policy and base of this payee.
struct PardonTerms {
    const plugin::PolicyInstance& policy;
    Usd base;
    ledger::GenerationId generation = 0;
};

// The pardon, and the state after it. The policy decides the remaining checks again, from the state before the first
// pardoned one; it is first held to the decisions as they were made. INVALID: no check may be pardoned, or the policy
// does not decide them as they were decided, so that it cannot say what would have been.
Result<ledger::Pardoned> make_pardon(const PardonRequest& request, const PardonTerms& terms,
                                     const ledger::EngineState& state, const ledger::PardonHistory& history,
                                     stipend_unix_ns now);

// What the answer says of one pardon.
Json to_json(const std::string& orchestrator, const ledger::Pardon& row);

}  // namespace stipend::engine
