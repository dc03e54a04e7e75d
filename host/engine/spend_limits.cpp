#include "host/engine/spend_limits.hpp"

#include <algorithm>

namespace stipend::engine {

SpendLimits::Answer SpendLimits::check(Usd pay, const ledger::EngineState& own, const AccrualLimits& limits,
                                       stipend_unix_ns now) {
    const auto out = look(pay, own, limits, now);
    if (out.verdict == Verdict::over_all) largest_held_ = std::max(largest_held_, pay);
    return out;
}

SpendLimits::Answer SpendLimits::look(Usd pay, const ledger::EngineState& own, const AccrualLimits& limits,
                                      stipend_unix_ns now) const {
    if (const auto used = own_used(own, now); !fits(pay, used, limits.per_orchestrator_day)) {
        return {Verdict::over_own, used};
    }
    const auto used = used_by_all(now);
    return {fits(pay, used, limits.per_day) ? Verdict::within : Verdict::over_all, used};
}

void SpendLimits::begin_day(stipend_unix_ns now) {
    if (day_ == now / ns_per_day) return;
    day_ = now / ns_per_day;
    accrued_ = {};
    manual_.clear();
}

ledger::EngineState SpendLimits::with_manual(ledger::OrchestratorId id, ledger::EngineState own,
                                             stipend_unix_ns now) const {
    const auto used = own_used(own, now);
    const auto found = day_ == now / ns_per_day ? manual_.find(id) : manual_.end();
    own.day = now / ns_per_day;
    own.day_usd = found == manual_.end() ? used : used.plus_saturating(found->second);
    return own;
}

void SpendLimits::add_manual(ledger::OrchestratorId id, Usd pay, stipend_unix_ns now) {
    begin_day(now);
    accrued_ = accrued_.plus_saturating(pay);
    auto& own = manual_[id];
    own = own.plus_saturating(pay);
}

void SpendLimits::drop_manual(ledger::OrchestratorId id, Usd pay, stipend_unix_ns now) {
    const auto found = manual_.find(id);
    if (day_ != now / ns_per_day || found == manual_.end()) return;
    const auto own = found->second.minus(pay);
    const auto all = accrued_.minus(pay);
    STIPEND_ASSERT(own && !own->negative() && all && !all->negative());
    found->second = *own;
    accrued_ = *all;
}

bool SpendLimits::lifted(const AccrualLimits& limits, stipend_unix_ns now) {
    if (largest_held_.zero() || !fits(largest_held_, used_by_all(now), limits.per_day)) return false;
    largest_held_ = {};
    return true;
}

Usd SpendLimits::accrue(Usd pay, const ledger::EngineState& own, stipend_unix_ns now) {
    STIPEND_ASSERT(!pay.negative());
    const auto all = used_by_all(now).plus(pay);
    const auto one = own_used(own, now).plus(pay);
    STIPEND_ASSERT(all && one);
    begin_day(now);
    accrued_ = *all;
    return *one;
}

}  // namespace stipend::engine
