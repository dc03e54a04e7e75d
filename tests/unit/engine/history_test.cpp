#include "host/engine/policy_history.hpp"

#include <array>

#include "host/engine/pardon.hpp"
#include "simulation.hpp"

using namespace engine_test;

namespace {

constexpr const char* flat = R"({"table":"flat-95"})";

struct Past {
    Simulation sim;
    PolicySource policies = [](const ledger::Generation&, const std::string& config,
                               const stipend_terms& terms) -> Result<PolicyInUse> {
        return PolicyInUse{.policy = make_policy(config, terms), .so_sha256 = "00"};
    };
    TermsSource present = [](const std::string&) { return std::optional<PresentTerms>(); };
    PolicyHistory::OtherSource other = [](const std::string&, Usd base) -> Result<PolicyHistory::Other> {
        return PolicyHistory::Other{.policy = make_policy(flat, make_terms(60 * second, base.count_e8()))};
    };
    std::optional<PolicyHistory> history;

    void install(const Setup& setup, int count) {
        auto generation = sim.generation(setup);
        generation->row.terms = cat("{\"interval_ns\":", setup.interval_ns, ",\"base_usd_e8\":", setup.base_usd_e8,
                                    ",\"asset\":\"ETH\",\"decimals\":18}");
        REQUIRE(sim.engine().install({generation, payees(count), {}}, sim.now()).ok());
        sim.engine().tick(sim.now());
    }
    void replay(const ledger::DecisionFilter& filter = {}) {
        history.emplace(sim.ledger(), policies, present, other);
        std::vector<ledger::DecisionLine> lines;
        std::vector<std::string> keys;
        const auto read = sim.ledger().export_decisions(filter, [&](const ledger::DecisionLine& line) -> Result<void> {
            lines.push_back(line);
            keys.emplace_back(line.key);
            return {};
        });
        REQUIRE(read.ok());
        for (std::size_t at = 0; at < lines.size(); ++at) {
            lines[at].key = keys[at];
            const auto taken = history->take(lines[at]);
            REQUIRE_MESSAGE(taken.ok(), (taken.ok() ? "" : taken.error().message));
        }
        const auto ended = history->finish(lines.empty() ? 0 : lines.back().decision.decided_at);
        REQUIRE_MESSAGE(ended.ok(), (ended.ok() ? "" : ended.error().message));
    }
};

}  // namespace

TEST_CASE("history is reproduced, and another table pays other sums for it") {
    Past past;
    // Good, good, 85 %, 50 %, failed, good: 12 + 12 + 10 + 3 + 0 + 12 USD.
    past.sim.answer = [](const auto&, const JobSpec& job, auto) {
        const auto result = job.epoch == 3   ? good("85")
                            : job.epoch == 4 ? good("50")
                            : job.epoch == 5 ? bad()
                                             : good("100");
        return std::pair{result, second / 10};
    };
    past.install({}, 1);
    while (past.sim.of("o1").size() < 6) past.sim.run_for(second);
    past.replay();
    CHECK(past.history->not_reproduced() == 0);
    const auto sum = past.history->total();
    CHECK(sum.decisions == 6);
    CHECK(sum.recorded.text() == "49");
    // All or nothing at 95 %: three of 10 USD. The waits of the other tiers would not have been.
    CHECK(sum.again.text() == "30");
    CHECK(sum.flips == 6);
    // 50 % waits 120 s longer by the old table, and a failed check 600 s.
    CHECK(sum.waits == 2);
    CHECK(sum.held == 0);
}

TEST_CASE("history may begin anywhere, and is decided at the times of another schedule") {
    Past past;
    past.other = [](const std::string&, Usd base) -> Result<PolicyHistory::Other> {
        return PolicyHistory::Other{.policy = make_policy("{}", make_terms(60 * second, base.count_e8()))};
    };
    past.sim.answer = [](const auto&, const auto&, auto) { return std::pair{good("70"), second / 10}; };
    past.install({.policy = flat}, 2);
    while (past.sim.of("o2").size() < 5) past.sim.run_for(second);
    past.replay({.from = past.sim.of("o1")[2].decision.decided_at});
    CHECK(past.history->not_reproduced() == 0);
    const auto& sum = past.history->sums().at("o1");
    CHECK(sum.decisions == 3);
    CHECK(sum.recorded.text() == "0");
    // 7 USD for each of these checks; but every 90 s instead of 60 s: of the span of two minutes, at its beginning and
    // after 90 s.
    CHECK(sum.again.text() == "21");
    CHECK(sum.waits == 3);
    CHECK(sum.low.text() == "14");
    CHECK(sum.high.text() == "14");
    CHECK(sum.unobserved_ns == 0);
}

