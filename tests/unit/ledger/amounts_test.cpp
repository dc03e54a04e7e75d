// What a decision owes in wei is what its dollars were worth at the price that the chain has for it.
#include <doctest/doctest.h>

#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

Price price(std::int64_t usd) {
    return {.usd_per_eth_e8 = usd * e8, .at = start_ns, .source = "fixed"};
}

// A ledger of one orchestrator whose generation says, or does not say, that the host computes amounts.
class Payer {
  public:
    explicit Payer(bool by_host) : ledger_(must_open(folder_ / "ledger.db")), engine_(*ledger_, 1) {
        Batch batch;
        batch.generations.push_back(generation(2));
        if (by_host) batch.generations.back().terms = cat("{\"base_usd_e8\":10", amounts_by_host, "}");
        engine_.must_commit(batch);
    }
    void pay(std::int64_t usd_e8, const char* wei, std::optional<Price> rate = {}) {
        Batch batch;
        if (rate) batch.prices.push_back(std::move(*rate));
        batch.decisions.push_back(next_decision(1, engine_.state(1)));
        auto& [row, after] = batch.decisions.back();
        row.generation = after.generation = after.memory_generation = 2;
        row.usd = Usd::of_e8(usd_e8);
        row.wei = *Wei::parse(wei);
        engine_.must_commit(batch);
    }
    void quote(const Price& rate) {
        Batch batch;
        batch.prices.push_back(rate);
        engine_.must_commit(batch);
    }
    [[nodiscard]] std::string report() { return findings(*ledger_); }

  private:
    TempFolder folder_;
    std::unique_ptr<Ledger> ledger_;
    Engine engine_;
};

}  // namespace

TEST_CASE("amounts: the price of a transaction and of earlier ones converts its decisions, to the last wei") {
    Payer payer(true);
    payer.pay(12 * e8, "6000000000000000", price(2000));
    payer.pay(12 * e8, "6000000000000000");
    payer.pay(7 * e8, "2333333333333333", price(3000));
    payer.quote(price(2500));
    payer.pay(1, "4000000");
    CHECK(payer.report().empty());
}

TEST_CASE("amounts: one wei too many or too few is found, and an amount at the price before the last one") {
    for (const char* wei :
         {"2333333333333334", "2333333333333332", "3500000000000000", "0", "309000000000000000000000000"}) {
        Payer payer(true);
        payer.pay(12 * e8, "6000000000000000", price(2000));
        payer.pay(7 * e8, wei, price(3000));
        CHECK(payer.report() == cat("decision seq 8 (orch-1, epoch 2): amount: got ", wei,
                                    " wei for 7 USD, want 2333333333333333 at 3000 USD per ETH\n"));
    }
    Payer unpriced(true);
    unpriced.pay(12 * e8, "6000000000000000");
    CHECK(unpriced.report() ==
          "decision seq 5 (orch-1, epoch 1): amount: got 6000000000000000 wei for 12 USD, want a price before it\n");
}

TEST_CASE(
    "amounts: of an earlier host they may differ by the rounding of the dollars, and their price may come after them") {
    Payer payer(false);
    payer.pay(8'57142857, "4285714285714285");  // 60/7 USD, each rounded down by itself
    payer.quote(price(2000));
    payer.pay(12 * e8, "4800000000000000");
    payer.quote(price(2500));
    CHECK(payer.report().empty());
}

TEST_CASE("amounts: of an earlier host one that no price explains is found") {
    Payer payer(false);
    payer.quote(price(2000));
    payer.pay(8'57142857, "4285714290000001");
    payer.pay(12 * e8, "309000000000000000000000000");
    CHECK(payer.report() ==
          "decision seq 6 (orch-1, epoch 1): amount: got 4285714290000001 wei for 8.57142857 USD, want "
          "4285714285000000 at 2000 USD per ETH\n"
          "decision seq 7 (orch-1, epoch 2): amount: got 309000000000000000000000000 wei for 12 USD, want "
          "6000000000000000 at 2000 USD per ETH\n");
}
