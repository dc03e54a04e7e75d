// One transaction pays many: each payee has its own outcome, and its own limits.
#include <doctest/doctest.h>

#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;
using ledger::PayoutState;

namespace {

// Five orchestrators of which four are owed the same amount: payouts 1 to 4, to addresses 1, 2, 4 and 5.
constexpr const char* amount = "6000000000000000";

void start(World& world, PayMode mode = PayMode::batch) {
    world.settings.mode = mode;
    world.decide();
    world.run();
}

const std::string all_sent = "1 sent, 2 sent, 3 sent, 4 sent";

}  // namespace

TEST_CASE("what is due together is paid by one transaction") {
    World world(5);
    start(world);
    CHECK(world.states() == all_sent);
    REQUIRE(world.settler().slots().size() == 1);
    CHECK(world.settler().slots().begin()->second.row.payouts == 4);
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 1);
    for (const OrchestratorId id : {1, 2, 4, 5}) CHECK(world.chain.received(World::address(id)).text() == amount);
    world.check_money();
    // A single one is no batch.
    World other(1);
    start(other);
    other.until_settled(8);
    CHECK(other.chain.executed() == 1);
    other.check_money();
}

TEST_CASE("a batch has at most so many payees") {
    World world(5);
    world.settings.batch_most = 2;
    start(world);
    CHECK(world.settler().slots().size() == 2);
    world.until_settled(8);
    CHECK(world.chain.executed() == 2);
    world.check_money();
}

TEST_CASE("a batch is made where it takes less gas than its payees by themselves") {
    World few(2);
    start(few, PayMode::automatic);
    CHECK(few.settler().slots().size() == 2);
    few.until_settled(8);
    few.check_money();
    World many(5);
    start(many, PayMode::automatic);
    CHECK(many.settler().slots().size() == 1);
    many.until_settled(8);
    many.check_money();
    // What is compared is the gas that it takes, not its limit.
    World spare(5);
    spare.chain.batch_spare = 1'000'000;
    start(spare, PayMode::automatic);
    CHECK(spare.settler().slots().size() == 1);
    CHECK(spare.settler().slots().begin()->second.gas == 1'086'000);
}

TEST_CASE("a payee that a batch did not pay is owed again, and its next payout waits for a person") {
    World world(5);
    world.chain.failing.insert(World::address(2));
    start(world);
    world.until_settled(8);
    CHECK(world.states() == "5 held");
    CHECK(world.reason(2, PayoutState::returned) == "the batch's contract reports that its payee did not take it");
    CHECK(world.settler().payouts().at(5).reason == "payout 2 to the same payee failed on the chain");
    CHECK(world.chain.received(World::address(1)).text() == amount);
    CHECK(world.chain.received(World::address(2)).text() == "0");
    CHECK(world.chain.received(World::address(4)).text() == amount);
    CHECK(world.settler().block().id.empty());  // the batch itself was executed
    world.check_money();
    // It is not forgotten, also where the payout that was held is given back.
    world.restart();
    world.order([](Settler& s, auto done) { s.give_back(5, "later", "api:admin", done); });
    world.until_settled(3);
    CHECK(world.states() == "6 held");
    world.chain.failing.clear();
    world.order([](Settler& s, auto done) { s.release(6, "api:admin", done); });
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.received(World::address(2)).text() == amount);
    world.check_money();
}

TEST_CASE("a batch that fails as a whole is owed again; the second one stops all until a person releases one") {
    World world(5);
    world.chain.batches_fail = true;
    start(world);
    world.until_settled(20);
    CHECK(world.chain.executed() == 2);
    CHECK(world.settler().block().id == blocks::reverts);
    CHECK(world.states() == "9 held, 10 reserved, 11 reserved, 12 reserved");
    world.restart();
    world.until_settled(5);
    CHECK(world.chain.executed() == 2);
    CHECK(world.settler().block().id == blocks::reverts);
    world.check_money();
    world.chain.batches_fail = false;
    world.order([](Settler& s, auto done) { s.release(9, "api:admin", done); });
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 3);
    world.check_money();
}

TEST_CASE("a payee that the chain would refuse is held before a batch is made of the others") {
    World world(5);
    world.chain.rejecting.insert(World::address(1));
    start(world);
    CHECK(world.states() == "1 held, 2 sent, 3 sent, 4 sent");
    CHECK(world.settler().slots().size() == 1);
    world.until_settled(8);
    CHECK(world.chain.executed() == 1);
    world.check_money();
}

