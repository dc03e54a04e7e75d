#include "host/engine/account.hpp"

#include <cstring>
#include <limits>

namespace stipend::engine {

Account account_of(const ledger::EngineState& state) {
    return {.epoch = state.epoch,
            .due_at = state.due_at,
            .interval_ns = state.interval_ns,
            .consecutive_failures = state.consecutive_failures,
            .suspended = state.suspended,
            .checks_total = state.checks_total,
            .checks_ok = state.checks_ok,
            .memory = state.memory};
}

stipend_sample make_sample(const Account& account, const Check& check, const PeriodTerms& terms, stipend_unix_ns now) {
    stipend_sample sample{};
    sample.size = sizeof sample;
    sample.job = check.job;
    sample.epoch = account.open_epoch();
    sample.evaluated_at = now;
    sample.interval_ns = account.interval_ns;
    if (check.job == STIPEND_JOB_OK && check.reported_ppm) {
        sample.flags |= STIPEND_SAMPLE_REPORTED;
        sample.reported_ppm = *check.reported_ppm;
        sample.reported_window_s = check.reported_window_s;
    }
    if (check.observed_ppm) {
        sample.flags |= STIPEND_SAMPLE_OBSERVED;
        sample.observed_ppm = *check.observed_ppm;
        sample.coverage_ppm = check.coverage_ppm;
    }
    if (terms.usd_per_eth_e8) {
        sample.flags |= STIPEND_SAMPLE_PRICED;
        sample.usd_per_eth_e8 = *terms.usd_per_eth_e8;
    }
    if (account.suspended) sample.flags |= STIPEND_SAMPLE_SUSPENDED;
    sample.consecutive_failures = account.consecutive_failures;
    sample.checks_total = account.checks_total;
    sample.checks_ok = account.checks_ok;
    sample.base_usd_e8 = terms.base_usd_e8;
    sample.latency_ns = check.latency_ns;
    sample.memory = account.memory;
    return sample;
}

Result<std::int64_t> next_in_ns(const stipend_decision& decision, std::int64_t next_interval_ns) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(next_interval_ns, decision.delay_ns, &sum) ||
        __builtin_add_overflow(sum, decision.penalty_ns, &sum)) {
        return fail(STIPEND_E_LIMIT, "next due time out of range: interval ", next_interval_ns, " ns, delay ",
                    decision.delay_ns, " ns, penalty ", decision.penalty_ns, " ns");
    }
    return sum;
}

Result<void> apply(Account& account, const stipend_decision& decision, std::int64_t next_interval_ns) {
    STIPEND_ASSERT(decision.action == STIPEND_PAY || decision.action == STIPEND_SKIP);
    STIPEND_LET(wait, next_in_ns(decision, next_interval_ns));
    stipend_unix_ns due = 0;
    if (__builtin_add_overflow(account.due_at, wait, &due)) {
        return fail(STIPEND_E_LIMIT, "next due time out of range: ", account.due_at, " + ", wait, " ns");
    }
    account.epoch += 1;
    account.due_at = due;
    account.interval_ns = next_interval_ns;
    account.consecutive_failures = decision.consecutive_failures;
    account.suspended = (decision.flags & STIPEND_DECISION_SUSPENDED) != 0;
    account.checks_total += 1;
    if (decision.consecutive_failures == 0) account.checks_ok += 1;
    account.memory = decision.memory;
    return {};
}

void hold(Account& account) {
    account.due_at += account.interval_ns;
}

std::string full_reason(const stipend_decision& decision, const Check& check) {
    std::string out(decision.reason, strnlen(decision.reason, sizeof decision.reason));
    if (!check.reason.empty()) out += (out.empty() ? "" : ": ") + check.reason;
    return out;
}

}  // namespace stipend::engine
