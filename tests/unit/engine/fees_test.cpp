// What jobs cost: the limits of a day, and what is counted.
#include "priced.hpp"

using namespace engine_test;

TEST_CASE("a job beyond what one orchestrator may cost in a day is not sent, and is held with one alert") {
    Simulation sim;
    sim.price = [](const auto& who, const auto&) { return std::vector{fee(who.key == "o1" ? 30 : 3)}; };
    sim.answer = [](const auto& who, const auto&, auto) {
        auto result = good("100");
        result.fee = fee(who.key == "o1" ? 30 : 3);
        return std::pair{result, second / 10};
    };
    REQUIRE(sim.install(limited(100, 1000), payees(2)).ok());
    sim.run_for(590 * second);
    CHECK(sim.of("o1").size() == 3);
    CHECK(sim.of("o2").size() == 10);
    CHECK(sim.sent == 13);
    CHECK(sim.raised("fees:o1") == 1);
    CHECK(text_of(sim, "fees:o1") ==
          "o1 is held: limits.fees_per_orchestrator_day is reached: 0.00000000000000009 ETH used today, "
          "0.0000000000000001 ETH allowed, 0.00000000000000003 ETH wanted");
    CHECK(sim.raised("gateway") == 0);
    CHECK(sim.raised("fees") == 0);
    CHECK(sim.engine().has_open_gap(0));
    CHECK(fees_of(sim, 0) == "90");
    CHECK(fees_of(sim, 1) == "30");
    CHECK(sim.engine().fees().used(sim.now()) == fee(120));
    CHECK(sim.engine().fees().ended() == fee(120));
    // What is left is said with each job; 0 would stand for no limit.
    std::vector<std::string> left;
    for (const auto& [at, job] : sim.jobs) {
        if (job.token.payee == 0 && left.size() < 5) left.push_back(job.max_fee.text());
    }
    CHECK(left == std::vector<std::string>{"100", "70", "40", "10", "10"});
    sim.check_ledger();
}

TEST_CASE("the limit of all holds before a job is sent, survives a restart and ends with the UTC day") {
    Simulation sim;
    charge(sim, 30, 30);
    REQUIRE(sim.install(limited(1000, 100), payees(3)).ok());
    sim.run_for(600 * second);
    CHECK(sim.sent == 3);
    CHECK(sim.raised("fees") == 1);
    CHECK(text_of(sim, "fees").starts_with("jobs with a price are held: limits.fees_per_day is reached"));
    CHECK(sim.raised("gateway") == 0);
    sim.restart(second);
    REQUIRE(sim.install(limited(1000, 100), payees(3)).ok());
    sim.run_for(600 * second);
    CHECK(sim.sent == 3);
    CHECK(sim.raised("fees") == 2);  // once in each run
    sim.run_until(midnight(1) - second);
    CHECK(sim.sent == 3);
    CHECK(sim.active("fees"));
    sim.run_for(70 * second);
    CHECK(sim.sent == 6);
    sim.run_for(600 * second);
    CHECK(sim.sent == 6);
    CHECK(sim.raised("fees") == 3);
    CHECK(sim.engine().fees().used(sim.now()) == fee(90));
    sim.check_ledger();
}

TEST_CASE("what remains is used up to its last wei") {
    Simulation sim;
    charge(sim, 50, 50);
    REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
    sim.run_for(600 * second);
    CHECK(sim.sent == 2);
    CHECK(fees_of(sim, 0) == "100");
    CHECK(sim.jobs.back().second.max_fee == fee(1));  // nothing is left
}

TEST_CASE("a job that costs less than was reserved leaves the rest to the next ones") {
    Simulation sim;
    charge(sim, 60, 20);
    REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
    sim.run_for(600 * second);
    CHECK(sim.sent == 3);  // 20 + 20 + 20, and 60 more would be beyond
    CHECK(fees_of(sim, 0) == "60");
    sim.check_ledger();
}

