// What the engine says of its parts, and since when.
#include "simulation.hpp"

using namespace engine_test;
using namespace stipend::api;

namespace {

std::int64_t age_s(Simulation& sim, HealthIndex part) {
    return (sim.now() - sim.engine().health(sim.now())[part].since) / second;
}

HealthState state(Simulation& sim, HealthIndex part) {
    return sim.engine().health(sim.now())[part].state;
}

}  // namespace

TEST_CASE("before the first outcome the gateway is unknown, and that is nothing wrong") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.answer = [](const auto&, const auto&, auto) { return std::pair{good("90"), 20 * second}; };
    sim.run_for(10 * second);
    CHECK(state(sim, of_gateway) == HealthState::unknown);
    CHECK(state(sim, of_all) == HealthState::ok);
    sim.run_for(30 * second);
    CHECK(state(sim, of_gateway) == HealthState::ok);
}

TEST_CASE("a gateway that fails is unavailable from then on, and well again with the first outcome") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(2)).ok());
    const auto down_from = start_of_time + 100 * second;
    const auto down_to = down_from + 600 * second;
    sim.answer = [=](const auto&, const JobSpec&, auto now) {
        return std::pair{now >= down_from && now < down_to ? unknown() : good("100"), second};
    };
    sim.run_until(down_from);
    CHECK(state(sim, of_gateway) == HealthState::ok);
    CHECK(state(sim, of_alerts) == HealthState::ok);
    sim.run_until(down_from + 320 * second);
    CHECK(state(sim, of_gateway) == HealthState::unavailable);
    CHECK(state(sim, of_alerts) == HealthState::degraded);
    CHECK(state(sim, of_all) == HealthState::degraded);
    CHECK(age_s(sim, of_gateway) == 320 - 21);  // the first job after that is due 20 s later, and takes one
    CHECK(age_s(sim, of_all) == age_s(sim, of_gateway));
    CHECK(age_s(sim, of_ledger) >= 400);
    sim.run_until(down_to + 100 * second);
    CHECK(state(sim, of_gateway) == HealthState::ok);
    CHECK(state(sim, of_all) == HealthState::ok);
    CHECK(age_s(sim, of_gateway) < 100);
}

TEST_CASE("some that fail are their own matter; all that fail are the manager's") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.answer = [](const auto& who, const JobSpec&, auto now) {
        return std::pair{who.key == "o1" || now > start_of_time + 70 * second ? bad() : good("100"), second};
    };
    sim.run_for(50 * second);
    CHECK(state(sim, of_orchestrators) == HealthState::ok);
    sim.run_for(100 * second);
    CHECK(state(sim, of_orchestrators) == HealthState::degraded);
    CHECK(state(sim, of_gateway) == HealthState::ok);
}

TEST_CASE("a stop is unavailable") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.run_for(10 * second);
    CHECK(state(sim, of_all) == HealthState::ok);
    sim.engine().drain();
    CHECK(state(sim, of_control) == HealthState::unavailable);
    CHECK(state(sim, of_all) == HealthState::unavailable);
}
