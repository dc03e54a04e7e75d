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
    const auto refuse = [&](std::string_view why) {
        fees_.refuse(job);
        answer(unavailable(why));
    };
    if (failure_) return refuse(failure_->message);
    if (draining_) return refuse("the host is stopping");
    if (commits_.next_wakeup()) return refuse("another program holds the ledger");
    if (commits_.stuck(now, reserve_patience_ns)) return refuse("the ledger does not answer");
    if (auto why = over_budget(job, wei, now)) return answer(std::move(*why));
    commits_.waiting().fees.push_back(fees_.reserve(job, wei, now));
    reserving_.push_back({job, std::move(answer)});
    resolve("fees:" + payees_.key(job.payee), now);
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
    const auto closed = fees_.close(fee_job(token), result.fee, now);
    if (closed.row) commits_.waiting().fees.push_back(*closed.row);
    const auto id = [&] { return "fees-reported:" + payees_.key(token.payee); };
    if (!closed.misreported) {
        if (closed.row) resolve(id(), now);
        return;
    }
    const auto& key = payees_.key(token.payee);
    auto text = cat(key, ": the dispatch plugin reports a cost of ", eth_text(*result.fee), " for a job, and ",
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
        if (fee.kind != ledger::FeeKind::reserved && fee.kind != ledger::FeeKind::added) continue;
        STIPEND_ASSERT(!reserving_.empty() && reserving_.front().job.orchestrator == fee.orchestrator);
        const auto answer = std::move(reserving_.front().answer);
        reserving_.pop_front();
        if (answer) answer({});
    }
}

void Engine::refuse_reservations(const Error& why) {
    for (auto& [job, answer] : reserving_) {
        if (!answer) continue;
        fees_.refuse(job);
        std::exchange(answer, nullptr)(unavailable(why.message));
    }
}

}  // namespace stipend::engine