TEST_CASE("more than was reserved is counted as reserved, with an alert that the next true report resolves") {
    Simulation sim;
    charge(sim, 10, 11);
    REQUIRE(sim.install(limited(1000, 1000), payees(1)).ok());
    sim.run_for(150 * second);
    CHECK(fees_of(sim, 0) == "30");
    CHECK(sim.raised("fees-reported:o1") == 1);
    CHECK(
        text_of(sim, "fees-reported:o1") ==
        "o1: the dispatch plugin reports a cost of 0.000000000000000011 ETH for a job, and 0.00000000000000001 ETH was "
        "reserved: 0.00000000000000001 ETH is counted");
    charge(sim, 10, 10);
    sim.run_for(60 * second);
    CHECK(!sim.active("fees-reported:o1"));
    CHECK(fees_of(sim, 0) == "40");
    sim.check_ledger();
}

TEST_CASE("a fee without a reservation is counted as reported, with an alert") {
    Simulation sim;
    charge(sim, 10, 70);
    sim.price = {};
    REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
    sim.run_for(30 * second);
    CHECK(fees_of(sim, 0) == "70");
    CHECK(sim.raised("fees-reported:o1") == 1);
    CHECK(sim.engine().fees().used(0, sim.now()) == fee(70));
    // It counts against the limits of the day.
    charge(sim, 40, 40);
    sim.run_for(60 * second);
    CHECK(sim.raised("fees:o1") == 1);
    CHECK(fees_of(sim, 0) == "70");
    sim.check_ledger();
}

TEST_CASE("a reported amount that is more than there is changes nothing but raises an alert") {
    Simulation sim;
    sim.answer = [](const auto&, const auto&, auto) {
        auto result = good("100");
        result.fee = SignedWei::highest();
        return std::pair{result, second / 10};
    };
    REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
    sim.run_for(30 * second);
    CHECK(fees_of(sim, 0) == "0");
    CHECK(sim.raised("fees-reported:o1") == 1);
    // With a reservation it is what was reserved.
    sim.price = [](const auto&, const auto&) { return std::vector{fee(7)}; };
    sim.run_for(60 * second);
    CHECK(fees_of(sim, 0) == "7");
    sim.price = [](const auto&, const auto&) { return std::vector{SignedWei::highest()}; };
    sim.run_for(60 * second);
    CHECK(sim.raised("fees:o1") == 1);
    sim.check_ledger();
}

TEST_CASE("a dispatcher that refuses a job by what is left holds it with the alert of that limit") {
    Simulation sim;
    const auto refuse = [&](std::uint64_t own, std::uint64_t all) {
        REQUIRE(sim.install(limited(own, all), payees(1)).ok());
        sim.price = {};
        sim.answer = [](const auto&, const auto&, auto) {
            auto result = unknown("its job may cost 40 wei");
            result.flags = STIPEND_RESULT_OVER_FEE;
            result.fee = SignedWei();
            return std::pair{result, second / 10};
        };
        sim.run_for(120 * second);
    };
    charge(sim, 30, 30);
    REQUIRE(sim.install(limited(50, 1000), payees(1)).ok());
    sim.run_for(30 * second);
    refuse(50, 1000);
    CHECK(sim.raised("gateway") == 0);
    CHECK(sim.raised("fees:o1") == 1);
    CHECK(text_of(sim, "fees:o1") ==
          "o1 is held: limits.fees_per_orchestrator_day is reached: 0.00000000000000003 ETH used today, "
          "0.00000000000000005 ETH allowed, its job may cost 40 wei");
    refuse(1000, 50);
    CHECK(sim.active("fees"));
    CHECK(sim.holds.size() >= 4);
    // Both end with the first job that is sent.
    charge(sim, 30, 30);
    REQUIRE(sim.install(limited(1000, 1000)).ok());
    sim.run_for(60 * second);
    CHECK(!sim.active("fees"));
    CHECK(!sim.active("fees:o1"));
    sim.check_ledger();
}

TEST_CASE("free jobs leave no trace of fees") {
    Simulation sim;
    charge(sim, 0, 0);
    sim.price = {};
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.run_for(300 * second);
    const auto state = sim.ledger().load_state();
    REQUIRE(state.ok());
    CHECK(state->fees.empty());
    CHECK(sim.ledger().verify({})->fees == 0);
    CHECK(sim.engine().fees().used(sim.now()).zero());
}

