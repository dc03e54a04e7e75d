// Payouts: what the ledger takes of them, and what it refuses whatever its caller believes.
#include <doctest/doctest.h>

#include "host/ledger/invariants.hpp"
#include "stipend/duration.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

Batch of(PayoutChanges changes) {
    Batch out;
    out.payouts = std::move(changes);
    return out;
}

// Three orchestrators after one cycle; 1 and 2 are owed the pay of one decision, 3 nothing.
struct Owing {
    TempFolder folder;
    std::unique_ptr<Ledger> ledger = must_open(folder / "ledger.db");
    Engine engine{*ledger, 3};
    std::string owed;

    Owing() {
        engine.run(1);
        owed = owed_to(*ledger, 1);
        REQUIRE(owed == "6000000000000000");
    }
    void must(PayoutChanges changes) {
        const auto done = ledger->commit(of(std::move(changes)));
        REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
    }
    // The status and a part of the message of a refusal, after which the ledger is unchanged and verifies.
    void refused(PayoutChanges changes, stipend_status status, std::string_view part) {
        const auto before = *ledger->head();
        const auto done = ledger->commit(of(std::move(changes)));
        REQUIRE(!done.ok());
        CHECK(done.error().status == status);
        CHECK_MESSAGE(done.error().message.find(part) != std::string::npos, done.error().message);
        CHECK(*ledger->head() == before);
        CHECK(findings(*ledger).empty());
    }
    void reserve_and_bind() {
        must({.reserved = {payout(1, 1, owed.c_str())}});
        must({.slots = {slot(1, 7)}, .steps = {payout_step(1, PayoutState::bound, 1)}});
    }
    [[nodiscard]] OpenPayouts open() {
        const auto state = ledger->load_state();
        REQUIRE(state.ok());
        return state->payouts.front();
    }
    [[nodiscard]] std::string account(const std::string& name) {
        // Sums are 256 bits wide; those of these tests fit in their last eight bytes.
        return cat(number(folder / "ledger.db",
                          "SELECT count(*) FROM entry JOIN account ON id = account WHERE name = '" + name + "'"));
    }
};

}  // namespace

TEST_CASE(
    "a payout is PayoutState::reserved, PayoutState::bound, signed, PayoutState::sent, PayoutState::mined, confirmed "
    "and paid, and all of it verifies") {
    Owing it;
    it.must({.reserved = {payout(1, 1, it.owed.c_str())}});
    CHECK(owed_to(*it.ledger, 1) == "0");
    REQUIRE(it.open().payouts.size() == 1);
    CHECK(it.open().payouts[0].state == PayoutState::reserved);
    CHECK(it.open().payouts[0].row == payout(1, 1, it.owed.c_str()));
    it.must({.slots = {slot(1, 7)}, .steps = {payout_step(1, PayoutState::bound, 1)}});
    it.must({.attempts = {attempt(1, 1)}});
    it.must({.steps = {payout_step(1, PayoutState::sent, 1)}});
    it.must({.attempts = {attempt(1, 2)}});  // the same with higher fees
    const auto open = it.open();
    REQUIRE(open.slots.size() == 1);
    CHECK(open.slots[0].row == slot(1, 7));
    CHECK(open.slots[0].attempts == std::vector{attempt(1, 1), attempt(1, 2)});
    CHECK(open.payouts[0].slot == 1);
    CHECK(open.last_slots == std::vector{slot(1, 7)});
    REQUIRE(open.bound.size() == 1);
    CHECK(open.bound[0].wei.text() == it.owed);
    CHECK((open.next_payout == 2 && open.next_slot == 2));
    it.must({.steps = {payout_step(1, PayoutState::mined, 1)}});
    it.must({.steps = {payout_step(1, PayoutState::sent, 1)}});  // a reorganised chain
    it.must({.steps = {payout_step(1, PayoutState::mined, 1), payout_step(1, PayoutState::confirmed, 1)}});
    it.must({.ends = {slot_end(1, 2)}, .steps = {payout_step(1, PayoutState::paid, 1)}});
    CHECK(it.open().payouts.empty());
    CHECK(it.open().slots.empty());
    CHECK(owed_to(*it.ledger, 1) == "0");
    CHECK(it.account("inflight:orch-1") == "2");
    CHECK(it.account(cat("treasury:0x", std::string(40, 'a'))) == "2");
    CHECK(it.account("expense:gas") == "1");
    CHECK(findings(*it.ledger).empty());
    // What is decided afterwards is owed as ever, and paid by a payout of its own.
    it.engine.run(1);
    it.must({.reserved = {payout(2, 1, owed_to(*it.ledger, 1).c_str())}});
    CHECK(findings(*it.ledger).empty());
}

