#include "host/engine/explain.hpp"

#include "host/base/time.hpp"
#include "host/engine/own_terms.hpp"
#include "simulation.hpp"
#include "stipend/json_parse.hpp"

using namespace engine_test;

namespace {

// As a plan writes it.
std::shared_ptr<Generation> generation_of(Simulation& sim, const Setup& setup) {
    auto out = sim.generation(setup);
    out->row.terms = cat("{\"interval_ns\":", setup.interval_ns, ",\"base_usd_e8\":", setup.base_usd_e8,
                         ",\"asset\":\"ETH\",\"decimals\":18}");
    return out;
}

void install(Simulation& sim, const Setup& setup, int count = 1) {
    REQUIRE(sim.engine().install({generation_of(sim, setup), payees(count), {}}, sim.now()).ok());
    sim.engine().tick(sim.now());
}

void run_until_epoch(Simulation& sim, std::size_t epoch) {
    while (sim.of("o1").size() < epoch) sim.run_for(second);
}

PolicySource of_payment() {
    return [](const ledger::Generation&, const std::string& config, const stipend_terms& terms) -> Result<PolicyInUse> {
        return PolicyInUse{.policy = make_policy(config, terms), .so_sha256 = "00"};
    };
}

std::optional<PresentTerms> no_terms(const std::string&) {
    return std::nullopt;
}

std::optional<Explained> explained(Simulation& sim, const ledger::DecisionQuery& query,
                                   const TermsSource& present = no_terms, const PolicySource& from = of_payment()) {
    auto out = explain(sim.ledger(), query, from, present);
    REQUIRE_MESSAGE(out.ok(), (out.ok() ? "" : out.error().message));
    return std::move(out).value();
}

Explained of_epoch(Simulation& sim, std::uint64_t epoch, const TermsSource& present = no_terms) {
    auto out = explained(sim, {.orchestrator = "o1", .epoch = epoch}, present);
    REQUIRE(out.has_value());
    return std::move(*out);
}

// "tier.from_ppm"
std::string at(const Json& json, std::string_view path) {
    const Json* here = &json;
    while (here != nullptr && !path.empty()) {
        const auto dot = path.find('.');
        here = here->find(path.substr(0, dot));
        path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    }
    REQUIRE_MESSAGE(here != nullptr, path);
    return here->is(Json::Kind::null) ? "null" : here->text();
}

}  // namespace

TEST_CASE("an explanation has each step from the uptime to the smallest unit") {
    Simulation sim;
    sim.quote = [](stipend_unix_ns now) { return Result<Quote>(Quote{3000 * e8, now - 5 * second, 0, "test"}); };
    sim.answer = [](const auto&, const auto&, auto) { return std::pair{good("79.9999"), second / 10}; };
    install(sim, {});
    run_until_epoch(sim, 1);
    const auto one = of_epoch(sim, 1);
    CHECK(one.same);
    CHECK(one.recomputed);
    const auto& json = one.json;
    CHECK(at(json, "uptime_ppm") == "799999");
    CHECK(at(json, "coverage_ppm") == "0");
    CHECK(at(json, "tier.tier") == "warning");
    CHECK(at(json, "tier.from_ppm") == "600000");
    CHECK(at(json, "tier.to_ppm") == "799999");
    CHECK(at(json, "tier.delay_seconds") == "30");
    CHECK(at(json, "multiplier") == "0.7");
    CHECK(at(json, "amount_usd") == "7");
    // 7 USD until the next check in 90 s.
    CHECK(at(json, "seconds_until_next") == "90");
    CHECK(at(json, "usd_per_minute") == "4.66666666");
    CHECK(at(json, "rate.usd_per_unit") == "3000");
    CHECK(at(json, "rate.source") == "test");
    // 7 x 10^18 / 3000 = 2333333333333333.33...
    CHECK(at(json, "conversion.amount_wei") == "2333333333333333");
    CHECK(at(json, "conversion.cut_off") == "0.333333");
    CHECK(at(json, "penalty.failures") == "0");
    CHECK(at(json, "recomputed.state_before") == "stored");
    CHECK(at(json, "recomputed.row_is_of_the_chain") == "true");
    CHECK(at(json, "payout") == "null");
}

