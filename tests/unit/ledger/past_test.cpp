// What the ledger was at an earlier time, compared with what it said then; and the history of one orchestrator.
#include <doctest/doctest.h>

#include <map>

#include "host/ledger/history.hpp"
#include "host/ledger/past.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

constexpr std::int64_t per_usd = 100'000'000;
const Namespace ns{.mode = Mode::live, .chain_id = 42161};

std::string standings_of(const Past& past) {
    std::string out;
    for (const auto& one : past.standings) {
        out += cat(one.key, " epoch ", one.last ? one.last->epoch : 0);
        for (const auto& amounts : one.amounts) {
            out += cat(", ", amounts.network, ": ", amounts.owed.text(), " ", amounts.under_way.text(), " ",
                       amounts.paid.text());
        }
        out += "\n";
    }
    return out;
}

// A life of two orchestrators: decisions, a bonus, an adjustment, a move to another asset, payouts that are paid and
// returned. After each step, what the ledger says of all that was ever owed is kept.
struct Life {
    TempFolder folder;
    std::filesystem::path file = folder / "ledger.db";
    std::unique_ptr<Ledger> ledger = must_open(file);
    Engine engine{*ledger, 2};
    std::map<stipend_unix_ns, std::string> seen;
    // Of what is under way and paid, by orchestrator and network, as the steps below have it.
    std::map<std::pair<OrchestratorId, NetworkId>, std::pair<std::string, std::string>> payouts;

    void keep(stipend_unix_ns at) {
        const auto balances = ledger->balances();
        REQUIRE(balances.ok());
        Past now;
        for (const auto& one : *balances) {
            PastStanding standing{.key = one.key, .seq = 0, .last = Decision(), .amounts = {}};
            standing.last->epoch = engine.state(one.orchestrator).epoch;
            std::map<NetworkId, SignedWei> owed{{one.network.id, one.owed}};
            for (const auto& other : one.others) owed[other.network.id] = other.owed;
            for (const auto& [of, amounts] : payouts) {
                if (of.first == one.orchestrator) owed.try_emplace(of.second);
            }
            for (const auto& [network, amount] : owed) {
                const auto found = payouts.find({one.orchestrator, network});
                PastAmounts amounts{.network = network, .owed = amount};
                if (found != payouts.end()) {
                    amounts.under_way = *SignedWei::parse(found->second.first);
                    amounts.paid = *SignedWei::parse(found->second.second);
                }
                const SignedWei none;
                if (amount == none && amounts.under_way == none && amounts.paid == none) continue;
                standing.amounts.push_back(amounts);
            }
            now.standings.push_back(std::move(standing));
        }
        CHECK(seen.emplace(at, standings_of(now)).second);
    }
    void decide() {
        auto batch = engine.cycle();
        const auto at = batch.decisions.back().decision.decided_at;
        if (moved) {
            batch.decisions[0].decision.wei = Wei(12'000'000);
            batch.decisions[0].decision.usd = Usd::of_e8(12 * per_usd);
        }
        engine.must_commit(batch);
        time = at + 1;
        keep(time);
    }
    stipend_unix_ns later() { return time += 1'000'000'000; }
    void pay(PayoutId id, OrchestratorId of, const char* wei, NetworkId network) {
        auto row = payout(id, of, wei);
        row.network = network;
        row.at = later();
        step({.reserved = {row}});
    }
    void step(PayoutChanges changes) {
        Batch batch;
        batch.payouts = std::move(changes);
        for (auto& one : batch.payouts.steps) one.at = time;
        engine.must_commit(batch);
    }
    [[nodiscard]] std::string at(stipend_unix_ns when, std::optional<std::string_view> key = {}) const {
        const auto found = past(file, ns, when, key);
        REQUIRE_MESSAGE(found.ok(), (found.ok() ? "" : found.error().message));
        return standings_of(*found);
    }

    bool moved = false;
    stipend_unix_ns time = start_ns;

    Life() {
        Batch prices;
        prices.prices = {Price{.usd_per_eth_e8 = 2000 * per_usd, .at = start_ns, .source = "fixed"}};
        engine.must_commit(prices);
        decide();
        decide();
        Batch bonus;
        bonus.payments = {paid(1, "bonus", later())};
        engine.must_commit(bonus);
        keep(time);
        Batch adjusted;
        adjusted.adjustments.push_back({.key = "adjust-1",
                                        .orchestrator = 2,
                                        .from = start_ns - 2 * minute_ns,
                                        .to = start_ns - minute_ns,
                                        .wei = *SignedWei::parse("6000000000000000"),
                                        .usd = Usd::of_e8(12 * per_usd),
                                        .reason = "our gateway was down",
                                        .by = "admin",
                                        .at = later()});
        engine.must_commit(adjusted);
        keep(time);
        // 2 * 6 + 10 and 2 * 6 + 6 thousandths are owed.
        pay(1, 1, "22000000000000000", 0);
        payouts[{1, 0}] = {"22000000000000000", "0"};
        keep(time);
        later();
        step({.slots = {slot(1, 7)}, .steps = {payout_step(1, PayoutState::bound, 1)}});
        step({.attempts = {attempt(1, 1)}, .steps = {}});
        step({.steps = {payout_step(1, PayoutState::sent, 1)}});
        decide();
        later();
        step({.ends = {slot_end(1, 1)}, .steps = {payout_step(1, PayoutState::paid, 1)}});
        payouts[{1, 0}] = {"0", "22000000000000000"};
        keep(time);
        Batch move;
        move.networks = {{.id = 1,
                          .chain_id = 42161,
                          .token = "0x" + std::string(40, 'a'),
                          .decimals = 6,
                          .symbol = "USDC",
                          .at = start_ns}};
        auto row = orchestrator(1).row;
        row.network = 1;
        move.changed = {row};
        move.prices = {Price{.usd_per_eth_e8 = per_usd, .at = start_ns, .source = "fixed", .network = 1}};
        engine.must_commit(move);
        moved = true;
        decide();
        pay(2, 1, "12000000", 1);
        payouts[{1, 1}] = {"12000000", "0"};
        keep(time);
        later();
        step({.steps = {payout_step(2, PayoutState::returned)}});
        payouts[{1, 1}] = {"0", "0"};
        keep(time);
        decide();
    }
};

}  // namespace

