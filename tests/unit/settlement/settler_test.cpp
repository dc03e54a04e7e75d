// What is owed is paid once, whatever the chain does.
#include <doctest/doctest.h>

#include "host/settlement/waiting.hpp"
#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;

TEST_CASE("what is owed is reserved, bound, signed, sent, and paid when the chain says so for good") {
    World world(3);
    world.decide();
    world.run();
    CHECK(world.states() == "1 sent, 2 sent");
    world.chain.mine();
    world.pass(6);
    world.run();
    CHECK(world.states() == "1 mined, 2 mined");
    world.chain.mine();
    world.chain.mine();
    world.pass(6);
    world.run();
    CHECK(world.states() == "1 confirmed, 2 confirmed");
    world.until_settled(3);
    CHECK(world.states().empty());
    CHECK(world.owed(1) == "0");
    CHECK(world.chain.received(World::address(1)).text() == "6000000000000000");
    CHECK(world.chain.executed() == 2);
    world.check_money();
    // And what is owed afterwards.
    world.decide();
    world.until_settled(10);
    CHECK(world.states().empty());
    world.check_money();
}

TEST_CASE("below the least payout nothing is reserved until it is old enough") {
    World world(1);
    world.settings.min_payout = *SignedWei::parse("7000000000000000");
    world.decide();
    world.run();
    CHECK(world.states().empty());
    world.pass(24 * 3600);
    world.run();
    CHECK(world.states() == "1 sent");
}

TEST_CASE("a reorganised chain takes a payment back, and the same bytes are sent again") {
    World world(1);
    world.decide();
    world.run();
    world.chain.mine();
    world.pass(6);
    world.run();
    REQUIRE(world.states() == "1 mined");
    world.chain.reorganise(1);
    world.pass(6);
    world.run();
    CHECK(world.states() == "1 sent");
    CHECK(world.settler().slots().begin()->second.attempts.size() == 1);
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 1);
    world.check_money();
}

TEST_CASE("an attempt that no node has is sent again, and one that waits is signed with higher fees") {
    World world(1);
    world.decide();
    world.run();
    world.chain.drop_pool();
    world.pass(31);
    world.run();
    CHECK(world.settler().slots().begin()->second.attempts.size() == 1);
    world.pass(100);
    world.run();
    const auto& attempts = world.settler().slots().begin()->second.attempts;
    REQUIRE(attempts.size() == 2);
    // At least an eighth more, of both.
    CHECK(attempts[1].tip_wei.text() == "2");
    CHECK(attempts[1].cap_wei.text() == "24");
    CHECK(attempts[1].gas == attempts[0].gas);
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 1);
    world.check_money();
}

TEST_CASE("fees are never raised above the limit") {
    World world(1);
    world.settings.max_cap = *SignedWei::parse("22");
    world.decide();
    world.run();
    world.pass(1000);
    world.run();
    CHECK(world.settler().slots().begin()->second.attempts.size() == 1);
    world.settings.max_cap = *SignedWei::parse("20");
    world.until_settled(8);
    CHECK(world.states().empty());
    world.decide();
    world.run();
    CHECK(world.states() == "2 reserved");  // gas costs more than the limit
    world.check_money();
}

TEST_CASE("fees are raised to the share of a payment that they may be, and no further") {
    World world(1);
    world.decide();
    world.run();
    const auto& slot = world.settler().slots().begin()->second;
    REQUIRE(slot.attempts.size() == 1);
    const auto& payout = world.settler().payouts().begin()->second;
    // What gas costs now, for the payment that is under way: so much is more than its share may be.
    world.chain.gas_price = 1'000'000'000;
    world.settings.max_cap = *SignedWei::parse("1000000000000000000");
    world.settings.max_fee_ppm = 1;
    world.settler().set_rules(world.settings);
    world.pass(130);
    world.run();
    CHECK(slot.attempts.size() == 1);
    CHECK(slot.dear.starts_with("its fee is too large a share of it: "));
    const auto waits = waiting_of(world.settler(), payout.row.id, ledger_test::start_ns);
    CHECK(waits.text.find("is not signed with higher fees: its fee is too large a share of it") != std::string::npos);
    world.settings.max_fee_ppm = 1'000'000;
    world.settler().set_rules(world.settings);
    world.pass(6);
    world.run();
    CHECK(slot.attempts.size() == 2);
    CHECK(slot.dear.empty());
    world.until_settled(8);
    CHECK(world.states().empty());
    world.check_money();
}