TEST_CASE("history that its own policy does not reproduce is named") {
    Past past;
    past.install({}, 1);
    while (past.sim.of("o1").size() < 2) past.sim.run_for(second);
    past.policies = [](const ledger::Generation&, const std::string&,
                       const stipend_terms& terms) -> Result<PolicyInUse> {
        return PolicyInUse{.policy = make_policy(flat, terms), .so_sha256 = "01"};
    };
    past.replay();
    CHECK(past.history->not_reproduced() == 2);
    REQUIRE(past.history->problems().size() == 2);
    CHECK(past.history->problems()[0].find("o1, epoch 1") != std::string::npos);
}

TEST_CASE("another configuration has its own history of failures") {
    Past past;
    past.other = [](const std::string&, Usd base) -> Result<PolicyHistory::Other> {
        return PolicyHistory::Other{.policy = make_policy(R"({"max_consecutive_failures":1,"recovery_checks":2})",
                                                          make_terms(60 * second, base.count_e8()))};
    };
    past.sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch == 2 ? bad() : good("100"), second / 10};
    };
    past.install({}, 1);
    while (past.sim.of("o1").size() < 4) past.sim.run_for(second);
    past.replay();
    CHECK(past.history->not_reproduced() == 0);
    CHECK(past.history->total().recorded.text() == "36");
    // Suspended by its first failure, and paid again by the second good check.
    CHECK(past.history->total().again.text() == "24");
    CHECK(past.history->total().flips == 0);
}

namespace {

PolicyHistory::OtherSource of_config(const char* config) {
    return [config](const std::string&, Usd base) -> Result<PolicyHistory::Other> {
        return PolicyHistory::Other{.policy = make_policy(config, make_terms(60 * second, base.count_e8()))};
    };
}

// The host of the second stretch of time begins with this, as a host does after a restart.
void restart(Past& past, std::int64_t away_ns, int count) {
    past.sim.restart(away_ns);
    past.install({}, count);
}

// The second of three checks fails, which costs 660 s beyond the interval and 2 x the interval; the third is good.
void fail_once(Past& past, std::uint32_t window_s) {
    past.sim.answer = [window_s](const auto&, const JobSpec& job, auto) {
        auto result = job.epoch == 2 ? bad() : good("100");
        if (job.epoch == 3) result.evidence.window_s = window_s;
        return std::pair{result, second / 10};
    };
    past.install({}, 1);
    while (past.sim.of("o1").size() < 3) past.sim.run_for(second);
}

}  // namespace

TEST_CASE("the policy in force comes to exactly what is recorded, whatever happened") {
    Past past;
    past.other = of_config("{}");
    // Uptimes of all tiers, failures in a row up to suspension and out of it, and checks that the payer could not make.
    past.sim.answer = [](const registry::Payee& who, const JobSpec& job, auto) {
        const auto number = (job.epoch + who.key.back()) % 23;
        if (number < 8) return std::pair{bad(), second / 3};
        if (number == 8) {
            // Every other try of this check.
            return std::pair{job.token.attempt % 2 == 0 ? good("3") : unknown(), second};
        }
        static constexpr std::array<const char*, 6> uptimes{"100", "95", "79.9999", "59", "39", "0"};
        return std::pair{good(uptimes[number % 6]), second / 10};
    };
    past.install({}, 5);
    past.sim.run_for(20 * 3600 * second);
    restart(past, 1800 * second + 7, 5);
    past.sim.run_for(20 * 3600 * second);
    past.replay();
    CHECK(past.history->not_reproduced() == 0);
    REQUIRE(past.history->sums().size() == 5);
    std::uint64_t failed = 0, suspended = 0;
    for (const auto& line : past.sim.decisions) {
        failed += line.decision.job == ledger::Job::failed ? 1 : 0;
        suspended += line.decision.suspended ? 1 : 0;
    }
    CHECK(failed > 50);
    CHECK(suspended > 5);
    CHECK(past.sim.holds.size() > 5);
    for (const auto& [key, sum] : past.history->sums()) {
        Usd recorded;
        for (const auto& line : past.sim.of(key)) recorded = recorded.plus_saturating(line.decision.usd);
        CHECK(sum.recorded == recorded);
        CHECK(sum.again == recorded);
        CHECK(sum.low == recorded);
        CHECK(sum.high == recorded);
        CHECK(sum.decisions == past.sim.of(key).size());
        CHECK(sum.least_checks == sum.decisions);
        CHECK(sum.most_checks == sum.decisions);
        CHECK(sum.unobserved_ns == 0);
        CHECK(sum.flips + sum.waits + sum.held == 0);
    }
}

