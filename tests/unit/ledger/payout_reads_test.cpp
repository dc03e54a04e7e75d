// What readers get of payouts: debts, lists, the history of one, and the slots that have ended.
#include <doctest/doctest.h>

#include "host/ledger/payout_json.hpp"
#include "ledger_fixture.hpp"
#include "stipend/hex.hpp"

using namespace ledger_test;

namespace {

struct Read {
    TempFolder folder;
    std::unique_ptr<Ledger> ledger = must_open(folder / "ledger.db");
    ledger_test::Engine engine{*ledger, 3};

    Read() { engine.run(1); }
    void must(PayoutChanges changes) {
        Batch batch;
        batch.payouts = std::move(changes);
        const auto done = ledger->commit(batch);
        REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
    }
    std::vector<PayoutLine> list(const PayoutFilter& filter = {}) {
        std::vector<PayoutLine> out;
        REQUIRE(ledger
                    ->payouts(filter,
                              [&](const PayoutLine& line) -> Result<void> {
                                  out.push_back(line);
                                  return {};
                              })
                    .ok());
        return out;
    }
    // The first is paid by nonce 7, the second is held.
    void pay_one_and_hold_one() {
        must({.reserved = {payout(1, 1, owed_to(*ledger, 1).c_str()), payout(2, 2, owed_to(*ledger, 2).c_str())}});
        must({.slots = {slot(1, 7)}, .steps = {payout_step(1, PayoutState::bound, 1)}});
        must({.attempts = {attempt(1, 1), attempt(1, 2)}, .steps = {payout_step(1, PayoutState::sent, 1)}});
        auto held = payout_step(2, PayoutState::held);
        held.reason = "too much";
        held.by = "ops";
        must({.steps = {held}});
        must({.ends = {slot_end(1, 2)}, .steps = {payout_step(1, PayoutState::paid, 1)}});
    }
};

}  // namespace

TEST_CASE("debts are those above nothing that are large enough, or old enough") {
    Read it;
    const auto owed = *SignedWei::parse(owed_to(*it.ledger, 1));
    auto all = it.ledger->debts({});
    REQUIRE(all.ok());
    // The third has failed its check, and is owed nothing.
    REQUIRE(all->size() == 2);
    CHECK((*all)[0].orchestrator == 1);
    CHECK((*all)[0].owed == owed);
    const auto since = (*all)[0].since;
    const auto more = *owed.plus(*SignedWei::parse("1"));
    CHECK(it.ledger->debts({.at_least = owed})->size() == 2);
    CHECK(it.ledger->debts({.at_least = more})->empty());
    CHECK(it.ledger->debts({.at_least = more, .or_before = since - 1})->empty());
    CHECK(it.ledger->debts({.at_least = more, .or_before = since})->size() == 2);
    // A payout takes it, and the next one waits since then.
    it.must({.reserved = {payout(1, 1, owed.text().c_str())}});
    CHECK(it.ledger->debts({})->size() == 1);
    it.engine.run(1);
    all = it.ledger->debts({});
    REQUIRE(all.ok());
    CHECK((*all)[0].since == payout(1, 1, "1").at);
}

TEST_CASE("payouts are listed the newest first, by orchestrator, and without those that are over") {
    Read it;
    CHECK(it.list().empty());
    it.pay_one_and_hold_one();
    const auto all = it.list();
    REQUIRE(all.size() == 2);
    CHECK((all[0].row.id == 2 && all[0].state == PayoutState::held && all[0].last->reason == "too much"));
    CHECK((all[1].row.id == 1 && all[1].state == PayoutState::paid && all[1].slot == 1));
    CHECK(all[1].key == orchestrator(1).row.key);
    CHECK(it.list({.open = true}).size() == 1);
    CHECK(it.list({.orchestrator = 1}).front().row.id == 1);
    CHECK(it.list({.before = 2}).front().row.id == 1);
    CHECK(it.list({.limit = 1}).size() == 1);
}

TEST_CASE("the history of a payout has its steps, and what became of its nonce") {
    Read it;
    it.pay_one_and_hold_one();
    const auto found = it.ledger->payout(1);
    REQUIRE((found.ok() && found->has_value()));
    const auto& one = **found;
    REQUIRE(one.steps.size() == 3);
    CHECK((one.slot->nonce == 7 && one.attempts.size() == 2 && one.end->id == attempt(1, 2).id));
    const auto json = payout_json(one);
    CHECK(json.find("transaction")->text() == "0x" + hex_encode(attempt(1, 2).id));
    CHECK(json.find("nonce")->find("end")->find("executed")->truth());
    CHECK(json.find("steps")->items().size() == 3);
    const auto held = payout_json(**it.ledger->payout(2));
    CHECK((held.find("reason")->text() == "too much" && held.find("by")->text() == "ops"));
    CHECK(held.find("nonce")->is(Json::Kind::null));
    CHECK_FALSE(it.ledger->payout(3)->has_value());
}

TEST_CASE("slots that have ended are listed by id, since a time") {
    Read it;
    it.pay_one_and_hold_one();
    const auto ended = it.ledger->ended_slots(0, 0, 0, 10);
    REQUIRE((ended.ok() && ended->size() == 1));
    CHECK(((*ended)[0].row.nonce == 7 && (*ended)[0].end.executed));
    CHECK(it.ledger->ended_slots(0, 1, 0, 10)->empty());
    CHECK(it.ledger->ended_slots(0, 0, (*ended)[0].end.at, 10)->size() == 1);
    CHECK(it.ledger->ended_slots(0, 0, (*ended)[0].end.at + 1, 10)->empty());
}

TEST_CASE("changes have each step of a payout as it was then, and none of another namespace") {
    Read it;
    const auto before = it.ledger->head()->seq;
    it.pay_one_and_hold_one();
    const auto steps_of = [](Ledger& ledger, Seq after) {
        std::vector<std::string> out;
        const auto read = ledger.changes(after, 1'000, [&](const Change& change) {
            if (change.kind != Change::Kind::payout) return;
            const auto& line = change.payout;
            out.push_back(cat(line.row.id, " ", line.key, " ", payout_state_name(line.state), " ", line.slot,
                              line.last ? " " + line.last->reason : ""));
        });
        REQUIRE(read.ok());
        return out;
    };
    const auto steps = steps_of(*it.ledger, before);
    const auto key = [&](PayoutId id) { return it.list({.orchestrator = id}).at(0).key; };
    CHECK(steps == std::vector<std::string>{cat("1 ", key(1), " reserved 0"), cat("2 ", key(2), " reserved 0"),
                                            cat("1 ", key(1), " bound 1 "), cat("1 ", key(1), " sent 1 "),
                                            cat("2 ", key(2), " held 0 too much"), cat("1 ", key(1), " paid 1 ")});
    it.ledger.reset();
    const auto other = must_open(it.folder / "ledger.db", writer(Mode::dry_run));
    CHECK(steps_of(*other, before).empty());
}
