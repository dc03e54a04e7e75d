#include "simulation.hpp"

using namespace engine_test;

TEST_CASE("a pay period that has begun is decided by the generation it began with") {
    Simulation sim;
    REQUIRE(*sim.install({}, payees(1)) == 1);
    sim.run_for(90 * second);  // the period from 60 s to 120 s has begun
    REQUIRE(*sim.install({.policy = R"({"table":"flat-95"})"}) == 2);
    sim.run_for(180 * second);
    const auto lines = sim.of("o1");
    REQUIRE(lines.size() == 5);
    CHECK(lines[2].decision.due_at == start_of_time + 120 * second);
    CHECK(lines[2].decision.generation == 1);
    CHECK(lines[2].decision.tier == "excellent");
    CHECK(lines[3].decision.generation == 2);
    CHECK(lines[3].decision.tier == "paid");
    CHECK(sim.engine().generations().size() == 1);
    sim.check_ledger();
}

TEST_CASE("an orchestrator in punishment is decided by what stood when its period began, not when the punishment did") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch == 1 ? bad() : good("100"), second};
    };
    sim.run_for(100 * second);
    REQUIRE(sim.install({.policy = R"({"table":"flat-95"})"}).ok());  // next due at 780 s
    sim.run_for(800 * second);
    CHECK(sim.of("o1")[1].decision.generation == 2);
}

namespace {

constexpr auto hour = 3600 * second;

// Each of three configurations has a pay period of an hour that began with it.
void fill_generations(Simulation& sim) {
    REQUIRE(sim.install({.interval_ns = hour, .policy = R"({"max_consecutive_failures":2})"}, payees(1)).ok());
    sim.run_for(60 * second);
    REQUIRE(sim.install({.interval_ns = hour, .policy = R"({"max_consecutive_failures":3})"}, payees(2)).ok());
    sim.run_for(60 * second);
    REQUIRE(sim.install({.interval_ns = hour, .policy = R"({"max_consecutive_failures":4})"}, payees(3)).ok());
    sim.run_for(60 * second);
    REQUIRE(sim.engine().generations().size() == 3);
}

}  // namespace

TEST_CASE("at most three generations live, and a fourth is refused without a trace") {
    Simulation sim;
    fill_generations(sim);
    const Setup next{.interval_ns = hour, .policy = R"({"max_consecutive_failures":5})"};
    const auto refused = sim.install(next);
    REQUIRE(!refused.ok());
    CHECK(refused.error().status == STIPEND_E_BUSY);
    CHECK(sim.engine().generations().size() == 3);
    CHECK(sim.engine().waits_until({sim.generation(next), {}, {}}, sim.now()) == start_of_time + hour);
    sim.run_until(start_of_time + hour - second);
    CHECK_FALSE(sim.install(next).ok());
    sim.run_until(start_of_time + hour + second);
    CHECK_FALSE(sim.engine().waits_until({sim.generation(next), {}, {}}, sim.now()));
    CHECK(sim.install(next).ok());
    sim.run_for(2 * hour);
    sim.check_ledger();
}

TEST_CASE("an orchestrator that left holds no generation, and each that stays counts with that of its period") {
    Simulation sim;
    fill_generations(sim);
    CHECK(sim.engine().payees_by_generation() == std::vector<std::size_t>{1, 1, 1});
    const Setup same{.interval_ns = hour, .policy = R"({"max_consecutive_failures":4})"};
    REQUIRE(sim.install(same, std::vector{payee("o2"), payee("o3")}).ok());
    CHECK(sim.engine().payees_by_generation() == std::vector<std::size_t>{0, 1, 1});
    // The first one is retired, and so is its generation: there is a place for a fourth.
    const Setup next{.interval_ns = hour, .policy = R"({"max_consecutive_failures":5})"};
    CHECK_FALSE(sim.engine().waits_until({sim.generation(next), {}, {}}, sim.now()));
    CHECK(sim.install(next).ok());
    CHECK(sim.engine().payees_by_generation() == std::vector<std::size_t>{1, 1, 0});
    sim.run_for(2 * hour);
    sim.check_ledger();
}

TEST_CASE("a check that is due and waits for the job rate keeps the generation of its period") {
    Simulation sim;
    Setup setup;
    setup.policy = R"({"max_consecutive_failures":2})";
    setup.dispatch.host = {300 * second, 1};  // one in five minutes
    REQUIRE(sim.install(setup, payees(1)).ok());
    sim.run_for(50 * second);
    setup.policy = R"({"max_consecutive_failures":3})";
    REQUIRE(sim.install(setup).ok());
    sim.run_until(start_of_time + 200 * second);
    CHECK(sim.jobs.size() == 1);
    CHECK(sim.engine().generations().size() == 2);
    sim.run_until(start_of_time + 400 * second);
    REQUIRE(sim.of("o1").size() == 2);
    CHECK(sim.of("o1")[1].decision.due_at == start_of_time + 60 * second);
    CHECK(sim.of("o1")[1].decision.generation == 1);
    sim.check_ledger();
}

