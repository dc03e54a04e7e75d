// What only a person decides: a nonce that something else used, a payee that failed, too many failures. And what stops
// all by itself, until it is over.
#include <doctest/doctest.h>

#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;
using ledger::PayoutState;

namespace {

stipend_status said(const std::function<void(std::function<void(Result<void>)>)>& give) {
    stipend_status out = STIPEND_E_INTERNAL;
    give([&](Result<void> done) { out = done ? STIPEND_OK : done.error().status; });
    return out;
}

stipend_status unfreezes(World& world, PayoutId id) {
    return said([&](auto done) { world.settler().unfreeze(id, "api:admin", done); });
}

void accept(World& world) {
    world.order([](Settler& s, auto done) { s.accept_foreign("api:admin", done); });
}

stipend_status accepts(World& world) {
    return said([&](auto done) { world.settler().accept_foreign("api:admin", done); });
}

void blocks_and_looks(World& world, int count) {
    for (int i = 0; i < count; ++i) {
        world.chain.mine();
        world.pass(12);
        world.run();
    }
}

// The nonce of what was sent is used by something else, for good.
void freeze(World& world) {
    world.decide();
    world.run();
    world.chain.drop_pool();
    world.chain.spend_elsewhere();
    blocks_and_looks(world, 8);
}

}  // namespace

TEST_CASE("a nonce that something else used is ended by a person, and its payouts are owed again") {
    World world(5);
    SUBCASE("of one payout") {
        world.settings.window = 1;
        freeze(world);
        REQUIRE(world.states() == "1 frozen, 2 reserved, 3 reserved, 4 reserved");
    }
    SUBCASE("of a batch") {
        world.settings.mode = PayMode::batch;
        freeze(world);
        REQUIRE(world.states() == "1 frozen, 2 frozen, 3 frozen, 4 frozen");
    }
    CHECK(said([&](auto done) { world.settler().unfreeze(1, "", done); }) == STIPEND_E_INVALID);
    CHECK(unfreezes(world, 99) == STIPEND_E_INVALID);
    world.restart();
    CHECK(unfreezes(world, 1) == STIPEND_E_BUSY);  // the chain was not asked yet
    world.run();
    CHECK(unfreezes(world, 1) == STIPEND_E_BUSY);  // and not for long enough
    world.pass(31);
    world.run();
    CHECK(world.chain.received(World::address(1)).zero());
    world.order([](Settler& s, auto done) { s.unfreeze(1, "api:admin", done); });
    CHECK(world.reason(1, PayoutState::returned) == "nonce 0 was used by a transaction that is not this ledger's");
    CHECK(ledger_test::text_of(world.file(), "SELECT by FROM slot_end WHERE slot = 1") == "api:admin");
    CHECK(world.settler().block().id.empty());
    world.until_settled(20);
    CHECK(world.states().empty());
    for (const OrchestratorId id : {1, 2, 4, 5}) CHECK(world.owed(id) == "0");
    world.check_money();
}

TEST_CASE("a frozen payout goes on where the contradiction is gone, and freezes again where it is not") {
    World world(1);
    SUBCASE("its transaction is found after all") {
        world.decide();
        world.run();
        world.chain.blind = true;
        blocks_and_looks(world, 8);
        REQUIRE(world.states() == "1 frozen");
        world.chain.blind = false;
        blocks_and_looks(world, 1);
        CHECK(world.states() == "1 frozen");
        world.order([](Settler& s, auto done) { s.unfreeze(1, "api:admin", done); });
        CHECK(world.chain.executed() == 1);
    }
    SUBCASE("the signer remembers something else for its nonce") {
        SlotWork other{.payer = payer_address, .payments = {{World::address(7), *SignedWei::parse("1")}}};
        other.fees = {.tip = *SignedWei::parse("1"), .cap = *SignedWei::parse("2"), .gas = 25'000};
        REQUIRE(!world.chain.sign(other).refused);
        world.decide();
        world.run();
        REQUIRE(world.states() == "1 frozen");
        CHECK(world.reason(1, PayoutState::frozen).find("has signed nonce 0 for something else") != std::string::npos);
        world.pass(6);
        world.run();
        world.order([](Settler& s, auto done) { s.unfreeze(1, "api:admin", done); });
        CHECK(world.states() == "1 frozen");
        world.chain.forget(0);
        world.pass(6);
        world.run();
        CHECK(world.states() == "1 frozen");
        world.order([](Settler& s, auto done) { s.unfreeze(1, "api:admin", done); });
        CHECK(world.states() == "1 sent");
        CHECK(unfreezes(world, 1) == STIPEND_E_CONFLICT);
    }
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.received(World::address(1)).text() == "6000000000000000");
    world.check_money();
}

