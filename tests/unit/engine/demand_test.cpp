// The factor of demand in the engine, with a real ledger and the policy that follows it.
#include "host/engine/explain.hpp"
#include "host/engine/policy_history.hpp"
#include "simulation.hpp"

using namespace engine_test;

namespace {

constexpr std::int64_t minute = 60 * second;

ledger::DemandRules rules() {
    return {.every_ns = 5 * minute,
            .target_ppm = 2'000'000,
            .floor_ppm = 800'000,
            .ceiling_ppm = 1'500'000,
            .damping_ppm = 250'000,
            .step_ppm = 100'000};
}

Setup setup() {
    return {.plugin = "payment-dynamic", .demand = rules()};
}

std::vector<ledger::DemandLine> rows_of(Simulation& sim) {
    std::vector<ledger::DemandLine> out;
    const auto read = sim.ledger().demands({}, [&](const ledger::DemandLine& line) -> Result<void> {
        out.push_back(line);
        return {};
    });
    REQUIRE(read.ok());
    return out;
}

void install(Simulation& sim, const Setup& by, int count) {
    auto generation = sim.generation(by);
    generation->row.terms = cat("{\"interval_ns\":", by.interval_ns, ",\"base_usd_e8\":", by.base_usd_e8,
                                ",\"asset\":\"ETH\",\"decimals\":18}");
    REQUIRE(sim.engine().install({generation, payees(count), {}}, sim.now()).ok());
    sim.engine().tick(sim.now());
}

// Every decision is base x 1.2 x the factor of the last row ahead of it in the chain, to the last unit.
void check_paid(Simulation& sim, const Setup& by) {
    const auto rows = rows_of(sim);
    std::size_t checked = 0;
    const auto read = sim.ledger().export_decisions({}, [&](const ledger::DecisionLine& line) -> Result<void> {
        std::int64_t factor = 1'000'000;
        for (const auto& row : rows) {
            if (row.seq < line.seq) factor = row.row.factor_ppm == 0 ? 1'000'000 : row.row.factor_ppm;
        }
        if (line.decision.action != ledger::Action::pay) return {};
        ++checked;
        CHECK(line.decision.usd.count_e8() == by.base_usd_e8 * 12 / 10 * factor / 1'000'000);
        return {};
    });
    REQUIRE(read.ok());
    CHECK(checked > 0);
}

}  // namespace

TEST_CASE("the payer's calls move the factor, and each decision is paid by the one ahead of it in the chain") {
    Simulation sim;
    install(sim, setup(), 10);
    sim.run_for(minute);
    CHECK(sim.engine().demand().factor_ppm() == 0);  // no cycle has ended: paid by 1
    CHECK(sim.of("o1").front().decision.usd.text() == "12");
    sim.calls.asked += 26;
    sim.run_for(4 * minute);
    CHECK(sim.engine().demand().factor_ppm() == 1'075'000);
    sim.run_for(minute);
    CHECK(sim.of("o1").back().decision.usd.text() == "12.9");
    CHECK(sim.of("o1").back().decision.demand_ppm == 1'075'000);
    const auto rows = rows_of(sim);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].row.asked == 26);
    CHECK(rows[0].row.up == 10);
    CHECK(rows[0].row.at == start_of_time + 5 * minute);
    sim.run_for(4 * minute);
    CHECK(sim.engine().demand().factor_ppm() == 1'006'250);  // nothing was asked for: 0.8 is wanted
    check_paid(sim, setup());
    sim.check_ledger();
}

TEST_CASE("without rules there is no row, and policies are handed nothing") {
    Simulation sim;
    install(sim, {.plugin = "payment-dynamic"}, 2);
    sim.calls.asked = 1000;
    sim.run_for(30 * minute);
    CHECK(rows_of(sim).empty());
    for (const auto& line : sim.decisions) CHECK(line.decision.usd.text() == "12");
    sim.check_ledger();
}

TEST_CASE("another policy is paid as before, while the demand is recorded") {
    Simulation sim;
    install(sim, {.demand = rules()}, 2);
    for (int at = 0; at < 6; ++at) {
        sim.calls.asked += 1000;
        sim.run_for(5 * minute);
    }
    sim.run_for(second);  // the last row is written
    CHECK(rows_of(sim).size() == 6);
    CHECK(rows_of(sim).back().row.factor_ppm == 1'100'000);
    for (const auto& line : sim.decisions) CHECK(line.decision.usd.text() == "12");
    sim.check_ledger();
}

