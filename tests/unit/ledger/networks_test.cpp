// Networks: debts in several assets, of which each has accounts of its own, and orchestrators that are moved between
// them.
#include <doctest/doctest.h>

#include "host/ledger/totals.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

constexpr std::int64_t usd_e8 = 100'000'000;
const std::string token = "0x" + std::string(40, 'a');

Network usdc(NetworkId id = 1) {
    return {.id = id, .chain_id = 42161, .token = token, .decimals = 6, .symbol = "USDC", .at = start_ns};
}

Orchestrator moved(OrchestratorId id, NetworkId network) {
    auto out = orchestrator(id).row;
    out.network = network;
    return out;
}

Payout on(NetworkId network, Payout row) {
    row.network = network;
    return row;
}
Slot on(NetworkId network, Slot row) {
    row.network = network;
    return row;
}

// Two orchestrators that are owed 6 * 10^15 wei each; then the first is moved to USDC, and is owed 12 of them.
struct Moved {
    TempFolder folder;
    std::unique_ptr<Ledger> ledger = must_open(folder / "ledger.db");
    Engine engine{*ledger, 2};

    explicit Moved(const char* units = "12000000") {
        Batch prices;
        prices.prices = {Price{.usd_per_eth_e8 = 2000 * usd_e8, .at = start_ns, .source = "fixed"}};
        engine.must_commit(prices);
        engine.run(1);
        Batch move;
        move.networks = {usdc()};
        move.changed = {moved(1, 1)};
        move.prices = {Price{.usd_per_eth_e8 = usd_e8, .at = start_ns, .source = "fixed", .network = 1}};
        engine.must_commit(move);
        auto second = engine.cycle();
        second.decisions[0].decision.wei = *Wei::parse(units);
        second.decisions[0].decision.usd = Usd::of_e8(12 * usd_e8);
        engine.must_commit(second);
    }
    void must(const Batch& batch) {
        const auto done = ledger->commit(batch);
        REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
    }
    void must(PayoutChanges changes) {
        Batch batch;
        batch.payouts = std::move(changes);
        must(batch);
    }
    // A part of the message of a refusal, after which the ledger is unchanged, and goes on.
    void refused(const Batch& batch, std::string_view part) {
        const auto before = *ledger->head();
        const auto done = ledger->commit(batch);
        REQUIRE(!done.ok());
        CHECK_MESSAGE(done.error().message.find(part) != std::string::npos, done.error().message);
        CHECK(*ledger->head() == before);
        CHECK(findings(*ledger).empty());
    }
    void refused(PayoutChanges changes, std::string_view part) {
        Batch batch;
        batch.payouts = std::move(changes);
        refused(batch, part);
    }
    [[nodiscard]] std::string owed(NetworkId network, OrchestratorId id) {
        const auto debts = ledger->debts({.network = network});
        REQUIRE(debts.ok());
        for (const auto& one : *debts) {
            if (one.orchestrator == id) return one.owed.text();
        }
        return "0";
    }
    // "owed under way paid" of a network, of all orchestrators.
    [[nodiscard]] std::string totals_of(NetworkId network) {
        const auto sums = totals(folder / "ledger.db", {.mode = Mode::live, .chain_id = 42161});
        REQUIRE_MESSAGE(sums.ok(), (sums.ok() ? "" : sums.error().message));
        for (const auto& one : *sums) {
            if (one.network.id == network) return cat(one.owed.text(), " ", one.under_way.text(), " ", one.paid.text());
        }
        return "none";
    }
    // How many entries the account has.
    [[nodiscard]] std::int64_t entries(const std::string& space, const std::string& name) {
        return number(folder / "ledger.db",
                      "SELECT count(*) FROM entry e JOIN account a ON a.id = e.account JOIN namespace n ON n.id = a.ns "
                      "WHERE n.name = '" +
                          space + "' AND a.name = '" + name + "'");
    }
};

const std::string coin_space = "live:42161";
const std::string token_space = "live:42161:" + token;

}  // namespace

