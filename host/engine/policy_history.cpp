#include "host/engine/policy_history.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

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
    const bool same_base = std::exchange(account.base, found.again.base) == found.again.base;
    if (!account.known) {
        STIPEND_TRY(meet_other(account));
    } else if (!same_base) {
        STIPEND_LET(other, other_(account.key, account.base));
        account.other = other.policy;
    }
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

bool PolicyHistory::begins_alike(Account& account, const ledger::Decision& d) const {
    // A decision that pays nothing does not show whether the base is the same.
    if (account.known || d.epoch != 1 || d.usd.zero()) return false;
    const auto found = beginnings_.find(d.generation);
    if (found == beginnings_.end()) return false;
    account.state = found->second.state;
    account.base = found->second.base;
    account.policy = found->second.policy;
    return true;
}

void PolicyHistory::note_beginning(const Account& account, const ledger::Decision& d) {
    const auto& state = account.state;
    // Failures may be inherited from an earlier name.
    if (d.epoch != 1 || state.consecutive_failures > 0 || state.suspended) return;
    beginnings_.try_emplace(d.generation, Beginning{state, account.base, account.policy});
}

Result<bool> PolicyHistory::reproduce(Account& account, const ledger::Decision& d) {
    auto& state = account.state;
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
    return true;
}

Result<bool> PolicyHistory::meet_and_reproduce(Account& account, const ledger::DecisionLine& line) {
    const auto& d = line.decision;
    if (begins_alike(account, d)) {
        const auto before = account.state;
        STIPEND_LET(same, reproduce(account, d));
        if (same) {
            const auto after = std::exchange(account.state, before);
            STIPEND_TRY(meet_other(account));
            account.state = after;
            account.generation = d.generation;
            account.known = true;
            return true;
        }
    }
    STIPEND_TRY(meet(account, line));
    note_beginning(account, d);
    return reproduce(account, d);
}

Result<void> PolicyHistory::settle_other(Account& account, const ledger::Decision& d,
                                         const stipend_decision& decision) {
    auto& state = account.other_state;
    auto& sum = account.sum;
    const bool held = decision.action == STIPEND_HOLD;
    if (held) {
        ++sum.held;
        STIPEND_TRY(hold(state, d.due_at));
    } else {
        sum.again = sum.again.plus_saturating(Usd::of_e8(decision.amount_usd_e8));
        if (d.tier != text_of(decision.tier)) ++sum.flips;
        STIPEND_TRY(apply(state, decision, next_interval_ns(d)));
    }
    const bool elsewhere = held || state.due_at != d.next_at;
    if (elsewhere && !held) ++sum.waits;
    if (account.walks || !elsewhere) return {};
    // Here its own schedule leaves the recorded one.
    const auto stretch = stretch_of(account.before, d);
    const auto from = held ? stretch.from : d.due_at;
    account.walks = std::make_unique<Walks>(
        Walks{ScheduleWalk(Unobserved::down, state, from), ScheduleWalk(Unobserved::up, state, from)});
    account.paid_before = sum.again;
    account.checks_before = sum.decisions - sum.held;
    if (!held) return {};
    for (auto& one : *account.walks) one.look_at(stretch);
    return {};
}

// Samples that one policy is to decide at once: those of both walks, and one of the recorded check.
class PolicyHistory::Round {
  public:
    void add(const stipend_sample& sample, ScheduleWalk* walk) {
        in_[count_] = sample;
        walks_[count_++] = walk;
    }
    void add_next(Account& account, const KnownStretch& stretch) {
        for (auto& one : *account.walks) {
            if (const auto sample = one.next(account.base, stretch)) add(*sample, &one);
        }
    }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] Result<void> decide(const Account& account, const KnownStretch& stretch) {
        auto done = account.other->decide({in_.data(), count_}, {out_.data(), count_});
        for (std::size_t at = 0; done && at < count_; ++at) {
            if (walks_[at] != nullptr) done = walks_[at]->settle(out_[at], stretch);
        }
        return done ? std::move(done) : std::move(done).error().in(account.key);
    }
    [[nodiscard]] const stipend_decision& first() const { return out_[0]; }

  private:
    std::array<stipend_sample, 3> in_;
    std::array<stipend_decision, 3> out_;
    std::array<ScheduleWalk*, 3> walks_ = {};
    std::size_t count_ = 0;
};

Result<void> PolicyHistory::walk(Account& account, const KnownStretch& stretch) {
    for (;;) {
        Round round;
        round.add_next(account, stretch);
        if (round.empty()) return {};
        STIPEND_TRY(round.decide(account, stretch));
    }
}

Result<stipend_decision> PolicyHistory::decide_by_other(Account& account, const ledger::Decision& d) {
    account.other_state.due_at = d.due_at;
    Round round;
    round.add(recorded_sample(account.other_state, d, account.base), nullptr);
    if (!account.walks) {
        STIPEND_TRY(round.decide(account, {}));
        STIPEND_TRY(settle_other(account, d, round.first()));
        return round.first();
    }
    const auto stretch = stretch_of(account.before, d);
    round.add_next(account, stretch);
    STIPEND_TRY(round.decide(account, stretch));
    STIPEND_TRY(settle_other(account, d, round.first()));
    STIPEND_TRY(walk(account, stretch));
    return round.first();
}

Result<void> PolicyHistory::take(const ledger::DecisionLine& line) {
    const auto& d = line.decision;
    auto& account = accounts_[d.orchestrator];
    if (account.key.empty()) account.key = line.key;
    // A due time ahead of that which was decided: a pardon lies between.
    const bool moved = account.before && d.due_at < account.before->next_at;
    bool same = false;
    if (account.known && account.generation == d.generation && !moved) {
        STIPEND_SET(same, reproduce(account, d));
    }
    if (!same) {
        // New to it; or a pardon, or terms that changed: what the ledger says of the state now.
        STIPEND_SET(same, meet_and_reproduce(account, line));
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
    auto again = d;
    if (demand_) again.demand_ppm = demand_(line.seq);
    STIPEND_LET(other, decide_by_other(account, again));
    if (observer_) observer_(line, other);
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