TEST_CASE("where half go offline on purpose, none is paid more for it") {
    std::map<std::string, std::vector<std::string>> paid;
    for (const bool half_leave : {false, true}) {
        Simulation sim;
        sim.answer = [&](const registry::Payee& who, const JobSpec&, stipend_unix_ns now) {
            const bool leaves = half_leave && now > start_of_time + 30 * minute && who.key >= "o6";
            return std::pair{leaves ? bad("offline") : good("100"), second / 10};
        };
        install(sim, setup(), 9);
        for (int at = 0; at < 48; ++at) {
            sim.calls.asked += 18;  // exactly the target of nine
            sim.run_for(5 * minute);
        }
        sim.run_for(second);
        const auto rows = rows_of(sim);
        REQUIRE(rows.size() == 48);
        CHECK(rows.back().row.up == (half_leave ? 5 : 9));
        CHECK(rows.back().row.supply == 9);
        for (const auto& row : rows) CHECK(row.row.factor_ppm == 1'000'000);
        for (const auto& line : sim.of("o1")) {
            paid[half_leave ? "half" : "all"].push_back(line.decision.usd.text());
        }
        sim.check_ledger();
    }
    CHECK(paid["half"] == paid["all"]);
}

TEST_CASE("what a payee announces or how it answers raises nothing") {
    const auto factor_with = [](const JobResult& result, std::uint64_t failed) {
        Simulation sim;
        sim.answer = [&](const auto&, const auto&, auto) { return std::pair{result, second / 10}; };
        install(sim, setup(), 3);
        sim.calls = {.asked = 6, .failed = failed, .waiting = 0};
        sim.run_for(5 * minute);
        return sim.engine().demand().factor_ppm();
    };
    const auto usual = factor_with(good("100"), 0);
    auto boasting = good("100");
    boasting.evidence.latency_ns = 1;
    boasting.fee = SignedWei();
    CHECK(factor_with(boasting, 0) == usual);
    CHECK(factor_with(good("41"), 0) == usual);
    CHECK(factor_with(good("100"), 3) < usual);
}

TEST_CASE("after a restart the factor goes on from the ledger, and the step of the day counts") {
    Simulation sim;
    install(sim, setup(), 2);
    for (int at = 0; at < 4; ++at) {
        sim.calls.asked += 100;
        sim.run_for(5 * minute);
    }
    CHECK(sim.engine().demand().factor_ppm() == 1'100'000);
    sim.calls = {};
    sim.restart(10 * minute);
    CHECK(sim.engine().demand().factor_ppm() == 1'100'000);
    install(sim, setup(), 2);
    sim.run_for(2 * minute);
    CHECK(sim.of("o1").back().decision.usd.text() == "13.2");
    for (int at = 0; at < 4; ++at) {
        sim.calls.asked += 100;
        sim.run_for(5 * minute);
    }
    CHECK(sim.engine().demand().factor_ppm() == 1'100'000);  // no new step begins with the run
    CHECK(rows_of(sim).back().row.least_ppm == 1'000'000);
    // A day after the first step it may move again.
    for (int at = 0; at < 300; ++at) {
        sim.calls.asked += 100;
        sim.run_for(5 * minute);
    }
    CHECK(sim.engine().demand().factor_ppm() == 1'200'000);
    check_paid(sim, setup());
    sim.check_ledger();
}

TEST_CASE("a host that is restarted again and again computes no factor of a part of a cycle") {
    Simulation sim;
    install(sim, setup(), 2);
    sim.calls.asked = 100;
    sim.run_for(5 * minute + second);
    const auto factor = sim.engine().demand().factor_ppm();
    CHECK(factor == 1'100'000);
    for (int at = 0; at < 5; ++at) {
        sim.calls = {};
        sim.restart(second);
        install(sim, setup(), 2);
        sim.run_for(4 * minute);
    }
    CHECK(sim.engine().demand().factor_ppm() == factor);
    CHECK(rows_of(sim).size() == 1);
}

TEST_CASE("rules that are taken away end the factor by a row, and others go on from 1") {
    Simulation sim;
    install(sim, setup(), 2);
    sim.calls.asked = 100;
    sim.run_for(6 * minute);
    CHECK(sim.of("o1").back().decision.usd.text() == "13.2");
    install(sim, {.plugin = "payment-dynamic"}, 2);
    sim.run_for(10 * minute);
    CHECK(sim.of("o1").back().decision.usd.text() == "12");
    REQUIRE(rows_of(sim).size() == 2);
    CHECK(rows_of(sim)[1].row.factor_ppm == 0);
    install(sim, setup(), 2);
    sim.calls.asked += 100;
    sim.run_for(5 * minute + second);
    // 1 was in force within the day, and 1.1 as well.
    CHECK(rows_of(sim).back().row.before_ppm == 1'000'000);
    CHECK(rows_of(sim).back().row.factor_ppm == 1'100'000);
    sim.run_for(2 * minute);
    check_paid(sim, setup());
    sim.check_ledger();
}