TEST_CASE("what is in flight is never below zero, and a ledger where it is has a finding that says so") {
    CHECK(below_floor("inflight:orch-1", *SignedWei::parse("-1")) == "balance: got -1 wei, want 0 or more");
    CHECK_FALSE(below_floor("inflight:orch-1", SignedWei()));
    CHECK_FALSE(below_floor("owed:1", *SignedWei::parse("-1")));  // by an adjustment
    Owing it;
    it.reserve_and_bind();
    it.must({.attempts = {attempt(1, 1)}, .steps = {payout_step(1, PayoutState::sent, 1)}});
    it.must({.steps = {payout_step(1, PayoutState::mined, 1), payout_step(1, PayoutState::confirmed, 1)}});
    it.must({.ends = {slot_end(1, 1)}, .steps = {payout_step(1, PayoutState::paid, 1)}});
    tamper(it.folder / "ledger.db",
           "DELETE FROM entry WHERE journal = (SELECT seq FROM payout) AND account = (SELECT id FROM account WHERE "
           "name = 'inflight:orch-1')");
    const auto found = findings(*it.ledger);
    CHECK_MESSAGE(
        found.find("(inflight:orch-1): balance: got -6000000000000000 wei, want 0 or more") != std::string::npos,
        found);
}

TEST_CASE("a payout that can no longer be executed is owed again, with what was owed since") {
    Owing it;
    it.reserve_and_bind();
    it.must({.attempts = {attempt(1, 1)}, .steps = {payout_step(1, PayoutState::sent, 1)}});
    it.engine.run(2);
    const auto since = *SignedWei::parse(owed_to(*it.ledger, 1));
    it.must({.attempts = {attempt(1, 2, true)}});
    it.must({.ends = {slot_end(1, 2)}, .steps = {payout_step(1, PayoutState::returned, 1)}});
    CHECK(owed_to(*it.ledger, 1) == since.plus(*SignedWei::parse(it.owed))->text());
    it.must({.reserved = {payout(2, 1, owed_to(*it.ledger, 1).c_str())}});
    CHECK(findings(*it.ledger).empty());
}

TEST_CASE("a slot for which nothing was signed is given free, and its nonce is given again") {
    Owing it;
    it.reserve_and_bind();
    it.must({.ends = {slot_end(1, 0, false)}, .steps = {payout_step(1, PayoutState::reserved)}});
    CHECK(it.open().last_slots.empty());
    it.must({.slots = {slot(2, 7)}, .steps = {payout_step(1, PayoutState::bound, 2)}});
    CHECK(it.open().last_slots == std::vector{slot(2, 7)});
    CHECK(findings(*it.ledger).empty());

    it.must({.attempts = {attempt(2, 1)}});
    it.refused({.ends = {slot_end(2, 0, false)}}, STIPEND_E_CONFLICT, "something was signed");
}

TEST_CASE("a batch pays many by one slot") {
    Owing it;
    it.must({.reserved = {payout(1, 1, it.owed.c_str()), payout(2, 2, owed_to(*it.ledger, 2).c_str())}});
    it.must({.slots = {slot(1, 0, 2)},
             .steps = {payout_step(1, PayoutState::bound, 1), payout_step(2, PayoutState::bound, 1)}});
    it.must({.attempts = {attempt(1, 1)}});
    // The second one rejected its payment.
    it.must({.ends = {slot_end(1, 1)},
             .steps = {payout_step(1, PayoutState::paid, 1), payout_step(2, PayoutState::returned, 1)}});
    CHECK(owed_to(*it.ledger, 1) == "0");
    CHECK(owed_to(*it.ledger, 2) == it.owed);
    CHECK(findings(*it.ledger).empty());
}

