#include "host/engine/payee_state.hpp"

#include <cstring>

#include "stipend/services_below.hpp"

namespace stipend::engine {

namespace {

// What the policy is given whatever the check saw.
stipend_sample unchecked_sample(const ledger::EngineState& state, Usd base, stipend_unix_ns now) {
    stipend_sample sample{};
    sample.size = sizeof sample;
    sample.epoch = state.epoch + 1;
    sample.evaluated_at = now;
    sample.interval_ns = state.interval_ns;
    if (state.suspended) sample.flags |= STIPEND_SAMPLE_SUSPENDED;
    sample.consecutive_failures = state.consecutive_failures;
    sample.checks_total = state.checks_total;
    sample.checks_ok = state.checks_ok;
    sample.base_usd_e8 = base.count_e8();
    sample.memory = state.memory;
    return sample;
}

void add_report(stipend_sample& sample, std::uint32_t ppm, std::uint32_t window_s) {
    sample.flags |= STIPEND_SAMPLE_REPORTED;
    sample.reported_ppm = ppm;
    sample.reported_window_s = window_s;
}

void add_observed(stipend_sample& sample, const uptime::Observed& observed) {
    sample.flags |= STIPEND_SAMPLE_OBSERVED;
    sample.observed_ppm = observed.up_ppm;
    sample.coverage_ppm = observed.coverage_ppm;
}

}  // namespace

stipend_sample make_sample(const ledger::EngineState& state, const JobResult& result,
                           const std::optional<uptime::Observed>& observed, Usd base, stipend_unix_ns now) {
    auto sample = unchecked_sample(state, base, now);
    sample.job = result.outcome;
    if (result.outcome == STIPEND_JOB_OK && result.reported_ppm) {
        add_report(sample, *result.reported_ppm, result.evidence.window_s);
    }
    if (observed) add_observed(sample, *observed);
    sample.latency_ns = result.evidence.latency_ns;
    return sample;
}

stipend_sample recorded_sample(const ledger::EngineState& state, const ledger::Decision& d, Usd base) {
    auto sample = unchecked_sample(state, base, d.decided_at);
    sample.job = static_cast<std::int32_t>(d.job);
    if (d.job == ledger::Job::ok && d.uptime_ppm) add_report(sample, *d.uptime_ppm, d.evidence.window_s);
    if (d.coverage_ppm > 0) add_observed(sample, {.up_ppm = d.uptime_ppm.value_or(0), .coverage_ppm = d.coverage_ppm});
    sample.latency_ns = d.evidence.latency_ns;
    sample.demand_ppm = d.demand_ppm;
    return sample;
}

bool decides_as_recorded(const stipend_decision& got, const ledger::Decision& d) {
    return got.action == static_cast<std::int32_t>(d.action) && got.consecutive_failures == d.consecutive_failures &&
           ((got.flags & STIPEND_DECISION_SUSPENDED) != 0) == d.suspended && got.delay_ns == d.delay_ns &&
           got.penalty_ns == d.penalty_ns && d.tier == got.tier;
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

Result<Wei> amount_in_units(Usd amount, std::optional<std::int64_t> usd_per_unit_e8, std::uint32_t decimals) {
    if (amount.zero()) return Wei();
    if (!usd_per_unit_e8) return fail(STIPEND_E_UNAVAILABLE, "no accepted price");
    return usd_to_units(amount.count_e8(), {}, *usd_per_unit_e8, decimals);
}

Result<void> apply(ledger::EngineState& state, const stipend_decision& decision, std::int64_t next_interval_ns) {
    STIPEND_ASSERT(decision.action == STIPEND_PAY || decision.action == STIPEND_SKIP);
    STIPEND_LET(wait, next_in_ns(decision, next_interval_ns));
    stipend_unix_ns due = 0;
    if (__builtin_add_overflow(state.due_at, wait, &due)) {
        return fail(STIPEND_E_LIMIT, "next due time out of range: ", state.due_at, " + ", wait, " ns");
    }
    state.epoch += 1;
    state.due_at = due;
    state.interval_ns = next_interval_ns;
    state.consecutive_failures = decision.consecutive_failures;
    state.suspended = (decision.flags & STIPEND_DECISION_SUSPENDED) != 0;
    state.checks_total += 1;
    if (decision.consecutive_failures == 0) state.checks_ok += 1;
    state.memory = decision.memory;
    return {};
}

Result<void> hold(ledger::EngineState& state, stipend_unix_ns now) {
    STIPEND_ASSERT(state.interval_ns > 0);
    // A job that took longer than an interval has held more than one.
    const auto passed = now <= state.due_at ? 0 : (now - state.due_at) / state.interval_ns;
    stipend_unix_ns due = 0;
    if (__builtin_add_overflow(state.due_at + passed * state.interval_ns, state.interval_ns, &due)) {
        return fail(STIPEND_E_LIMIT, "next due time out of range: ", state.due_at, " + ", state.interval_ns, " ns");
    }
    state.due_at = due;
    return {};
}

std::string full_reason(const stipend_decision& decision, const JobResult& result) {
    std::string out(decision.reason, strnlen(decision.reason, sizeof decision.reason));
    const bool good = result.outcome == STIPEND_JOB_OK;
    // What a good result says is about the uptime that is decided by, and never why nothing is decided.
    if (result.reason.empty() || (good && decision.action == STIPEND_HOLD)) return out;
    if (!out.empty()) out += ": ";
    const auto below = good ? read_services_below(result.reason) : std::nullopt;
    if (!below) return out + result.reason;
    static_assert(sizeof decision.reason + 2 < ledger::max_reason_bytes);
    return out + services_below_text(*below, ledger::max_reason_bytes - out.size());
}

}  // namespace stipend::engine
