// What looks wrong as a whole stops all payouts until a person releases one.
#include <doctest/doctest.h>

#include "host/settlement/waiting.hpp"
#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;

namespace {

constexpr std::int64_t day_s = ns_per_day / ns_per_s;

// Two payees are paid what a decision owes each, on so many days.
void pay_on_days(World& world, int days) {
    for (int i = 0; i < days; ++i) {
        world.pass(day_s);
        world.decide();
        world.until_settled(8);
        REQUIRE(world.states().empty());
    }
}

void decide_often(World& world, int times) {
    for (int i = 0; i < times; ++i) world.decide();
}

}  // namespace

TEST_CASE("a day with far more than the days before it is stopped before it is, until a person releases a payout") {
    World world(2);
    world.settings.max_day_factor = 3;
    pay_on_days(world, 4);
    world.pass(day_s);
    decide_often(world, 4);
    bool restarted = false;
    SUBCASE("in the run that paid them") {}
    SUBCASE("after a restart") {
        world.restart();
        restarted = true;
    }
    CAPTURE(restarted);
    world.until_settled(8);
    // The first one is within three times the median, and both are beyond it.
    CHECK(world.states() == "10 held");
    CHECK(world.chain.executed() == 9);
    CHECK(world.reason(10, ledger::PayoutState::held) ==
          "with payout 10 this UTC day has 48000000000000000, more than 3 times the median of the last 4 days with "
          "payouts, 12000000000000000: look at why, and release a payout that is held");
    CHECK(world.settler().block().id.empty());
    // Small ones go on within it, and what is beyond it keeps all.
    world.decide();
    world.until_settled(8);
    CHECK(world.states() == "10 held");
    CHECK(world.chain.executed() == 10);
    decide_often(world, 2);
    world.until_settled(4);
    CHECK(world.states() == "10 held, 12 reserved");
    CHECK(world.settler().block().id == blocks::surge);
    CHECK(waiting_of_all(world.settler()).command.find("`stipend payouts release`") != std::string::npos);
    world.order([](Settler& s, auto done) { s.release(10, "api:admin", done); });
    if (restarted) world.restart();  // a release counts for its day in each run
    world.until_settled(16);
    CHECK(world.states().empty());
    CHECK(world.settler().block().id.empty());
    CHECK(world.chain.executed() == 13);
    // That day is one of those that the next are compared with.
    world.pass(day_s);
    decide_often(world, 4);
    world.until_settled(8);
    CHECK(world.states() == "15 held");
    world.check_money();
}

TEST_CASE("a day is compared with at least three others, and with none where there is no limit") {
    World world(2);
    world.settings.max_day_factor = 3;
    SUBCASE("two days before it") {
        pay_on_days(world, 2);
    }
    SUBCASE("no limit") {
        world.settings.max_day_factor = 0;
        pay_on_days(world, 4);
    }
    SUBCASE("within the limit") {
        pay_on_days(world, 4);
        world.pass(day_s);
        decide_often(world, 3);
    }
    if (world.settler().rules().max_day_factor == 0 || world.settler().payouts().empty()) world.pass(day_s);
    if (world.owed(1) == "0") decide_often(world, 20);
    world.until_settled(8);
    CHECK(world.states().empty());
    world.check_money();
}

TEST_CASE("tokens that a payer has lost otherwise than by its payments stop all until a person releases a payout") {
    World world(2);
    world.settings.token = true;
    world.settings.max_fee = *SignedWei::parse("1000000000000");
    world.settler().set_rules(world.settings);
    const auto fund = [&](const char* units) {
        world.chain.funds = Wei::parse(units).value();
        world.pass(6);
        world.run();
    };
    fund("100000000000000000");
    world.decide();
    world.run();
    REQUIRE(world.states() == "1 sent, 2 sent");
    world.chain.funds = Wei::parse("88000000000000000").value();  // what was paid
    world.until_settled(8);
    REQUIRE(world.states().empty());
    fund("88000000000000000");
    CHECK(world.settler().block().id.empty());
    fund("90000000000000000");  // more may come at any time
    CHECK(world.settler().block().id.empty());
    fund("89999999999999999");
    CHECK(world.settler().block().id == blocks::shrunk);
    CHECK(world.settler().block().text.starts_with(
        "the payer has 89999999999999999 units of the token, but what it had and has paid leaves 90000000000000000"));
    // It does not end by itself.
    fund("95000000000000000");
    CHECK(world.settler().block().id == blocks::shrunk);
    world.decide();
    world.until_settled(4);
    CHECK(world.states() == "3 held, 4 reserved");
    CHECK(world.chain.executed() == 2);
    CHECK(world.reason(3, ledger::PayoutState::held).starts_with("the payer has"));
    world.order([](Settler& s, auto done) { s.release(3, "api:admin", done); });
    CHECK(world.settler().block().id.empty());
    world.until_settled(8);
    CHECK(world.states().empty());
    CHECK(world.chain.executed() == 4);
}

TEST_CASE("what a person has settled leaves the payer with what there is: that is no loss") {
    World world(1);
    world.settings.token = true;
    world.settings.max_fee = *SignedWei::parse("1000000000000");
    world.chain.funds = Wei::parse("100000000000000000").value();
    world.chain.diverted = {World::address(1)};
    world.decide();
    world.until_settled(8);
    REQUIRE(world.states() == "1 frozen");
    world.chain.funds = Wei::parse("93000000000000000").value();  // more than what was to be paid is gone
    auto as = Settler::Settled::owed;
    SUBCASE("as owed") {}
    SUBCASE("as paid") {
        as = Settler::Settled::paid;
    }
    world.order([&](Settler& s, auto done) { s.settle(1, as, "api:admin", done); });
    world.pass(6);
    world.run();
    CHECK(world.settler().block().id.empty());
    // From there on it is compared again.
    world.chain.funds = Wei::parse("92999999999999999").value();
    world.pass(6);
    world.run();
    CHECK(world.settler().block().id == blocks::shrunk);
}

TEST_CASE("coins are not compared: what spends them uses a nonce") {
    World world(1);
    world.run();
    world.chain.funds = Wei::parse("90000000000000000").value();
    world.pass(6);
    world.run();
    CHECK(world.settler().block().id.empty());
}
