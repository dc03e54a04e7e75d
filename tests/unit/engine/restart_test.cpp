#include "simulation.hpp"

using namespace engine_test;

TEST_CASE("after a restart count, schedule and policy memory are as they were") {
    Simulation sim;
    const Setup setup{.policy = R"({"recovery_checks":3})"};
    REQUIRE(sim.install(setup, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch <= 5 ? bad() : good("100"), second};
    };
    // Five failures, then two of three recovery checks.
    while (sim.of("o1").size() < 7) sim.run_for(60 * second);
    const auto before = sim.state("o1");
    sim.restart(second);
    REQUIRE(sim.install(setup, payees(1)).ok());
    const auto after = sim.state("o1");
    CHECK(after.epoch == before.epoch);
    CHECK(after.due_at == before.due_at);
    CHECK(after.suspended);
    CHECK(std::memcmp(&after.memory, &before.memory, sizeof after.memory) == 0);
    sim.run_for(120 * second);
    REQUIRE(sim.of("o1").size() >= 8);
    CHECK(sim.of("o1")[6].decision.action == ledger::Action::skip);
    CHECK(sim.of("o1")[7].decision.action == ledger::Action::pay);  // the third
    sim.check_ledger();
}

TEST_CASE("what was under way at the end is asked again, and the epoch is decided once") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(5)).ok());
    sim.answer = [](const auto&, const JobSpec&, auto) { return std::pair{good("100"), 10 * second}; };
    sim.run_for(65 * second);  // asked for the second time, not answered
    sim.restart(second);
    REQUIRE(sim.install({}, payees(5)).ok());
    sim.run_for(30 * second);
    for (int i = 1; i <= 5; ++i) {
        const auto lines = sim.of("o" + std::to_string(i));
        REQUIRE(lines.size() == 2);
        CHECK(lines[1].decision.epoch == 2);
        CHECK(lines[1].decision.due_at == start_of_time + 60 * second);
    }
    sim.check_ledger();
}

TEST_CASE("time in which the host was away is a gap and is never caught up") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.run_for(90 * second);
    sim.restart(600 * second);  // due at 120 s, back at 690 s
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.run_for(65 * second);
    const auto lines = sim.of("o1");
    REQUIRE(lines.size() == 4);
    CHECK(lines[2].decision.due_at == start_of_time + 660 * second);  // phase kept, nine intervals left out
    CHECK(lines[3].decision.due_at == start_of_time + 720 * second);
    const auto gaps = sim.ledger().unpaid({}, 10);
    REQUIRE(gaps.ok());
    REQUIRE(gaps->size() == 2);
    CHECK(gaps->front().from == start_of_time + 120 * second);
    CHECK(*gaps->front().to == start_of_time + 660 * second);
    CHECK(gaps->front().cause == "the host was not running");
    sim.check_ledger();
}

TEST_CASE("a punishment that ran while the host was away is served, not a gap") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch == 1 ? bad() : good("100"), second};
    };
    sim.run_for(10 * second);
    sim.restart(600 * second);  // next due at 780 s
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.run_for(300 * second);
    CHECK(sim.of("o1")[1].decision.due_at == start_of_time + 780 * second);
    CHECK(sim.ledger().unpaid({}, 10)->empty());
}

TEST_CASE("a gap that was open when the host ended stays one gap") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec&, auto) { return std::pair{unknown(), second}; };
    sim.run_for(130 * second);
    sim.restart(200 * second);
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec&, auto) { return std::pair{good("100"), second}; };
    sim.run_for(100 * second);
    const auto gaps = sim.ledger().unpaid({}, 10);
    REQUIRE(gaps.ok());
    REQUIRE(gaps->size() == 1);
    CHECK(gaps->front().from == start_of_time);
    CHECK(*gaps->front().to == start_of_time + 300 * second);
    sim.check_ledger();
}

TEST_CASE("a clock that stood in the future does not stop pay for ever") {
    Simulation sim(start_of_time + 365LL * 86400 * second);
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.run_for(90 * second);
    sim.restart(-365LL * 86400 * second);  // the clock was set right
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.run_for(130 * second);
    CHECK(sim.raised("clock") == 1);
    CHECK(sim.of("o1").size() == 4);
    CHECK(sim.of("o1").back().decision.epoch == 4);
    sim.check_ledger();
}

TEST_CASE("a gap that was open when the clock was set back ends where it began, and pay goes on") {
    Simulation sim(start_of_time + 86400 * second);
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.run_for(90 * second);
    sim.answer = [](const auto&, const JobSpec&, auto) { return std::pair{unknown(), second}; };
    sim.run_for(90 * second);
    REQUIRE(sim.engine().has_open_gap(0));
    const auto before = sim.of("o1").size();
    sim.restart(-86400 * second);
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec&, auto) { return std::pair{good("100"), second}; };
    sim.run_for(130 * second);
    CHECK_FALSE(sim.engine().failure().has_value());
    CHECK(sim.of("o1").size() > before);
    const auto gaps = sim.ledger().unpaid({}, 10);
    REQUIRE(gaps.ok());
    CHECK(gaps->empty());
    sim.check_ledger();
}

TEST_CASE("the same events give the same ledger, byte for byte") {
    const auto head = [] {
        Simulation sim;
        REQUIRE(sim.install({}, payees(20)).ok());
        sim.answer = [](const auto& who, const JobSpec& job, auto) {
            const auto n = (std::hash<std::string>()(who.key) + job.epoch) % 7;
            return std::pair{n == 0   ? bad()
                             : n == 1 ? unknown()
                                      : good(n == 2 ? "70" : "99"),
                             static_cast<std::int64_t>(n) * second};
        };
        sim.run_for(3600 * second);
        sim.check_ledger();
        return sim.ledger().head()->hash;
    };
    CHECK(head() == head());
}
