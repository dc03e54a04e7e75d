// What jobs cost: the limits of a day, reservations before a job is sent, and what becomes of them.
#include <algorithm>

#include "host/engine/fee_desk.hpp"
#include "host/engine/plugin_calls.hpp"
#include "simulation.hpp"

using namespace engine_test;

namespace {

SignedWei fee(std::uint64_t amount) {
    return *SignedWei::parse(std::to_string(amount));
}

// Each job costs `reserved`, and reports `reported`, where there is one.
void charge(Simulation& sim, std::uint64_t reserved, std::optional<std::uint64_t> reported) {
    sim.price = [reserved](const auto&, const auto&) { return std::vector{fee(reserved)}; };
    sim.answer = [reported](const auto&, const auto&, auto) {
        auto result = good("100");
        if (reported) result.fee = fee(*reported);
        return std::pair{result, second / 10};
    };
}

Setup limited(std::uint64_t own, std::uint64_t all) {
    Setup setup;
    setup.fees = {fee(own), fee(all)};
    return setup;
}

std::string fees_of(Simulation& sim, std::size_t at) {
    const auto balances = sim.ledger().balances();
    REQUIRE(balances.ok());
    return (*balances)[at].fees.text();
}

std::string text_of(const Simulation& sim, const std::string& id) {
    for (const auto& alert : sim.alerts) {
        if (alert.id == id && !alert.resolved) return alert.text;
    }
    return {};
}

stipend_unix_ns midnight(int day) {
    return (start_of_time / ns_per_day + day) * ns_per_day;
}

}  // namespace

TEST_CASE("a job beyond what one orchestrator may cost in a day is not sent, and is held with one alert") {
    Simulation sim;
    sim.price = [](const auto& who, const auto&) { return std::vector{fee(who.key == "o1" ? 30 : 3)}; };
    sim.answer = [](const auto& who, const auto&, auto) {
        auto result = good("100");
        result.fee = fee(who.key == "o1" ? 30 : 3);
        return std::pair{result, second / 10};
    };
    REQUIRE(sim.publish(limited(100, 1000), payees(2)).ok());
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
    REQUIRE(sim.publish(limited(1000, 100), payees(3)).ok());
    sim.run_for(600 * second);
    CHECK(sim.sent == 3);
    CHECK(sim.raised("fees") == 1);
    CHECK(text_of(sim, "fees").starts_with("jobs with a price are held: limits.fees_per_day is reached"));
    CHECK(sim.raised("gateway") == 0);
    sim.restart(second);
    REQUIRE(sim.publish(limited(1000, 100), payees(3)).ok());
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
    REQUIRE(sim.publish(limited(100, 1000), payees(1)).ok());
    sim.run_for(600 * second);
    CHECK(sim.sent == 2);
    CHECK(fees_of(sim, 0) == "100");
    CHECK(sim.jobs.back().second.max_fee == fee(1));  // nothing is left
}

TEST_CASE("a job that costs less than was reserved leaves the rest to the next ones") {
    Simulation sim;
    charge(sim, 60, 20);
    REQUIRE(sim.publish(limited(100, 1000), payees(1)).ok());
    sim.run_for(600 * second);
    CHECK(sim.sent == 3);  // 20 + 20 + 20, and 60 more would be beyond
    CHECK(fees_of(sim, 0) == "60");
    sim.check_ledger();
}

