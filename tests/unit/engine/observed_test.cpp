// What the host measured itself, beside what the worker reports.
#include <doctest/doctest.h>

#include "simulation.hpp"

using namespace engine_test;

namespace {

ledger::Decision first_decision(Simulation& world, const Setup& setup = {}) {
    REQUIRE(world.install(setup, payees(1)));
    world.run_until(start_of_time + 10 * second);
    REQUIRE(world.decisions.size() == 1);
    return world.decisions.front().decision;
}

}  // namespace

TEST_CASE("the lower of the worker's and the host's own uptime decides") {
    Simulation world;
    world.seen["o1"] = {700'000, 1'000'000};
    const auto decision = first_decision(world);
    CHECK(decision.tier == "warning");
    CHECK(decision.uptime_ppm == 700'000);
    CHECK(decision.coverage_ppm == 1'000'000);
}

TEST_CASE("a worker that reports less than the host saw is taken at its word") {
    Simulation world;
    world.seen["o1"] = {1'000'000, 1'000'000};
    world.answer = [](const registry::Payee&, const JobSpec&, stipend_unix_ns) {
        return std::pair{good("85"), second};
    };
    CHECK(first_decision(world).tier == "good");
}

TEST_CASE("a host that saw nothing leaves the worker's word alone") {
    Simulation world;
    world.seen["o1"] = {0, 0};
    const auto decision = first_decision(world);
    CHECK(decision.tier == "excellent");
    CHECK(decision.coverage_ppm == 0);
}

TEST_CASE("below min_coverage nothing is decided, and the schedule does not move") {
    Simulation world;
    world.seen["o1"] = {1'000'000, 400'000};
    Setup setup;
    setup.policy = R"({"min_coverage": 50})";
    REQUIRE(world.install(setup, payees(1)));
    world.run_until(start_of_time + 10 * second);
    CHECK(world.decisions.empty());
    REQUIRE(world.holds.size() == 1);
    world.seen["o1"] = {1'000'000, 500'000};
    world.run_until(start_of_time + 70 * second);
    REQUIRE(world.decisions.size() == 1);
    CHECK(world.decisions.front().decision.epoch == 1);
    CHECK(world.decisions.front().decision.coverage_ppm == 500'000);
}
