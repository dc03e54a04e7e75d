// Reservations before a job is sent, on their way from a dispatcher to the ledger and back.
#include <algorithm>

#include "host/engine/fee_desk.hpp"
#include "host/engine/plugin_calls.hpp"
#include "priced.hpp"

using namespace engine_test;

TEST_CASE("after the end of the process between reservation and result the whole reservation stays counted") {
    Simulation sim;
    charge(sim, 30, 1);
    sim.answer = [](const auto&, const auto&, auto) { return std::pair{good("100"), -second}; };  // no answer
    REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
    sim.run_for(10 * second);
    CHECK(fees_of(sim, 0) == "30");
    for (int run = 2; run <= 3; ++run) {
        sim.restart(second);
        REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
        sim.run_for(120 * second);
        CHECK(fees_of(sim, 0) == std::to_string(30 * run));
    }
    // The job of the last run has the id of those before it, and takes back no more than it reserved itself.
    charge(sim, 10, 0);
    sim.restart(second);
    REQUIRE(sim.install(limited(100, 1000), payees(1)).ok());
    sim.run_for(30 * second);
    CHECK(fees_of(sim, 0) == "90");
    CHECK(sim.sent == 4);
    sim.check_ledger();
}

TEST_CASE("a job whose cost is unknown keeps its whole reservation") {
    Simulation sim;
    charge(sim, 30, std::nullopt);
    REQUIRE(sim.install(limited(1000, 1000), payees(1)).ok());
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
    REQUIRE(sim.install(limited(1000, 1000), payees(3)).ok());
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
    REQUIRE(sim.install(limited(1000, 1000), payees(1)).ok());
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

TEST_CASE("more reservations than one transaction takes are answered in order, by several") {
    Simulation sim;
    charge(sim, 30, 30);
    Setup setup = limited(1000, 1'000'000);
    setup.dispatch.max_in_flight = 10'000;
    REQUIRE(sim.install(setup, payees(5000)).ok());
    sim.run_for(59 * second);
    CHECK(sim.reservations.size() == 5000);
    CHECK(sim.largest_batch == max_batch);
    CHECK(sim.decisions.size() == 5000);
    CHECK(sim.engine().fees().used(sim.now()) == fee(150'000));
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
    REQUIRE(sim.install(limited(1000, 1000), payees(2)).ok());
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
    REQUIRE(sim.install(limited(1000, 1000), payees(2)).ok());
    sim.run_for(120 * second);
    REQUIRE(sim.engine().failure());
    CHECK(sim.raised("ledger") == 1);
    CHECK(text_of(sim, "ledger") == "the disk failed");
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
    REQUIRE(sim.install(limited(1000, 1000), payees(1)).ok());
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

TEST_CASE("no job is paid for while the engine drains") {
    Simulation sim;
    charge(sim, 30, 30);
    REQUIRE(sim.install(limited(1000, 1000), payees(1)).ok());
    sim.price = [&](const auto&, const auto&) {
        sim.engine().drain();
        return std::vector{fee(30)};
    };
    sim.run_for(30 * second);
    REQUIRE(sim.reservations.size() == 1);
    CHECK(sim.reservations[0].answer.error().message == "fee not reserved: the host is stopping");
    CHECK(sim.sent == 0);
}

TEST_CASE("an orchestrator that leaves the configuration while its job is under way is closed") {
    Simulation sim;
    charge(sim, 30, 20);
    sim.answer = [](const auto&, const auto&, auto) {
        auto result = good("100");
        result.fee = fee(20);
        return std::pair{result, 10 * second};
    };
    REQUIRE(sim.install(limited(1000, 1000), payees(2)).ok());
    sim.run_for(5 * second);
    REQUIRE(sim.install(limited(1000, 1000), payees(1)).ok());
    sim.run_for(20 * second);
    CHECK(fees_of(sim, 1) == "20");
    sim.check_ledger();
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
