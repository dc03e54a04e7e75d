// The factor of the payer's demand, and all that it is computed from.
#pragma once

#include <cstdint>

#include "stipend/abi/types.h"

namespace stipend::ledger {

// By which rules a factor is computed. Shares and factors are in parts per million.
struct DemandRules {
    std::int64_t every_ns = 0;    // a cycle; above 0
    std::int64_t target_ppm = 0;  // jobs per orchestrator in a cycle at which the factor is 1; above 0
    std::int64_t floor_ppm = 0;   // above 0, at most 1
    std::int64_t ceiling_ppm = 0;
    std::int64_t damping_ppm = 0;  // the share of the difference that one cycle goes; above 0, at most 1
    std::int64_t step_ppm = 0;     // within any 24 hours; above 0
    friend bool operator==(const DemandRules&, const DemandRules&) = default;
};

// What one cycle comes to. All numbers are the payer's own: see demand_rule.hpp.
struct Demand {
    stipend_unix_ns from = 0;   // the cycle is [from, at)
    stipend_unix_ns at = 0;     // when it was computed
    std::uint64_t asked = 0;    // jobs that the payer asked for in the cycle, of each orchestrator one
    std::uint64_t failed = 0;   // jobs that failed in the cycle, and those that no earlier one could take off
    std::uint64_t waiting = 0;  // jobs that the payer's own rate keeps for later, at its end
    std::uint64_t up = 0;       // orchestrators whose last check was good, at its end
    std::uint64_t supply = 0;   // the largest `up` so far
    DemandRules rules = {};
    std::int64_t before_ppm = 0;  // the factor until then; 1,000,000 where there was none
    std::int64_t least_ppm = 0;   // the smallest and the largest one of the 24 hours before, this one included
    std::int64_t most_ppm = 0;
    std::int64_t factor_ppm = 0;  // from then on; 0: none is computed any more
    friend bool operator==(const Demand&, const Demand&) = default;
};

}  // namespace stipend::ledger
