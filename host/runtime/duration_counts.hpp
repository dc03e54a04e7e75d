// How long things took, counted by upper bounds: what a histogram of Prometheus is made of. Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace stipend::runtime {

// `bounds_us`: ascending, in microseconds. A duration counts in the first bucket whose bound it does not exceed.
template <auto bounds_us>
struct DurationCounts {
    static constexpr auto& bounds = bounds_us;

    std::array<std::uint64_t, bounds_us.size() + 1> counts{};  // the last one: longer than all bounds
    std::int64_t sum_us = 0;

    void add(std::int64_t ns) {
        const auto us = std::max<std::int64_t>(ns, 0) / 1000;
        const auto* bound = std::lower_bound(bounds_us.begin(), bounds_us.end(), us);
        ++counts[static_cast<std::size_t>(bound - bounds_us.begin())];
        if (__builtin_add_overflow(sum_us, us, &sum_us)) sum_us = INT64_MAX;
    }
};

inline constexpr std::array<std::int64_t, 12> commit_bounds_us{
    1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000};
using CommitTimes = DurationCounts<commit_bounds_us>;

inline constexpr std::array<std::int64_t, 12> job_bounds_us{50'000,     100'000,    250'000,     500'000,
                                                            1'000'000,  2'500'000,  5'000'000,   10'000'000,
                                                            30'000'000, 60'000'000, 120'000'000, 300'000'000};
using JobTimes = DurationCounts<job_bounds_us>;

}  // namespace stipend::runtime