TEST_CASE("a nonce that something else used ends by a person's order, and what was bound to it is owed again") {
    Owing it;
    it.reserve_and_bind();
    it.must({.attempts = {attempt(1, 1)}, .steps = {payout_step(1, PayoutState::sent, 1)}});
    it.must({.steps = {payout_step(1, PayoutState::frozen, 1)}});
    auto end = slot_end(1, 0, false);
    end.block = 100;
    it.refused({.ends = {end}, .steps = {payout_step(1, PayoutState::returned, 1)}}, STIPEND_E_INVALID, "by: got");
    end.by = "api:admin";
    it.refused({.ends = {end}}, STIPEND_E_CONFLICT, "payout 1 of it is not over");
    it.refused({.ends = {end}, .steps = {payout_step(1, PayoutState::paid, 1)}}, STIPEND_E_CONFLICT,
               "was not executed");
    it.must({.ends = {end}, .steps = {payout_step(1, PayoutState::returned, 1)}});
    CHECK(owed_to(*it.ledger, 1) == it.owed);
    CHECK(it.open().last_slots == std::vector{slot(1, 7)});
    CHECK(it.open().failed.empty());  // it is not its payee's fault
    CHECK(it.open().reverts == 0);
    // Nonces that this ledger never bound are recorded the same way: the next one follows them.
    auto skipped = slot_end(2, 0, false);
    skipped.block = 101;
    skipped.by = "api:admin";
    it.must({.slots = {slot(2, 8, 0)}, .ends = {skipped}});
    CHECK(it.open().last_slots == std::vector{slot(2, 8, 0)});
    CHECK(it.open().slots.empty());
    it.must({.reserved = {payout(2, 1, it.owed.c_str())}});
    it.must({.slots = {slot(3, 9)}, .steps = {payout_step(2, PayoutState::bound, 3)}});
    CHECK(findings(*it.ledger).empty());
    tamper(it.folder / "ledger.db", "UPDATE slot_end SET by = '' WHERE slot = 2");
    CHECK(!findings(*it.ledger).empty());
}

TEST_CASE("a frozen payout whose attempt was executed counts as what the person says that ended it") {
    Owing it;
    it.reserve_and_bind();
    it.must({.attempts = {attempt(1, 1)}, .steps = {payout_step(1, PayoutState::sent, 1)}});
    it.must({.steps = {payout_step(1, PayoutState::frozen, 1)}});
    it.refused({.steps = {payout_step(1, PayoutState::paid, 1)}}, STIPEND_E_CONFLICT, "has not ended");
    SUBCASE("paid") {
        auto end = slot_end(1, 1, true);
        end.by = "api:admin";
        it.refused({.ends = {end}, .steps = {payout_step(1, PayoutState::returned, 1)}}, STIPEND_E_CONFLICT,
                   "has paid it");
        it.must({.ends = {end}, .steps = {payout_step(1, PayoutState::paid, 1)}});
        CHECK(owed_to(*it.ledger, 1) == "0");
    }
    SUBCASE("owed again") {
        auto end = slot_end(1, 1, false);
        end.by = "api:admin";
        it.must({.ends = {end}, .steps = {payout_step(1, PayoutState::returned, 1)}});
        CHECK(owed_to(*it.ledger, 1) == it.owed);
        CHECK(it.open().failed.size() == 1);
    }
    const auto ended = it.ledger->ended_slots(0, 0, 0, UINT64_MAX);
    REQUIRE((ended.ok() && ended->size() == 1));
    CHECK(ended->front().end.by == "api:admin");
    CHECK(findings(*it.ledger).empty());
    // A nonce that is free again has nothing that a person could settle.
    auto free_again = slot_end(2, 0, false);
    free_again.block_hash = {};
    free_again.block = 0;
    free_again.fee_wei = {};
    free_again.by = "api:admin";
    CHECK(broken_invariant(free_again).value_or("").starts_with("by: got \"api:admin\""));
}

