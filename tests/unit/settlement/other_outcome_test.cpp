// A payment that the chain executed, and that moved something else than its amount, as a token does that takes a fee:
// it is frozen, stops all others, and counts as what a person says.
#include <doctest/doctest.h>

#include "host/settlement/waiting.hpp"
#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;
using ledger::PayoutState;

namespace {

stipend_status settles(World& world, PayoutId id, Settler::Settled as, std::string by = "api:admin") {
    stipend_status out = STIPEND_E_INTERNAL;
    world.settler().settle(id, as, std::move(by),
                           [&](Result<void> done) { out = done ? STIPEND_OK : done.error().status; });
    return out;
}

void settle(World& world, PayoutId id, Settler::Settled as) {
    world.order([&](Settler& s, auto done) { s.settle(id, as, "api:admin", done); });
}

void blocks_and_looks(World& world, int count) {
    for (int i = 0; i < count; ++i) {
        world.chain.mine();
        world.pass(6);
        world.run();
    }
}

// Payout 1 is in a block, and moved something else; payout 2 waits behind it.
void freeze(World& world) {
    world.settings.window = 1;
    world.chain.diverted = {World::address(1)};
    world.decide();
    world.run();
    blocks_and_looks(world, 1);
    REQUIRE(world.states() == "1 frozen, 2 reserved");
}

}  // namespace

TEST_CASE("a payment that moved something else is frozen in its first block, and nothing is paid behind it") {
    World world(2);
    freeze(world);
    const auto reason = world.reason(1, PayoutState::frozen);
    CHECK(reason.starts_with("its transaction 0x"));
    CHECK(reason.ends_with(" in block 1 did something else than it should: the token moved 990, want 1000"));
    const auto waits = waiting_of(world.settler(), 1, ledger_test::start_ns);
    CHECK(waits.text == "a person: " + reason);
    CHECK(waits.command.find("`stipend payouts unfreeze 1 --as paid`") != std::string::npos);
    // While its block can be replaced nothing is settled; and never without a name.
    CHECK(settles(world, 1, Settler::Settled::paid) == STIPEND_E_BUSY);
    CHECK(settles(world, 1, Settler::Settled::paid, "") == STIPEND_E_INVALID);
    CHECK(settles(world, 2, Settler::Settled::paid) == STIPEND_E_CONFLICT);
    world.restart();
    CHECK(settles(world, 1, Settler::Settled::paid) == STIPEND_E_BUSY);  // the chain was not asked yet
    world.decide();
    blocks_and_looks(world, 8);
    CHECK(world.states() == "1 frozen, 2 reserved");
    CHECK(world.chain.executed() == 1);
    // To let it go on changes nothing while the chain says the same.
    world.order([](Settler& s, auto done) { s.unfreeze(1, "api:admin", done); });
    world.pass(6);
    world.run();
    CHECK(world.states() == "1 frozen, 2 reserved");
    CHECK(world.chain.executed() == 1);
    CHECK(world.settler().slots().at(1).attempts.size() == 1);
}

TEST_CASE("it is owed again where a person says so, and the payee's next one waits for a person as well") {
    World world(2);
    freeze(world);
    blocks_and_looks(world, 4);
    settle(world, 1, Settler::Settled::owed);
    CHECK(ledger_test::text_of(world.file(), "SELECT by || executed FROM slot_end WHERE slot = 1") == "api:admin0");
    CHECK(world.reason(1, PayoutState::returned) ==
          "it did something else than it should: the token moved 990, want 1000");
    world.chain.diverted.clear();
    world.until_settled(8);
    CHECK(world.states() == "3 held");
    CHECK(world.chain.received(World::address(1)).zero());
    world.check_money();
    world.restart();
    world.until_settled(3);
    CHECK(world.states() == "3 held");
    world.order([](Settler& s, auto done) { s.release(3, "api:admin", done); });
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.received(World::address(1)).text() == "6000000000000000");
    world.check_money();
}

TEST_CASE("it is paid where a person says so, and is never paid again") {
    World world(2);
    freeze(world);
    blocks_and_looks(world, 4);
    settle(world, 1, Settler::Settled::paid);
    CHECK(ledger_test::text_of(world.file(), "SELECT by || executed FROM slot_end WHERE slot = 1") == "api:admin1");
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.owed(1) == "0");
    CHECK(world.chain.executed() == 2);
    CHECK(ledger_test::findings(world.ledger()).empty());
    CHECK(settles(world, 1, Settler::Settled::paid) == STIPEND_E_INVALID);
}

TEST_CASE("a reorganised chain that does what it should is gone on with, once a person lets it") {
    World world(2);
    freeze(world);
    world.chain.reorganise(1);
    world.chain.diverted.clear();
    blocks_and_looks(world, 1);
    CHECK(world.states() == "1 frozen, 2 reserved");
    CHECK(settles(world, 1, Settler::Settled::owed) == STIPEND_E_CONFLICT);
    world.order([](Settler& s, auto done) { s.unfreeze(1, "api:admin", done); });
    world.until_settled(20);
    CHECK(world.states().empty());
    world.check_money();
}
