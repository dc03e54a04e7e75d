// What follows an attempt: the second one, or the decision whose fault the failure is.
//
//   the payer's signer fails, also at what carries       retry, then UNKNOWN
//     nothing of the payee's, or the budget refuses
//   a question of the payee's ends the signer, twice,    FAILED, and nothing is asked for it for an hour
//     and alone the second time
//   nothing left this machine at one of the tries        retry, then UNKNOWN
//   a call failed after its payment                      FAILED, without a second try; never paid again in that period
//   the orchestrator sent a status, or offers what       retry, then FAILED
//     the terms or the signer refuse
//   it was not reached, and another party was            retry, then FAILED
//   it was not reached, nor any other orchestrator,      retry, then UNKNOWN
//     nor a configured witness
//   it was not reached in any other way                  retry, then FAILED
//
// So UNKNOWN requires what no payee can cause: a signer that fails at its own address, a machine that lacks what each
// request needs, or a network that reaches no other party. A payee chooses its own name, address and certificate; that
// nothing leads there says nothing of the payer.
#include <algorithm>

#include "job.hpp"

namespace runner {

using stipend::cat;
using stipend::fail;
using stipend::Result;
using stipend::Wei;

namespace {

// The reason for the operator: that of the last attempt, and that of the first if it differs.
std::string reason_of(const std::vector<Attempt>& attempts) {
    const auto& last = attempts.back().reason;
    if (attempts.size() < 2) return last;
    const auto& first = attempts.front().reason;
    return first == last ? cat(last, " (twice)") : cat(last, " (first try: ", first, ")");
}

}  // namespace

void Dispatch::try_over(const JobPtr& job, Attempt attempt) {
    job->exchange = 0;
    job->reserving = false;
    stop_session(job);
    job->payment.reset();
    job->attempts.push_back(std::move(attempt));
    const auto& last = job->attempts.back();
    if (!last.valid) discovery_.forget(job->address, job->app);
    // A call is tried once, since its work may not be done twice, and no fault is looked for.
    if (job->expected.call) {
        return finish(job, last.valid ? STIPEND_JOB_OK : STIPEND_JOB_FAILED, 0, last.valid ? "" : last.reason);
    }
    if (last.valid) {
        note_health("");
        if (job->attempts.size() > 1) {
            host_.log(STIPEND_LOG_INFO,
                      cat(job->agent_id, ": the second try is answered; the first: ", job->attempts.front().reason));
        }
        const std::uint32_t is_signed = last.verified ? STIPEND_RESULT_SIGNED : 0;
        return finish(job, STIPEND_JOB_OK, STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED | is_signed,
                      last.services);
    }
    if (!last.paid && job->attempts.size() < max_tries) return second_try(job);
    judge(job);
}

void Dispatch::second_try(const JobPtr& job) {
    retries_.record(1);
    const auto now = host_.monotonic();
    const auto half_period = (job->period_to - job->period_from) / 2;
    const auto earliest = now + settings_.retry_after_ns;
    job->latest = std::max(earliest, now + std::min(restart_wait_ns, half_period));
    job->waiting = true;
    pause(job, settings_.retry_after_ns);
}

// It may be on its way back: it has no usable runner, or its port is refused, at an address that has offered one here.
bool Dispatch::may_come_back(const JobPtr& job, const Look& look) const {
    if (!discovery_.has_offered(job->address, job->app)) return false;
    return look.exchange.valid ? look.offers.runners.empty() : look.exchange.gone();
}

void Dispatch::try_now(const JobPtr& job) {
    if (auto begun = begin_try(job); !begun) try_over(job, not_sent(begun.error().message));
}

void Dispatch::pause(const JobPtr& job, std::int64_t delay_ns) {
    // By its number, so that the job and its timer do not keep each other alive.
    const auto op = job->done.op();
    job->pause = std::make_unique<stipend::Timer>(host_, delay_ns, [this, op] {
        const auto waiting = jobs_.at(op);
        waiting->pause.reset();
        try_now(waiting);
    });
    if (!job->pause->armed()) fail_job(job, fail(STIPEND_E_BUSY, "the host takes no timer for the second try"));
}

void Dispatch::judge(const JobPtr& job) {
    const auto& attempts = job->attempts;
    const auto& last = attempts.back();
    const auto payers = std::find_if(attempts.begin(), attempts.end(), [](const Attempt& one) { return one.payer; });
    if (payers != attempts.end() && !last.paid) return excuse(job, reason_of(attempts));
    const bool local = std::any_of(attempts.begin(), attempts.end(), [](const Attempt& one) { return one.local(); });
    if (local) return excuse(job, cat("this machine could not ask: ", reason_of(attempts)));
    if (last.responded) return fail_check(job);
    witness_.ask(job->address, [this, job](Witness::Network network) {
        if (!job->done.pending()) return;
        if (network == Witness::Network::fails) {
            return excuse(job,
                          cat("this host's network fails: no witness answers; the call: ", reason_of(job->attempts)));
        }
        fail_check(job);
    });
}

void Dispatch::fail_check(const JobPtr& job) {
    if (job->paid()) {
        const auto stored = paid_periods_.set(job->agent_id, job->app, job->period_from, PaidPeriods::State::failed);
        // It stays marked as paid, so it is not paid again either.
        if (!stored) host_.log(STIPEND_LOG_WARN, stored.error().message);
    }
    finish(job, STIPEND_JOB_FAILED, job->heard ? STIPEND_RESULT_ANSWERED : 0, reason_of(job->attempts));
}

void Dispatch::excuse(const JobPtr& job, const std::string& why) {
    note_health(why);
    finish(job, STIPEND_JOB_UNKNOWN, job->heard ? STIPEND_RESULT_ANSWERED : 0, why);
}

void Dispatch::finish(const JobPtr& job, std::int32_t outcome, std::uint32_t flags, const std::string& reason) {
    jobs_.erase(job->done.op());
    const auto& last = job->attempts.back();
    auto record = stipend::make_record<stipend_job_result>();
    record.outcome = outcome;
    record.http_status = last.http_status;
    record.flags = flags;
    record.reported_ppm = outcome == STIPEND_JOB_OK ? last.reported_ppm : 0;
    record.reported_window_s = outcome == STIPEND_JOB_OK ? last.reported_window_s : 0;
    record.served_by = last.responded ? stipend::to_abi(job->address) : stipend::to_abi("");
    record.reason = stipend::to_abi(reason);
    record.evidence = stipend::bytes_to_abi(last.body);
    record.fee_wei = job->fee.to_abi();
    record.latency_ns = last.latency_ns;
    (outcome == STIPEND_JOB_OK ? jobs_ok_ : outcome == STIPEND_JOB_FAILED ? jobs_failed_ : jobs_unknown_).record(1);
    job->done.finish(record);
}

void Dispatch::fail_job(const JobPtr& job, const stipend::Error& error) {
    jobs_.erase(job->done.op());
    job->pause.reset();
    stop_session(job);
    job->done.fail(error);
}

void Dispatch::note_health(const std::string& problem) {
    const std::lock_guard lock(mutex_);
    problem_ = problem;
    problem_at_ = host_.monotonic();
}

Result<void> Dispatch::health() const {
    const auto now = host_.monotonic();
    const std::lock_guard lock(mutex_);
    if (problem_.empty()) return {};
    return fail(STIPEND_E_UNAVAILABLE, problem_, ", ", (now - problem_at_) / stipend::ns_per_s, " s ago");
}

}  // namespace runner