TEST_CASE("nonces that were used elsewhere are accepted by a person, once they are final") {
    World world(1);
    world.decide();
    world.until_settled(8);
    REQUIRE(world.states().empty());
    CHECK(accepts(world) == STIPEND_E_CONFLICT);
    world.chain.spend_elsewhere();
    world.chain.spend_elsewhere();
    world.decide();
    world.pass(6);
    world.run();
    REQUIRE(world.settler().block().id == blocks::foreign);
    CHECK(accepts(world) == STIPEND_E_BUSY);
    blocks_and_looks(world, 5);
    CHECK(world.states().empty());
    world.restart();
    blocks_and_looks(world, 1);
    CHECK(said([&](auto done) { world.settler().accept_foreign("", done); }) == STIPEND_E_INVALID);
    accept(world);
    CHECK(ledger_test::number(world.file(), "SELECT count(*) FROM slot_end WHERE by = 'api:admin'") == 2);
    world.restart();
    world.until_settled(8);
    CHECK(world.settler().block().id.empty());
    CHECK(ledger_test::number(world.file(), "SELECT max(nonce) FROM slot") == 3);
    CHECK(world.states().empty());
    CHECK(world.owed(1) == "0");
    CHECK(world.chain.executed() == 4);
    world.check_money();
}

TEST_CASE("the first nonce of a payer follows only what is final") {
    World world(1);
    world.chain.spend_elsewhere();
    world.decide();
    world.run();
    CHECK(world.states() == "1 reserved");
    CHECK(world.settler().block().id == blocks::nonce);
    world.chain.reorganise(1);
    world.pass(6);
    world.run();
    CHECK(world.settler().slots().at(1).row.nonce == 0);
    world.until_settled(8);
    CHECK(world.states().empty());
    world.check_money();
}

TEST_CASE("so many nonces that were used elsewhere take more than one order") {
    World world(1);
    world.decide();
    world.until_settled(8);
    for (std::uint64_t i = 0; i < Settler::max_accepted + 2; ++i) world.chain.spend_elsewhere();
    blocks_and_looks(world, 4);
    accept(world);
    CHECK(world.settler().block().id == blocks::foreign);
    accept(world);
    CHECK(world.settler().block().id.empty());
    CHECK(accepts(world) == STIPEND_E_CONFLICT);
    world.check_money();
}

TEST_CASE("two payments that failed stop all until a person releases one; each payee waits for its own release") {
    World world(5);
    world.chain.failing = {World::address(1), World::address(2)};
    world.decide();
    world.until_settled(8);
    CHECK(world.states() == "5 held, 6 held");
    CHECK(world.reason(1, PayoutState::returned) == "the chain executed it as a failure");
    CHECK(world.settler().block().id == blocks::reverts);
    CHECK(world.chain.executed() == 4);
    world.check_money();
    world.restart();
    world.decide();
    world.until_settled(5);
    CHECK(world.settler().block().id == blocks::reverts);
    CHECK(world.states() == "5 held, 6 held, 7 reserved, 8 reserved, 9 reserved");
    CHECK(world.chain.executed() == 4);
    world.chain.failing.clear();
    world.order([](Settler& s, auto done) { s.release(5, "api:admin", done); });
    world.until_settled(16);
    CHECK(world.states() == "6 held");
    CHECK(world.settler().block().id.empty());
    world.order([](Settler& s, auto done) { s.release(6, "api:admin", done); });
    world.until_settled(16);
    CHECK(world.states().empty());
    world.check_money();
    // It is known as one that works again.
    world.decide();
    world.until_settled(8);
    CHECK(world.states().empty());
}

TEST_CASE("without a limit of failures only the payees that failed wait") {
    World world(5);
    world.settings.max_reverts = 0;
    world.chain.failing = {World::address(1), World::address(2)};
    world.decide();
    world.until_settled(8);
    CHECK(world.states() == "5 held, 6 held");
    CHECK(world.settler().block().id.empty());
    world.decide();
    world.until_settled(8);
    CHECK(world.states() == "5 held, 6 held");
    world.check_money();
}

TEST_CASE(
    "a clock that differs, gas that is too dear and funds that are too low bind nothing, and are over by themselves") {
    World world(2);
    world.decide();
    SUBCASE("the clock is ahead of the chain") {
        world.chain.head_at = ledger_test::start_ns - 1'900 * ns_per_s;
    }
    SUBCASE("the clock is behind the chain") {
        world.chain.head_at = ledger_test::start_ns + 1'900 * ns_per_s;
    }
    if (world.chain.head_at) {
        world.run();
        CHECK(world.states() == "1 reserved, 2 reserved");
        CHECK(world.settler().block().id == blocks::clock);
        CHECK(world.settler().block().text.find("want at most 1800") != std::string::npos);
        world.chain.head_at.reset();
    }
    SUBCASE("gas") {
        world.settings.max_cap = *SignedWei::parse("20");
        world.run();
        CHECK(world.states() == "1 reserved, 2 reserved");
        CHECK(world.settler().block().id == blocks::gas);
        world.settings = rules();
    }
    SUBCASE("funds") {
        world.chain.funds = Wei::parse("6000000000000000").value();
        world.run();
        CHECK(world.states() == "1 reserved, 2 reserved");
        CHECK(world.settler().block().id == blocks::funds);
        CHECK(world.settler().block().text ==
              "the payer has too little: 6000000000000000 wei, want 6000000000525000, which is 525000 more");
        world.pass(6);
        world.run();
        CHECK(world.settler().block().id == blocks::funds);
        world.chain.funds = Wei::parse("1000000000000000000").value();
    }
    world.pass(6);
    world.run();
    CHECK(world.settler().block().id.empty());
    CHECK(world.states() == "1 sent, 2 sent");
    world.until_settled(8);
    CHECK(world.states().empty());
    world.check_money();
}