TEST_CASE("an orchestrator that is moved is owed in each asset what was decided in it") {
    Moved it;
    CHECK(findings(*it.ledger).empty());
    CHECK(owed_to(*it.ledger, 1) == "12000000");
    CHECK(it.owed(0, 1) == "6000000000000000");
    CHECK(it.owed(1, 1) == "12000000");
    CHECK(it.owed(1, 2) == "0");
    CHECK(it.entries(coin_space, "expense:payout") == 2);
    CHECK(it.entries(token_space, "expense:payout") == 1);
    const auto balances = it.ledger->balances();
    REQUIRE(balances.ok());
    CHECK((*balances)[0].network == usdc());
    REQUIRE((*balances)[0].others.size() == 1);
    CHECK((*balances)[0].others[0].network.id == 0);
    CHECK((*balances)[0].others[0].owed.text() == "6000000000000000");
    CHECK((*balances)[1].others.empty());
    const auto networks = it.ledger->networks();
    REQUIRE(networks.ok());
    CHECK(networks->size() == 2);
    CHECK((*networks)[1] == usdc());
}

TEST_CASE("totals are of one namespace, and of the assets that it has") {
    Moved it;
    CHECK(it.totals_of(0) == "18000000000000000 0 0");
    CHECK(it.totals_of(1) == "12000000 0 0");
    CHECK(it.totals_of(2) == "none");
    const auto other = totals(it.folder / "ledger.db", {.mode = Mode::dry_run, .chain_id = 42161});
    REQUIRE(other.ok());
    CHECK(other->empty());
    CHECK_FALSE(totals(it.folder / "missing.db", {.mode = Mode::live, .chain_id = 42161}).ok());
    tamper(it.folder / "ledger.db", "UPDATE debt SET network = 9");
    const auto damaged = totals(it.folder / "ledger.db", {.mode = Mode::live, .chain_id = 42161});
    REQUIRE_FALSE(damaged.ok());
    CHECK(damaged.error().message.find("network 9 is damaged") != std::string::npos);
}

TEST_CASE("what is owed before a move is paid in the old asset, beside what is owed in the new one") {
    Moved it;
    it.must({.reserved = {payout(1, 1, "6000000000000000"), on(1, payout(2, 1, "12000000"))}});
    CHECK(it.totals_of(0) == "12000000000000000 6000000000000000 0");
    CHECK(it.totals_of(1) == "0 12000000 0");
    it.refused({.reserved = {on(1, payout(3, 1, "12000000"))}}, "payout 2 of it is not over");
    it.must({.slots = {slot(1, 7)}, .steps = {payout_step(1, PayoutState::bound, 1)}});
    it.refused({.slots = {on(1, slot(2, 7))}, .steps = {payout_step(2, PayoutState::bound, 2)}}, "the highest nonce");
    it.refused({.slots = {on(0, slot(2, 8))}, .steps = {payout_step(2, PayoutState::bound, 2)}}, "is of network 1");
    it.must({.slots = {on(1, slot(2, 8))}, .steps = {payout_step(2, PayoutState::bound, 2)}});
    it.must({.attempts = {attempt(1, 1), attempt(2, 2)}});
    it.must({.ends = {slot_end(1, 1), slot_end(2, 2)},
             .steps = {payout_step(1, PayoutState::paid, 1), payout_step(2, PayoutState::paid, 2)}});
    CHECK(findings(*it.ledger).empty());
    CHECK(it.owed(0, 1) == "0");
    CHECK(it.owed(1, 1) == "0");
    CHECK(it.totals_of(0) == "12000000000000000 0 6000000000000000");
    CHECK(it.totals_of(1) == "0 0 12000000");
    // Both fees are coins; of the token, one payment left the treasury.
    CHECK(it.entries(coin_space, "expense:gas") == 2);
    CHECK(it.entries(token_space, "expense:gas") == 0);
    CHECK(it.entries(token_space, "treasury:" + slot(2, 8).payer) == 1);
    CHECK(it.ledger->open_payouts(1)->last_slots == std::vector{on(1, slot(2, 8))});
}

