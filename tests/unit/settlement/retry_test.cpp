// Errors that pass, and errors that stay.
#include <doctest/doctest.h>

#include "tests/unit/settlement/world.hpp"

using namespace settlement_test;

namespace {

// The pauses until the next try, in milliseconds, of so many tries that fail.
std::vector<std::int64_t> pauses(World& world, int tries) {
    std::vector<std::int64_t> out;
    for (int i = 0; i < tries; ++i) {
        const auto wait = world.run_when_due();
        if (i > 0) out.push_back(wait / ns_per_ms);
    }
    return out;
}

}  // namespace

TEST_CASE("a question that failed is asked again after a moment, and ever later while it fails") {
    const std::vector<std::int64_t> expected{250, 500, 1'000, 2'000, 4'000, 8'000, 16'000, 30'000, 30'000};
    World world(1);
    world.settings.reserve_every_ns = 60 * ns_per_s;
    SUBCASE("the payer's account") {
        world.lost_account = true;
        world.decide();
        CHECK(pauses(world, 10) == expected);
    }
    SUBCASE("a signature, among questions that are answered") {
        world.chain.signer_answers = false;
        world.decide();
        CHECK(pauses(world, 10) == expected);
        CHECK(world.states() == "1 bound");
    }
    CHECK(world.settler().block().id == blocks::unanswered);
    world.lost_account = false;
    world.chain.signer_answers = true;
    static_cast<void>(world.run_when_due());
    CHECK(world.states() == "1 sent");
    CHECK(world.settler().block().id.empty());
    // The next error is a new one.
    world.lost_account = true;
    CHECK(pauses(world, 3) == std::vector<std::int64_t>{250, 500});
}

TEST_CASE("what the chain does not say of an attempt is asked again after a moment") {
    World world(1);
    world.decide();
    world.run();
    REQUIRE(world.states() == "1 sent");
    world.chain.mine();
    world.lost_sights = 1;
    world.pass(6);
    world.run();
    CHECK(world.settler().block().id == blocks::unanswered);
    CHECK(world.run_when_due() == ns_per_s / 4);
    CHECK(world.states() == "1 mined");
    CHECK(world.settler().block().id.empty());
}