TEST_CASE("what was bound on past days is known, the newest first, and when a person released a payout last") {
    constexpr std::int64_t first_day = start_ns / ns_per_day;
    Owing it;
    CHECK(it.open().past_days.empty());
    for (std::int64_t day = 0; day < 10; ++day) {
        if (day > 0) it.engine.run(1);
        auto row = slot(day + 1, static_cast<std::uint64_t>(7 + day));
        row.at = start_ns + day * ns_per_day;
        it.must({.reserved = {payout(day + 1, 1, owed_to(*it.ledger, 1).c_str())}});
        it.must({.slots = {row}, .steps = {payout_step(day + 1, PayoutState::bound, day + 1)}});
        it.must({.attempts = {attempt(day + 1, static_cast<std::uint8_t>(day + 1))}});
        it.must({.ends = {slot_end(day + 1, static_cast<std::uint8_t>(day + 1))},
                 .steps = {payout_step(day + 1, PayoutState::paid, day + 1)}});
    }
    const auto open = it.open();
    REQUIRE(open.bound.size() == 1);
    CHECK(open.bound[0].day == first_day + 9);
    REQUIRE(open.past_days.size() == max_past_days);
    for (const auto& wei : open.past_days) CHECK(wei.text() == it.owed);
    CHECK(open.released_day == 0);
    it.engine.run(1);
    it.must({.reserved = {payout(11, 1, owed_to(*it.ledger, 1).c_str())}});
    it.must({.steps = {payout_step(11, PayoutState::held)}});
    auto released = payout_step(11, PayoutState::reserved);
    released.by = "api:admin";
    released.at = start_ns + 12 * ns_per_day;
    it.must({.steps = {released}});
    CHECK(it.open().released_day == first_day + 12);
}

TEST_CASE("a payee that failed is known until a person releases a payout of it; a failed batch blames no payee") {
    Owing it;
    it.reserve_and_bind();
    it.must({.attempts = {attempt(1, 1)}});
    it.must({.ends = {slot_end(1, 1, false)}, .steps = {payout_step(1, PayoutState::returned, 1)}});
    REQUIRE(it.open().failed.size() == 1);
    CHECK((it.open().failed[0].orchestrator == 1 && it.open().failed[0].payout == 1));
    CHECK(it.open().reverts == 1);
    it.must({.reserved = {payout(2, 1, it.owed.c_str())}, .steps = {payout_step(2, PayoutState::held)}});
    CHECK(it.open().failed.size() == 1);
    auto released = payout_step(2, PayoutState::reserved);
    released.by = "api:admin";
    it.must({.steps = {released}});
    CHECK((it.open().failed.empty() && it.open().reverts == 0));
    // A batch: the second payee was not paid.
    it.must({.reserved = {payout(3, 2, it.owed.c_str())}});
    it.must({.slots = {slot(2, 8, 2)},
             .steps = {payout_step(2, PayoutState::bound, 2), payout_step(3, PayoutState::bound, 2)}});
    it.must({.attempts = {attempt(2, 2)}});
    it.must({.ends = {slot_end(2, 2)},
             .steps = {payout_step(2, PayoutState::paid, 2), payout_step(3, PayoutState::returned, 2)}});
    REQUIRE(it.open().failed.size() == 1);
    CHECK((it.open().failed[0].orchestrator == 2 && it.open().reverts == 0));
    // One that was given up, and a batch that failed as a whole.
    it.engine.run(1);
    it.must({.reserved = {payout(4, 1, owed_to(*it.ledger, 1).c_str())}});
    it.must({.slots = {slot(3, 9)}, .steps = {payout_step(4, PayoutState::bound, 3)}});
    it.must({.attempts = {attempt(3, 3, true)}});
    it.must({.ends = {slot_end(3, 3)}, .steps = {payout_step(4, PayoutState::returned, 3)}});
    CHECK((it.open().failed.size() == 1 && it.open().reverts == 0));
    it.must({.reserved = {payout(5, 1, owed_to(*it.ledger, 1).c_str()), payout(6, 2, owed_to(*it.ledger, 2).c_str())}});
    it.must({.slots = {slot(4, 10, 2)},
             .steps = {payout_step(5, PayoutState::bound, 4), payout_step(6, PayoutState::bound, 4)}});
    it.must({.attempts = {attempt(4, 4)}});
    it.must({.ends = {slot_end(4, 4, false)},
             .steps = {payout_step(5, PayoutState::returned, 4), payout_step(6, PayoutState::returned, 4)}});
    CHECK((it.open().failed.size() == 1 && it.open().failed[0].payout == 3 && it.open().reverts == 1));
    CHECK(findings(*it.ledger).empty());
}

