#include "host/engine/policy_history.hpp"

#include <algorithm>
#include <cstring>

#include "host/engine/payee_state.hpp"

namespace stipend::engine {
namespace {

void add(HistorySum& to, const HistorySum& one) {
    to.decisions += one.decisions;
    to.recorded = to.recorded.plus_saturating(one.recorded);
    to.again = to.again.plus_saturating(one.again);
    to.flips += one.flips;
    to.held += one.held;
    to.waits += one.waits;
    to.low = to.low.plus_saturating(one.low);
    to.high = to.high.plus_saturating(one.high);
    to.least_checks += one.least_checks;
    to.most_checks += one.most_checks;
    if (__builtin_add_overflow(to.unobserved_ns, one.unobserved_ns, &to.unobserved_ns)) to.unobserved_ns = INT64_MAX;
}

template <std::size_t N>
std::string_view text_of(const char (&field)[N]) {
    return {field, strnlen(field, N)};
}

// Each byte of the policy's decision that the row has; its reason, which that of the job may follow.
bool is_recorded(const stipend_decision& got, const ledger::Decision& d) {
    const auto reason = text_of(got.reason);
    const std::string_view recorded = d.reason;
    if (!recorded.starts_with(reason)) return false;
    const auto rest = recorded.substr(reason.size());
    if (!rest.empty() && !reason.empty() && !rest.starts_with(": ") && recorded.size() < ledger::max_reason_bytes) {
        return false;
    }
    return decides_as_recorded(got, d) && got.amount_usd_e8 == d.usd.count_e8() &&
           got.multiplier_ppm == d.multiplier_ppm &&
           (d.job != ledger::Job::ok || got.uptime_ppm == d.uptime_ppm.value_or(0));
}

bool reads_memory_of(const plugin::PolicyInstance& policy, const plugin::PolicyInstance& of) {
    return policy.plugin_id() == of.plugin_id() && policy.memory_version() == of.memory_version();
}

bool same_history(const ledger::EngineState& a, const ledger::EngineState& b) {
    return a.consecutive_failures == b.consecutive_failures && a.suspended == b.suspended &&
           std::memcmp(&a.memory, &b.memory, sizeof a.memory) == 0;
}

}  // namespace

HistorySum PolicyHistory::total() const {
    HistorySum out;
    for (const auto& [key, sum] : sums_) add(out, sum);
    return out;
}

Result<void> PolicyHistory::meet(Account& account, const ledger::DecisionLine& line) {
    STIPEND_LET(basis, book_.decision_basis({.seq = line.seq}));
    if (!basis) return fail(STIPEND_E_UNAVAILABLE, "decision ", line.seq, " is not here any more");
    STIPEND_LET(found, decider_of(*basis, policies_, present_));
    if (account.known && basis->pardoned_before) {
        pardon(account, *basis->pardoned_before, found.before, line.decision.due_at);
    }
    account.generation = line.decision.generation;
    account.policy = found.in_use.policy;
    account.state = found.before;
    account.base = found.again.base;
    if (!account.known) STIPEND_TRY(meet_other(account));
    account.known = true;
    return {};
}

Result<void> PolicyHistory::meet_other(Account& account) {
    STIPEND_LET(other, other_(account.key, account.base));
    account.other = other.policy;
    account.other_state = account.state;
    // Memory of another policy would be misread.
    if (!reads_memory_of(*account.other, *account.policy)) account.other_state.memory = {};
    return {};
}

// What the payer has taken back counts for any policy.
void PolicyHistory::pardon(Account& account, const ledger::Pardon& pardon, const ledger::EngineState& after,
                           stipend_unix_ns due_at) {
    auto& other = account.other_state;
    if (reads_memory_of(*account.other, *account.policy) && same_history(other, account.state)) {
        other = after;
    } else {
        other.consecutive_failures = std::min(other.consecutive_failures, pardon.failures_after);
        other.suspended = other.suspended && pardon.suspended_after;
    }
    if (!account.walks) return;
    for (auto& one : *account.walks) one.pardon(pardon, due_at);
}

Result<bool> PolicyHistory::reproduce(Account& account, const ledger::Decision& d) {
    auto state = account.state;
    state.due_at = d.due_at;
    auto sample = recorded_sample(state, d, account.base);
    stipend_decision decision{};
    STIPEND_TRY(account.policy->decide({&sample, 1}, {&decision, 1}));
    bool same = is_recorded(decision, d);
    if (!same && d.job == ledger::Job::ok && d.uptime_ppm.value_or(0) == 0) {
        // An answer without an uptime is recorded as one of 0.
        sample.flags &= ~std::uint32_t{STIPEND_SAMPLE_REPORTED};
        STIPEND_TRY(account.policy->decide({&sample, 1}, {&decision, 1}));
        same = is_recorded(decision, d);
    }
    if (!same) return false;
    STIPEND_TRY(apply(state, decision, next_interval_ns(d)));
    account.state = state;
    return true;
}

Result<void> PolicyHistory::decide_by_other(Account& account, const ledger::Decision& d) {
    auto& state = account.other_state;
    auto& sum = account.sum;
    state.due_at = d.due_at;
    const auto sample = recorded_sample(state, d, account.base);
    stipend_decision decision{};
    STIPEND_TRY(account.other->decide({&sample, 1}, {&decision, 1}));
    const bool held = decision.action == STIPEND_HOLD;
    auto from = d.due_at;  // where its own schedule leaves the recorded one
    if (held) {
        ++sum.held;
        from = stretch_of(account.before, d).from;
        auto due = state;
        STIPEND_TRY(hold(due, d.due_at));
        state.due_at = due.due_at;
    } else {
        sum.again = sum.again.plus_saturating(Usd::of_e8(decision.amount_usd_e8));
        if (d.tier != text_of(decision.tier)) ++sum.flips;
        STIPEND_TRY(apply(state, decision, next_interval_ns(d)));
    }
    const bool elsewhere = state.due_at != d.next_at;
    if (elsewhere && !held) ++sum.waits;
    if (account.walks || !(elsewhere || held)) return {};
    account.walks = std::make_unique<Walks>(
        Walks{ScheduleWalk(Unobserved::down, state, from), ScheduleWalk(Unobserved::up, state, from)});
    account.paid_before = sum.again;
    account.checks_before = sum.decisions - sum.held;
    if (!held) return {};
    for (auto& one : *account.walks) one.look_at(stretch_of(account.before, d));
    return {};
}

Result<void> PolicyHistory::walk(Account& account, const KnownStretch& stretch) {
    for (auto& one : *account.walks) {
        auto done = one.advance(*account.other, account.base, stretch);
        if (!done) return std::move(done).error().in(account.key);
    }
    return {};
}

Result<void> PolicyHistory::take(const ledger::DecisionLine& line) {
    const auto& d = line.decision;
    auto& account = accounts_[d.orchestrator];
    if (account.key.empty()) account.key = line.key;
    // A due time ahead of that which was decided: a pardon lies between.
    const bool moved = account.before && d.due_at < account.before->next_at;
    const bool fresh = !account.known || account.generation != d.generation || moved;
    if (fresh) STIPEND_TRY(meet(account, line));
    STIPEND_LET(same, reproduce(account, d));
    if (!same && !fresh) {
        // A pardon, or terms that changed: what the ledger says of the state now.
        STIPEND_TRY(meet(account, line));
        STIPEND_SET(same, reproduce(account, d));
    }
    if (!same) {
        ++not_reproduced_;
        if (problems_.size() < max_problems) {
            problems_.push_back(cat("decision ", line.seq, ": ", line.key, ", epoch ", d.epoch));
        }
        account.known = false;
    }
    ++decisions_;
    auto& sum = account.sum;
    ++sum.decisions;
    sum.recorded = sum.recorded.plus_saturating(d.usd);
    if (account.walks) STIPEND_TRY(walk(account, stretch_of(account.before, d)));
    STIPEND_TRY(decide_by_other(account, d));
    account.before = CheckBefore::of(d);
    return {};
}

void PolicyHistory::complete(Account& account) {
    auto& sum = account.sum;
    sum.low = sum.high = sum.again;
    sum.least_checks = sum.most_checks = sum.decisions;
    if (!account.walks) return;
    const auto& [down, up] = *account.walks;
    sum.low = account.paid_before.plus_saturating(std::min(down.paid(), up.paid()));
    sum.high = account.paid_before.plus_saturating(std::max(down.paid(), up.paid()));
    sum.least_checks = account.checks_before + std::min(down.checks(), up.checks());
    sum.most_checks = account.checks_before + std::max(down.checks(), up.checks());
    sum.unobserved_ns = std::max(down.unobserved_ns(), up.unobserved_ns());
}

Result<void> PolicyHistory::finish(stipend_unix_ns end) {
    for (auto& [id, account] : accounts_) {
        const auto wait = wait_behind(*account.before, end);
        if (account.walks && wait) STIPEND_TRY(walk(account, *wait));
        complete(account);
        sums_.emplace(account.key, account.sum);
    }
    accounts_.clear();
    return {};
}

}  // namespace stipend::engine
