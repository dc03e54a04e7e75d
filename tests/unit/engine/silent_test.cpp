// Orchestrators that do not answer, beside healthy ones.
#include <doctest/doctest.h>

#include "simulation.hpp"

using namespace engine_test;

namespace {

constexpr std::int64_t healthy_takes = second / 5;
constexpr std::int64_t silent_takes = 45 * second;

// A network where so many of a hundred are silent, with few places; due every minute.
struct Network {
    Simulation sim;
    Setup setup;
    int silent_of_100;
    std::size_t most_waiting = 0;

    explicit Network(int silent, std::size_t max_waiting) : silent_of_100(silent) {
        setup.policy = R"({"punishment_multiplier":1,"max_penalty":"0s","table":"mine","tables":{"mine":[
            {"tier":"top","at_least":95,"multiplier":1},
            {"tier":"none","at_least":0,"below":95,"multiplier":0,"counts_as_failure":true}]}})";
        setup.dispatch.max_in_flight = 8;
        setup.dispatch.max_waiting = max_waiting;
        sim.commit_takes_ns = second;
        sim.answer = [this](const auto& who, const JobSpec&, auto) {
            most_waiting = std::max(most_waiting, sim.engine().waiting());
            return is_silent(who.key) ? std::pair{bad("no answer"), silent_takes}
                                      : std::pair{good("100"), healthy_takes};
        };
        REQUIRE(sim.install(setup, payees(500)).ok());
    }
    [[nodiscard]] bool is_silent(const std::string& key) const {
        return std::stoi(key.substr(1)) % 100 < silent_of_100;
    }
    // Decisions of each healthy orchestrator within ten minutes, after the silent ones failed for the first time.
    double healthy_rate() {
        sim.run_for(900 * second);
        sim.decisions.clear();
        sim.run_for(600 * second);
        const auto healthy =
            std::ranges::count_if(sim.decisions, [&](const auto& line) { return !is_silent(line.key); });
        return static_cast<double>(healthy) / (5.0 * (100 - silent_of_100));
    }
};

}  // namespace

TEST_CASE("silent orchestrators do not slow down the healthy ones") {
    const auto best = Network(0, 16).healthy_rate();
    for (const int silent : {10, 50}) {
        Network network(silent, 16);
        CAPTURE(silent);
        CHECK(network.healthy_rate() >= 0.8 * best);
        CHECK(network.sim.engine().failure() == std::nullopt);
        CHECK(network.most_waiting <= 16);
        CHECK(network.sim.most_in_flight <= 8 + 16);
        network.sim.check_ledger();
    }
}

TEST_CASE("where waiting is not allowed each job holds its place until it ends") {
    Network network(10, 0);
    const auto rate = network.healthy_rate();
    CHECK(rate < 0.8 * Network(0, 0).healthy_rate());
    CHECK(network.most_waiting == 0);
    CHECK(network.sim.most_in_flight <= 8);
}

TEST_CASE("one whose last check failed is checked again while places are free") {
    Simulation sim;
    Setup setup;
    setup.dispatch.max_in_flight = 8;
    setup.dispatch.max_waiting = 4;
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch == 1 ? bad() : good("100"), second};
    };
    REQUIRE(sim.install(setup, payees(1)).ok());
    sim.run_for(785 * second);  // the second check is due at 780 s
    REQUIRE(sim.of("o1").size() == 2);
    CHECK(sim.of("o1")[1].decision.action == ledger::Action::pay);
    sim.check_ledger();
}

TEST_CASE("a job that gave its place back still counts, and one that is lost frees what it held") {
    Simulation sim;
    Setup setup;
    setup.dispatch.max_in_flight = 1;
    setup.dispatch.max_waiting = 1;
    sim.answer = [](const auto& who, const JobSpec& job, auto) {
        if (who.key == "o1") return std::pair{good("100"), 10 * second};
        return std::pair{good("100"), who.key == "o2" && job.epoch == 1 && job.token.attempt == 1 ? -1 : second};
    };
    REQUIRE(sim.install(setup, payees(3)).ok());
    sim.run_for(5 * second);
    CHECK(sim.engine().waiting() == 1);  // o1; o2 is lost, and holds the place
    CHECK(sim.engine().in_flight() == 2);
    sim.run_for(6 * second);
    CHECK(sim.of("o1").size() == 1);
    CHECK(sim.of("o1").front().decision.action == ledger::Action::pay);
    sim.run_for(1000 * second);
    CHECK(sim.of("o2").size() >= 1);
    CHECK(sim.of("o3").size() >= 5);
    sim.check_ledger();
}

TEST_CASE("one that leaves while it waits is dropped when its job ends, and one that comes back is decided") {
    Simulation sim;
    Setup setup;
    setup.dispatch.max_in_flight = 1;
    setup.dispatch.max_waiting = 4;
    sim.answer = [](const auto&, const JobSpec&, auto) { return std::pair{good("100"), 20 * second}; };
    REQUIRE(sim.install(setup, payees(3)).ok());
    sim.run_for(7 * second);
    REQUIRE(sim.engine().waiting() >= 2);
    REQUIRE(sim.install(setup, payees(1)).ok());
    auto without_third = payees(2);
    REQUIRE(sim.install(setup, without_third).ok());
    sim.run_for(30 * second);
    CHECK(sim.engine().waiting() == 0);
    CHECK(sim.of("o1").size() == 1);
    CHECK(sim.of("o2").size() == 1);
    CHECK(sim.of("o3").empty());
    sim.check_ledger();
}