TEST_CASE("other limits count for the next job") {
    Simulation sim;
    charge(sim, 30, 30);
    REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
    sim.run_for(90 * second);
    CHECK(sim.sent == 2);
    REQUIRE(sim.install(limited(80, 1000)).ok());
    sim.run_for(60 * second);
    CHECK(sim.sent == 2);
    CHECK(sim.active("fees:o1"));
    REQUIRE(sim.install(limited(1000, 1000)).ok());
    sim.run_for(60 * second);
    CHECK(sim.sent == 3);
    CHECK(!sim.active("fees:o1"));
    // The alert of the limit of all ends with the limit too.
    REQUIRE(sim.install(limited(1000, 95)).ok());
    sim.run_for(180 * second);
    CHECK(sim.active("fees"));
    REQUIRE(sim.install(limited(1000, 1000)).ok());
    CHECK(!sim.active("fees"));
    sim.check_ledger();
}

TEST_CASE("the alert of an orchestrator ends when its jobs are free") {
    Simulation sim;
    charge(sim, 30, 30);
    REQUIRE(sim.install(limited(50, 1000), payees(1)).ok());
    sim.run_for(90 * second);
    REQUIRE(sim.active("fees:o1"));
    charge(sim, 0, 0);
    sim.price = {};
    sim.run_for(60 * second);
    CHECK(!sim.active("fees:o1"));
}

TEST_CASE("of a job over midnight the cost counts once on the new day") {
    Simulation sim(midnight(1) - 90 * second);
    charge(sim, 30, 30);
    sim.answer = [](const auto&, const auto&, auto) {
        auto result = good("100");
        result.fee = fee(10);
        return std::pair{result, 40 * second};
    };
    REQUIRE(sim.install(limited(1000, 1000), payees(1)).ok());
    sim.run_until(midnight(1) - second);
    CHECK(sim.engine().fees().used(sim.now()) == fee(40));  // 10, and 30 reserved
    sim.run_until(midnight(1) + 20 * second);
    CHECK(sim.engine().fees().used(sim.now()).zero());
    CHECK(fees_of(sim, 0) == "20");
    sim.run_for(60 * second);
    CHECK(sim.engine().fees().used(sim.now()) == fee(10));
    sim.check_ledger();
}

TEST_CASE("fees counted on a later day, before the clock was set back, count when that day comes") {
    Simulation sim(midnight(2) + 10 * second);
    charge(sim, 30, 30);
    REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
    sim.run_for(90 * second);
    CHECK(sim.sent == 2);
    sim.restart(-ns_per_day);
    REQUIRE(sim.install(limited(100, 1000), payees(2)).ok());
    CHECK(sim.engine().fees().used(sim.now()).zero());
    sim.run_until(midnight(2) + second);
    CHECK(sim.engine().fees().used(0, sim.now()) <= sim.engine().fees().used(sim.now()));
    sim.run_for(3600 * second);
    CHECK(sim.engine().fees().used(0, sim.now()) <= fee(100));
}

TEST_CASE("fees of the day count for all, also those of an orchestrator that has left the configuration") {
    Simulation sim(midnight(2) + 10 * second);
    charge(sim, 30, 30);
    REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
    sim.run_for(90 * second);
    CHECK(sim.sent == 2);
    sim.restart(-ns_per_day);
    REQUIRE(sim.install(limited(100, 1000), std::vector{payee("o2")}).ok());
    sim.run_until(midnight(2) + 90 * second);  // at least one job of the new day
    const auto& fees = sim.engine().fees();
    CHECK(fees.used(0, sim.now()) == fee(60));
    CHECK(fees.used(sim.now()) == *fees.used(1, sim.now()).plus(fee(60)));
    sim.check_ledger();
}

TEST_CASE("fees of a day count from its beginning, also while no job has a price") {
    Simulation sim(midnight(2) + 10 * second);
    charge(sim, 30, 30);
    REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
    sim.run_for(90 * second);
    CHECK(sim.sent == 2);
    sim.restart(-ns_per_day);
    charge(sim, 0, 0);
    sim.price = {};
    REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
    sim.run_until(midnight(2) + 90 * second);
    CHECK(sim.engine().fees().used(sim.now()) == fee(60));
}
