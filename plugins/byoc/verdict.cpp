#include "verdict.hpp"

#include <algorithm>

#include "stipend/abi/dispatch.h"

namespace byoc {

using stipend::cat;

namespace {

constexpr std::size_t most_tries = 3;

// The reason for the operator: that of the last attempt, and that of the first if it differs.
std::string reason_of(const std::vector<Attempt>& attempts) {
    const auto& last = attempts.back().reason;
    if (attempts.size() < 2) return last;
    const auto& first = attempts.front().reason;
    return first == last ? cat(last, " (twice)") : cat(last, " (first try: ", first, ")");
}

Verdict finish(const Case& job, std::int32_t outcome, std::uint32_t flags, std::string reason) {
    if (job.answered) flags |= STIPEND_RESULT_ANSWERED;
    return {Verdict::Next::finish, outcome, flags, std::move(reason)};
}

}  // namespace

bool is_orchestrators_own(const std::vector<Attempt>& attempts) {
    return attempts.back().orchestrator_responded ||
           std::any_of(attempts.begin(), attempts.end(), [](const Attempt& one) { return !one.served_by.empty(); });
}

Verdict judge(Case& job, const GatewayState& gateway) {
    STIPEND_ASSERT(job.tries <= most_tries && !job.attempts.empty() && job.attempts.size() <= job.tries);
    const auto& last = job.attempts.back();
    const bool local =
        std::any_of(job.attempts.begin(), job.attempts.end(), [](const Attempt& one) { return one.local; });
    const bool well = gateway.is == GatewayState::Is::well;
    const bool unlisted = well && (last.price_unseen || is_gateway_not_found(last, gateway.words));
    job.all_unlisted = job.all_unlisted && unlisted;
    // The response of an unhealthy gateway proves nothing, nor does a missing one.
    const bool gateway_said = well && last.http_status != 0 && !unlisted;
    job.answered = job.answered || !last.served_by.empty() || gateway_said;

    const bool more = job.attempts.size() < job.tries;
    const auto reason = reason_of(job.attempts);
    if (local) {
        if (more) return {.next = Verdict::Next::try_again};
        return finish(job, STIPEND_JOB_UNKNOWN, 0, cat("this machine could not ask: ", reason));
    }
    if (is_orchestrators_own(job.attempts)) {
        if (more) return {.next = Verdict::Next::try_again};
        return finish(job, STIPEND_JOB_FAILED, 0, reason);
    }
    if (!well) {
        const auto why =
            gateway.is == GatewayState::Is::refusing ? "the gateway refuses our jobs: " : "the gateway fails: ";
        return finish(job, STIPEND_JOB_UNKNOWN, 0, cat(why, gateway.why, "; the job: ", reason));
    }
    if (more) return {.next = Verdict::Next::try_again};
    if (!last.sent) return finish(job, STIPEND_JOB_UNKNOWN, 0, cat("the gateway could not be asked: ", reason));
    if (job.all_unlisted && !job.known) {
        const auto why = last.price_unseen ? cat("the gateway was never asked for this orchestrator: ", reason)
                                           : std::string(
                                                 "the gateway has never known this orchestrator: is its address in the "
                                                 "gateway's pool?");
        return finish(job, STIPEND_JOB_UNKNOWN, STIPEND_RESULT_UNLISTED, why);
    }
    return finish(job, STIPEND_JOB_FAILED, 0, reason);
}

}  // namespace byoc