TEST_CASE("where no batch is possible each is paid by itself") {
    World world(5);
    SUBCASE("the estimate refuses it") {
        world.chain.batches_refused = true;
        start(world);
        CHECK(world.settler().slots().size() == 4);
    }
    SUBCASE("the plugin knows no batches") {
        world.chain.batches_known = false;
        start(world);
        CHECK(world.settler().slots().size() == 4);
    }
    SUBCASE("the signer refuses one of its payees") {
        world.chain.signer_refuses_payees.insert(World::address(2));
        start(world);
        CHECK(world.states() == "1 sent, 2 held, 3 sent, 4 sent");
        CHECK(world.settler().slots().size() == 3);
        world.chain.signer_refuses_payees.clear();
        world.order([](Settler& s, auto done) { s.release(2, "api:admin", done); });
    }
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 4);
    world.check_money();
}

TEST_CASE("a batch that was bound before batches were no longer possible is paid one by one") {
    World world(5);
    world.chain.signer_answers = false;
    start(world);
    REQUIRE(world.states() == "1 bound, 2 bound, 3 bound, 4 bound");
    world.chain.batches_known = false;
    world.chain.signer_answers = true;
    world.restart();
    world.until_settled(10);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 4);
    world.check_money();
}

TEST_CASE("limits count each payee of a batch, across restarts") {
    World world(5);
    SUBCASE("of a day") {
        world.settings.limits.per_day = *SignedWei::parse("18000000000000000");
        start(world);
        CHECK(world.states() == "1 sent, 2 sent, 3 sent, 4 reserved");
        world.restart();
        world.run();
        CHECK(world.states() == "1 sent, 2 sent, 3 sent, 4 reserved");
    }
    SUBCASE("of a payee in a day, which is its address") {
        world.everyone = World::address(9);
        world.settings.limits.per_payee_day = *SignedWei::parse("12000000000000000");
        start(world);
        CHECK(world.states() == "1 sent, 2 sent, 3 reserved, 4 reserved");
        world.restart();
        world.run();
        CHECK(world.states() == "1 sent, 2 sent, 3 reserved, 4 reserved");
    }
    SUBCASE("of one payment, which a batch is not") {
        world.settings.limits.per_payment = *SignedWei::parse(amount);
        start(world);
        CHECK(world.states() == all_sent);
    }
    SUBCASE("what the signer refused counts no longer") {
        world.settings.limits.per_day = *SignedWei::parse("24000000000000000");
        world.chain.signer_refuses_payees.insert(World::address(2));
        start(world);
        CHECK(world.states() == "1 sent, 2 held, 3 sent, 4 sent");
    }
    CHECK(ledger_test::findings(world.ledger()).empty());
}

TEST_CASE("the fee is a share of the whole batch") {
    World world(5);
    world.settings.max_cap = *SignedWei::parse("2000000");
    world.settings.max_fee_ppm = 2;
    world.chain.gas_price = 500'000;
    start(world, PayMode::single);
    CHECK(world.states() == "1 reserved, 2 reserved, 3 reserved, 4 reserved");
    world.settings.mode = PayMode::batch;
    world.pass(6);
    world.run();
    CHECK(world.states() == all_sent);
}

TEST_CASE("the payer's funds cover the whole batch and its gas") {
    World world(5);
    world.chain.funds = Wei::parse("24000000000000000").value();
    start(world);
    CHECK(world.states() == "1 reserved, 2 reserved, 3 reserved, 4 reserved");
    CHECK(world.settler().block().id == blocks::funds);
    world.chain.funds = Wei::parse("24000000010000000").value();
    world.pass(6);
    world.run();
    CHECK(world.states() == all_sent);
    CHECK(world.settler().block().id.empty());
}

TEST_CASE("a batch that waits is signed again with higher fees, for the same payees and by the same id") {
    World world(5);
    start(world);
    world.chain.drop_pool();
    world.pass(131);
    world.run();
    REQUIRE(world.settler().slots().size() == 1);
    CHECK(world.settler().slots().begin()->second.attempts.size() == 2);
    world.chain.mine();
    world.pass(6);
    world.run();
    CHECK(world.states() == "1 mined, 2 mined, 3 mined, 4 mined");
    world.chain.reorganise(1);
    world.pass(6);
    world.run();
    CHECK(world.states() == all_sent);
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 1);
    world.check_money();
    CHECK(batch_id(42161, payer_address, 0) != batch_id(42161, payer_address, 1));
    CHECK(batch_id(42161, payer_address, 0) != batch_id(42162, payer_address, 0));
}

TEST_CASE("outcomes that are not one for each payee decide nothing") {
    World world(5);
    start(world);
    world.chain.outcomes_short = true;
    for (int i = 0; i < 6; ++i) {
        world.chain.mine();
        world.pass(6);
        world.run();
    }
    CHECK(world.states() == all_sent);
    CHECK(world.settler().block().id == blocks::unanswered);
    CHECK(world.settler().block().text.find("got 3 outcomes of a batch, want 4") != std::string::npos);
    world.chain.outcomes_short = false;
    world.until_settled(8);
    CHECK(world.states().empty());
    world.check_money();
}