TEST_CASE("a configuration that decides as the newest one does is no new generation") {
    Simulation sim;
    fill_generations(sim);
    const Setup same{.interval_ns = hour, .policy = R"({"max_consecutive_failures":4})"};
    CHECK_FALSE(sim.engine().waits_until({sim.generation(same), {}, {}}, sim.now()));
    CHECK(*sim.install(same) == 3);
    CHECK(*sim.install(same, payees(4)) == 3);
    CHECK(*sim.install(same, payees(2)) == 3);
    CHECK(sim.engine().generations().size() == 3);
    // Limits, rates and own terms decide as well.
    auto limited = same;
    limited.limits.per_day = Usd::of_e8(5 * e8);
    CHECK_FALSE(sim.install(limited).ok());
    auto priced = same;
    priced.price.max = dollars(5000);
    CHECK_FALSE(sim.install(priced).ok());
    const std::vector<PayeeTerms> own{{Usd::of_e8(10 * e8), 0}, {Usd::of_e8(12 * e8), 0}};
    CHECK(sim.engine().waits_until({sim.generation(same), payees(2), own}, sim.now()));
}

TEST_CASE("own terms that are the same are no new generation, whatever their order") {
    Simulation sim;
    const std::vector<PayeeTerms> own{{Usd::of_e8(11 * e8), 0}, {Usd::of_e8(12 * e8), 0}};
    const auto install = [&](std::vector<registry::Payee> who, std::vector<PayeeTerms> terms) {
        auto installed = sim.engine().install({sim.generation({}), std::move(who), std::move(terms)}, sim.now());
        sim.engine().tick(sim.now());
        return installed;
    };
    REQUIRE(*install(payees(2), own) == 1);
    sim.run_for(10 * second);
    CHECK(*install({payee("o2"), payee("o1")}, {own[1], own[0]}) == 1);
    CHECK(sim.engine().generations().size() == 1);
    CHECK(install(payees(2), {own[1], own[0]}).ok());
    CHECK(sim.engine().generations().size() == 2);
    sim.run_for(100 * second);
    CHECK(sim.of("o1")[1].decision.usd < sim.of("o2")[1].decision.usd);  // its period had begun
    sim.run_for(60 * second);
    CHECK(sim.of("o1")[2].decision.usd > sim.of("o2")[2].decision.usd);
    sim.check_ledger();
}

TEST_CASE("a generation in which no pay period began is replaced by the next") {
    Simulation sim;
    REQUIRE(sim.install({.interval_ns = hour}, payees(1)).ok());
    sim.run_for(60 * second);
    for (int i = 3; i < 10; ++i) {
        const auto policy = cat(R"({"max_consecutive_failures":)", i, "}");
        CHECK(sim.install({.interval_ns = hour, .policy = policy}).ok());
        CHECK(sim.engine().generations().size() == 2);
        sim.run_for(60 * second);
    }
    sim.run_for(3 * hour);
    const auto lines = sim.of("o1");
    REQUIRE(lines.size() == 4);
    CHECK(lines[1].decision.generation == 1);
    CHECK(lines[2].decision.generation == 8);
    CHECK(sim.engine().generations().size() == 1);
    sim.check_ledger();
}

TEST_CASE("a generation is not replaced where a period began with it while the one before was still to be decided") {
    Simulation sim;
    sim.answer = [](const auto&, const auto&, auto) { return std::pair{good("100"), 8 * second}; };
    REQUIRE(*sim.install({}, payees(1)) == 1);
    sim.run_for(115 * second);
    REQUIRE(*sim.install({.policy = R"({"max_consecutive_failures":3})"}) == 2);
    sim.run_for(8 * second);  // the job of the period that ended at 120 s is under way
    REQUIRE(*sim.install({.policy = R"({"max_consecutive_failures":4})"}) == 3);
    CHECK(sim.engine().generations().size() == 3);
    sim.run_for(180 * second);
    const auto lines = sim.of("o1");
    REQUIRE(lines.size() == 5);
    CHECK(lines[2].decision.due_at == start_of_time + 120 * second);
    CHECK(lines[2].decision.generation == 1);
    CHECK(lines[3].decision.generation == 2);
    CHECK(lines[4].decision.generation == 3);
    sim.check_ledger();
}

TEST_CASE("the same configuration again is the same generation") {
    Simulation sim;
    REQUIRE(*sim.install({}, payees(1)) == 1);
    sim.run_for(10 * second);
    CHECK(*sim.install({}) == 1);
    sim.run_for(200 * second);
    sim.restart(second);
    CHECK(*sim.install({}, payees(1)) == 1);
}

