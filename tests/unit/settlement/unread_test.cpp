// What the chain says of an attempt cannot be read: that keeps no other, and decides nothing.
#include <doctest/doctest.h>

#include "host/settlement/waiting.hpp"
#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;

namespace {

// Four payouts, by nonces 0 to 3, are mined; a first look at them has failed.
void mined(World& world, std::set<std::uint64_t> unreadable) {
    world.settings.reserve_every_ns = 60 * ns_per_s;
    world.decide();
    world.run();
    REQUIRE(world.states() == "1 sent, 2 sent, 3 sent, 4 sent");
    world.chain.mine();
    world.chain.unreadable = std::move(unreadable);
    world.pass(6);
    world.looks = 0;
    world.run();
    CHECK(world.looks == 1);
    CHECK(world.settler().block().id == blocks::unanswered);
}

}  // namespace

TEST_CASE("one attempt about which no answer can be read keeps no other from being paid") {
    World world(5);
    mined(world, {1});
    CHECK(world.run_when_due() == ns_per_s / 4);
    CHECK(world.looks == 6);  // all of them; the first two, each of these, and the last two
    CHECK(world.states() == "1 mined, 2 sent, 3 mined, 4 mined");
    CHECK(world.settler().block().id.empty());
    CHECK(world.settler().unread().empty());
    CHECK(waiting_of(world.settler(), 2, ledger_test::start_ns).text ==
          "an answer of the chain about it that can be read: the endpoints disagree about a block");
    CHECK(waiting_of(world.settler(), 2, ledger_test::start_ns).command.find("`stipend reload`") != std::string::npos);
    CHECK(*waiting_of(world.settler(), 2, ledger_test::start_ns).next == world.settler().next_look());
    world.pass(6);
    world.run();
    CHECK(world.looks == 8);  // the three others together, and that one
    world.until_settled(6);
    CHECK(world.states() == "2 sent");
    CHECK(world.settler().unread() == std::vector<SlotId>{2});
    CHECK(world.settler().slots().at(2).attempts.size() == 1);
    // What is owed later is paid too, also with no other open nonce at first.
    world.decide();
    world.until_settled(16);
    CHECK(world.states() == "2 sent");
    CHECK(world.chain.received(World::address(5)).text() == "12000000000000000");
    CHECK(world.settler().block().id.empty());
    world.chain.unreadable.clear();
    world.until_settled(12);
    CHECK(world.states().empty());
    CHECK(world.settler().unread().empty());
    for (const OrchestratorId id : {1, 2, 4, 5}) CHECK(world.owed(id) == "0");
    world.check_money();
}

TEST_CASE("where no answer can be read nothing is bound, and nothing is asked all the time") {
    World world(5);
    mined(world, {0, 1, 2, 3});
    for (int i = 0; i < 3; ++i) static_cast<void>(world.run_when_due());
    CHECK(world.looks <= 1 + 3 * 7);
    CHECK(world.states() == "1 sent, 2 sent, 3 sent, 4 sent");
    CHECK(world.settler().block().id == blocks::unanswered);
    world.pass(40);
    world.run();
    CHECK(world.settler().unread().size() == 4);
    world.chain.unreadable.clear();
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 4);
    world.check_money();
}

TEST_CASE("an attempt that cannot be read and is in no block is neither sent again nor signed with higher fees") {
    World world(3);
    world.decide();
    world.run();
    world.chain.drop_pool();
    world.chain.unreadable = {0};
    for (int i = 0; i < 8; ++i) {
        world.pass(31);
        world.run();
    }
    CHECK(world.settler().slots().at(1).attempts.size() == 1);
    CHECK(world.settler().slots().at(2).attempts.size() == 1);
    world.chain.unreadable.clear();
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 2);
    world.check_money();
}
