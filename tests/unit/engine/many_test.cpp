// More orchestrators than one transaction takes.
#include "simulation.hpp"

using namespace engine_test;

namespace {

constexpr int many = 10'000;
static_assert(many > 2 * static_cast<int>(max_batch));

Setup quick() {
    Setup setup;
    setup.base_usd_e8 = e8;
    setup.dispatch.max_in_flight = 2000;
    return setup;
}

}  // namespace

TEST_CASE("new orchestrators beyond one transaction are written in several, before any of them is asked") {
    Simulation sim;
    std::size_t written_when_first_asked = 0;
    sim.answer = [&](const registry::Payee&, const JobSpec&, auto) {
        if (sim.jobs.size() == 1) written_when_first_asked = sim.ledger().load_state()->orchestrators.size();
        return std::pair{good("100"), second / 10};
    };
    REQUIRE(sim.install(quick(), payees(many)).ok());
    sim.run_for(30 * second);
    CHECK(written_when_first_asked >= many - max_batch);  // the last ones are on their way
    CHECK(sim.decisions.size() == many);
    CHECK(sim.largest_batch == max_batch);
    sim.check_ledger();
}

TEST_CASE("gaps and leavers beyond one transaction are written in several, in the order that they happened") {
    Simulation sim;
    REQUIRE(sim.install(quick(), payees(many)).ok());
    sim.run_for(30 * second);
    sim.restart(600 * second);
    REQUIRE(sim.install(quick(), payees(many)).ok());
    sim.run_for(120 * second);
    CHECK(sim.decisions.size() >= 2 * many);
    CHECK(sim.ledger().unpaid({}, std::uint64_t{2} * many)->size() == many);

    REQUIRE(sim.install(quick(), payees(1)).ok());
    sim.run_for(30 * second);
    const auto state = sim.ledger().load_state();
    REQUIRE(state.ok());
    const auto retired = std::ranges::count_if(state->orchestrators, [](const auto& one) { return one.row.retired; });
    CHECK(retired == many - 1);
    CHECK(sim.largest_batch == max_batch);
    sim.check_ledger();
}