TEST_CASE("what does not follow is refused, and changes nothing") {
    Owing it;
    SUBCASE("a payout that goes back though it was paid, or is paid by what was given up") {
        it.reserve_and_bind();
        it.must({.attempts = {attempt(1, 1), attempt(1, 2, true)}});
        it.refused({.ends = {slot_end(1, 1)}, .steps = {payout_step(1, PayoutState::returned, 1)}}, STIPEND_E_CONFLICT,
                   "has paid it");
        it.refused({.ends = {slot_end(1, 2)}, .steps = {payout_step(1, PayoutState::paid, 1)}}, STIPEND_E_CONFLICT,
                   "pays nothing");
        it.refused({.ends = {slot_end(1, 1)}}, STIPEND_E_CONFLICT, "payout 1 of it is not over");
    }
    SUBCASE("a gap in the nonces, and an outcome that its slot contradicts, behind the ledger's back") {
        it.reserve_and_bind();
        it.must({.attempts = {attempt(1, 1)}});
        it.must({.ends = {slot_end(1, 1)}, .steps = {payout_step(1, PayoutState::paid, 1)}});
        it.must({.reserved = {payout(2, 2, it.owed.c_str())}});
        it.must({.slots = {slot(2, 8)}, .steps = {payout_step(2, PayoutState::bound, 2)}});
        tamper(it.folder / "ledger.db", "UPDATE slot SET nonce = 9 WHERE id = 2");
        CHECK(findings(*it.ledger).find("leaves a gap") != std::string::npos);
        tamper(it.folder / "ledger.db", "UPDATE slot SET nonce = 8 WHERE id = 2");
        REQUIRE(findings(*it.ledger).empty());
        tamper(it.folder / "ledger.db",
               "UPDATE payout_step SET state = 8, reason = 'x', block_hash = zeroblob(32), block = 0 WHERE state = 7");
        CHECK(findings(*it.ledger).find("its slot has paid it") != std::string::npos);
    }
    SUBCASE("an amount that is not all that is owed") {
        it.refused({.reserved = {payout(1, 1, "1")}}, STIPEND_E_CONFLICT, "are owed");
        it.refused({.reserved = {payout(1, 3, "1")}}, STIPEND_E_CONFLICT, "0 are owed");
    }
    SUBCASE("a second payout of one orchestrator") {
        it.must({.reserved = {payout(1, 1, it.owed.c_str())}});
        it.engine.run(1);
        it.refused({.reserved = {payout(2, 1, owed_to(*it.ledger, 1).c_str())}}, STIPEND_E_CONFLICT, "is not over");
    }
    SUBCASE("a nonce with a gap before it, or one that is taken") {
        it.reserve_and_bind();
        it.must({.reserved = {payout(2, 2, it.owed.c_str())}});
        it.refused({.slots = {slot(2, 9)}, .steps = {payout_step(2, PayoutState::bound, 2)}}, STIPEND_E_CONFLICT,
                   "highest nonce");
        it.refused({.slots = {slot(2, 7)}, .steps = {payout_step(2, PayoutState::bound, 2)}}, STIPEND_E_CONFLICT,
                   "highest nonce");
    }
    SUBCASE("a slot that says it is of more payouts than are bound to it") {
        it.must({.reserved = {payout(1, 1, it.owed.c_str())}});
        it.refused({.slots = {slot(1, 7, 2)}, .steps = {payout_step(1, PayoutState::bound, 1)}}, STIPEND_E_INVALID,
                   "want 2");
        it.refused({.slots = {slot(1, 7, 0)}, .steps = {payout_step(1, PayoutState::bound, 1)}}, STIPEND_E_INVALID,
                   "want 0");
    }
    SUBCASE("a payout that is paid by a slot that has not ended, failed, or is another's") {
        it.reserve_and_bind();
        it.must({.attempts = {attempt(1, 1)}, .steps = {payout_step(1, PayoutState::sent, 1)}});
        it.refused({.steps = {payout_step(1, PayoutState::paid, 1)}}, STIPEND_E_CONFLICT, "has not ended");
        it.refused({.steps = {payout_step(1, PayoutState::returned, 1)}}, STIPEND_E_CONFLICT, "has not ended");
        it.refused({.ends = {slot_end(1, 1, false)}, .steps = {payout_step(1, PayoutState::paid, 1)}},
                   STIPEND_E_CONFLICT, "not executed");
        it.refused({.ends = {slot_end(1, 5)}}, STIPEND_E_CONFLICT, "none of the slot's");
        it.refused({.steps = {payout_step(1, PayoutState::mined, 2)}}, STIPEND_E_CONFLICT, "is bound to slot 1");
    }
    SUBCASE("a step that is no edge") {
        it.must({.reserved = {payout(1, 1, it.owed.c_str())}});
        it.refused({.steps = {payout_step(1, PayoutState::sent, 1)}}, STIPEND_E_CONFLICT, "does not follow");
        it.must({.steps = {payout_step(1, PayoutState::held)}});
        it.refused({.steps = {payout_step(1, PayoutState::bound, 1)}}, STIPEND_E_CONFLICT, "does not follow");
        it.must({.steps = {payout_step(1, PayoutState::returned)}});
        it.refused({.steps = {payout_step(1, PayoutState::reserved)}}, STIPEND_E_CONFLICT, "does not follow");
    }
    SUBCASE("a slot that ends twice, or is signed for after its end") {
        it.reserve_and_bind();
        it.must({.attempts = {attempt(1, 1)}});
        it.must({.ends = {slot_end(1, 1)}, .steps = {payout_step(1, PayoutState::paid, 1)}});
        it.refused({.ends = {slot_end(1, 1)}}, STIPEND_E_CONFLICT, "is not open");
        it.refused({.attempts = {attempt(1, 2)}}, STIPEND_E_CONFLICT, "is not open");
    }
    SUBCASE("rows that say nothing") {
        auto nowhere = payout(1, 1, it.owed.c_str());
        nowhere.to = cat("0x", std::string(40, '0'));
        it.refused({.reserved = {nowhere}}, STIPEND_E_INVALID, "not all 0");
        it.refused({.reserved = {payout(1, 1, "0")}}, STIPEND_E_INVALID, "more than 0");
        it.reserve_and_bind();
        auto silent = payout_step(1, PayoutState::frozen, 1);
        silent.reason.clear();
        it.refused({.steps = {silent}}, STIPEND_E_INVALID, "wants a reason");
        auto cheap = attempt(1, 1);
        cheap.cap_wei = {};
        it.refused({.attempts = {cheap}}, STIPEND_E_INVALID, "fees out of range");
    }
}