TEST_CASE("a payout of the old asset that goes back is owed there, wherever its payee is now") {
    Moved it;
    it.must({.reserved = {payout(1, 1, "6000000000000000")}});
    CHECK(it.owed(0, 1) == "0");
    auto back = payout_step(1, PayoutState::returned);
    it.must({.steps = {back}});
    CHECK(it.owed(0, 1) == "6000000000000000");
    CHECK(owed_to(*it.ledger, 1) == "12000000");
    Batch home;
    home.changed = {moved(1, 0)};
    it.must(home);
    CHECK(owed_to(*it.ledger, 1) == "6000000000000000");
    CHECK(it.owed(1, 1) == "12000000");
    CHECK(findings(*it.ledger).empty());
    auto& engine = it.engine;
    engine.run(1);  // the epochs go on
    CHECK(owed_to(*it.ledger, 1) == "12000000000000000");
    CHECK(findings(*it.ledger).empty());
    // What pays both names the epoch between them.
    it.must({.reserved = {payout(2, 1, "12000000000000000")}});
    it.must({.slots = {slot(1, 7)}, .steps = {payout_step(2, PayoutState::bound, 1)}});
    it.must({.attempts = {attempt(1, 1)}});
    it.must({.ends = {slot_end(1, 1)}, .steps = {payout_step(2, PayoutState::paid, 1)}});
    std::string epochs;
    const auto facts = it.ledger->paid_by(2, [&](const AccountLine& line) -> Result<void> {
        if (line.decision != nullptr) epochs += cat(line.decision->epoch, " ");
        if (line.elsewhere != nullptr) {
            epochs += cat("(", line.elsewhere->first_epoch, "-", line.elsewhere->last_epoch, ") ");
        }
        return {};
    });
    REQUIRE(facts.ok());
    CHECK(epochs == "1 (2-2) 3 ");
}

TEST_CASE("a payout of one network has the rows that were owed on it") {
    Moved it;
    it.must({.reserved = {payout(1, 1, "6000000000000000"), on(1, payout(2, 1, "12000000"))}});
    it.must({.slots = {slot(1, 7), on(1, slot(2, 8))},
             .steps = {payout_step(1, PayoutState::bound, 1), payout_step(2, PayoutState::bound, 2)}});
    it.must({.attempts = {attempt(1, 1), attempt(2, 2)}});
    it.must({.ends = {slot_end(1, 1), slot_end(2, 2)},
             .steps = {payout_step(1, PayoutState::paid, 1), payout_step(2, PayoutState::paid, 2)}});
    for (const auto& [id, network, wei, rate] :
         {std::tuple{1, 0, "6000000000000000", 2000 * usd_e8}, std::tuple{2, 1, "12000000", usd_e8}}) {
        std::vector<std::string> amounts;
        std::optional<std::int64_t> last;
        const auto facts = it.ledger->paid_by(id, [&](const AccountLine& line) -> Result<void> {
            if (line.decision == nullptr) return {};
            amounts.push_back(line.decision->wei.text());
            last = line.usd_per_eth_e8;
            return {};
        });
        REQUIRE(facts.ok());
        CHECK((*facts)->network.id == network);
        CHECK(amounts == std::vector<std::string>{wei});
        CHECK(last == rate);
    }
}

