#include "host/analysis/sla.hpp"

#include <doctest/doctest.h>

#include "tests/unit/analysis/checks.hpp"

using namespace analysis_test;

namespace {

config::Sla target(std::int64_t e6, std::vector<std::string> orchestrators = {}, std::string capability = {}) {
    return {.name = "gold",
            .target_e6 = e6,
            .orchestrators = std::move(orchestrators),
            .capability = std::move(capability),
            .credit_e6 = 10'000'000};
}

}  // namespace

TEST_CASE("a target is for ids, patterns of them, or a capability") {
    CHECK(covers(target(99'000'000), "a", ""));
    CHECK(covers(target(99'000'000, {"b", "a"}), "a", ""));
    CHECK_FALSE(covers(target(99'000'000, {"b"}), "a", ""));
    CHECK(covers(target(99'000'000, {"https://*.example:1"}), "https://x.example:1", "agent"));
    CHECK(covers(target(99'000'000, {}, "agent"), "a", "agent"));
    CHECK_FALSE(covers(target(99'000'000, {"a"}, "agent"), "a", ""));
}

TEST_CASE("a budget is a share of what was measured, and its use is exact") {
    const auto sla = target(99'500'000);
    CHECK(error_budget(sla, 200 * static_cast<uint128>(ns_per_hour)) == static_cast<uint128>(ns_per_hour));
    CHECK(burn_ppm(sla, 200, 1) == 1'000'000);
    CHECK(burn_ppm(sla, 200, 3) == 3'000'000);
    CHECK(burn_ppm(sla, 300, 1) == 666'666);
    CHECK(burn_ppm(sla, 1, 1) == 200'000'000);
    CHECK_FALSE(burn_ppm(sla, 0, 0));
}

TEST_CASE("unknown time is no downtime, and says how much of the span was measured") {
    Scene scene(By::all);
    scene.context.sla = {target(90'000'000)};
    scene.facts.gaps = {{.orchestrator = 1, .from = begin_ns, .to = begin_ns + 14 * ns_per_hour}};
    SlaReport sla(scene.context);
    std::vector<ledger::Decision> decisions;
    for (int hour = 14; hour < 23; ++hour) decisions.push_back(hourly(1, hour, 1'000'000, e8));
    decisions.push_back(failed(1, 23));
    const auto report = scene.of(sla, decisions);
    REQUIRE(report.rows.size() == 2);
    // 10 hours measured, 1 of them down: 90 % is just met. 14 of 24 are not known.
    CHECK(line(report.rows[0]) == "gold a 90 90 yes 10 14 41.6666 1 1 1 9 0");
    CHECK(line(report.rows[1]) == "gold b 90 - unknown 0 12 0 0 0 - 0 0");
}

TEST_CASE("a missed target proposes a credit once the span is over") {
    Scene scene(By::all);
    scene.context.sla = {target(95'000'000, {"a"})};
    const std::vector<ledger::Decision> decisions{hourly(1, 0, 1'000'000, 3 * e8), hourly(1, 1, 800'000, e8 / 3)};
    SlaReport over(scene.context);
    const auto report = scene.of(over, decisions);
    REQUIRE(report.rows.size() == 1);
    // Up 1.8 of 2 hours; 10 % of 3.33333333 USD, rounded down.
    CHECK(line(report.rows[0]) == "gold a 95 90 no 2 22 8.3333 0.2 0.1 2 3.33333333 0.33333333");
    scene.context.span_is_over = false;
    SlaReport going_on(scene.context);
    CHECK(scene.of(going_on, decisions).rows.at(0).find("credit_usd")->text() == "0");
}

TEST_CASE("a failed check that was taken back uses up no budget") {
    Scene scene(By::all);
    scene.context.sla = {target(99'000'000, {"a"})};
    SlaReport sla(scene.context);
    const auto report = scene.of(sla, {hourly(1, 0, 1'000'000, e8), failed(1, 1)}, true);
    CHECK(line(report.rows.at(0)) == "gold a 99 100 yes 1 23 4.1666 0 0.01 0 1 0");
}