TEST_CASE("the graph of the states has no way out of its ends, and none into a slot but through bound") {
    for (int from = 1; from <= 9; ++from) {
        for (int to = 1; to <= 9; ++to) {
            const auto a = static_cast<PayoutState>(from);
            const auto b = static_cast<PayoutState>(to);
            CAPTURE(from);
            CAPTURE(to);
            if (is_over(a)) CHECK(!can_follow(a, b));
            if (a == b) CHECK(!can_follow(a, b));
            // Nothing is paid that was not bound, and nothing that was signed goes back to be bound again.
            if (a == PayoutState::reserved || a == PayoutState::held)
                CHECK((b == PayoutState::reserved || b == PayoutState::held || b == PayoutState::bound ||
                       b == PayoutState::returned || b == PayoutState::frozen || !can_follow(a, b)));
            if (a == PayoutState::sent || a == PayoutState::mined || a == PayoutState::confirmed)
                CHECK((!can_follow(a, PayoutState::reserved) && !can_follow(a, PayoutState::bound)));
            if (!is_over(a) && a != PayoutState::frozen) CHECK(can_follow(a, PayoutState::frozen));
        }
    }
}

TEST_CASE("nothing of a dry run is ever paid") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db", writer(Mode::dry_run));
    Engine engine(*ledger, 1);
    engine.run(1);
    const auto refused = ledger->commit(of({.reserved = {payout(1, 1, owed_to(*ledger, 1).c_str())}}));
    REQUIRE(!refused.ok());
    CHECK(refused.error().message.find("nothing of a dry run is ever paid") != std::string::npos);
}
