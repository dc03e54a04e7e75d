#include "simulation.hpp"

using namespace engine_test;

TEST_CASE("a new orchestrator is due at once, and then at each interval from its due time") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    // Answers take 7 s: from the due time all the same, so that a slow gateway does not cut pay.
    sim.answer = [](const auto&, const auto&, auto) { return std::pair{good("90"), 7 * second}; };
    sim.run_for(300 * second);
    REQUIRE(sim.decisions.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(sim.decisions[i].decision.epoch == i + 1);
        CHECK(sim.decisions[i].decision.due_at == start_of_time + static_cast<std::int64_t>(i) * 60 * second);
        CHECK(sim.decisions[i].decision.wei.text() == "5000000000000000");
    }
    sim.check_ledger();
}

TEST_CASE("a gateway slower than the interval delays checks and drops none") {
    Simulation sim;
    REQUIRE(sim.install({.interval_ns = 5 * second}, payees(1)).ok());
    sim.answer = [](const auto&, const auto&, auto now) {
        return std::pair{good("90"), now < start_of_time + 10 * second ? 31 * second : second / 10};
    };
    sim.run_for(100 * second);
    const auto lines = sim.of("o1");
    REQUIRE(lines.size() >= 20);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        CHECK(lines[i].decision.due_at == start_of_time + static_cast<std::int64_t>(i) * 5 * second);
    }
    sim.check_ledger();
}

TEST_CASE("failures in a row push the next check out, and one good check forgives them") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch <= 3 ? bad() : good("100"), second};
    };
    sim.run_for(4000 * second);
    const auto lines = sim.of("o1");
    REQUIRE(lines.size() >= 5);
    const std::int64_t due[] = {0, 780, 780 + 900, 780 + 900 + 1140, 780 + 900 + 1140 + 60};
    for (std::size_t i = 0; i < 5; ++i) CHECK(lines[i].decision.due_at == start_of_time + due[i] * second);
    CHECK(lines[2].decision.consecutive_failures == 3);
    CHECK(lines[3].decision.consecutive_failures == 0);
    sim.check_ledger();
}

TEST_CASE("the job asks for the time since the last decision, and over the interval at least") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch == 2 ? bad() : good("100"), second};
    };
    sim.run_for(1000 * second);
    REQUIRE(sim.jobs.size() >= 3);
    CHECK(sim.jobs[0].second.window_s == 60);
    CHECK(sim.jobs[1].second.window_s == 60);
    CHECK(sim.jobs[2].second.window_s == 779);  // decided a second late, due 780 s after the last due time
}

TEST_CASE("an unknown outcome moves neither count, epoch nor phase, and resumes by itself") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(3)).ok());
    const auto down_from = start_of_time + 100 * second;
    const auto down_to = down_from + 600 * second;
    sim.answer = [=](const auto& who, const JobSpec&, auto now) {
        if (now >= down_from && now < down_to) return std::pair{unknown(), second};
        return std::pair{who.key == "o3" && now < down_from ? bad() : good("100"), second};
    };
    sim.run_until(down_to + 200 * second);
    CHECK(sim.raised("gateway") == 1);
    CHECK(!sim.engine().alerts().active("gateway"));
    const auto lines = sim.of("o1");
    REQUIRE(lines.size() >= 4);
    CHECK(lines[2].decision.epoch == 3);
    CHECK(lines[2].decision.due_at == start_of_time + 720 * second);  // same phase
    CHECK(lines[2].decision.consecutive_failures == 0);
    CHECK(sim.of("o3")[1].decision.consecutive_failures == 0);
    CHECK(sim.of("o3")[1].decision.epoch == 2);
    const auto gaps = sim.ledger().unpaid({}, 100);
    REQUIRE(gaps.ok());
    REQUIRE(gaps->size() == 2);
    for (const auto& gap : *gaps) {
        CHECK(gap.from == start_of_time + 120 * second);
        REQUIRE(gap.to.has_value());
        CHECK(*gap.to == start_of_time + 720 * second);
        CHECK(*gap.usd == Usd::of_e8(100 * e8));
    }
    sim.check_ledger();
}

TEST_CASE("a hold beyond the end of time is due no more") {
    Simulation sim;
    sim.answer = [](const auto&, const JobSpec&, auto) { return std::pair{unknown(), second}; };
    REQUIRE(sim.install({.interval_ns = INT64_MAX - start_of_time + 1}, payees(1)).ok());
    sim.run_for(3600 * second);
    CHECK(sim.state("o1").due_at == INT64_MAX);
    CHECK(sim.jobs.size() == 1);
}

TEST_CASE("an orchestrator that the gateway does not know is held with one alert of its own") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.answer = [](const auto& who, const JobSpec&, auto) {
        auto result = unknown("No orchestrators found");
        result.flags = STIPEND_RESULT_UNLISTED;
        return std::pair{who.key == "o1" ? result : good("100"), second};
    };
    sim.run_for(600 * second);
    CHECK(sim.of("o1").empty());
    CHECK(sim.of("o2").size() == 10);
    CHECK(sim.raised("unlisted:o1") == 1);
    CHECK(sim.raised("gateway") == 0);
    CHECK(sim.state("o1").consecutive_failures == 0);
}