TEST_CASE("what was bound before gas became too dear is signed once it is cheap again") {
    World world(1);
    world.crash_at(4, World::Crash::after);  // account, reservation, estimate, binding
    world.decide();
    world.run();
    REQUIRE(world.crashed());
    world.settings.max_cap = *SignedWei::parse("20");
    world.restart();
    world.run();
    CHECK(world.states() == "1 bound");
    CHECK(world.settler().slots().begin()->second.attempts.empty());
    world.settings.max_cap = *SignedWei::parse("21");
    world.pass(6);
    world.run();
    CHECK(world.states() == "1 sent");
    world.until_settled(8);
    CHECK(world.states().empty());
    world.check_money();
}

TEST_CASE("a payee that the chain would refuse is held without a nonce, and blocks no other") {
    World world(2);
    world.chain.rejecting.insert(World::address(1));
    world.decide();
    world.run();
    CHECK(world.states() == "1 held, 2 sent");
    world.until_settled(8);
    CHECK(world.states() == "1 held");
    world.chain.rejecting.clear();
    Result<void> released = fail(STIPEND_E_INTERNAL, "not called");
    world.settler().release(1, "api:admin", [&](Result<void> done) { released = std::move(done); });
    world.run();
    CHECK(released.ok());
    world.until_settled(8);
    CHECK(world.states().empty());
    world.check_money();
}

TEST_CASE("a payment that the chain executes as a failure is owed again") {
    World world(1);
    world.chain.failing.insert(World::address(1));
    world.decide();
    world.run();
    for (int i = 0; i < 5; ++i) {
        world.chain.mine();
        world.pass(6);
        world.settings.stopped = true;  // so that it is not reserved again at once
        world.run();
    }
    CHECK(world.states().empty());
    CHECK(world.settler().slots().empty());
    CHECK(world.owed(1) == "6000000000000000");
    CHECK(world.chain.executed() == 1);
    world.check_money();
}

TEST_CASE("limits hold in their windows, across restarts") {
    World world(3);
    SUBCASE("of one payment") {
        world.settings.limits.per_payment = *SignedWei::parse("5999999999999999");
        world.decide();
        world.run();
        CHECK(world.states() == "1 held, 2 held");
        CHECK(world.settler().payouts().at(1).reason.find("limit of one payment") != std::string::npos);
    }
    SUBCASE("of a day") {
        world.settings.limits.per_day = *SignedWei::parse("6000000000000000");
        world.decide();
        world.run();
        CHECK(world.states() == "1 sent, 2 reserved");
        world.restart();
        world.run();
        CHECK(world.states() == "1 sent, 2 reserved");
        world.pass(24 * 3600);
        world.until_settled(8);
        CHECK(world.states().empty());
    }
    SUBCASE("of a payee in a day") {
        world.settings.limits.per_payee_day = *SignedWei::parse("6000000000000000");
        world.decide();
        world.until_settled(8);
        world.restart();
        world.decide();
        world.run();
        CHECK(world.states() == "3 reserved, 4 reserved, 5 sent");
        world.pass(24 * 3600);
        world.until_settled(8);
        CHECK(world.states().empty());
    }
    world.check_money();
}

TEST_CASE("while it is stopped nothing is bound or sent, and what was sent is watched") {
    World world(1);
    world.decide();
    world.run();
    world.settings.stopped = true;
    world.decide();
    world.until_settled(8);
    CHECK(world.states().empty());  // the first is paid
    CHECK(world.owed(1) != "0");
    world.settings.stopped = false;
    world.until_settled(8);
    CHECK(world.owed(1) == "0");
    world.check_money();
}