TEST_CASE("while the ledger is held by another program no factor is used that is not written") {
    Simulation sim;
    install(sim, setup(), 3);
    sim.hindrance = [](stipend_unix_ns now) -> Result<void> {
        const bool held = now > start_of_time + 4 * minute && now < start_of_time + 21 * minute;
        return held ? Result<void>(fail(STIPEND_E_BUSY, "held")) : Result<void>();
    };
    for (int at = 0; at < 8; ++at) {
        sim.calls.asked += 8;
        sim.run_for(5 * minute);
    }
    CHECK(sim.raised("ledger-busy") > 0);
    const auto rows = rows_of(sim);
    REQUIRE(rows.size() >= 4);
    for (std::size_t at = 1; at < rows.size(); ++at) CHECK(rows[at].row.from == rows[at - 1].row.at);
    check_paid(sim, setup());
    sim.check_ledger();
}

TEST_CASE("explain gives the factor and what it was computed from, and comes to the same amount") {
    Simulation sim;
    install(sim, setup(), 10);
    sim.calls = {.asked = 28, .failed = 2, .waiting = 0};
    sim.run_for(7 * minute);
    const PolicySource policies = [](const ledger::Generation&, const std::string& config,
                                     const stipend_terms& terms) -> Result<PolicyInUse> {
        return PolicyInUse{.policy = make_policy(config, terms, "payment-dynamic"), .so_sha256 = "00"};
    };
    const TermsSource none = [](const std::string&) { return std::optional<PresentTerms>(); };
    const auto epoch = sim.of("o1").back().decision.epoch;
    const auto done = explain(sim.ledger(), {.orchestrator = "o1", .epoch = epoch}, policies, none);
    REQUIRE(done.ok());
    REQUIRE(done->has_value());
    CHECK((*done)->same);
    const auto* demand = (*done)->json.find("demand");
    REQUIRE(demand != nullptr);
    CHECK(demand->find("factor")->text() == "1.075");
    CHECK(demand->find("wanted")->text() == "1.3");
    CHECK(demand->find("jobs_asked")->text() == "28");
    CHECK(demand->find("jobs_failed")->text() == "2");
    CHECK(demand->find("supply")->text() == "10");
    CHECK((*done)->json.find("amount_usd")->text() == "12.9");
    CHECK((*done)->json.find("tier")->find("multiplier")->text() == "1.2");
    // Before the first cycle there was none.
    const auto first = explain(sim.ledger(), {.orchestrator = "o1", .epoch = 1}, policies, none);
    REQUIRE(first.ok());
    CHECK((*first)->same);
    CHECK((*first)->json.find("demand")->is(Json::Kind::null));
}

TEST_CASE("history is reproduced by the factors of the chain, and decided by another policy with them") {
    Simulation sim;
    install(sim, {.demand = rules()}, 3);  // paid by tiers alone
    for (int at = 0; at < 12; ++at) {
        sim.calls.asked += 7;
        sim.run_for(5 * minute);
    }
    const PolicySource policies = [](const ledger::Generation&, const std::string& config,
                                     const stipend_terms& terms) -> Result<PolicyInUse> {
        return PolicyInUse{.policy = make_policy(config, terms), .so_sha256 = "00"};
    };
    const TermsSource present = [](const std::string&) { return std::optional<PresentTerms>(); };
    const PolicyHistory::OtherSource other = [](const std::string&, Usd base) -> Result<PolicyHistory::Other> {
        return PolicyHistory::Other{.policy =
                                        make_policy("{}", make_terms(minute, base.count_e8()), "payment-dynamic")};
    };
    std::int64_t want = 0, recorded = 0;
    PolicyHistory history(sim.ledger(), policies, present, other);
    std::vector<std::pair<std::string, ledger::DecisionLine>> lines;
    REQUIRE(sim.ledger()
                .export_decisions({},
                                  [&](const ledger::DecisionLine& line) -> Result<void> {
                                      lines.emplace_back(line.key, line);
                                      return {};
                                  })
                .ok());
    const auto rows = rows_of(sim);
    for (auto& [key, line] : lines) {
        line.key = key;
        std::int64_t factor = 1'000'000;
        for (const auto& row : rows) factor = row.seq < line.seq ? row.row.factor_ppm : factor;
        recorded += line.decision.usd.count_e8();
        want += 12 * e8 * factor / 1'000'000;
        REQUIRE(history.take(line).ok());
    }
    REQUIRE(history.finish(sim.now()).ok());
    CHECK(history.not_reproduced() == 0);
    CHECK(history.total().recorded.count_e8() == recorded);
    CHECK(history.total().again.count_e8() == want);
    CHECK(want > recorded);
}
