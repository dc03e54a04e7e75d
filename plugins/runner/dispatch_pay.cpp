// How a priced call is paid: reserved, called without a payment for what the signer needs, signed, and called again
// with it. The most that is paid is the price that discovery stated, which the cap allows and the host reserved.
#include "job.hpp"
#include "livepeer/wire.hpp"

namespace runner {

using stipend::cat;
using stipend::fail;
using stipend::HttpReply;
using stipend::Result;
using stipend::Wei;

// The payment is a whole number of tickets.
Wei Dispatch::cost_of(const livepeer::RunnerOffer& offer) const {
    const auto cost = *livepeer::first_cost(offer);
    if (settings_.ticket_value == 0) return cost;
    const stipend::CheckedU256 ticket(settings_.ticket_value);
    const stipend::CheckedU256 tickets = (cost.value() + ticket - 1) / ticket;
    return Wei(stipend::CheckedU256(tickets * ticket));
}

// False: the job is over. What was paid once in a period is never paid again, whatever became of it.
bool Dispatch::may_pay(const JobPtr& job) {
    if (turns_.is_held(job->agent_id, host_.monotonic())) {
        const std::string why = "what it asks a payment for has ended the signer: nothing is asked for it for an hour";
        job->attempts.push_back(refused_offer(why));
        finish(job, STIPEND_JOB_FAILED, STIPEND_RESULT_ANSWERED, why);
        return false;
    }
    const auto cost = cost_of(*job->offer);
    if (!job->max_fee.zero() && job->max_fee < cost) {
        const auto why = cat("its call costs ", cost.text(), " wei, want at most ", job->max_fee.text(),
                             ", which is what remains of the budget for fees");
        job->attempts.push_back(signer_failed(why));
        finish(job, STIPEND_JOB_UNKNOWN, STIPEND_RESULT_OVER_FEE, why);
        return false;
    }
    if (job->expected.call) return true;
    const auto state = paid_periods_.of(job->agent_id, job->app, job->period_from);
    if (state && *state == PaidPeriods::State::unpaid) return true;
    if (state && *state == PaidPeriods::State::failed) {
        const std::string why = "its call failed after its payment, and is not paid again in this pay period";
        job->attempts.push_back(refused_offer(why));
        finish(job, STIPEND_JOB_FAILED, STIPEND_RESULT_ANSWERED, why);
        return false;
    }
    const auto why = state ? std::string("this pay period was paid for already, and what came of it is not known")
                           : cat("whether this pay period was paid for cannot be read: ", state.error().message);
    job->attempts.push_back(signer_failed(why));
    finish(job, STIPEND_JOB_UNKNOWN, 0, why);
    return false;
}

void Dispatch::reserve(const JobPtr& job) {
    const auto reserved =
        host_.reserve_fee(job->id, cost_of(*job->offer).to_abi(), [this, job](const Result<void>& answer) {
            if (!job->done.pending()) return;
            if (answer) return identify(job);
            job->attempts.push_back(signer_failed(answer.error().message));
            finish(job, STIPEND_JOB_UNKNOWN, 0, answer.error().message);
        });
    if (!reserved) try_over(job, signer_failed(reserved.error().message));
}

void Dispatch::identify(const JobPtr& job) {
    if (!signer_->address().empty()) return call(job);
    signer_->identify([this, job](const Result<std::string>& address) {
        if (!job->done.pending()) return;
        if (address) return call(job);
        try_over(job, signer_failed(cat("the signer fails: ", address.error().message)));
    });
}

void Dispatch::demanded(const JobPtr& job, const HttpReply& reply) {
    job->heard = true;
    witness_.note(job->address, job->registered);
    const auto demand = livepeer::read_payment_demand(reply.body());
    if (!demand) {
        auto attempt = read_exchange(reply);
        attempt.reason = cat("status 402: \"", livepeer::error_text(reply.body()), "\": ", demand.error().message);
        return try_over(job, std::move(attempt));
    }
    const auto body = livepeer::payment_request_body(*demand, job->app, *job->offer->price, job->offer->unit);
    job->alone = turns_.is_suspect(job->agent_id);
    turns_.enter(job->alone, [this, job, body] {
        if (!job->done.pending()) return turns_.leave();
        job->alone ? ask_alone(job, body) : ask_payment(job, body);
    });
}

// The signer has to be well before the question of a suspect, so that it is the question which ends it.
void Dispatch::ask_alone(const JobPtr& job, const std::string& body) {
    signer_->identify([this, job, body](const Result<std::string>& address) {
        if (job->done.pending() && address) return ask_payment(job, body);
        turns_.leave();
        if (job->done.pending()) try_over(job, signer_failed(cat("the signer fails: ", address.error().message)));
    });
}

void Dispatch::ask_payment(const JobPtr& job, const std::string& body) {
    const auto sent = signer_->pay(body, [this, job](const SignerAnswer& answer) { payment_answered(job, answer); });
    if (sent) {
        job->exchange = *sent;
        return;
    }
    turns_.leave();
    try_over(job, signer_failed(sent.error().message));
}

void Dispatch::payment_answered(const JobPtr& job, const SignerAnswer& answer) {
    using Is = SignerAnswer::Is;
    job->exchange = 0;
    // Also where the job is over: what follows for others does not depend on it.
    if (answer.is == Is::failed) return judge_signer(job, answer.why);
    if (answer.is != Is::cancelled && answer.is != Is::unasked) turns_.clear(job->agent_id);
    turns_.leave();
    if (job->done.pending()) signed_for(job, answer);
}

void Dispatch::signed_for(const JobPtr& job, const SignerAnswer& answer) {
    using Is = SignerAnswer::Is;
    switch (answer.is) {
        case Is::paid:
            return send_payment(job, answer.payment);
        case Is::stale:
            if (!std::exchange(job->refreshed, true)) return call(job);
            [[fallthrough]];
        case Is::refused:
            discovery_.forget(job->address, job->app);
            return try_over(job, refused_offer(cat("the signer refuses what it asks a payment for: ", answer.why)));
        case Is::failed:
        case Is::unasked:
            return try_over(job, signer_failed(cat("the signer fails: ", answer.why)));
        case Is::cancelled:
            return fail_job(job, fail(STIPEND_E_CANCELLED, answer.why));
    }
}

void Dispatch::send_payment(const JobPtr& job, const livepeer::RunnerPayment& payment) {
    if (!job->expected.call) {
        const auto stored = paid_periods_.set(job->agent_id, job->app, job->period_from, PaidPeriods::State::paid);
        if (!stored) return try_over(job, signer_failed(cat("nothing is paid: ", stored.error().message)));
    }
    job->payment = payment;
    job->fee = cost_of(*job->offer);
    payments_.record(1);
    call(job);
}

// The signer's failure is the payer's only where it also fails at what carries nothing of the payee's, and the question
// of the payee is not what made it fail. Within the turn of the question.
void Dispatch::judge_signer(const JobPtr& job, const std::string& why) {
    signer_->identify([this, job, why](const Result<std::string>& address) {
        const auto& id = job->agent_id;
        if (address) {
            turns_.clear(id);
        } else if (job->alone) {
            turns_.convict(id, host_.monotonic());
        } else {
            turns_.suspect(id);
        }
        turns_.leave();
        if (!job->done.pending()) return;
        if (address) {
            return try_over(
                job, refused_offer(cat("the signer, which is well, fails at what it asks a payment for: ", why)));
        }
        if (!job->alone) return try_over(job, signer_failed(cat("the signer fails: ", why)));
        convict(job, cat("what it asks a payment for ends the signer: ", why));
    });
}

// No second try: that would end the signer again. An earlier failure of the signer is known as this one.
void Dispatch::convict(const JobPtr& job, const std::string& why) {
    job->attempts.push_back(refused_offer(why));
    stop_session(job);
    host_.log(STIPEND_LOG_ERROR, cat(job->agent_id, ": ", why, "; nothing is asked for it for an hour"));
    finish(job, STIPEND_JOB_FAILED, STIPEND_RESULT_ANSWERED, why);
}

}  // namespace runner
