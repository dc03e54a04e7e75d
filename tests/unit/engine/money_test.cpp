#include "host/engine/adjust.hpp"
#include "simulation.hpp"

using namespace engine_test;

TEST_CASE("a rate that is refused holds what is due, and a good one lets it go on") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.quote = [](auto now) {
        const bool wild = now >= start_of_time + 100 * second && now < start_of_time + 400 * second;
        return Quote{(wild ? 5000 : 2000) * e8, now, 0, "test"};
    };
    sim.run_for(700 * second);
    CHECK(sim.raised("price") == 1);
    CHECK(!sim.engine().alerts().active("price"));
    CHECK(!sim.holds.empty());
    for (const auto& line : sim.decisions) CHECK(line.decision.wei.text() == "6000000000000000");
    CHECK(sim.of("o1").back().decision.consecutive_failures == 0);
    sim.check_ledger();
}

TEST_CASE("a source that does not answer is borne until the last rate is too old") {
    Simulation sim;
    Setup setup;
    setup.price.max_age_ns = 300 * second;
    REQUIRE(sim.install(setup, payees(1)).ok());
    sim.quote = [](auto now) -> Result<Quote> {
        if (now > start_of_time + 30 * second) return fail(STIPEND_E_UNAVAILABLE, "no answer");
        return Quote{2000 * e8, now, 0, "test"};
    };
    sim.run_for(600 * second);
    CHECK(sim.decisions.size() == 5);
    CHECK(sim.holds.size() >= 4);
    CHECK(sim.raised("price") == 1);
}