TEST_CASE("what does not follow is refused") {
    Moved it;
    Batch batch;
    SUBCASE("a network that is recorded already") {
        batch.networks = {usdc(2)};
        it.refused(batch, "it is network 1 already");
    }
    SUBCASE("the coin of the ledger's chain, which is network 0") {
        batch.networks = {{.id = 2, .chain_id = 42161, .symbol = "ETH", .at = start_ns}};
        it.refused(batch, "it is network 0 already");
    }
    SUBCASE("an id that leaves a gap") {
        batch.networks = {usdc(3)};
        it.refused(batch, "want id 2");
    }
    SUBCASE("an orchestrator on a network that there is not") {
        batch.changed = {moved(2, 5)};
        it.refused(batch, "network 5");
    }
    SUBCASE("a price of one") {
        batch.prices = {Price{.usd_per_eth_e8 = usd_e8, .at = start_ns, .source = "fixed", .network = 5}};
        it.refused(batch, "network 5");
    }
    SUBCASE("a manual payment with the decimals of another asset") {
        batch.payments = {paid(1, "one", start_ns)};
        it.refused(batch, "got 18 decimals, want those of its network, 6");
    }
    SUBCASE("a token with more decimals than an amount can have") {
        auto wide = usdc(2);
        wide.token.back() = 'b';
        wide.decimals = 37;
        batch.networks = {wide};
        it.refused(batch, "decimals: got 37");
    }
}

TEST_CASE("the coin of another chain has accounts and nonces of its own") {
    Moved it;
    Batch batch;
    batch.networks = {{.id = 2, .chain_id = 10, .symbol = "ETH", .at = start_ns}};
    batch.changed = {moved(2, 2)};
    batch.prices = {Price{.usd_per_eth_e8 = 2000 * usd_e8, .at = start_ns, .source = "fixed", .network = 2}};
    it.must(batch);
    Batch cycle = it.engine.cycle();
    cycle.decisions.erase(cycle.decisions.begin());
    it.engine.must_commit(cycle);
    const auto owed = owed_to(*it.ledger, 2);
    CHECK(it.owed(2, 2) == owed);
    it.must({.reserved = {payout(1, 1, "6000000000000000"), on(2, payout(2, 2, owed.c_str()))}});
    // The same nonce of the same payer, on two chains.
    it.must({.slots = {slot(1, 7), on(2, slot(2, 7))},
             .steps = {payout_step(1, PayoutState::bound, 1), payout_step(2, PayoutState::bound, 2)}});
    it.must({.attempts = {attempt(1, 1), attempt(2, 2)}});
    it.must({.ends = {slot_end(1, 1), slot_end(2, 2)},
             .steps = {payout_step(1, PayoutState::paid, 1), payout_step(2, PayoutState::paid, 2)}});
    CHECK(it.entries("live:10", "expense:gas") == 1);
    CHECK(it.entries(coin_space, "expense:gas") == 1);
    CHECK(findings(*it.ledger).empty());
}

TEST_CASE("verify finds what was changed of networks") {
    const auto found = [](const std::string& sql, std::string_view part) {
        Moved it;
        it.ledger.reset();
        tamper(it.folder / "ledger.db", sql);
        const auto ledger = must_open(it.folder / "ledger.db", reader());
        const auto text = findings(*ledger);
        CHECK_MESSAGE(text.find(part) != std::string::npos, text);
    };
    found("UPDATE network SET decimals = 8", "network seq");
    found("UPDATE network SET symbol = 'USDT'", "network seq");
    found("DELETE FROM network_of", "network_of");
    found("UPDATE network_of SET network = 0", "network of orchestrator 1");
    found("UPDATE orchestrator SET network = 0 WHERE id = 1", "orchestrator 1");
    found("DELETE FROM debt", "debt of orchestrator 1 on network 0");
    found("UPDATE debt SET network = 1", "debt of orchestrator 1");
    found("UPDATE price SET usd_per_eth_e8 = 1 WHERE network = 1", "price");
    found("DELETE FROM price WHERE network = 1", "price");
    found("UPDATE namespace SET name = 'live:1' WHERE name = '" + token_space + "'", "network 1");
}

TEST_CASE("an amount of a token is what its dollars are worth by the token's rate and decimals") {
    CHECK(findings(*Moved("12000000").ledger).empty());
    CHECK(findings(*Moved("12000001").ledger).find("amount: got 12000001 wei for 12 USD, want 12000000") !=
          std::string::npos);
}