TEST_CASE("the past is what the ledger said then, at each step, for all and for one") {
    Life life;
    REQUIRE(findings(*life.ledger).empty());
    REQUIRE(life.seen.size() == 11);
    std::string before;
    for (const auto& [at, text] : life.seen) {
        CAPTURE(at);
        CHECK(life.at(at) == text);
        CHECK(life.at(at + 1) == text);
        // A moment earlier the last of these changes was not there.
        CHECK(life.at(at - 3) != text);
        const auto second = text.find("\n") + 1;
        CHECK(life.at(at, orchestrator(2).row.key) == text.substr(second));
    }
    CHECK(life.at(INT64_MAX) == life.seen.rbegin()->second);
    CHECK(life.at(0).empty());  // neither orchestrator was there
    CHECK(life.at(INT64_MAX, "unknown").empty());
    const auto other = past(life.file, {.mode = Mode::live, .chain_id = 1}, INT64_MAX);
    REQUIRE(other.ok());
    CHECK(other->standings.empty());
}

TEST_CASE("the past that is archived is refused, and a damaged amount is an error") {
    Life life;
    REQUIRE(life.ledger->archive(life.seen.begin()->first + minute_ns, life.folder / "old.db").ok());
    const auto early = past(life.file, ns, life.seen.begin()->first);
    REQUIRE(!early.ok());
    CHECK(early.error().status == STIPEND_E_INVALID);
    CHECK(early.error().message.find("is archived") != std::string::npos);
    CHECK(life.at(INT64_MAX) == life.seen.rbegin()->second);
    tamper(life.file, "UPDATE entry SET wei = x'01' WHERE journal = (SELECT max(journal) FROM entry)");
    const auto damaged = past(life.file, ns, life.time - minute_ns);
    REQUIRE(!damaged.ok());
    CHECK(damaged.error().message.find("damaged") != std::string::npos);
}

TEST_CASE("the history of an orchestrator is each row of the chain about it but its decisions, the newest first") {
    Life life;
    const auto kinds = [&](const HistoryQuery& query) {
        std::string out;
        HistoryQuery part = query;
        for (int parts = 0; parts < 100; ++parts) {
            const auto found = history(life.file, ns, part);
            REQUIRE(found.ok());
            REQUIRE(found->has_value());
            CHECK((*found)->lines.size() <= query.limit);
            for (const auto& line : (*found)->lines) out += cat(kind_name(line.kind), ", ");
            part.before = (*found)->next;
            if (!part.before) break;
        }
        return out;
    };
    const auto first = orchestrator(1).row.key;
    const auto second = orchestrator(2).row.key;
    for (const std::uint64_t limit : {1, 2, 100}) {
        CHECK(kinds({.key = first, .limit = limit}) == "orchestrator, manual payment, orchestrator, ");
        CHECK(kinds({.key = second, .limit = limit}) == "adjustment, orchestrator, ");
    }
    const auto lines = history(life.file, ns, {.key = first});
    REQUIRE(lines.ok());
    const auto& newest = (*lines)->lines.front();
    CHECK(newest.body.find("\"network\":1") != std::string::npos);
    CHECK(newest.not_before > (*lines)->lines[1].not_before);
    CHECK(!(*lines)->lines.back().not_before);  // no decision precedes its addition
    const auto unknown = history(life.file, ns, {.key = "unknown"});
    REQUIRE(unknown.ok());
    CHECK(!unknown->has_value());
}

TEST_CASE("observations of one orchestrator are those that overlap a time, and not more than are asked for") {
    Life life;
    Batch batch;
    for (int i = 0; i < 6; ++i) {
        batch.observations.push_back({.orchestrator = 1,
                                      .target = i % 2 == 0 ? "web a" : "web b",
                                      .from = start_ns + i * minute_ns,
                                      .to = start_ns + (i + 2) * minute_ns,
                                      .verdict = 1});
    }
    batch.observations.push_back(
        {.orchestrator = 2, .target = "web a", .from = start_ns, .to = start_ns + minute_ns, .verdict = 2});
    life.engine.must_commit(batch);
    const auto read = [&](stipend_unix_ns from, stipend_unix_ns to, std::uint64_t limit) {
        const auto found = observed(life.file, ns, orchestrator(1).row.key, from, to, limit);
        REQUIRE(found.ok());
        REQUIRE(found->has_value());
        std::string out = (*found)->complete ? "" : "newest:";
        for (const auto& one : (*found)->spans)
            out += cat(" ", one.target.substr(4), (one.from - start_ns) / minute_ns);
        return out;
    };
    CHECK(read(0, INT64_MAX, 100) == " a0 a2 a4 b1 b3 b5");
    CHECK(read(start_ns + 2 * minute_ns, start_ns + 3 * minute_ns, 100) == " a2 b1");
    CHECK(read(0, INT64_MAX, 2) == "newest: a4 b5");
    CHECK(read(0, INT64_MAX, 6) == " a0 a2 a4 b1 b3 b5");
}
