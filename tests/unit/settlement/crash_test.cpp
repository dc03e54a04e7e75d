// The process ends at every step of a payment, before its effect and after it; the chain loses, drops and reorganises.
#include <doctest/doctest.h>

#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;

namespace {

// Three payees, two of them paid, with a reorganisation and a replacement on the way.
void scene(World& world) {
    world.decide();
    world.run();
    if (world.crashed()) return;
    world.chain.drop_pool();
    world.pass(130);
    world.run();
    if (world.crashed()) return;
    world.chain.mine();
    world.pass(6);
    world.run();
    if (world.crashed()) return;
    world.chain.reorganise(1);
    world.pass(6);
    world.run();
    if (world.crashed()) return;
    world.until_settled(8);
}

}  // namespace

TEST_CASE("ended at any step, it is gone on with: nothing is paid twice, and nothing is lost") {
    std::uint64_t steps = 0;
    {
        World world(3);
        world.crash_at(0, World::Crash::before);
        scene(world);
        REQUIRE(world.states().empty());
        steps = world.steps();
        REQUIRE(steps > 20);
    }
    for (std::uint64_t step = 1; step <= steps; ++step) {
        for (const auto how : {World::Crash::before, World::Crash::after}) {
            CAPTURE(step);
            CAPTURE(how == World::Crash::before);
            World world(3);
            world.crash_at(step, how);
            scene(world);
            REQUIRE(world.crashed());
            world.restart();
            world.until_settled(12);
            CHECK(world.states().empty());
            CHECK(world.owed(1) == "0");
            CHECK(world.owed(2) == "0");
            CHECK(world.chain.received(World::address(1)).text() == "6000000000000000");
            CHECK(world.chain.executed() == 2);
            world.check_money();
        }
    }
}

TEST_CASE("ended twice, the second time while it recovers from the first") {
    for (std::uint64_t first = 3; first <= 24; first += 3) {
        for (std::uint64_t second = 1; second <= 8; ++second) {
            CAPTURE(first);
            CAPTURE(second);
            World world(2);
            world.crash_at(first, World::Crash::after);
            scene(world);
            if (!world.crashed()) continue;
            world.restart();
            world.crash_at(second, World::Crash::after);
            world.until_settled(12);
            world.restart();
            world.until_settled(12);
            CHECK(world.states().empty());
            CHECK(world.owed(1) == "0");
            world.check_money();
        }
    }
}

TEST_CASE(
    "questions and answers are lost, pools are dropped, chains are reorganised, fees rise, and the process ends") {
    for (std::uint32_t seed = 1; seed <= 100; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto one_in = [&](std::uint32_t n) { return random() % n == 0; };
        World world(5);
        world.lose(seed % 2 == 0 ? 0.1 : 0.3, seed);
        for (int round = 0; round < 60; ++round) {
            if (one_in(5)) world.decide();
            if (one_in(6)) world.crash_at(1 + random() % 12, one_in(2) ? World::Crash::before : World::Crash::after);
            world.run();
            if (world.crashed()) world.restart();
            if (one_in(3)) world.chain.mine();
            if (one_in(9)) world.chain.drop_pool();
            if (one_in(9)) world.chain.reorganise(1 + random() % 2);
            if (one_in(12)) world.chain.gas_price = 5 + random() % 40;
            world.pass(1 + random() % 90);
        }
        world.crash_at(0, World::Crash::before);
        world.until_settled(120);
        world.lose(0, seed);
        world.until_settled(30);
        CAPTURE(world.states());
        CAPTURE(world.settler().block().text);
        CHECK(world.states().empty());
        for (OrchestratorId id = 1; id <= 5; ++id) CHECK(world.owed(id) == "0");
        world.check_money();
    }
}
