#include "host/analysis/uptime_share.hpp"

#include <doctest/doctest.h>

#include "tests/unit/analysis/checks.hpp"

using namespace analysis_test;

TEST_CASE("time that the payer could not measure is a class of its own, and no downtime") {
    Scene scene(By::orchestrator);
    // A gap that begins before the span counts from its beginning on.
    scene.facts.gaps = {{.orchestrator = 1, .from = begin_ns - 2 * ns_per_hour, .to = begin_ns + 3 * ns_per_hour}};
    UptimeShare share(scene.context);
    const auto report = scene.of(
        share, {hourly(1, 3, 1'000'000, e8), hourly(1, 4, 500'000, e8), failed(1, 5), hourly(2, 20, 999'000, e8)});
    REQUIRE(report.rows.size() == 2);
    // a: up 1.5 of 3 measured hours; 24 - 3 measured - 3 of the gap were not measured.
    CHECK(line(report.rows[0]) == "a 3 1 50 1.5 0.5 1 0 3 18 50 50 50");
    // b is known for 12 hours.
    CHECK(line(report.rows[1]) == "b 1 0 99.9 0.999 0.001 0 0 0 11 99.9 99.9 99.9");
    CHECK(line(*report.total) == "total 4 1 62.475 2.499 0.501 1 0 3 29 50 50 99.9");
}

TEST_CASE("the distribution counts answered checks by their uptime") {
    const Scene scene(By::all);
    UptimeShare share(scene.context);
    const auto report = scene.of(share, {hourly(1, 0, 0, 0), hourly(1, 1, 499'999, 0), hourly(1, 2, 500'000, 0),
                                         hourly(1, 3, 999'999, 0), hourly(1, 4, 1'000'000, 0), failed(1, 5)});
    const auto& ranges = report.more.at(0).second.items();
    REQUIRE(ranges.size() == 8);
    CHECK(line(ranges[0]) == "0 0.0001 1 1");
    CHECK(line(ranges[1]) == "0.0001 50 1 1");
    CHECK(line(ranges[2]) == "50 90 1 1");
    CHECK(line(ranges[3]) == "90 95 0 0");
    CHECK(line(ranges[6]) == "99.9 100 1 1");
    CHECK(line(ranges[7]) == "100 - 1 1");
}

TEST_CASE("an orchestrator that left is measured until its last check") {
    Scene scene(By::orchestrator);
    scene.facts.accounts[0].retired = true;
    scene.facts.accounts[1].retired = true;  // without a check in the span: no row
    UptimeShare share(scene.context);
    const auto report = scene.of(share, {hourly(1, 3, 1'000'000, e8)});
    REQUIRE(report.rows.size() == 1);
    CHECK(line(report.rows[0]) == "a 1 0 100 1 0 0 0 0 3 100 100 100");
}

TEST_CASE("an orchestrator without a check in the span has no uptime") {
    const Scene scene(By::orchestrator);
    UptimeShare share(scene.context);
    const auto report = scene.of(share, {});
    REQUIRE(report.rows.size() == 2);
    CHECK(line(report.rows[0]) == "a 0 0 - 0 0 0 0 0 24 - - -");
}