TEST_CASE("more than was reserved is counted as reserved, with an alert that the next true report resolves") {
    Simulation sim;
    charge(sim, 10, 11);
    REQUIRE(sim.publish(limited(1000, 1000), payees(1)).ok());
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
    REQUIRE(sim.publish(limited(100, 1000), payees(1)).ok());
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
    REQUIRE(sim.publish(limited(100, 1000), payees(1)).ok());
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

TEST_CASE("after the end of the process between reservation and result the whole reservation stays counted") {
    Simulation sim;
    charge(sim, 30, 1);
    sim.answer = [](const auto&, const auto&, auto) { return std::pair{good("100"), -second}; };  // no answer
    REQUIRE(sim.publish(limited(100, 1000), payees(1)).ok());
    sim.run_for(10 * second);
    CHECK(fees_of(sim, 0) == "30");
    for (int run = 2; run <= 3; ++run) {
        sim.restart(second);
        REQUIRE(sim.publish(limited(100, 1000), payees(1)).ok());
        sim.run_for(120 * second);
        CHECK(fees_of(sim, 0) == std::to_string(30 * run));
    }
    // The job of the last run has the id of those before it, and takes back no more than it reserved itself.
    charge(sim, 10, 0);
    sim.restart(second);
    REQUIRE(sim.publish(limited(100, 1000), payees(1)).ok());
    sim.run_for(30 * second);
    CHECK(fees_of(sim, 0) == "90");
    CHECK(sim.sent == 4);
    sim.check_ledger();
}

TEST_CASE("a job whose cost is unknown keeps its whole reservation") {
    Simulation sim;
    charge(sim, 30, std::nullopt);
    REQUIRE(sim.publish(limited(1000, 1000), payees(1)).ok());
    sim.run_for(90 * second);
    CHECK(sim.sent == 2);
    CHECK(fees_of(sim, 0) == "60");
    CHECK(sim.engine().fees().ended() == fee(60));
    // So does one that is lost.
    sim.answer = [](const auto&, const auto&, auto) { return std::pair{good("100"), -second}; };
    sim.run_for(max_job_ns + 60 * second);
    CHECK(sim.raised("fees-reported:o1") == 0);
    CHECK(sim.engine().fees().used(0, sim.now()) >= fee(90));
    sim.check_ledger();
}

TEST_CASE("a reservation is answered when it is durable") {
    Simulation sim;
    sim.commit_takes_ns = 2 * second;
    charge(sim, 30, 30);
    REQUIRE(sim.publish(limited(1000, 1000), payees(3)).ok());
    sim.run_for(59 * second);
    REQUIRE(sim.reservations.size() == 3);
    for (const auto& one : sim.reservations) {
        CHECK(one.answer.ok());
        CHECK(one.answered_at - one.asked_at >= 2 * second);
    }
    // Those that came while a transaction was under way are in the next one, together.
    CHECK(sim.reservations[1].answered_at == sim.reservations[2].answered_at);
    CHECK(sim.engine().fees().used(sim.now()) == fee(90));
    sim.check_ledger();
}

TEST_CASE("reservations of one job add up, and there is a limit to their number") {
    Simulation sim;
    charge(sim, 0, 25);
    sim.price = [](const auto&, const auto&) { return std::vector{fee(20), fee(20)}; };
    REQUIRE(sim.publish(limited(1000, 1000), payees(1)).ok());
    sim.run_for(30 * second);
    CHECK(fees_of(sim, 0) == "25");
    sim.price = [](const auto&, const auto&) { return std::vector(max_reservations + 1, fee(1)); };
    sim.run_for(60 * second);
    REQUIRE(!sim.reservations.back().answer.ok());
    CHECK(sim.reservations.back().answer.error().status == STIPEND_E_LIMIT);
    CHECK(sim.reservations.back().answer.error().message.find("more than 8 reservations") != std::string::npos);
    CHECK(sim.sent == 1);
    CHECK(fees_of(sim, 0) == "25");  // it reported no cost
    sim.check_ledger();
}

TEST_CASE("a ledger that is busy refuses reservations, and blames no gateway") {
    Simulation sim;
    sim.hindrance = [](auto now) -> Result<void> {
        const auto minute = (now - start_of_time) / (60 * second);
        if (minute == 2) return fail(STIPEND_E_BUSY, "another program holds the database");
        return {};
    };
    charge(sim, 30, 30);
    REQUIRE(sim.publish(limited(1000, 1000), payees(2)).ok());
    sim.run_for(150 * second);
    CHECK(sim.active("ledger-busy"));
    const auto& last = sim.reservations.back();
    REQUIRE(!last.answer.ok());
    CHECK(last.answer.error().status == STIPEND_E_UNAVAILABLE);
    sim.run_for(150 * second);
    CHECK(sim.raised("gateway") == 0);
    CHECK(sim.reservations.back().answer.ok());
    CHECK(sim.of("o1").size() >= 3);
    CHECK(fees_of(sim, 0) == std::to_string(30 * sim.of("o1").size()));
    sim.check_ledger();
}

TEST_CASE("a ledger that failed refuses reservations") {
    Simulation sim;
    charge(sim, 30, 30);
    sim.hindrance = [](auto now) -> Result<void> {
        if (now > start_of_time + 60 * second) return fail(STIPEND_E_UNAVAILABLE, "the disk failed");
        return {};
    };
    REQUIRE(sim.publish(limited(1000, 1000), payees(2)).ok());
    sim.run_for(120 * second);
    REQUIRE(sim.engine().failure());
    CHECK(sim.sent == 2);
    CHECK(sim.reservations.size() == 4);
    for (std::size_t at = 2; at < 4; ++at) {
        REQUIRE(!sim.reservations[at].answer.ok());
        CHECK(sim.reservations[at].answer.error().message == "fee not reserved: the disk failed");
    }
}

TEST_CASE("a reservation for a job that is not under way is refused") {
    Simulation sim;
    charge(sim, 30, 30);
    JobToken last;
    sim.answer = [&](const auto&, const JobSpec& job, auto) {
        last = job.token;
        CHECK(sim.engine().job_under_way("o1", job.epoch, job.token.attempt) == job.token);
        CHECK(!sim.engine().job_under_way("o1", job.epoch + 1, job.token.attempt));
        CHECK(!sim.engine().job_under_way("o1", job.epoch, job.token.attempt + 1));
        CHECK(!sim.engine().job_under_way("o2", job.epoch, job.token.attempt));
        return std::pair{good("100"), second};
    };
    REQUIRE(sim.publish(limited(1000, 1000), payees(1)).ok());
    sim.run_for(30 * second);
    REQUIRE(sim.sent == 1);
    int answers = 0;
    for (const JobToken token : {last, JobToken{0, last.attempt + 1}, JobToken{9, 1}}) {
        sim.engine().reserve_fee(
            token, fee(1),
            [&](const Result<void>& answer) {
                ++answers;
                REQUIRE(!answer.ok());
                CHECK(answer.error().status == STIPEND_E_INVALID);
            },
            sim.now());
    }
    CHECK(answers == 3);
    CHECK(!sim.engine().job_under_way("o1", 1, last.attempt));
    sim.check_ledger();
}

TEST_CASE("a dispatcher that refuses a job by what is left holds it with the alert of that limit") {
    Simulation sim;
    const auto refuse = [&](std::uint64_t own, std::uint64_t all) {
        REQUIRE(sim.publish(limited(own, all), payees(1)).ok());
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
    REQUIRE(sim.publish(limited(50, 1000), payees(1)).ok());
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
    REQUIRE(sim.publish(limited(1000, 1000)).ok());
    sim.run_for(60 * second);
    CHECK(!sim.active("fees"));
    CHECK(!sim.active("fees:o1"));
    sim.check_ledger();
}

TEST_CASE("no job is paid for while the engine drains") {
    Simulation sim;
    charge(sim, 30, 30);
    REQUIRE(sim.publish(limited(1000, 1000), payees(1)).ok());
    sim.price = [&](const auto&, const auto&) {
        sim.engine().drain();
        return std::vector{fee(30)};
    };
    sim.run_for(30 * second);
    REQUIRE(sim.reservations.size() == 1);
    CHECK(sim.reservations[0].answer.error().message == "fee not reserved: the host is stopping");
    CHECK(sim.sent == 0);
}

TEST_CASE("free jobs leave no trace of fees") {
    Simulation sim;
    charge(sim, 0, 0);
    sim.price = {};
    REQUIRE(sim.publish({}, payees(2)).ok());
    sim.run_for(300 * second);
    const auto state = sim.ledger().load_state();
    REQUIRE(state.ok());
    CHECK(state->fees.empty());
    CHECK(sim.ledger().verify({})->fees == 0);
    CHECK(sim.engine().fees().used(sim.now()).zero());
}

TEST_CASE("an orchestrator that leaves the configuration while its job is under way is closed") {
    Simulation sim;
    charge(sim, 30, 20);
    sim.answer = [](const auto&, const auto&, auto) {
        auto result = good("100");
        result.fee = fee(20);
        return std::pair{result, 10 * second};
    };
    REQUIRE(sim.publish(limited(1000, 1000), payees(2)).ok());
    sim.run_for(5 * second);
    REQUIRE(sim.publish(limited(1000, 1000), payees(1)).ok());
    sim.run_for(20 * second);
    CHECK(fees_of(sim, 1) == "20");
    sim.check_ledger();
}

TEST_CASE("other limits count for the next job") {
    Simulation sim;
    charge(sim, 30, 30);
    REQUIRE(sim.publish(limited(100, 1000), payees(1)).ok());
    sim.run_for(90 * second);
    CHECK(sim.sent == 2);
    REQUIRE(sim.publish(limited(80, 1000)).ok());
    sim.run_for(60 * second);
    CHECK(sim.sent == 2);
    CHECK(sim.active("fees:o1"));
    REQUIRE(sim.publish(limited(1000, 1000)).ok());
    sim.run_for(60 * second);
    CHECK(sim.sent == 3);
    CHECK(!sim.active("fees:o1"));
    // The alert of the limit of all ends with the limit too.
    REQUIRE(sim.publish(limited(1000, 95)).ok());
    sim.run_for(180 * second);
    CHECK(sim.active("fees"));
    REQUIRE(sim.publish(limited(1000, 1000)).ok());
    CHECK(!sim.active("fees"));
    sim.check_ledger();
}

TEST_CASE("the alert of an orchestrator ends when its jobs are free") {
    Simulation sim;
    charge(sim, 30, 30);
    REQUIRE(sim.publish(limited(50, 1000), payees(1)).ok());
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
    REQUIRE(sim.publish(limited(1000, 1000), payees(1)).ok());
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
    REQUIRE(sim.publish(limited(100, 1000), payees(1)).ok());
    sim.run_for(90 * second);
    CHECK(sim.sent == 2);
    sim.restart(-ns_per_day);
    REQUIRE(sim.publish(limited(100, 1000), payees(2)).ok());
    CHECK(sim.engine().fees().used(sim.now()).zero());
    sim.run_until(midnight(2) + second);
    CHECK(sim.engine().fees().used(0, sim.now()) <= sim.engine().fees().used(sim.now()));
    sim.run_for(3600 * second);
    CHECK(sim.engine().fees().used(0, sim.now()) <= fee(100));
}

TEST_CASE("a job's id names its orchestrator, and only the host's own text is read") {
    const std::string ns = "dry-run:42161";
    const auto id = job_id(ns, "10.0.0.1:9995", 17, 3);
    CHECK(id == "dry-run:42161:10.0.0.1:9995:17:3");
    const auto name = parse_job_id(ns, id);
    REQUIRE(name.has_value());
    CHECK(name->key == "10.0.0.1:9995");
    CHECK(name->epoch == 17);
    CHECK(name->attempt == 3);
    for (const auto* other :
         {"", "3", "17:3", "dry-run:42161:17:3", "dry-run:42161::17:3:", "live:1:o:17:3", "dry-run:42161:o:17:03",
          "dry-run:42161:o:17:-3", "dry-run:42161:o:17:", "dry-run:42161:o:x:3", "dry-run:421611:o:17:3",
          "dry-run:42161:o:17:4294967296", "dry-run:42161:o:17:3 "}) {
        CAPTURE(other);
        CHECK(!parse_job_id(ns, other).has_value());
    }
}

TEST_CASE("a desk passes reservations on to the control thread, and answers each once, all of them when it closes") {
    const SystemClock clock;
    runtime::ControlLoop loop;
    std::vector<std::pair<std::string, Engine::FeeAnswer>> asked;
    FeeDesk desk(loop, [&](const std::string& id, const SignedWei& wei, const Engine::FeeAnswer& answer) {
        asked.emplace_back(cat(id, " ", wei.text()), answer);
    });
    std::vector<std::string> answers;
    const auto note = [&](const Result<void>& answer) {
        answers.push_back(answer ? "granted" : answer.error().message);
    };
    REQUIRE(desk.reserve("a", Wei(5).to_abi(), note).ok());
    stipend_u256 most{};
    std::fill(std::begin(most.be), std::end(most.be), std::uint8_t{0xff});
    REQUIRE(desk.reserve("b", most, note).ok());
    CHECK(asked.empty());
    loop.run(clock, [&]() -> std::optional<stipend_mono_ns> {
        if (asked.size() == 2) loop.stop();
        return std::nullopt;
    });
    CHECK(asked[0].first == "a 5");
    CHECK(asked[1].first == "b " + SignedWei::highest().text());
    asked[0].second({});
    CHECK(answers == std::vector<std::string>{"granted"});
    loop.close();
    REQUIRE(desk.reserve("c", Wei(5).to_abi(), note).ok());  // the loop drops it
    desk.close();
    CHECK(answers.size() == 3);
    CHECK(answers.back() == "fee not reserved: the host is stopping");
    asked[1].second({});
    CHECK(answers.size() == 3);
    CHECK(desk.reserve("d", Wei(5).to_abi(), note).error().status == STIPEND_E_UNAVAILABLE);
}
