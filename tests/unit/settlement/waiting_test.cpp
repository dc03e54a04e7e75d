// What a payout waits for, as it is shown.
#include <doctest/doctest.h>

#include "host/settlement/waiting.hpp"
#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;

namespace {

Waiting first(World& world) {
    return waiting_of(world.settler(), world.settler().payouts().begin()->first, ledger_test::start_ns);
}

}  // namespace

TEST_CASE("a payout says what it waits for from its reservation to its last block") {
    World world(1);
    world.chain.signer_answers = false;
    world.decide();
    world.run();
    CHECK(first(world).text.find("a signature") != std::string::npos);
    world.chain.signer_answers = true;
    world.pass(6);
    world.run();
    REQUIRE(world.states() == "1 sent");
    CHECK(first(world).text.find("nonce 0 bids 21 wei for one gas") == 0);
    world.chain.mine();
    world.pass(6);
    world.run();
    CHECK(first(world).text == "its block 1 to become final; 0 blocks are above it");
    CHECK(first(world).command.empty());
}

TEST_CASE("what a person has to do is said with the command") {
    World world(1);
    world.chain.rejecting = {World::address(1)};
    world.decide();
    world.run();
    REQUIRE(world.states() == "1 held");
    CHECK(first(world).text.find("a person: the chain would refuse it") == 0);
    CHECK(first(world).command.find("`stipend payouts release 1`") == 0);
}

TEST_CASE("limits of a day, the price of gas and a kill switch are named") {
    World world(1);
    SUBCASE("the limits of a day") {
        world.settings.limits.per_day = *SignedWei::parse("1");
        world.restart();
        world.decide();
        world.run();
        CHECK(first(world).text.find("the limits of this UTC day") == 0);
        CHECK(*first(world).next % ns_per_day == 0);
    }
    SUBCASE("the price of gas") {
        world.settings.max_cap = *SignedWei::parse("1");
        world.restart();
        world.decide();
        world.run();
        CHECK(first(world).text.find("gas costs more than the limit") != std::string::npos);
    }
    SUBCASE("the kill switch") {
        world.decide();
        world.run();
        auto stopped = world.settings;
        stopped.stopped = true;
        world.settler().set_rules(stopped);
        CHECK(waiting_of_all(world.settler()).command.find("payouts.stopped: false") != std::string::npos);
        CHECK(first(world).text == "payouts are stopped by the configuration");
    }
}

TEST_CASE("a restored ledger reserves, signs and sends nothing, whatever is owed or open") {
    World world(2);
    SUBCASE("nothing was reserved before") {
        world.settings.restored = true;
        world.decide();
        world.run();
        CHECK(world.states().empty());
    }
    SUBCASE("a signed one waits to be sent again") {
        world.decide();
        world.run();
        REQUIRE(world.states() == "1 sent, 2 sent");
        world.chain.drop_pool();
        world.settings.restored = true;
        world.restart();
    }
    for (int i = 0; i < 4; ++i) {
        world.chain.mine();
        world.pass(200);
        world.run();
    }
    CHECK(world.chain.executed() == 0);
    CHECK(world.settler().block().id == blocks::restored);
    CHECK(waiting_of_all(world.settler()).command.find("stipend reconcile --accept-restored") != std::string::npos);
    world.settings.restored = false;
    world.until_settled(20);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 2);
    world.check_money();
}

TEST_CASE("a nonce that this ledger never gave keeps all of them, with what to do") {
    World world(1);
    world.decide();
    world.until_settled();
    world.chain.spend_elsewhere();
    world.chain.mine();
    world.pass(6);
    world.run();
    const auto all = waiting_of_all(world.settler());
    CHECK(all.text.find("something else uses the payer's key") != std::string::npos);
    CHECK(all.command.find("stipend reconcile") != std::string::npos);
}