TEST_CASE("a shorter wait after a failure meets time that was not observed") {
    Past past;
    past.other = of_config(flat);
    fail_once(past, 60);
    past.replay();
    CHECK(past.history->not_reproduced() == 0);
    const auto sum = past.history->total();
    // Recorded at 0, 60 and 60 + 60 + 600 + 120 = 840 s: 12 + 0 + 12 USD.
    CHECK(sum.recorded.text() == "24");
    CHECK(sum.again.text() == "20");
    CHECK(sum.waits == 1);
    // Without the 600 s the next is due at 240 s. As down: failed then, at 540 s, and the next not before 1080 s. As
    // up: paid at 240, 300 ... 840 s, the last of which has seen a recorded minute.
    CHECK(sum.low.text() == "10");
    CHECK(sum.high.text() == "120");
    CHECK(sum.least_checks == 4);
    CHECK(sum.most_checks == 13);
    CHECK(sum.unobserved_ns == 720 * second);
}

TEST_CASE("an answer about all the time since the check before leaves nothing unobserved") {
    Past past;
    past.other = of_config(flat);
    fail_once(past, 780);
    past.replay();
    const auto sum = past.history->total();
    CHECK(sum.low.text() == "120");
    CHECK(sum.high.text() == "120");
    CHECK(sum.unobserved_ns == 0);
}

TEST_CASE("the wait behind the last check is part of the history") {
    Past past;
    past.other = of_config(flat);
    past.sim.answer = [](const registry::Payee& who, const JobSpec& job, auto) {
        return std::pair{who.key == "o1" && job.epoch == 2 ? bad() : good("100"), second / 10};
    };
    past.install({}, 2);
    // The last decision of o2 is at 300 s.
    while (past.sim.of("o2").size() < 6) past.sim.run_for(second);
    past.replay();
    const auto& sum = past.history->sums().at("o1");
    CHECK(sum.decisions == 2);
    // Due at 240 and 300 s.
    CHECK(sum.low.text() == "10");
    CHECK(sum.high.text() == "30");
    CHECK(sum.unobserved_ns == 240 * second);
}

TEST_CASE("a policy that holds every check pays nothing") {
    Past past;
    past.sim.seen["o1"] = {.up_ppm = 1'000'000, .coverage_ppm = 500'000};
    past.other = of_config(R"({"min_coverage":80})");
    past.install({}, 1);
    while (past.sim.of("o1").size() < 4) past.sim.run_for(second);
    past.replay();
    const auto sum = past.history->total();
    CHECK(sum.held == 4);
    CHECK(sum.again.zero());
    CHECK(sum.low.zero());
    CHECK(sum.high.zero());
    CHECK(sum.most_checks == 0);
    CHECK(sum.unobserved_ns == 0);
}

TEST_CASE("what was pardoned is taken back for the other policy as well") {
    const auto pardoned = [](Past& past) {
        past.sim.answer = [](const auto&, const JobSpec& job, auto) {
            const bool fails = job.epoch == 2 || job.epoch == 3 || job.epoch == 5;
            return std::pair{fails ? bad() : good("100"), second / 10};
        };
        past.install({}, 1);
        while (past.sim.of("o1").size() < 3) past.sim.run_for(second);
        const auto payee = *past.sim.engine().payees().find("o1");
        const auto from = past.sim.of("o1")[1].decision.due_at;
        auto history = past.sim.ledger().pardon_history(1, from, past.sim.now());
        REQUIRE(history.ok());
        const PardonRequest request{
            {.orchestrator = "o1", .from = from, .to = past.sim.now(), .reason = "ours", .by = "me"}};
        auto planned = past.sim.engine().plan_pardon(request, payee, *history, past.sim.now());
        REQUIRE_MESSAGE(planned.ok(), (planned.ok() ? "" : planned.error().message));
        CHECK(planned->row.failures_before == 2);
        past.sim.engine().pardon(
            std::vector{*planned}, {}, [](const Result<void>& done) { CHECK(done.ok()); }, past.sim.now());
        while (past.sim.of("o1").size() < 6) past.sim.run_for(second);
    };
    SUBCASE("by the policy in force, exactly") {
        Past past;
        past.other = of_config("{}");
        pardoned(past);
        past.replay();
        CHECK(past.history->not_reproduced() == 0);
        const auto sum = past.history->total();
        CHECK(sum.recorded.text() == "36");
        CHECK(sum.low.text() == "36");
        CHECK(sum.high.text() == "36");
        CHECK(sum.waits == 0);
        CHECK(sum.unobserved_ns == 0);
    }
    SUBCASE("by one that would have suspended it") {
        Past past;
        past.other = of_config(R"({"max_consecutive_failures":3})");
        pardoned(past);
        past.replay();
        CHECK(past.history->not_reproduced() == 0);
        CHECK(past.history->total().again.text() == "36");
        CHECK(past.history->total().low.text() == "36");
    }
}
