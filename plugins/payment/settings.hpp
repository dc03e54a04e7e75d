// The configuration of the payment policy.
#pragma once

#include <cstdint>
#include <vector>

#include "penalty.hpp"
#include "stipend/abi/lifecycle.h"
#include "stipend/json.hpp"
#include "tier_table.hpp"

namespace payment {

struct Settings {
    TierTable table;
    Punishment punishment;
    std::int64_t interval_ns = 0;           // of the terms
    std::vector<std::int64_t> penalties_s;  // at that interval
    std::int64_t max_consecutive_failures = 5;
    std::int64_t recovery_checks = 1;
    std::uint32_t min_coverage_ppm = 0;
    bool reliability_bonus = false;
    bool failure_reduction = false;
};

// Pure; errors carry the JSON pointer of the value.
stipend::Result<Settings> parse_settings(const stipend::Json& json, const stipend_terms& terms);

}  // namespace payment