TEST_CASE("failures, their penalty and a suspension are computed again from the states that the ledger has") {
    Simulation sim;
    install(sim, {});
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch >= 2 && job.epoch <= 6 ? bad() : good("100"), second / 10};
    };
    run_until_epoch(sim, 7);
    for (std::uint64_t epoch = 1; epoch <= 7; ++epoch) {
        CAPTURE(epoch);
        CHECK(of_epoch(sim, epoch).same);
    }
    CHECK(at(of_epoch(sim, 1).json, "recomputed.state_before") == "decided again");
    // The second in a row: 60 s x 2^2.
    const auto second_failure = of_epoch(sim, 3).json;
    CHECK(at(second_failure, "job") == "failed");
    CHECK(at(second_failure, "uptime_ppm") == "null");
    CHECK(at(second_failure, "tier.tier") == "offline");
    CHECK(at(second_failure, "tier.to_ppm") == "0");
    CHECK(at(second_failure, "penalty.failures_before") == "1");
    CHECK(at(second_failure, "penalty.failures") == "2");
    CHECK(at(second_failure, "penalty.seconds") == "240");
    CHECK(at(second_failure, "penalty.intervals") == "4");
    CHECK(at(second_failure, "amount_usd") == "0");
    CHECK(at(second_failure, "recomputed.state_before") == "stored");
    CHECK(at(of_epoch(sim, 6).json, "penalty.suspended") == "true");
    const auto recovered = of_epoch(sim, 7).json;
    CHECK(at(recovered, "amount_usd") == "12");
    CHECK(at(recovered, "penalty.failures_before") == "5");
}

TEST_CASE("a decision is found by its place, its epoch, or a time in its period") {
    Simulation sim;
    install(sim, {}, 2);
    run_until_epoch(sim, 3);
    const auto lines = sim.of("o1");
    const auto third = of_epoch(sim, 3).json;
    const auto seq = std::stoll(at(third, "decision"));
    CHECK(explained(sim, {.seq = seq})->json.dump() == third.dump());
    CHECK(explained(sim, {.seq = seq, .orchestrator = "o1"}).has_value());
    CHECK(!explained(sim, {.seq = seq, .orchestrator = "o2"}).has_value());
    const auto& period = lines[2].decision;
    CHECK(explained(sim, {.orchestrator = "o1", .at = period.period_from})->json.dump() == third.dump());
    CHECK(explained(sim, {.orchestrator = "o1", .at = floor_ms(period.period_from)})->json.dump() == third.dump());
    CHECK(explained(sim, {.orchestrator = "o1", .at = floor_ms(period.decided_at) - 1})->json.dump() == third.dump());
    CHECK(!explained(sim, {.orchestrator = "o1", .at = period.decided_at}).has_value());
    CHECK(!explained(sim, {.orchestrator = "o1", .at = start_of_time - second * 3600}).has_value());
    CHECK(!explained(sim, {.orchestrator = "o1", .epoch = 4}).has_value());
    CHECK(!explained(sim, {.orchestrator = "o3", .epoch = 1}).has_value());
    CHECK(!explained(sim, {.seq = 1}).has_value());  // a row of the chain that is no decision
}

