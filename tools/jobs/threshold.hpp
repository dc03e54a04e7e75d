// What a load must reach, such as p99<500ms or success>99%.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/result.hpp"
#include "tools/jobs/histogram.hpp"
#include "tools/jobs/outcome.hpp"

namespace stipend::jobs {

// What thresholds look at, and reports say.
struct Totals {
    std::uint64_t planned = 0;
    std::uint64_t sent = 0;
    Counts by_outcome{};  // of those that ended
    Histogram corrected;  // from the planned start
    Histogram service;    // from the send

    [[nodiscard]] std::uint64_t succeeded() const { return by_outcome[0]; }
    // All that were planned and did not succeed.
    [[nodiscard]] std::uint64_t failed() const { return planned - succeeded(); }
};

struct Threshold {
    enum class Of : std::uint8_t { latency, share, count };
    enum class Is : std::uint8_t { below, at_most, above, at_least };
    std::string text;  // as it was written
    Of of = Of::latency;
    Is is = Is::below;
    std::uint32_t permille = 0;  // of a latency; 0: the longest
    bool service = false;        // from the send instead of the planned start
    bool failed = false;         // of a share or count: of all that failed
    Outcome outcome = Outcome::succeeded;
    std::int64_t value = 0;  // microseconds, parts per million of what was planned, or jobs
};

// Any number of them, separated by commas. A name is p50, p90, p99, p999, max, service.p50 and so on, with a duration;
// success, failed or a class of failure, with a percentage or a number of jobs. INVALID names the first that is wrong.
Result<std::vector<Threshold>> parse_thresholds(std::string_view text);

struct Compared {
    std::string got;  // for people
    bool held = false;
};
// A latency of no job at all holds nothing.
Compared compare(const Threshold& threshold, const Totals& totals);

}  // namespace stipend::jobs