TEST_CASE("a transaction of the payer's key that is not the ledger's stops all, and freezes the nonce that it took") {
    World world(1);
    SUBCASE("before anything is bound for it") {
        world.decide();
        world.until_settled(8);
        world.chain.spend_elsewhere();
        world.decide();
        world.pass(6);
        world.run();
        CHECK(world.states().empty());
        CHECK(world.settler().block().id == "foreign");
    }
    SUBCASE("in place of what was sent") {
        world.decide();
        world.run();
        world.chain.drop_pool();
        world.chain.spend_elsewhere();
        for (int i = 0; i < 5; ++i) {
            world.pass(6);
            world.run();
            world.chain.mine();
        }
        // For a while it may be endpoints that do not know it yet.
        CHECK(world.states() == "1 sent");
        world.pass(31);
        world.run();
        CHECK(world.states() == "1 frozen");
        world.until_settled(10);
        CHECK(world.states() == "1 frozen");
    }
    world.check_money();
}

TEST_CASE("what the signer refuses gives its nonce free, and is held") {
    World world(2);
    world.chain.signer_refuses = "payee_day_limit: too much";
    world.decide();
    world.run();
    CHECK(world.states() == "1 held, 2 held");
    CHECK(world.settler().payouts().at(1).reason == "payee_day_limit: too much");
    CHECK(world.settler().slots().empty());
    world.chain.signer_refuses.clear();
    for (PayoutId id : {1, 2}) {
        Result<void> released = fail(STIPEND_E_INTERNAL, "not called");
        world.settler().release(id, "api:admin", [&](Result<void> done) { released = std::move(done); });
        world.run();
        CHECK(released.ok());
    }
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 2);
    world.check_money();
}

TEST_CASE("an order is an edge of the graph, and never of what has a nonce") {
    World world(1);
    world.settings.limits.per_payment = {};
    world.decide();
    world.run();
    REQUIRE(world.states() == "1 held");
    std::vector<stipend_status> said;
    const auto note = [&](Result<void> done) { said.push_back(done ? STIPEND_OK : done.error().status); };
    world.settler().hold(1, "again", "api:admin", note);
    world.settler().hold(7, "another", "api:admin", note);
    CHECK(said == std::vector<stipend_status>{STIPEND_E_CONFLICT, STIPEND_E_INVALID});
    world.settler().give_back(1, "its address is wrong", "api:admin", note);
    world.settings.stopped = true;
    world.run();
    CHECK(said.back() == STIPEND_OK);
    CHECK(world.states().empty());
    CHECK(world.owed(1) == "6000000000000000");
    world.settings = rules();
    world.run();
    REQUIRE(world.states() == "2 sent");
    world.settler().hold(2, "too late", "api:admin", note);
    CHECK(said.back() == STIPEND_E_CONFLICT);
    world.until_settled(8);
    world.check_money();
}

TEST_CASE("a signer that does not answer keeps nothing that it has signed from being sent again") {
    World world(2);
    world.settings.window = 1;
    world.decide();
    world.run();
    REQUIRE(world.states() == "1 sent, 2 reserved");
    world.chain.drop_pool();
    world.chain.signer_answers = false;
    world.settings.window = 2;
    world.pass(31);
    world.run();
    CHECK(world.states() == "1 sent, 2 bound");
    world.chain.drop_pool();
    world.pass(31);
    world.run();
    world.chain.mine();
    CHECK(world.chain.received(World::address(1)).text() == "6000000000000000");
    world.chain.signer_answers = true;
    world.until_settled(10);
    CHECK(world.states().empty());
    world.check_money();
}

TEST_CASE("what the payer has is not bound twice") {
    World world(2);
    world.chain.funds = Wei::parse("11000000000000000").value();
    world.decide();
    world.run();
    CHECK(world.states() == "1 sent, 2 reserved");
    CHECK(world.settler().payouts().at(2).reason.find("the payer has too little") != std::string::npos);
    world.chain.funds = Wei::parse("13000000000000000").value();
    world.pass(6);
    world.run();
    CHECK(world.states() == "1 sent, 2 sent");
}

