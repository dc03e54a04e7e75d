// The process ends at every step of a payment, before its effect and after it; the chain loses, drops and reorganises.
#include <doctest/doctest.h>

#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;

namespace {

// Sanitizers take several times as long; they look at the same code with fewer of the same worlds.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint32_t seeds = 20;
constexpr std::uint64_t first_steps = 6;
#else
constexpr std::uint32_t seeds = 60;
constexpr std::uint64_t first_steps = 3;
#endif

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
    PayMode mode{};
    SUBCASE("one by one") {
        mode = PayMode::single;
    }
    SUBCASE("by a batch") {
        mode = PayMode::batch;
    }
    std::uint64_t steps = 0;
    {
        World world(3);
        world.settings.mode = mode;
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
            world.settings.mode = mode;
            world.crash_at(step, how);
            scene(world);
            REQUIRE(world.crashed());
            world.restart();
            world.until_settled(12);
            CHECK(world.states().empty());
            CHECK(world.owed(1) == "0");
            CHECK(world.owed(2) == "0");
            CHECK(world.chain.received(World::address(1)).text() == "6000000000000000");
            CHECK(world.chain.executed() == (mode == PayMode::single ? 2 : 1));
            world.check_money();
        }
    }
}

TEST_CASE("ended at any step of a batch that pays one and not the other, and of a person's orders") {
    std::uint64_t steps = 100;
    for (std::uint64_t step = 1; step <= steps; ++step) {
        CAPTURE(step);
        World world(3);
        world.settings.mode = PayMode::batch;
        world.chain.failing.insert(World::address(2));
        world.crash_at(step, World::Crash::after);
        const auto scene_of_failure = [&] {
            world.decide();
            world.until_settled(8);
            if (world.crashed()) return;
            world.chain.failing.clear();
            world.person();
            if (world.crashed()) return;
            world.run();
            if (world.crashed()) return;
            world.chain.drop_pool();
            world.chain.spend_elsewhere();
            world.until_settled(8);
            if (!world.crashed()) world.person();
            if (!world.crashed()) world.until_settled(8);
        };
        scene_of_failure();
        if (!world.crashed()) steps = 0;
        world.restart();
        for (int i = 0; i < 6; ++i) {
            world.until_settled(6);
            world.chain.failing.clear();
            world.person();
        }
        world.until_settled(6);
        CHECK(world.states().empty());
        CHECK(world.owed(1) == "0");
        CHECK(world.owed(2) == "0");
        world.check_money();
    }
}

TEST_CASE("ended twice, the second time while it recovers from the first") {
    for (std::uint64_t first = 3; first <= 24; first += first_steps) {
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

namespace {

// What can happen in a round, and at its end.
void misfortune(World& world, std::mt19937& random) {
    const auto one_in = [&](std::uint32_t n) { return random() % n == 0; };
    if (one_in(3)) world.chain.mine();
    if (one_in(9)) world.chain.drop_pool();
    if (one_in(9)) world.chain.reorganise(1 + random() % 2);
    if (one_in(12)) world.chain.gas_price = 5 + random() % 40;
    if (one_in(40)) world.chain.spend_elsewhere();
    if (one_in(20)) world.chain.batches_fail = !world.chain.batches_fail;
    const auto payee = World::address(1 + random() % 5);
    if (one_in(10)) world.chain.failing.insert(payee);
    if (one_in(10)) world.chain.rejecting.insert(payee);
    if (one_in(6)) world.chain.failing.clear();
    if (one_in(6)) world.chain.rejecting.clear();
    world.pass(1 + random() % 90);
}

void chaos(std::uint32_t seed, PayMode mode) {
    CAPTURE(seed);
    CAPTURE(static_cast<int>(mode));
    std::mt19937 random(seed);
    const auto one_in = [&](std::uint32_t n) { return random() % n == 0; };
    World world(5);
    world.settings.mode = mode;
    world.lose(seed % 2 == 0 ? 0.1 : 0.3, seed);
    for (int round = 0; round < 60; ++round) {
        if (one_in(5)) world.decide();
        if (one_in(6)) world.crash_at(1 + random() % 12, one_in(2) ? World::Crash::before : World::Crash::after);
        world.run();
        if (!world.crashed() && one_in(8)) world.person();
        if (world.crashed()) world.restart();
        misfortune(world, random);
    }
    world.crash_at(0, World::Crash::before);
    world.chain.failing.clear();
    world.chain.rejecting.clear();
    world.chain.batches_fail = false;
    for (int i = 0; i < 12; ++i) {
        world.until_settled(10);
        world.person();
    }
    world.lose(0, seed);
    for (int i = 0; i < 4; ++i) {
        world.until_settled(10);
        world.person();
    }
    world.until_settled(10);
    CAPTURE(world.states());
    CAPTURE(world.settler().block().text);
    CHECK(world.states().empty());
    for (OrchestratorId id = 1; id <= 5; ++id) CHECK(world.owed(id) == "0");
    world.check_money();
}

}  // namespace

TEST_CASE(
    "questions and answers are lost, pools are dropped, chains are reorganised, payees and batches fail, the "
    "payer's key is used elsewhere, and the process ends") {
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        chaos(seed, PayMode::single);
        chaos(seed, seed % 3 == 0 ? PayMode::automatic : PayMode::batch);
    }
}
