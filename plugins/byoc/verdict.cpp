#include "verdict.hpp"

#include "stipend/abi/dispatch.h"

namespace byoc {

using stipend::cat;

namespace {

constexpr std::size_t most_attempts = 2;

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

Verdict judge(Case& job, const GatewayState& gateway) {
    STIPEND_ASSERT(!job.attempts.empty() && job.attempts.size() <= most_attempts);
    const auto& last = job.attempts.back();
    bool heard = false;
    bool local = false;
    for (const auto& attempt : job.attempts) {
        heard = heard || attempt.orchestrator_responded;
        local = local || attempt.local;
    }
    const bool well = gateway.is == GatewayState::Is::well;
    const bool unlisted = well && (last.price_unseen || is_gateway_not_found(last, gateway.words));
    job.all_unlisted = job.all_unlisted && unlisted;
    // The response of an unhealthy gateway proves nothing, nor does a missing one.
    const bool gateway_said = well && last.http_status != 0 && !unlisted;
    job.answered = job.answered || !last.served_by.empty() || gateway_said;

    const bool more = job.attempts.size() < most_attempts;
    const auto reason = reason_of(job.attempts);
    if (local) {
        if (more) return {.next = Verdict::Next::try_again};
        return finish(job, STIPEND_JOB_UNKNOWN, 0, cat("this machine could not ask: ", reason));
    }
    if (heard) {
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