TEST_CASE("of a token, the funds are for payments and the coins for fees, which have a limit of their own") {
    World world(2);
    world.settings.token = true;
    world.settings.max_fee_ppm = 0;  // a share of a token says nothing
    world.settings.max_fee = *SignedWei::parse("1000000000000");
    world.settler().set_rules(world.settings);
    SUBCASE("both suffice") {
        world.chain.funds = Wei::parse("12000000000000000").value();  // to the unit, without a fee
        world.decide();
        world.run();
        CHECK(world.states() == "1 sent, 2 sent");
    }
    SUBCASE("too little of the token for both") {
        world.chain.funds = Wei::parse("11999999999999999").value();
        world.decide();
        world.run();
        CHECK(world.states() == "1 sent, 2 reserved");
        CHECK(world.settler().block().id == blocks::funds);
        CHECK(
            world.settler().block().text ==
            "the payer has too little: 11999999999999999 units of the token, want 12000000000000000, which is 1 more");
    }
    SUBCASE("no coins for a fee") {
        world.chain.coins = Wei();
        world.decide();
        world.run();
        CHECK(world.states() == "1 reserved, 2 reserved");
        CHECK(world.settler().block().text.starts_with("the payer has too little: 0 wei for fees"));
    }
    SUBCASE("a fee above its limit") {
        world.settings.max_fee = *SignedWei::parse("1");
        world.settler().set_rules(world.settings);
        world.decide();
        world.run();
        CHECK(world.states() == "1 reserved, 2 reserved");
        CHECK(world.settler().payouts().at(1).reason.starts_with("its fee is more than the limit: "));
    }
}

TEST_CASE("fees beyond the range of an amount bind nothing") {
    World world(1);
    world.chain.base_fee = SignedWei::highest();
    world.decide();
    world.run();
    CHECK(world.states() == "1 reserved");
    CHECK(world.settler().block().id == blocks::gas);
}

TEST_CASE("a change of the payer: the old one's payments are watched, and the new one pays") {
    World world(2);
    world.settings.window = 1;
    world.decide();
    world.run();
    REQUIRE(world.states() == "1 sent, 2 reserved");
    world.chain.payer = "0x" + std::string(40, 'b');
    // The earlier one's is sent again as it is, and `payouts show` says how it is signed with higher fees.
    world.chain.drop_pool();
    world.pass(31);
    world.run();
    const auto waits = waiting_of(world.settler(), 1, ledger_test::start_ns);
    CHECK(waits.text == cat("nonce 0 of an earlier payer, ", payer_address,
                            ": what is signed for it is sent again, with the same fees"));
    CHECK(waits.command.find(cat("`payouts.config.payer` back to ", payer_address)) != std::string::npos);
    world.settings.window = 4;
    world.pass(130);
    world.run();
    CHECK(world.states() == "1 sent, 2 bound");  // this model's signer signs for the first payer alone
    CHECK(world.settler().slots().at(1).attempts.size() == 1);
    CHECK(world.settler().slots().at(2).row.payer == world.chain.payer);
    // With the earlier payer back it is signed with higher fees, and that one's is paid.
    world.chain.payer = payer_address;
    world.pass(130);
    world.run();
    CHECK(world.settler().slots().at(1).attempts.size() == 2);
    world.until_settled(6);
    CHECK(world.chain.received(World::address(1)).text() == "6000000000000000");
    CHECK(world.states() == "2 bound");
}

// World::run looks at each of these: when it is to be called again lies ahead.
TEST_CASE("a settler that only watches waits for its next look") {
    World world(2);
    world.decide();
    SUBCASE("stopped before it did anything") {
        world.settings.stopped = true;
    }
    SUBCASE("on another chain") {
        world.settings.chain_id = 5;
    }
    SUBCASE("stopped later") {
        world.run();
        world.settings.stopped = true;
        world.chain.mine();
    }
    SUBCASE("the payer's key was used elsewhere") {
        world.until_settled();
        world.chain.spend_elsewhere();
        world.chain.mine();
    }
    for (int i = 0; i < 3; ++i) {
        world.pass(6);
        world.run();
    }
    CHECK(*world.settler().next_wakeup() > ledger_test::start_ns);
}
