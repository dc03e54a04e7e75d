#include "host/analysis/latency.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/unit/analysis/checks.hpp"

using namespace analysis_test;

TEST_CASE("percentiles of durations are at most a sixteenth above the exact ones") {
    std::mt19937_64 random(7);
    std::vector<std::int64_t> exact;
    Durations durations;
    for (int at = 0; at < 10'000; ++at) {
        const auto ns = static_cast<std::int64_t>(random() >> (random() % 60 + 4));
        exact.push_back(ns);
        durations.add(ns);
    }
    std::ranges::sort(exact);
    CHECK(durations.count() == exact.size());
    CHECK(durations.largest() == exact.back());
    for (const unsigned percent : {1U, 10U, 50U, 90U, 99U, 100U}) {
        const auto want = exact[(exact.size() * percent + 99) / 100 - 1];
        const auto got = durations.percentile(percent);
        CHECK(got >= want);
        CHECK(static_cast<double>(got) <= static_cast<double>(want) * 1.0625 + 1);
    }
}

TEST_CASE("durations of two groups are those of both") {
    Durations low;
    Durations high;
    Durations both;
    for (std::int64_t ns = 1; ns < 3000; ns += 7) {
        (ns < 1000 ? low : high).add(ns);
        both.add(ns);
    }
    high.add(low);
    CHECK(high.count() == both.count());
    CHECK(high.mean() == both.mean());
    for (const unsigned percent : {1U, 33U, 50U, 75U, 100U})
        CHECK(high.percentile(percent) == both.percentile(percent));
}

TEST_CASE("nothing has no latency") {
    CHECK(Durations().percentile(50) == 0);
    CHECK(Durations().mean() == 0);
}

TEST_CASE("the time of failed checks is no latency") {
    const Scene scene(By::orchestrator);
    Latency latency(scene.context);
    auto first = hourly(1, 0, 1'000'000, e8);
    first.evidence.latency_ns = 2'000'000;
    auto second = hourly(1, 1, 1'000'000, e8);
    second.evidence.latency_ns = 4'000'000;
    auto timeout = failed(1, 2);
    timeout.evidence.latency_ns = 60 * ns_per_s;
    const auto report = scene.of(latency, {first, second, timeout, hourly(2, 20, 1'000'000, e8)});
    REQUIRE(report.rows.size() == 1);
    // 2 ms lies in the step that ends at 2,031,615 ns: 31 x 2^16 - 1.
    CHECK(line(report.rows[0]) == "a 2 3 2.031 4 4 4 4");
}