TEST_CASE("what the very evidence does not give is said, field by field") {
    Simulation sim;
    install(sim, {});
    run_until_epoch(sim, 2);
    const PolicySource other = [](const ledger::Generation&, const std::string&,
                                  const stipend_terms& terms) -> Result<PolicyInUse> {
        return PolicyInUse{.policy = make_policy(R"({"table":"flat-95"})", terms), .so_sha256 = "01"};
    };
    const auto differs = explained(sim, {.orchestrator = "o1", .epoch = 2}, no_terms, other);
    REQUIRE(differs.has_value());
    CHECK(!differs->same);
    CHECK(differs->recomputed);
    std::string fields;
    for (const auto& one : differs->json.find("recomputed")->find("differences")->items()) {
        fields += cat(at(one, "field"), " ", at(one, "recorded"), " ", at(one, "recomputed"), "\n");
    }
    CHECK(fields ==
          "tier excellent paid\nmultiplier_ppm 1200000 1000000\namount_usd 12 10\n"
          "amount_wei 6000000000000000 5000000000000000\n");
    const PolicySource none = [](const ledger::Generation&, const std::string&,
                                 const stipend_terms&) -> Result<PolicyInUse> {
        return fail(STIPEND_E_UNAVAILABLE, "the code is not here");
    };
    const auto unknown = explained(sim, {.orchestrator = "o1", .epoch = 2}, no_terms, none);
    CHECK(!unknown->same);
    CHECK(!unknown->recomputed);
    CHECK(at(unknown->json, "recomputed.error") == "the code is not here");
    CHECK(at(unknown->json, "amount_usd") == "12");
}

TEST_CASE("an orchestrator with terms of its own is explained by those, where they give what is recorded") {
    Simulation sim;
    auto generation = generation_of(sim, {});
    REQUIRE(
        sim.engine().install({generation, payees(1), {{.base = Usd::of_e8(25 * e8), .policy = 0}}}, sim.now()).ok());
    sim.engine().tick(sim.now());
    run_until_epoch(sim, 1);
    CHECK(!of_epoch(sim, 1).same);
    const auto by_own = of_epoch(
        sim, 1, [](const std::string&) { return PresentTerms{.base = Usd::of_e8(25 * e8), .config_json = "{}"}; });
    CHECK(by_own.same);
    CHECK(at(by_own.json, "generation.base_usd") == "25");
    CHECK(at(by_own.json, "generation.terms_from") == "present configuration");
    CHECK(at(by_own.json, "amount_usd") == "30");
    const auto by_wrong = of_epoch(
        sim, 1, [](const std::string&) { return PresentTerms{.base = Usd::of_e8(26 * e8), .config_json = "{}"}; });
    CHECK(!by_wrong.same);
    CHECK(at(by_wrong.json, "generation.terms_from") == "ledger");
}

TEST_CASE("a pardon and an adjustment that touch a decision are part of its explanation") {
    Simulation sim;
    install(sim, {});
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch == 2 ? bad() : good("100"), second / 10};
    };
    run_until_epoch(sim, 2);
    const auto failed = sim.of("o1")[1].decision;
    ledger::Batch batch;
    batch.adjustments = {{.key = "a",
                          .orchestrator = 1,
                          .from = failed.period_from,
                          .to = failed.decided_at,
                          .usd = Usd::of_e8(5 * e8),
                          .reason = "ours",
                          .by = "me",
                          .at = sim.now()}};
    REQUIRE(sim.ledger().commit(batch).ok());
    const auto one = of_epoch(sim, 2);
    CHECK(one.same);
    const auto& rows = one.json.find("corrections")->items();
    REQUIRE(rows.size() == 1);
    CHECK(at(rows[0], "amount_usd") == "5");
    CHECK(at(rows[0], "reason") == "ours");
    CHECK(of_epoch(sim, 1).json.find("corrections")->items().empty());
}

