// Payouts that are due at the same time, each by a nonce of its own: bound in one commit, signed, recorded in another.
#include <doctest/doctest.h>

#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;
using ledger::PayoutState;

namespace {

// Five orchestrators of which four are owed the same amount: payouts 1 to 4, to addresses 1, 2, 4 and 5.
constexpr const char* each_amount = "6000000000000000";

std::vector<std::uint64_t> open_nonces(World& world) {
    std::vector<std::uint64_t> out;
    for (const auto& [id, slot] : world.settler().slots()) out.push_back(slot.row.nonce);
    return out;
}

}  // namespace

TEST_CASE("what is due together takes one commit to be bound and one to be signed, within the window") {
    World world(6);
    world.settings.window = 3;
    world.decide();
    world.run();
    CHECK(world.states() == "1 sent, 2 sent, 3 sent, 4 reserved");
    CHECK(world.commits() == 2);
    CHECK(open_nonces(world) == std::vector<std::uint64_t>{0, 1, 2});
    world.until_settled(12);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 4);
    world.check_money();
}

TEST_CASE("of what is bound together each one's gas is covered by the payer's funds") {
    World world(3);
    world.chain.funds = Wei::parse("12000000000525000").value();  // two payments, and the gas of one
    world.decide();
    world.run();
    CHECK(world.states() == "1 sent, 2 reserved");
    CHECK(world.settler().block().id == blocks::funds);
    world.chain.funds = Wei::parse("12000000001050000").value();
    world.pass(6);
    world.run();
    CHECK(world.states() == "1 sent, 2 sent");
}

TEST_CASE("one that the signer refuses leaves no gap: those bound above it are given the nonces before") {
    World world(5);
    world.chain.signer_refuses_payees.insert(World::address(2));
    world.decide();
    world.run();
    CHECK(world.states() == "1 sent, 2 held, 3 sent, 4 sent");
    CHECK(world.settler().payouts().at(2).reason == "payee_day_limit: " + World::address(2));
    CHECK(open_nonces(world) == std::vector<std::uint64_t>{0, 1, 2});
    world.until_settled(8);
    CHECK(world.states() == "2 held");
    CHECK(world.chain.executed() == 3);
    CHECK(world.chain.received(World::address(5)).text() == each_amount);
    world.check_money();
}

TEST_CASE("one that is refused below another that was signed is given up, and the other is paid") {
    World world(3);
    // Account, reservation, two estimates, binding, two signatures: their record is not written.
    world.crash_at(8, World::Crash::before);
    world.decide();
    world.run();
    REQUIRE(world.crashed());
    REQUIRE(world.chain.remembered(1).size() == 1);
    world.chain.forget(0);
    world.chain.signer_refuses_payees.insert(World::address(1));
    world.restart();
    world.run();
    CHECK(world.states() == "1 sent, 2 sent");  // the first one's nonce by a transaction that pays nothing
    CHECK(open_nonces(world) == std::vector<std::uint64_t>{0, 1});
    world.until_settled(8);
    CHECK(world.reason(1, PayoutState::returned) == "its nonce was given up");
    CHECK(world.states() == "3 held");
    CHECK(world.chain.executed() == 2);
    CHECK(world.chain.received(World::address(1)).text() == "0");
    CHECK(world.chain.received(World::address(2)).text() == each_amount);
    world.check_money();
}

TEST_CASE("a signer that ends in the middle of a group: what it has signed is recorded and sent") {
    World world(5);
    world.chain.signatures_left = 2;
    world.decide();
    world.run();
    CHECK(world.states() == "1 sent, 2 sent, 3 bound, 4 bound");
    CHECK(world.settler().block().id == blocks::unanswered);
    world.chain.signatures_left.reset();
    world.pass(6);
    world.run();
    CHECK(world.states() == "1 sent, 2 sent, 3 sent, 4 sent");
    world.until_settled(8);
    CHECK(world.chain.executed() == 4);
    world.check_money();
}
