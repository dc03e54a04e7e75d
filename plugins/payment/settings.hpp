// What the operator can say to the payment policy.
#pragma once

#include <cstdint>
#include <string_view>

#include "penalty.hpp"
#include "stipend/abi/lifecycle.h"
#include "stipend/json.hpp"
#include "tier_table.hpp"

namespace payment {

struct Settings {
    TierTable table;
    PenaltyTable penalties;
    Punishment punishment;
    std::uint32_t max_consecutive_failures = 5;
    std::uint32_t recovery_checks = 1;
    std::uint32_t min_coverage_ppm = 0;
    bool reliability_bonus = false;
    bool failure_reduction = false;
};

// Pure; errors carry the JSON pointer of the value.
stipend::Result<Settings> parse_settings(const stipend::Json& config, const stipend_terms& terms);

}  // namespace payment
