// Ids and nonces that several settlers have in common.
#include <doctest/doctest.h>

#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;

TEST_CASE("numbers go on behind those of all networks, nonces behind those of the payer's chain") {
    Numbering numbering;
    numbering.restore({.last_slots = {{.payer = "0xa", .nonce = 7}}, .next_payout = 5, .next_slot = 9}, 1);
    numbering.restore({.last_slots = {{.payer = "0xa", .nonce = 2}}, .next_payout = 4, .next_slot = 3}, 10);
    numbering.restore({.last_slots = {{.payer = "0xa", .nonce = 6}, {.payer = "0xb", .nonce = 0}}}, 1);
    CHECK(numbering.next_payout() == 5);
    CHECK(numbering.next_slot() == 9);
    CHECK(numbering.last_nonce(1, "0xa") == 7);
    CHECK(numbering.last_nonce(10, "0xa") == 2);
    CHECK(numbering.last_nonce(1, "0xb") == 0);
    CHECK(!numbering.last_nonce(10, "0xb"));
    numbering.opened(1, {.id = 9, .payer = "0xa", .nonce = 8});
    CHECK(numbering.next_slot() == 10);
    CHECK(numbering.last_nonce(1, "0xa") == 8);
    numbering.freed(1, {.id = 9, .payer = "0xa", .nonce = 8});
    CHECK(numbering.last_nonce(1, "0xa") == 7);
    CHECK(numbering.next_slot() == 10);  // an id is never given again
    numbering.freed(1, {.id = 4, .payer = "0xb", .nonce = 0});
    CHECK(!numbering.last_nonce(1, "0xb"));
}

TEST_CASE("while another settler's numbers are not committed, nothing is reserved or bound") {
    World world(2);
    const int other = 0;
    world.decide();
    world.numbering().begin(&other);
    world.run();
    CHECK(world.states().empty());
    world.numbering().end(&other);
    world.settings.stopped = true;  // reserved, and not bound yet
    world.run();
    world.settings.stopped = false;
    world.numbering().begin(&other);
    world.pass(61);
    world.run();
    world.numbering().end(&other);
    world.until_settled();
    CHECK(world.states().empty());
    CHECK(world.chain.executed() > 0);
    world.check_money();
}

TEST_CASE("a nonce below another network's is given up, not taken back") {
    World world(2);
    world.chain.signer_answers = false;
    world.decide();
    world.run();
    REQUIRE(world.states() == "1 bound, 2 bound");
    // Meanwhile the other network has the next nonce of this payer.
    const auto own = world.settler().slots().rbegin()->second.row;
    world.numbering().opened(world.settings.chain_id, {.id = own.id, .payer = own.payer, .nonce = own.nonce + 1});
    world.chain.signer_answers = true;
    world.chain.signer_refuses_payees.insert(World::address(1));
    world.pass(61);
    world.run();
    REQUIRE(world.settler().slots().size() == 2);
    CHECK(world.settler().slots().begin()->second.gives_up);
}
