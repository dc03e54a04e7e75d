// The engine's side of fees: reservations before a job is sent, what became of them when it is over.
#include <algorithm>

#include "host/engine/engine.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t reserve_patience_ns = 5 * ns_per_s;  // a longer transaction means that the disk hangs

Error unavailable(std::string_view why) {
    return fail(STIPEND_E_UNAVAILABLE, "fee not reserved: ", why);
}

}  // namespace

FeeJob Engine::fee_job(JobToken token) const {
    return {.payee = token.payee,
            .orchestrator = payees_.id(token.payee),
            .epoch = slots_[token.payee].state.epoch + 1,
            .attempt = token.attempt};
}

std::optional<JobToken> Engine::job_under_way(std::string_view key, std::uint64_t epoch, std::uint32_t attempt) const {
    const auto payee = payees_.find(key);
    if (!payee) return std::nullopt;
    const JobToken token{*payee, attempt};
    return awaits(token) && slots_[*payee].state.epoch + 1 == epoch ? std::optional(token) : std::nullopt;
}

void Engine::reserve_fee(JobToken token, const SignedWei& wei, FeeAnswer answer, stipend_unix_ns now) {
    if (!awaits(token)) return answer(fail(STIPEND_E_INVALID, "fee not reserved: no such job is under way"));
    if (wei.zero()) return answer({});
    const auto job = fee_job(token);
    if (const auto why = takes_no_fees(now)) {
        fees_.refuse(job);
        return answer(unavailable(*why));
    }
    if (auto why = over_budget(job, wei, now)) return answer(std::move(*why));
    commits_.waiting().fees.push_back(fees_.reserve(job, wei, now));
    reserving_.push_back({job, std::move(answer)});
    resolve("fees:" + payees_.key(job.payee), now);
    flush(now);
}

std::optional<std::string> Engine::takes_no_fees(stipend_unix_ns now) const {
    if (failure_) return failure_->message;
    if (draining_) return "the host is stopping";
    if (commits_.next_wakeup()) return "another program holds the ledger";
    if (commits_.stuck(now, reserve_patience_ns)) return "the ledger does not answer";
    return std::nullopt;
}

void Engine::reserve_call(registry::PayeeIndex payee, std::uint64_t number, const SignedWei& wei, FeeAnswer answer,
                          stipend_unix_ns now) {
    if (wei.zero()) return answer({});
    if (const auto why = takes_no_fees(now)) return answer(unavailable(*why));
    const auto call = fee_call(payee, number);
    const auto checked = fees_.check_call(call, wei, current().fees, now);
    if (checked.verdict == FeeBook::Verdict::too_often) {
        return answer(
            fail(STIPEND_E_LIMIT, "fee not reserved: more than ", max_reservations, " reservations for one call"));
    }
    if (checked.verdict != FeeBook::Verdict::within) {
        const bool own = checked.verdict == FeeBook::Verdict::over_own;
        return answer(fail(STIPEND_E_LIMIT, "fee not reserved: half of ",
                           own ? "limits.fees_per_orchestrator_day" : "limits.fees_per_day",
                           " is used, and the rest is for checks: ", eth_text(checked.used), " used today, ",
                           eth_text(wei), " wanted"));
    }
    commits_.waiting().fees.push_back(fees_.reserve_call(call, wei, now));
    reserving_.push_back({call, std::move(answer)});
    flush(now);
}

void Engine::call_done(registry::PayeeIndex payee, std::uint64_t number, const std::optional<SignedWei>& cost,
                       stipend_unix_ns now) {
    take_closed(payee, fees_.close_call(fee_call(payee, number), cost, now), cost, now);
    flush(now);
}

std::optional<Error> Engine::over_budget(const FeeJob& job, const SignedWei& wei, stipend_unix_ns now) {
    const auto answer = fees_.check(job, wei, current().fees, now);
    if (answer.verdict == FeeBook::Verdict::within) return std::nullopt;
    if (answer.verdict == FeeBook::Verdict::too_often) {
        return fail(STIPEND_E_LIMIT, "fee not reserved: ", payees_.key(job.payee), ": more than ", max_reservations,
                    " reservations for one job");
    }
    return fail(STIPEND_E_LIMIT, raise_over_budget(job, answer, eth_text(wei) + " wanted", now));
}

std::string Engine::raise_over_budget(const FeeJob& job, const FeeBook::Answer& answer, std::string_view wanted,
                                      stipend_unix_ns now) {
    const bool own = answer.verdict == FeeBook::Verdict::over_own;
    const auto& key = payees_.key(job.payee);
    auto text =
        cat(own ? "limits.fees_per_orchestrator_day" : "limits.fees_per_day", " is reached: ", eth_text(answer.used),
            " used today, ", eth_text(answer.limit), " allowed, ", wanted);
    if (own) {
        raise("fees:" + key, STIPEND_ALERT_WARNING, cat(key, " is held: ", text), now);
    } else {
        raise("fees", STIPEND_ALERT_CRITICAL, "jobs with a price are held: " + text, now);
    }
    return text;
}

void Engine::close_fee(JobToken token, const JobResult& result, stipend_unix_ns now) {
    take_closed(token.payee, fees_.close(fee_job(token), result.fee, now), result.fee, now);
}

void Engine::take_closed(registry::PayeeIndex payee, const FeeBook::Closed& closed,
                         const std::optional<SignedWei>& cost, stipend_unix_ns now) {
    if (closed.row) commits_.waiting().fees.push_back(*closed.row);
    const auto id = [&] { return "fees-reported:" + payees_.key(payee); };
    if (!closed.misreported) {
        if (closed.row) resolve(id(), now);
        return;
    }
    const auto& key = payees_.key(payee);
    auto text = cat(key, ": the dispatch plugin reports a cost of ", eth_text(*cost), " for a job, and ",
                    eth_text(closed.reserved), " was reserved: ");
    if (!closed.row) {
        text += "it is more than there is, and not counted";
    } else {
        text += cat(eth_text(closed.row->wei), " is counted");
    }
    raise(id(), STIPEND_ALERT_WARNING, std::move(text), now);
}

void Engine::answer_reservations(const ledger::Batch& batch) {
    for (const auto& fee : batch.fees) {
        // The excess that a call reports is a row of that kind too, and no reservation.
        const bool waited = !reserving_.empty() && reserving_.front().job.orchestrator == fee.orchestrator &&
                            reserving_.front().job.epoch == fee.epoch;
        if (fee.kind == ledger::FeeKind::called && !waited) continue;
        if (fee.kind != ledger::FeeKind::reserved && fee.kind != ledger::FeeKind::added &&
            fee.kind != ledger::FeeKind::called) {
            continue;
        }
        STIPEND_ASSERT(waited);
        const auto answer = std::move(reserving_.front().answer);
        reserving_.pop_front();
        if (answer) answer({});
    }
}

void Engine::refuse_reservations(const Error& why) {
    for (auto& [job, answer] : reserving_) {
        if (!answer) continue;
        if (job.attempt != 0) fees_.refuse(job);  // a call is refused by its answer alone
        std::exchange(answer, nullptr)(unavailable(why.message));
    }
}

}  // namespace stipend::engine