TEST_CASE("a job that the plugin loses holds its payee's period, and is asked again") {
    Simulation sim;
    bool lost = true;
    sim.answer = [&lost](const registry::Payee& one, const JobSpec&, stipend_unix_ns) {
        return std::pair{good("100"), lost && one.key == "o1" ? 100'000 * second : second};
    };
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.run_for(max_job_ns - second);
    CHECK(sim.of("o1").empty());
    CHECK(sim.holds.empty());
    CHECK(sim.of("o2").size() == 15);
    lost = false;
    sim.run_for(120 * second);
    REQUIRE(sim.holds.size() == 1);
    CHECK(sim.holds.front().first == "o1");
    REQUIRE_FALSE(sim.of("o1").empty());
    CHECK(sim.of("o1").front().decision.epoch == 1);
    CHECK(sim.of("o1").front().decision.consecutive_failures == 0);
    const auto gaps = sim.ledger().unpaid({}, 10);
    REQUIRE(gaps.ok());
    REQUIRE(gaps->size() == 1);
    CHECK(gaps->front().cause == "the payer could not look: the dispatch plugin never answered");
}

TEST_CASE("late, repeated and unexpected results change nothing") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.run_for(30 * second);
    const auto before = sim.decisions.size();
    const auto state = sim.state("o1");
    sim.engine().job_done({0, 1}, bad(), sim.now());   // answered already
    sim.engine().job_done({0, 99}, bad(), sim.now());  // never asked
    sim.engine().job_done({77, 1}, bad(), sim.now());  // no such payee
    CHECK(sim.engine().counters().unexpected_results == 3);
    CHECK(sim.decisions.size() == before);
    CHECK(sim.state("o1").epoch == state.epoch);
    CHECK(sim.state("o1").due_at == state.due_at);
    sim.run_for(60 * second);
    CHECK(sim.of("o1").size() == 2);
}

TEST_CASE("one that never answers delays no other") {
    Simulation sim;
    Setup setup;
    setup.dispatch.max_in_flight = 2;
    REQUIRE(sim.install(setup, payees(5)).ok());
    sim.answer = [](const auto& who, const JobSpec&, auto) {
        return std::pair{good("100"), who.key == "o1" ? -1 : second};
    };
    sim.run_for(600 * second);
    CHECK(sim.most_in_flight <= 2);
    CHECK(sim.of("o1").empty());
    for (const auto* key : {"o2", "o3", "o4", "o5"}) CHECK(sim.of(key).size() == 10);
}

TEST_CASE("job rates delay checks and drop none") {
    Simulation sim;
    Setup setup;
    setup.dispatch.host = {second, 1};  // one a second
    REQUIRE(sim.install(setup, payees(30)).ok());
    sim.run_for(300 * second);
    for (int i = 1; i <= 30; ++i) {
        const auto lines = sim.of("o" + std::to_string(i));
        REQUIRE(lines.size() == 5);
        for (std::size_t k = 0; k < lines.size(); ++k) {
            CHECK(lines[k].decision.due_at == start_of_time + static_cast<std::int64_t>(k) * 60 * second);
        }
    }
    for (std::size_t i = 1; i < sim.jobs.size(); ++i) CHECK(sim.jobs[i].first - sim.jobs[i - 1].first >= second);
}

TEST_CASE("a rate for each orchestrator delays its own checks only") {
    Simulation sim;
    Setup setup;
    setup.interval_ns = 5 * second;
    setup.dispatch.per_orchestrator = {20 * second, 1};
    REQUIRE(sim.install(setup, payees(2)).ok());
    sim.run_for(100 * second);
    CHECK(sim.of("o1").size() == 5);
    CHECK(sim.of("o1")[4].decision.due_at == start_of_time + 20 * second);
}

TEST_CASE("all failing at once is decided as it is, and raises one alert") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(3)).ok());
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch == 2 ? bad() : good("100"), second};
    };
    sim.run_for(2000 * second);
    CHECK(sim.raised("all-failed") == 1);
    CHECK(!sim.engine().alerts().active("all-failed"));
    CHECK(sim.of("o1")[1].decision.consecutive_failures == 1);
}

TEST_CASE("suspension raises an alert and the first good check resolves it") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch <= 6 ? bad() : good("100"), second};
    };
    sim.run_for(20'000 * second);
    CHECK(sim.raised("suspended:o1") == 1);
    CHECK(!sim.engine().alerts().active("suspended:o1"));
}

TEST_CASE("a disk that hangs is no progress, and one that answers again is") {
    Simulation sim;
    sim.commit_takes_ns = 100 * second;
    REQUIRE(sim.install(Setup{}, payees(1)).ok());
    sim.run_for(59 * second);
    CHECK_FALSE(sim.engine().stuck(sim.now(), 60 * second));
    sim.run_for(3 * second);
    CHECK(sim.engine().stuck(sim.now(), 60 * second));
    sim.commit_takes_ns = second / 1000;
    sim.run_for(600 * second);
    CHECK_FALSE(sim.engine().stuck(sim.now(), 60 * second));
    CHECK(sim.decisions.size() > 5);
    sim.check_ledger();
}
