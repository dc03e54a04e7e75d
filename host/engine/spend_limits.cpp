#include "host/engine/spend_limits.hpp"

#include <algorithm>

namespace stipend::engine {

SpendLimits::Answer SpendLimits::check(Usd pay, const ledger::EngineState& own, const AccrualLimits& limits,
                                       stipend_unix_ns now) {
    if (const auto used = own_used(own, now); !fits(pay, used, limits.per_orchestrator_day)) {
        return {Verdict::over_own, used};
    }
    const auto used = used_by_all(now);
    if (fits(pay, used, limits.per_day)) return {Verdict::within, used};
    largest_held_ = std::max(largest_held_, pay);
    return {Verdict::over_all, used};
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
    day_ = now / ns_per_day;
    accrued_ = *all;
    return *one;
}

}  // namespace stipend::engine
