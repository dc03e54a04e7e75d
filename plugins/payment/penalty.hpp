// Progressive punishment: min(floor(interval x multiplier^n), cap) seconds after n failures in a row.
#pragma once

#include <cstdint>
#include <vector>

namespace payment {

struct Punishment {
    std::uint32_t multiplier_milli = 2000;  // 1000 .. 100000: 1 to 100 with three decimals
    std::int64_t cap_s = 3600;
};

// Whole seconds after 0, 1, 2 ... failures in a row, exact; the last entry holds for any higher number.
std::vector<std::int64_t> penalties_s(std::int64_t interval_ns, Punishment punishment);

}  // namespace payment
