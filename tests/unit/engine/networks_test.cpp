// Payees on several networks: each is owed in the asset of its own, at the rate of that.
#include "simulation.hpp"

using namespace engine_test;

namespace {

constexpr std::uint64_t ledger_chain = 42161;

// The coin of the ledger's chain at 2000 USD, and a token of six decimals at 1 USD.
Setup coin_and_token() {
    Setup out;
    out.networks.front().row.chain_id = ledger_chain;
    out.networks.push_back({.name = "usdc",
                            .row = {.chain_id = ledger_chain,
                                    .token = "0x1111111111111111111111111111111111111111",
                                    .decimals = 6,
                                    .symbol = "USDC"},
                            .price = {.min = Usd::of_e8(e8 / 2),
                                      .max = Usd::of_e8(2 * e8),
                                      .max_step_ppm = 2'000'000,
                                      .max_age_ns = 3600 * second,
                                      .asset = "USDC",
                                      .network = " of usdc"},
                            .price_every_ns = 60 * second});
    return out;
}

void quote_both(Simulation& sim) {
    sim.quote_of = [](std::size_t network, stipend_unix_ns now) -> Result<Quote> {
        return Quote{(network == 0 ? 2000 : 1) * e8, now, 0, "test"};
    };
}

}  // namespace

TEST_CASE("each payee is owed in the asset of its network, at its rate") {
    Simulation sim;
    quote_both(sim);
    REQUIRE(sim.install(coin_and_token(), payees(2), {0, 1}).ok());
    sim.run_for(130 * second);
    REQUIRE((!sim.of("o1").empty() && !sim.of("o2").empty()));
    for (const auto& line : sim.of("o1")) CHECK(line.decision.wei.text() == "6000000000000000");  // 12 USD
    for (const auto& line : sim.of("o2")) CHECK(line.decision.wei.text() == "12000000");
    CHECK(sim.engine().networks().find(1)->terms.row.symbol == "USDC");
    sim.check_ledger();
}

TEST_CASE("one that is moved goes on with its periods, and what it was owed stays") {
    Simulation sim;
    quote_both(sim);
    REQUIRE(sim.install(coin_and_token(), payees(2), {0, 0}).ok());
    sim.run_for(130 * second);
    const auto before = sim.of("o2").size();
    REQUIRE(sim.install(coin_and_token(), payees(2), {0, 1}).ok());
    sim.run_for(120 * second);
    sim.restart(second);
    REQUIRE(sim.install(coin_and_token(), payees(2), {0, 1}).ok());
    sim.run_for(120 * second);
    const auto lines = sim.of("o2");
    REQUIRE(lines.size() >= before + 3);
    std::uint64_t epoch = 0;
    for (std::size_t at = 0; at < lines.size(); ++at) {
        CHECK(lines[at].decision.epoch == ++epoch);
        CHECK(lines[at].decision.wei.text() == (at < before ? "6000000000000000" : "12000000"));
    }
    for (const auto& line : sim.of("o1")) CHECK(line.decision.wei.text() == "6000000000000000");
    const auto balances = sim.ledger().balances();
    REQUIRE(balances.ok());
    const auto& moved = balances->at(1);
    CHECK(moved.network.symbol == "USDC");
    CHECK(moved.owed.text() == std::to_string(12'000'000 * (lines.size() - before)));
    REQUIRE(moved.others.size() == 1);
    CHECK(moved.others.front().owed.text() == std::to_string(6'000'000'000'000'000 * before));
    sim.check_ledger();
}

TEST_CASE("a rate that is missing holds those of its network, and no others") {
    Simulation sim;
    sim.quote_of = [](std::size_t network, stipend_unix_ns now) -> Result<Quote> {
        return Quote{(network == 0 ? 2000 : 3) * e8, now, 0, "test"};
    };
    REQUIRE(sim.install(coin_and_token(), payees(2), {0, 1}).ok());
    sim.run_for(130 * second);
    CHECK(sim.of("o1").size() == 3);
    CHECK(sim.of("o2").empty());
    CHECK((sim.active("price:usdc") && !sim.active("price")));
    const auto raised = std::ranges::find(sim.alerts, "price:usdc", &Alert::id);
    REQUIRE(raised != sim.alerts.end());
    CHECK(raised->text ==
          "usdc: payments are on hold: no valid exchange rate: rate refused: got 3 USD per USDC from test, want 0.5 "
          ".. 2 "
          "(price.min, price.max) of usdc");
    quote_both(sim);
    sim.run_for(130 * second);
    CHECK(!sim.active("price:usdc"));
    CHECK(!sim.of("o2").empty());
    sim.check_ledger();
}

TEST_CASE("the rate of each network is known after a restart") {
    Simulation sim;
    quote_both(sim);
    REQUIRE(sim.install(coin_and_token(), payees(2), {0, 1}).ok());
    sim.run_for(70 * second);
    sim.quote_of = [](std::size_t, stipend_unix_ns) -> Result<Quote> { return fail(STIPEND_E_UNAVAILABLE, "none"); };
    sim.restart(second);
    REQUIRE(sim.install(coin_and_token(), payees(2), {0, 1}).ok());
    sim.run_for(second);
    CHECK(sim.engine().networks().rate(0, sim.now()) == 2000 * e8);
    CHECK(sim.engine().networks().rate(1, sim.now()) == e8);
}

TEST_CASE("another symbol or other decimals than are recorded are refused, and nothing changes") {
    Simulation sim;
    quote_both(sim);
    REQUIRE(sim.install(coin_and_token(), payees(1), {1}).ok());
    sim.run_for(second);
    sim.restart(second);
    auto other = coin_and_token();
    other.networks.back().row.decimals = 18;
    const auto refused = sim.install(other, payees(1), {1});
    REQUIRE(!refused.ok());
    CHECK(refused.error().message ==
          "networks: usdc: asset: got USDC with 18 decimals for 0x1111111111111111111111111111111111111111, want what "
          "the ledger has recorded of it, USDC with 6 decimals: these never change");
    REQUIRE(sim.install(coin_and_token(), payees(1), {1}).ok());
    sim.run_for(70 * second);
    CHECK(sim.of("o1").back().decision.wei.text() == "12000000");
}
