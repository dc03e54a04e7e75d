// What follows a failed try: a look at the orchestrator, a wait while it is on its way back, and the next try or the
// end.
#include <algorithm>

#include "dispatch_job.hpp"

namespace byoc {

using stipend::cat;
using stipend::fail;
using stipend::Result;

void Dispatch::second_try(const JobPtr& job) {
    retries_.record(1);
    set_wait(job, settings_.retry_after_ns);
    const auto& last = job->facts.attempts.back();
    if (!may_look(job)) return retry(job);
    if (last.price_unseen) return looked(job, livepeer::Token(*job->look));
    look_at(job);
}

void Dispatch::set_wait(const JobPtr& job, std::int64_t least_ns) const {
    const auto now = host_.monotonic();
    const auto half_period = (job->period_to - job->period_from) / 2;
    job->earliest = now + least_ns;
    job->latest = std::max(job->earliest, now + std::min(restart_wait_ns, half_period));
}

// What the orchestrator itself answered needs no look, and where no price is asked for, it may be out of reach.
bool Dispatch::may_look(const JobPtr& job) const {
    return settings_.price_check_ns != 0 && job->facts.attempts.back().served_by.empty() && !job->price_too_high;
}

// It may be on its way back: without a slot, or with a port that is refused, which means nothing at an address that
// never answered here.
bool Dispatch::may_come_back(const JobPtr& job, const livepeer::Token& token) const {
    return token.none_free() || (token.gone() && tokens_.has_answered(job->expected.address, job->capability));
}

// The last failure may have met a restart in the moment of the try: then there is one more, if none has waited yet.
void Dispatch::look_for_restart(const JobPtr& job, const Verdict& verdict) {
    if (job->waited || job->facts.tries > 2 || !may_look(job)) return fail_check(job, verdict);
    auto ask = tokens_.ask(job->expected.address, job->capability, job->registered,
                           [this, job, verdict](const livepeer::Token& token) {
                               if (!job->done.pending()) return;
                               if (token.cancelled) return fail_job(job, fail(STIPEND_E_CANCELLED, token.why));
                               if (!may_come_back(job, token)) return fail_check(job, verdict);
                               ++job->facts.tries;

                               retries_.record(1);
                               set_wait(job, 0);
                               looked(job, token);
                           });
    if (!ask) return fail_check(job, verdict);
    job->ask = std::move(*ask);
}

void Dispatch::look_at(const JobPtr& job) {
    auto ask = tokens_.ask(job->expected.address, job->capability, job->registered,
                           [this, job](const livepeer::Token& token) { looked(job, token); });
    if (!ask) return retry(job);
    job->ask = std::move(*ask);
}

// Adds to the last failure what the orchestrator itself answered after one, where that is not its own reason.
void Dispatch::explain(const JobPtr& job) {
    auto& last = job->facts.attempts.back();
    if (last.orchestrator_responded || last.price_unseen || last.local) return;
    const auto more = explanation(*job->look, job->capability, last.unlisted);
    if (!more.empty()) last.reason = cat(last.reason, "; ", more);
}

void Dispatch::looked(const JobPtr& job, const livepeer::Token& token) {
    if (!job->done.pending()) return;
    if (token.cancelled) return fail_job(job, fail(STIPEND_E_CANCELLED, token.why));
    const bool first_look = !job->look;
    job->look = token;
    if (first_look) explain(job);
    const auto left_ns = job->latest - host_.monotonic();
    if (!may_come_back(job, token) || left_ns <= 0) return retry(job);
    job->waited = true;
    pause(job, std::min(look_every_ns, left_ns), &Dispatch::look_at);
}

void Dispatch::retry(const JobPtr& job) {
    pause(job, std::max<std::int64_t>(job->earliest - host_.monotonic(), 0), &Dispatch::try_now);
}

void Dispatch::try_now(const JobPtr& job) {
    if (auto begun = begin_try(job); !begun) try_over(job, not_sent(begun.error().message));
}

void Dispatch::pause(const JobPtr& job, std::int64_t delay_ns, void (Dispatch::*then)(const JobPtr&)) {
    // By its number, so that the job and its timer do not keep each other alive.
    const auto op = job->done.op();
    job->pause = std::make_unique<stipend::Timer>(host_, delay_ns, [this, op, then] {
        const auto waiting = jobs_.at(op);
        waiting->pause.reset();
        (this->*then)(waiting);
    });
    if (!job->pause->armed()) fail_job(job, fail(STIPEND_E_BUSY, "the host takes no timer for the second try"));
}

// The gateway's funds excuse a job that may cost something and that no orchestrator is known to have had: with too
// little, the gateway cannot pay for it, and orchestrators state no price. They are judged by the cap, never by the
// price, and not after a price above the cap, so no payee can bring this about.
void Dispatch::fail_check(const JobPtr& job, const Verdict& verdict) {
    const auto& attempts = job->facts.attempts;
    const bool served =
        std::any_of(attempts.begin(), attempts.end(), [](const Attempt& one) { return !one.served_by.empty(); });
    // An orchestrator that was restarted states a price of 0 until its worker has registered again: that is not free
    // where it stated no price to an earlier try of this very job.
    const bool unseen =
        std::any_of(attempts.begin(), attempts.end(), [](const Attempt& one) { return one.price_unseen; });
    const bool free = job->token && job->token->price.zero() && !unseen;
    if (!funds_ || settings_.max_price == 0 || served || free || job->price_too_high) {
        return finish(job, verdict.outcome, verdict.flags, verdict.reason);
    }
    funds_->look([this, job, verdict](const Result<Funds>& funds) {
        if (!job->done.pending()) return;
        const auto shortage = funds_->shortage(funds);
        if (!shortage) return finish(job, verdict.outcome, verdict.flags, verdict.reason);
        finish(job, STIPEND_JOB_UNKNOWN, STIPEND_RESULT_UNFUNDED, cat(*shortage, "; the job: ", verdict.reason));
    });
}

}  // namespace byoc
