#include "host/engine/schedule_walk.hpp"

#include <algorithm>

#include "host/engine/payee_state.hpp"

namespace stipend::engine {
namespace {

// a - b, as far as 64 bits reach: times of a ledger may be any.
std::int64_t minus(std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    return __builtin_sub_overflow(a, b, &out) ? (a < b ? INT64_MIN : INT64_MAX) : out;
}

std::uint32_t whole_seconds(std::int64_t ns) {
    return static_cast<std::uint32_t>(std::min<std::int64_t>((ns - 1) / ns_per_s + 1, UINT32_MAX));
}

}  // namespace

CheckBefore CheckBefore::of(const ledger::Decision& d) {
    return {.due_at = d.due_at, .decided_at = d.decided_at, .next_at = d.next_at, .interval_ns = next_interval_ns(d)};
}

KnownStretch stretch_of(const std::optional<CheckBefore>& before, const ledger::Decision& d) {
    KnownStretch out{.from = std::min(d.period_from, d.due_at - 1),
                     .next_at = d.due_at,
                     .known_from = d.due_at,
                     .to = d.due_at,
                     .interval_ns = next_interval_ns(d),
                     .check = &d};
    if (before) {
        out.from = before->due_at;
        out.next_at = before->next_at;
        out.interval_ns = before->interval_ns;
    }
    if (d.job != ledger::Job::ok) return out;
    // Its period; and beyond that what the answer itself says that it is about, back to the check before.
    const auto window = minus(d.decided_at, std::int64_t{d.evidence.window_s} * ns_per_s);
    const auto reach = std::min(d.period_from, window);
    const bool joins = before && reach <= before->decided_at;
    out.known_from = std::min(joins ? out.from : std::max(reach, out.from), out.to);
    return out;
}

std::optional<KnownStretch> wait_behind(const CheckBefore& last, stipend_unix_ns end) {
    const auto to = std::min(minus(last.next_at, last.interval_ns), end);
    if (to <= last.due_at) return std::nullopt;
    return KnownStretch{
        .from = last.due_at, .next_at = to, .known_from = to, .to = to, .interval_ns = last.interval_ns};
}

void ScheduleWalk::look_until(const KnownStretch& stretch, stipend_unix_ns to) {
    if (to <= looked_at_) return;
    const auto known = to - std::max(looked_at_, stretch.known_from);
    if (known > 0 && stretch.check != nullptr) {
        known_ns_ += known;
        up_ += static_cast<uint128>(known) * stretch.check->uptime_ppm.value_or(0);
        covered_ += static_cast<uint128>(known) * stretch.check->coverage_ppm;
    }
    looked_at_ = to;
}

// What falls due in a gap is held: due again, interval by interval, until something can be decided.
void ScheduleWalk::pass_gap(const KnownStretch& stretch) {
    if (state_.due_at < stretch.next_at || state_.due_at >= stretch.to) return;
    const auto intervals = (stretch.to - state_.due_at - 1) / state_.interval_ns + 1;
    if (__builtin_add_overflow(state_.due_at, intervals * state_.interval_ns, &state_.due_at)) {
        state_.due_at = INT64_MAX;
    }
}

bool ScheduleWalk::sees_the_recorded(const KnownStretch& stretch) const {
    if (stretch.check == nullptr || state_.due_at != stretch.to) return false;
    return from_ == stretch.from || stretch.check->job != ledger::Job::ok;
}

ScheduleWalk::Look ScheduleWalk::look(const KnownStretch& stretch) const {
    const auto asked = state_.due_at - from_;
    STIPEND_ASSERT(asked > 0 && asked >= known_ns_);
    const bool at_recorded = stretch.check != nullptr && state_.due_at == stretch.to;
    Look out{.answered = at_recorded || state_.due_at > stretch.known_from || unobserved_ == Unobserved::up,
             .coverage_ppm = stretch.check != nullptr ? stretch.check->coverage_ppm : 0,
             .unobserved_ns = asked - known_ns_};
    if (!out.answered) return out;
    auto up = up_;
    if (unobserved_ == Unobserved::up) up += static_cast<uint128>(out.unobserved_ns) * ppm_one;
    out.uptime_ppm = static_cast<std::uint32_t>(up / static_cast<uint128>(asked));
    if (known_ns_ > 0) out.coverage_ppm = static_cast<std::uint32_t>(covered_ / static_cast<uint128>(known_ns_));
    return out;
}

stipend_sample ScheduleWalk::sample_of(const Look& look, Usd base) const {
    JobResult result{.outcome = look.answered ? STIPEND_JOB_OK : STIPEND_JOB_FAILED};
    if (look.answered) {
        result.reported_ppm = look.uptime_ppm;
        result.evidence.window_s = whole_seconds(state_.due_at - from_);
        result.evidence.latency_ns = latency_ns_;
    }
    std::optional<uptime::Observed> observed;
    if (look.coverage_ppm > 0) observed = {.up_ppm = look.uptime_ppm, .coverage_ppm = look.coverage_ppm};
    auto sample = make_sample(state_, result, observed, base, state_.due_at);
    sample.demand_ppm = demand_ppm_;
    return sample;
}

std::optional<stipend_sample> ScheduleWalk::next(Usd base, const KnownStretch& stretch) {
    // Where it has kept to the recorded times so far, it keeps to one that no policy has set as well.
    if (from_ == stretch.from && state_.due_at == stretch.next_at) state_.due_at = stretch.to;
    pass_gap(stretch);
    if (stretch.check != nullptr) demand_ppm_ = stretch.check->demand_ppm;
    look_until(stretch, std::min(state_.due_at, stretch.to));
    if (stretch.check != nullptr && stretch.check->job == ledger::Job::ok) {
        latency_ns_ = stretch.check->evidence.latency_ns;
    }
    if (state_.due_at > stretch.to) return std::nullopt;
    asked_unobserved_ns_ = 0;
    if (sees_the_recorded(stretch)) return recorded_sample(state_, *stretch.check, base);
    const auto seen = look(stretch);
    asked_unobserved_ns_ = seen.unobserved_ns;
    return sample_of(seen, base);
}

Result<void> ScheduleWalk::settle(const stipend_decision& decision, const KnownStretch& stretch) {
    if (++steps_ > max_checks) {
        return fail(STIPEND_E_LIMIT, "more than ", max_checks, " simulated checks of one orchestrator");
    }
    if (decision.action == STIPEND_HOLD) return hold(state_, state_.due_at);
    const auto at = state_.due_at;
    const bool at_recorded = stretch.check != nullptr && at == stretch.to;
    STIPEND_TRY(apply(state_, decision, at_recorded ? next_interval_ns(*stretch.check) : stretch.interval_ns));
    paid_ = paid_.plus_saturating(Usd::of_e8(decision.amount_usd_e8));
    ++checks_;
    unobserved_ns_ += asked_unobserved_ns_;
    from_ = at;
    known_ns_ = 0;
    up_ = covered_ = 0;
    return {};
}

Result<void> ScheduleWalk::advance(const plugin::PolicyInstance& policy, Usd base, const KnownStretch& stretch) {
    while (const auto sample = next(base, stretch)) {
        stipend_decision decision{};
        STIPEND_TRY(policy.decide({&*sample, 1}, {&decision, 1}));
        STIPEND_TRY(settle(decision, stretch));
    }
    return {};
}

void ScheduleWalk::pardon(const ledger::Pardon& pardon, stipend_unix_ns due_at) {
    state_.consecutive_failures = std::min(state_.consecutive_failures, pardon.failures_after);
    state_.suspended = state_.suspended && pardon.suspended_after;
    if (due_at > from_) state_.due_at = std::min(state_.due_at, due_at);
}

}  // namespace stipend::engine
