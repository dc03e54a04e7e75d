#include "host/engine/policy_history.hpp"

#include <cstring>

#include "host/engine/payee_state.hpp"

namespace stipend::engine {
namespace {

// What comes to the time from one check to the next at a pay per minute, rounded down.
Usd for_time(Usd usd, std::int64_t of_ns, std::int64_t for_ns) {
    if (of_ns <= 0 || for_ns <= 0) return {};
    const auto e8 = static_cast<uint128>(usd.count_e8()) * static_cast<uint128>(for_ns) / static_cast<uint128>(of_ns);
    return Usd::of_e8(static_cast<std::int64_t>(std::min<uint128>(e8, INT64_MAX)));
}

void add(HistorySum& to, const HistorySum& one) {
    to.decisions += one.decisions;
    to.recorded = to.recorded.plus_saturating(one.recorded);
    to.again = to.again.plus_saturating(one.again);
    to.again_by_time = to.again_by_time.plus_saturating(one.again_by_time);
    to.flips += one.flips;
    to.held += one.held;
    to.waits += one.waits;
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
    account.generation = line.decision.generation;
    account.policy = found.in_use.policy;
    account.state = found.before;
    if (!account.known) {
        account.base = found.again.base;
        STIPEND_LET(other, other_(std::string(line.key), account.base));
        account.other = other.policy;
        account.other_state = account.state;
        // Memory of another policy would be misread.
        if (account.other->plugin_id() != account.policy->plugin_id() ||
            account.other->memory_version() != account.policy->memory_version()) {
            account.other_state.memory = {};
        }
    }
    account.base = found.again.base;
    account.known = true;
    return {};
}

Result<bool> PolicyHistory::reproduce(Account& account, const ledger::DecisionLine& line) {
    const auto& d = line.decision;
    auto state = account.state;
    state.due_at = d.due_at;
    const auto sample = recorded_sample(state, d, account.base);
    stipend_decision decision{};
    STIPEND_TRY(account.policy->decide({&sample, 1}, {&decision, 1}));
    const bool same =
        decision.action != STIPEND_HOLD && decides_as_recorded(decision, d) &&
        decision.amount_usd_e8 == d.usd.count_e8() && decision.multiplier_ppm == d.multiplier_ppm &&
        (d.job != ledger::Job::ok || decision.uptime_ppm == d.uptime_ppm.value_or(0)) &&
        d.reason.starts_with(std::string_view(decision.reason, strnlen(decision.reason, sizeof decision.reason)));
    if (same) {
        STIPEND_TRY(apply(state, decision, next_interval_ns(d)));
        account.state = state;
    }
    return same;
}

Result<void> PolicyHistory::decide_by_other(Account& account, const ledger::DecisionLine& line, HistorySum& sum) {
    const auto& d = line.decision;
    auto& state = account.other_state;
    state.due_at = d.due_at;
    const auto sample = recorded_sample(state, d, account.base);
    stipend_decision decision{};
    STIPEND_TRY(account.other->decide({&sample, 1}, {&decision, 1}));
    if (decision.action == STIPEND_HOLD) {
        ++sum.held;
        return {};
    }
    const auto usd = Usd::of_e8(decision.amount_usd_e8);
    const auto interval = next_interval_ns(d);
    STIPEND_LET(next, next_in_ns(decision, interval));
    sum.again = sum.again.plus_saturating(usd);
    sum.again_by_time = sum.again_by_time.plus_saturating(for_time(usd, next, d.next_at - d.due_at));
    if (d.tier != std::string_view(decision.tier, strnlen(decision.tier, sizeof decision.tier))) ++sum.flips;
    if (next != d.next_at - d.due_at) ++sum.waits;
    return apply(state, decision, interval);
}

Result<void> PolicyHistory::take(const ledger::DecisionLine& line) {
    auto found = accounts_.find(line.key);
    if (found == accounts_.end()) found = accounts_.emplace(std::string(line.key), Account{}).first;
    auto& account = found->second;
    const bool fresh = !account.known || account.generation != line.decision.generation;
    if (fresh) STIPEND_TRY(meet(account, line));
    STIPEND_LET(same, reproduce(account, line));
    if (!same && !fresh) {
        // A pardon, or terms that changed: what the ledger says of the state now.
        STIPEND_TRY(meet(account, line));
        STIPEND_SET(same, reproduce(account, line));
    }
    if (!same) {
        ++not_reproduced_;
        if (problems_.size() < max_problems) {
            problems_.push_back(cat("decision ", line.seq, ": ", line.key, ", epoch ", line.decision.epoch));
        }
        account.known = false;
    }
    auto& sum = sums_[found->first];
    ++sum.decisions;
    sum.recorded = sum.recorded.plus_saturating(line.decision.usd);
    return decide_by_other(account, line, sum);
}

}  // namespace stipend::engine