TEST_CASE("rates of 0, below 0, out of bounds, too old or of the future are refused") {
    PriceGate gate({dollars(100), dollars(100'000), 2'000'000, 3600 * second});
    const auto offer = [&](std::int64_t rate, std::int64_t age = 0) {
        return gate.offer({rate, start_of_time - age, 0, "s"}, start_of_time);
    };
    CHECK(!offer(0).ok());
    CHECK(!offer(-1).ok());
    CHECK(!offer(99 * e8).ok());
    CHECK(!offer(100'001 * e8).ok());
    CHECK(!offer(2000 * e8, 3601 * second).ok());
    CHECK(!offer(2000 * e8, -120 * second).ok());
    CHECK(!gate.rate(start_of_time).has_value());
    CHECK(offer(2000 * e8).ok());
    CHECK(*gate.rate(start_of_time) == 2000 * e8);
    CHECK(offer(4000 * e8).ok());
    CHECK(!offer(8000 * e8 + 1).ok());
    CHECK(!gate.rate(start_of_time).has_value());
    CHECK(offer(2000 * e8).ok());
    CHECK(!offer(1000 * e8 - 1).ok());
    CHECK(*rate_e8(20005, -1) == 2000'50000000);
    CHECK(*rate_e8(2, 3) == 2000 * e8);
    CHECK(!rate_e8(INT64_MAX, 1).ok());
}

TEST_CASE("a rate has 8 digits behind the point, whatever the exponent of the quote") {
    CHECK(*rate_e8(2000, 0) == 2000 * e8);
    CHECK(*rate_e8(20, 2) == 2000 * e8);
    CHECK(*rate_e8(2000 * e8, -8) == 2000 * e8);
    CHECK(*rate_e8(2'000'123'456'789, -9) == 200'012'345'678);  // rounded down
    CHECK(*rate_e8(20'001'234'567'891, -10) == 200'012'345'678);
    CHECK(*rate_e8(200'012'345'678'912, -11) == 200'012'345'678);
    CHECK(*rate_e8(7, -40) == 0);
    CHECK(*rate_e8(0, 300) == 0);
    CHECK(rate_e8(1, 11).error().status == STIPEND_E_LIMIT);
}

TEST_CASE("the limit of a day for one orchestrator holds before a debt exists") {
    Simulation sim;
    Setup setup;
    setup.limits.per_orchestrator_day = Usd::of_e8(50 * e8);
    REQUIRE(sim.install(setup, payees(2)).ok());
    sim.run_for(600 * second);
    CHECK(sim.of("o1").size() == 4);  // 4 x 12 USD
    CHECK(sim.raised("limit:o1") == 1);
    const auto balances = sim.ledger().balances();
    REQUIRE(balances.ok());
    CHECK((*balances)[0].owed.text() == "24000000000000000");
    // The count of the day is durable.
    sim.restart(second);
    REQUIRE(sim.install(setup, payees(2)).ok());
    sim.run_for(600 * second);
    CHECK(sim.of("o1").size() == 4);
    // Another day, another count.
    sim.run_for(86400 * second);
    CHECK(sim.of("o1").size() > 4);
    sim.check_ledger();
}

TEST_CASE("the limit of a day for all holds before a debt exists") {
    Simulation sim;
    Setup setup;
    setup.limits.per_day = Usd::of_e8(100 * e8);
    REQUIRE(sim.install(setup, payees(3)).ok());
    sim.run_for(600 * second);
    CHECK(sim.decisions.size() == 8);
    CHECK(sim.raised("limit") == 1);
    sim.restart(second);
    REQUIRE(sim.install(setup, payees(3)).ok());
    sim.run_for(600 * second);
    CHECK(sim.decisions.size() == 8);
}

TEST_CASE("a limit that is reached is reported once on each day, and resolved with the day or with new terms") {
    Simulation sim;
    Setup setup;
    setup.limits.per_day = Usd::of_e8(100 * e8);
    REQUIRE(sim.install(setup, payees(3)).ok());
    for (int day = 1; day <= 3; ++day) {
        sim.run_until((start_of_time / ns_per_day + day) * ns_per_day - second);
        CHECK(sim.raised("limit") == day);
        CHECK(sim.active("limit"));
        sim.run_for(120 * second);
        CHECK_FALSE(sim.active("limit"));
    }
    sim.run_for(3600 * second);
    REQUIRE(sim.active("limit"));
    setup.limits.per_day = Usd::of_e8(1'000'000 * e8);
    REQUIRE(sim.install(setup).ok());
    sim.run_for(600 * second);
    CHECK_FALSE(sim.active("limit"));
    CHECK(sim.raised("limit") == 4);
    sim.check_ledger();
}

TEST_CASE("an orchestrator whose policy states no bounds is held with the reason") {
    Simulation sim;
    Setup setup;
    setup.base_usd_e8 = INT64_MAX;  // 1.2 times as much is no amount, a tenth of it is
    sim.answer = [](const auto&, const auto&, auto) { return std::pair{good("10"), second}; };
    REQUIRE(sim.install(setup, payees(1)).ok());
    sim.run_for(30 * second);
    CHECK(sim.decisions.empty());
    REQUIRE(sim.holds.size() == 1);
    REQUIRE(sim.raised("policy:o1") == 1);
    const auto alert = std::ranges::find(sim.alerts, "policy:o1", &Alert::id);
    CHECK(alert->text.starts_with("o1 is held: the policy left its own bounds: org.stipend.payment: got "));
    sim.check_ledger();
}

TEST_CASE("alerts of an orchestrator go with it") {
    Simulation sim;
    Setup setup;
    setup.limits.per_orchestrator_day = Usd::of_e8(20 * e8);
    REQUIRE(sim.install(setup, payees(2)).ok());
    sim.run_for(600 * second);
    REQUIRE(sim.active("limit:o2"));
    REQUIRE(sim.install(setup, payees(1)).ok());
    CHECK_FALSE(sim.active("limit:o2"));
    CHECK(sim.active("limit:o1"));
}

TEST_CASE("a ledger that is busy delays a decision, and each time is reported once and resolved when it is free") {
    Simulation sim;
    sim.hindrance = [](auto now) -> Result<void> {
        const auto minute = (now - start_of_time) / (60 * second);
        if (minute == 2 || minute == 6) return fail(STIPEND_E_BUSY, "another program holds the database");
        return {};
    };
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.run_for(150 * second);
    CHECK(sim.active("ledger-busy"));
    sim.run_for(450 * second);
    CHECK(sim.raised("ledger-busy") == 2);
    CHECK_FALSE(sim.active("ledger-busy"));
    for (const auto* key : {"o1", "o2"}) {
        const auto lines = sim.of(key);
        REQUIRE(lines.size() >= 9);
        for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i].decision.epoch == i + 1);
        CHECK(lines.back().decision.consecutive_failures == 0);
    }
    sim.check_ledger();
}

TEST_CASE("without a host the terms are those of the configuration, and the last rate while it counts") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.run_for(30 * second);
    config::Settings settings;
    settings.payment.interval_ns = 60 * second;
    settings.payment.base = Usd::of_e8(10 * e8);
    settings.network.price.max_age_ns = 3600 * second;
    settings.network.price.min = Usd::of_e8(100 * e8);
    settings.network.price.max = Usd::of_e8(100'000 * e8);
    settings.network.price.max_step_ppm = 2'000'000;
    settings.orchestrators.resize(2);
    settings.orchestrators[0].id = "o1";
    settings.orchestrators[0].base = Usd::of_e8(7 * e8);
    settings.orchestrators[1].id = "o2";
    const auto of = [&](const char* key, std::int64_t later_ns = 0) {
        return terms_without_host(sim.ledger(), settings, key, sim.now() + later_ns);
    };
    const auto first = of("o1");
    REQUIRE(first.ok());
    CHECK(first->orchestrator == 1);
    CHECK(first->interval_ns == 60 * second);
    CHECK(first->base == Usd::of_e8(7 * e8));
    CHECK(first->usd_per_eth_e8 == 2000 * e8);
    CHECK(of("o2")->orchestrator == 2);
    CHECK(of("o2")->base == Usd::of_e8(10 * e8));
    CHECK(!of("o1", 3601 * second)->usd_per_eth_e8);
    CHECK(of("o3").error().message == "no such orchestrator: o3");
}
