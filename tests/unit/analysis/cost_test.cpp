#include "host/analysis/cost.hpp"

#include <doctest/doctest.h>

#include "tests/unit/analysis/checks.hpp"

using namespace analysis_test;

TEST_CASE("an hour of uptime costs what was paid for all of it, divided once and rounded down") {
    const Scene scene(By::orchestrator);
    Cost cost(scene.context);
    // a: 2 USD for 1 h, 1 USD for half an hour, nothing for a failed one: 3 USD for 1.5 h.
    // b: 1 USD for 0.9 h: 1.11111111... USD an hour.
    const auto report = scene.of(
        cost, {hourly(1, 0, 1'000'000, 2 * e8), hourly(1, 1, 500'000, e8), failed(1, 2), hourly(2, 20, 900'000, e8)});
    REQUIRE(report.rows.size() == 2);
    CHECK(line(report.rows[0]) == "a 3 2 1.5 0.5 1 0 3 2 0 0");
    CHECK(line(report.rows[1]) == "b 1 1 0.9 0.1 0 0 1 1.11111111 0 0");
    CHECK(line(*report.total) == "total 4 3 2.4 0.6 1 0 4 1.66666666 0 0");
}

TEST_CASE("a failed check that a pardon took back is neither up nor down") {
    const Scene scene(By::all);
    Cost cost(scene.context);
    const auto report = scene.of(cost, {hourly(1, 0, 1'000'000, e8), failed(1, 1)}, true);
    CHECK(line(report.rows.at(0)) == "all 2 1 1 0 0 1 1 1 0 0");
}

TEST_CASE("costs are summed up by tier and by capability") {
    const std::vector<ledger::Decision> decisions{hourly(1, 0, 1'000'000, 2 * e8), hourly(1, 1, 500'000, e8),
                                                  hourly(2, 20, 960'000, e8)};
    const Scene tiers(By::tier);
    Cost by_tier(tiers.context);
    const auto tier_report = tiers.of(by_tier, decisions);
    REQUIRE(tier_report.rows.size() == 2);
    CHECK(line(tier_report.rows[0]) == "gold 2 2 1.96 0.04 0 0 3 1.53061224");
    CHECK(line(tier_report.rows[1]) == "tin 1 1 0.5 0.5 0 0 1 2");
    const Scene capabilities(By::capability);
    Cost by_capability(capabilities.context);
    const auto report = capabilities.of(by_capability, decisions);
    REQUIRE(report.rows.size() == 2);
    CHECK(line(report.rows[0]) == "(default) 1 1 0.96 0.04 0 0 1 1.04166666 0 0");
    CHECK(line(report.rows[1]) == "x 2 2 1.5 0.5 0 0 3 2 0 0");
}

TEST_CASE("adjustments and manual payments are beside the cost of uptime") {
    Scene scene(By::orchestrator);
    scene.facts.apart = {{.orchestrator = 1, .at = begin_ns, .usd = Usd::of_e8(-e8 / 2), .manual = false},
                         {.orchestrator = 2, .at = begin_ns, .usd = Usd::of_e8(3 * e8), .manual = true}};
    Cost cost(scene.context);
    const auto report = scene.of(cost, {hourly(1, 0, 1'000'000, e8)});
    REQUIRE(report.rows.size() == 2);
    CHECK(line(report.rows[0]) == "a 1 1 1 0 0 0 1 1 -0.5 0");
    CHECK(line(report.rows[1]) == "b 0 0 0 0 0 0 0 - 0 3");
}

TEST_CASE("sums beyond 64 bits stay exact") {
    const Scene scene(By::all);
    Cost cost(scene.context);
    const auto most = hourly(1, 0, 1'000'000, std::numeric_limits<std::int64_t>::max());
    const auto report = scene.of(cost, {most, most, most});
    // 3 x 92233720368.54775807 USD for 3 hours.
    CHECK(line(*report.total) == "total 3 3 3 0 0 0 276701161105.64327421 92233720368.54775807 0 0");
}
