#include "host/engine/policy_history.hpp"

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
    PolicyHistory history{sim.ledger(), policies, present, other};

    void install(const Setup& setup, int count) {
        auto generation = sim.generation(setup);
        generation->row.terms = cat("{\"interval_ns\":", setup.interval_ns, ",\"base_usd_e8\":", setup.base_usd_e8,
                                    ",\"asset\":\"ETH\",\"decimals\":18}");
        REQUIRE(sim.engine().install({generation, payees(count), {}}, sim.now()).ok());
        sim.engine().tick(sim.now());
    }
    void replay(const ledger::DecisionFilter& filter = {}) {
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
            const auto taken = history.take(lines[at]);
            REQUIRE_MESSAGE(taken.ok(), (taken.ok() ? "" : taken.error().message));
        }
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
    CHECK(past.history.not_reproduced() == 0);
    const auto sum = past.history.total();
    CHECK(sum.decisions == 6);
    CHECK(sum.recorded.text() == "49");
    // All or nothing at 95 %: three of 10 USD. The waits of the other tiers would not have been.
    CHECK(sum.again.text() == "30");
    CHECK(sum.again_by_time.text() == "30");
    CHECK(sum.flips == 6);
    // 50 % waits 120 s longer by the old table, and a failed check 600 s.
    CHECK(sum.waits == 2);
    CHECK(sum.held == 0);
}

TEST_CASE("history may begin anywhere, and has what it is worth by time") {
    Past past;
    past.other = [](const std::string&, Usd base) -> Result<PolicyHistory::Other> {
        return PolicyHistory::Other{.policy = make_policy("{}", make_terms(60 * second, base.count_e8()))};
    };
    past.sim.answer = [](const auto&, const auto&, auto) { return std::pair{good("70"), second / 10}; };
    past.install({.policy = flat}, 2);
    while (past.sim.of("o2").size() < 5) past.sim.run_for(second);
    past.replay({.from = past.sim.of("o1")[2].decision.decided_at});
    CHECK(past.history.not_reproduced() == 0);
    const auto& sum = past.history.sums().at("o1");
    CHECK(sum.decisions == 3);
    CHECK(sum.recorded.text() == "0");
    // 7 USD for each of these checks; but every 90 s instead of 60 s, 4.66666666 USD in the time of each.
    CHECK(sum.again.text() == "21");
    CHECK(sum.again_by_time.text() == "13.99999998");
    CHECK(sum.waits == 3);
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
    CHECK(past.history.not_reproduced() == 2);
    REQUIRE(past.history.problems().size() == 2);
    CHECK(past.history.problems()[0].find("o1, epoch 1") != std::string::npos);
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
    CHECK(past.history.not_reproduced() == 0);
    CHECK(past.history.total().recorded.text() == "36");
    // Suspended by its first failure, and paid again by the second good check.
    CHECK(past.history.total().again.text() == "24");
    CHECK(past.history.total().flips == 0);
}
