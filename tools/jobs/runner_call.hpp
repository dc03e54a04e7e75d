// One call of an orchestrator's live runner at its own address, step by step as the manager's `runner` dispatcher makes
// it: discovery, a session where the runner is persistent, and a payment by a remote signer where it is priced.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/http/curl_client.hpp"
#include "livepeer/runner_wire.hpp"
#include "stipend/money.hpp"
#include "tools/jobs/outcome.hpp"
#include "tools/jobs/plan.hpp"

namespace stipend::jobs {

struct RunnerCall {
    std::string url;  // of the call; of discovery where there was none
    std::optional<livepeer::RunnerOffer> offer;
    std::string paid;       // wei, where it was paid
    bool answered = false;  // the call itself, whatever it says
    std::string session;    // the path of its control, where there was one, and how it ended
    Answer answer;
    Judged judged;
    std::int64_t took_ns = 0;  // of the call
};

// Blocks. Any certificate is taken, since orchestrators sign their own. UNAVAILABLE: this machine has no HTTP client.
Result<RunnerCall> call_runner(const Way& way, const RunnerTerms& terms, const Asked& asked, const std::string& body,
                               const Check& check);

// The same of an offer that was found before, whose answer is not judged.
RunnerCall call_offer(http::CurlClient& client, const Way& way, const RunnerTerms& terms, const Asked& asked,
                      const livepeer::RunnerOffer& offer, const std::string& body);

// Only what is offered; without an `offer`, `judged` says why there is none. Nothing is called, whatever it costs.
Result<RunnerCall> look_at_runner(const Way& way, const Asked& asked);

// What a call of that offer would be refused for, by these terms; empty: it would not.
std::string refusal_of_price(const livepeer::RunnerOffer& offer, const RunnerTerms& terms);

// The way to a runner. Calls of a free single-shot one are sent to it as jobs are to a gateway; `steps` is the offer of
// any other.
struct Lead {
    Way way;
    std::optional<livepeer::RunnerOffer> steps;
};
// To the runner that was found at that orchestrator. Pure. INVALID: there is none, or these terms refuse its price.
Result<Lead> lead_to_runner(const RunnerCall& found, const Asked& asked, Way way, const RunnerTerms& terms);

}  // namespace stipend::jobs