TEST_CASE("a policy's memory of another layout is begun anew, and one of the same lives on") {
    Simulation sim;
    const std::string policy = R"({"recovery_checks":3})";
    REQUIRE(sim.install({.policy = policy}, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch <= 5 ? bad() : good("100"), second};
    };
    while (sim.of("o1").size() < 6) sim.run_for(second);  // suspended, and the first good check
    REQUIRE(sim.install({.policy = policy, .memory_version = 2}).ok());
    while (sim.of("o1").size() < 9) sim.run_for(second);
    sim.restart(second);
    REQUIRE(sim.install({.policy = policy, .memory_version = 2}, payees(1)).ok());
    sim.run_for(120 * second);
    const auto lines = sim.of("o1");
    REQUIRE(lines.size() >= 10);
    CHECK(lines[6].decision.generation == 1);  // its period had begun
    CHECK(lines[7].decision.generation == 2);
    CHECK(lines[7].decision.action == ledger::Action::skip);  // the third, but the first of the new layout
    CHECK(lines[8].decision.action == ledger::Action::skip);
    CHECK(lines[9].decision.action == ledger::Action::pay);
    sim.check_ledger();
}

TEST_CASE("a generation whose only period was held is dropped") {
    Simulation sim;
    sim.answer = [](const auto&, const auto&, auto now) {
        return std::pair{now < start_of_time + 30 * second ? unknown() : good("100"), second};
    };
    REQUIRE(*sim.install({}, payees(1)) == 1);
    sim.run_for(90 * second);
    REQUIRE(sim.holds.size() == 1);
    REQUIRE(*sim.install({.policy = R"({"table":"flat-95"})"}) == 2);
    sim.run_for(120 * second);
    CHECK(sim.of("o1").back().decision.generation == 2);
    CHECK(sim.engine().generations().size() == 1);
    sim.check_ledger();
}

TEST_CASE("another interval holds from the next period on") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.run_for(90 * second);
    REQUIRE(sim.install({.interval_ns = 30 * second}).ok());
    sim.run_for(100 * second);
    const auto lines = sim.of("o1");
    REQUIRE(lines.size() == 5);
    CHECK(lines[2].decision.due_at == start_of_time + 120 * second);
    CHECK(lines[3].decision.due_at == start_of_time + 150 * second);
    CHECK(lines[4].decision.due_at == start_of_time + 180 * second);
    sim.check_ledger();
}

TEST_CASE("an orchestrator that leaves is asked no more, and what it was under way for is dropped") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(3)).ok());
    sim.answer = [](const auto&, const JobSpec&, auto) { return std::pair{good("100"), 5 * second}; };
    sim.run_for(62 * second);  // all three are asked for the second time
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.run_for(200 * second);
    CHECK(sim.of("o3").size() == 1);
    CHECK(sim.of("o2").size() == 5);
    // Back again: it goes on where it was, without a gap, since no check was due meanwhile.
    REQUIRE(sim.install({}, payees(3)).ok());
    sim.run_for(70 * second);
    REQUIRE(sim.of("o3").size() >= 2);
    CHECK(sim.of("o3")[1].decision.epoch == 2);
    CHECK(sim.ledger().unpaid({}, 10)->empty());
    sim.check_ledger();
}

TEST_CASE("what the configuration says of an orchestrator is in the ledger, also once it has left and come back") {
    Simulation sim;
    const auto row = [&](std::size_t at) {
        const auto state = sim.ledger().load_state();
        REQUIRE(state.ok());
        return state->orchestrators.at(at).row;
    };
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.run_for(30 * second);
    auto who = payees(2);
    who[0].address = "https://moved:9995";
    REQUIRE(sim.install({}, who).ok());
    sim.run_for(10 * second);
    CHECK(row(0).address == "https://moved:9995");
    CHECK(row(1).address == "https://o2:9995");
    REQUIRE(sim.install({}, std::vector{who[0]}).ok());
    sim.run_for(60 * second);
    CHECK(row(1).retired);
    REQUIRE(sim.install({}, who).ok());
    sim.run_for(10 * second);
    CHECK(!row(1).retired);
    CHECK(!row(0).retired);
    sim.check_ledger();
}

TEST_CASE("punishment follows the party to a new name") {
    Simulation sim;
    auto old_name = payee("old");
    REQUIRE(sim.install({}, std::vector{old_name, payee("other")}).ok());
    sim.answer = [](const auto& who, const JobSpec&, auto) {
        return std::pair{who.key == "other" ? good("100") : bad(), second};
    };
    sim.run_for(800 * second);
    CHECK(sim.state("old").consecutive_failures == 2);
    auto new_name = payee("new");
    new_name.address = old_name.address;
    const auto due = sim.state("old").due_at;
    REQUIRE(sim.install({}, std::vector{new_name, payee("other"), payee("newcomer")}).ok());
    CHECK(sim.state("new").consecutive_failures == 2);
    CHECK(sim.state("new").due_at == due);
    CHECK(sim.state("new").epoch == 0);
    CHECK(sim.state("newcomer").consecutive_failures == 0);
    sim.run_for(2000 * second);
    CHECK(sim.of("new").front().decision.consecutive_failures == 3);
    sim.check_ledger();
}