TEST_CASE("terms of their own are in the row of a generation, by groups, and newcomers are one") {
    Generation generation;
    generation.common = {Usd::of_e8(10 * e8), 0};
    generation.policy_configs = {"{}", R"({"table":"flat-95"})"};
    const PayeeTerms dear{Usd::of_e8(25 * e8), 0};
    const PayeeTerms other{Usd::of_e8(10 * e8), 1};
    const std::vector<PayeeTerms> own{dear, generation.common, other, dear, other};
    const auto members = own_terms_members(generation, payees(5), own, {"o5"});
    CHECK(
        members ==
        R"(,"own":[{"base_usd_e8":1000000000,"config":"{\"table\":\"flat-95\"}","orchestrators":["o3"],"registered":true},)"
        R"({"base_usd_e8":2500000000,"config":"{}","orchestrators":["o1","o4"],"registered":false}])");
    const auto terms = *parse_json("{\"interval_ns\":1" + members + "}");
    CHECK(own_terms_of(terms, "o1").size() == 1);
    CHECK(own_terms_of(terms, "o1")[0].base.text() == "25");
    CHECK(own_terms_of(terms, "o3")[0].config_json == R"({"table":"flat-95"})");
    // One that is not listed may be a newcomer.
    CHECK(own_terms_of(terms, "o7")[0].config_json == R"({"table":"flat-95"})");
    CHECK(own_terms_of(*parse_json("{}"), "o1").empty());
    // A further newcomer changes nothing.
    auto more = own;
    more.push_back(other);
    CHECK(own_terms_members(generation, payees(6), more, {"o5", "o6"}) == members);
    CHECK(own_terms_members(generation, payees(5), {}, {}).empty());
    CHECK(own_terms_members(generation, payees(2), {generation.common, generation.common}, {}).empty());
    std::vector<PayeeTerms> many(100'000, dear);
    const auto hash = own_terms_members(generation, payees(100'000), many, {});
    CHECK(hash.starts_with(",\"own_keccak256\":\""));
    CHECK(hash.size() < 100);

    // And decide again without a configuration.
    Simulation sim;
    auto row = generation_of(sim, {});
    row->row.terms.insert(row->row.terms.size() - 1, own_terms_members(generation, payees(1), {dear}, {}));
    REQUIRE(sim.engine().install({row, payees(1), {dear}}, sim.now()).ok());
    sim.engine().tick(sim.now());
    run_until_epoch(sim, 1);
    const auto one = of_epoch(sim, 1);
    CHECK(one.same);
    CHECK(at(one.json, "generation.base_usd") == "25");
    CHECK(at(one.json, "generation.terms_from") == "ledger");
}

TEST_CASE("the services that an answer named are explained with the time of its window that they were not up") {
    Simulation sim;
    std::uint32_t window_s = 60;
    std::string reason = "services below 100 %: avatar 43.2 %, \"a, b\" 97 %, 3 more";
    sim.answer = [&](const auto&, const auto&, auto) {
        auto result = good("70.1");
        result.reason = reason;
        result.evidence.window_s = window_s;
        return std::pair{std::move(result), second / 10};
    };
    install(sim, {});
    run_until_epoch(sim, 1);
    auto one = of_epoch(sim, 1);
    CHECK(one.same);  // they are no part of the sum
    CHECK(at(one.json, "reason") == "uptime 70.1 %: " + reason);
    CHECK(one.json.find("services")->dump() == R"([{"service":"avatar","uptime_ppm":432000,"not_up_seconds":"34.08"},)"
                                               R"({"service":"a, b","uptime_ppm":970000,"not_up_seconds":"1.8"}])");
    CHECK(at(one.json, "services_left_out") == "3");
    // For how long is not known where the answer does not say how long it is about.
    window_s = 0;
    run_until_epoch(sim, 2);
    one = of_epoch(sim, 2);
    CHECK(one.json.find("services")->items().front().find("not_up_seconds")->is(Json::Kind::null));
    // Other words, and words of a failed job, which may quote an answer, name none.
    reason = "slow";
    run_until_epoch(sim, 3);
    CHECK(of_epoch(sim, 3).json.find("services")->items().empty());
    sim.answer = [](const auto&, const auto&, auto) {
        return std::pair{bad("status 500: services below 100 %: avatar 43.2 %"), second / 10};
    };
    run_until_epoch(sim, 4);
    one = of_epoch(sim, 4);
    CHECK(at(one.json, "job") == "failed");
    CHECK(one.json.find("services")->items().empty());
    CHECK(at(one.json, "services_left_out") == "0");
}
