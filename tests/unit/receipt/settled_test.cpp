// Receipts and statements of what a settler paid on a model of a chain: they add up to what the chain says.
#include <doctest/doctest.h>

#include "tests/unit/receipt/paying.hpp"
#include "tests/unit/settlement/world.hpp"

namespace {

using settlement_test::World;
using stipend::SignedWei;

constexpr stipend::ledger::Namespace live{.mode = stipend::ledger::Mode::live, .chain_id = 42161};

// What is paid of it by a receipt that fits; nothing where there is none.
SignedWei paid_by_receipt(World& world, stipend::ledger::PayoutId id, const stipend::receipt::Key& key) {
    const auto text = stipend::receipt::make_receipt(world.ledger(), live, id, "orch-1", key);
    if (!text) {
        CHECK_MESSAGE(text.error().status == STIPEND_E_STATE, text.error().message);
        return {};
    }
    if (!*text) return {};
    CHECK(receipt_test::problems_of(**text, key.address()) == "");
    return *SignedWei::parse(stipend::parse_json(**text)->find("receipt")->find("wei")->text());
}

}  // namespace

TEST_CASE("receipts and statements add up to what an address received on the chain, also where answers are lost") {
    const receipt_test::TempFolder folder;
    const auto key = stipend::receipt::Key::open(folder.path());
    REQUIRE(key.ok());
    for (std::uint32_t seed = 0; seed < 6; ++seed) {
        CAPTURE(seed);
        World world(3);
        if (seed > 0) world.lose(0.2, seed);
        for (int round = 0; round < 4; ++round) {
            world.decide();
            world.run();
            if (seed % 2 == 1) world.chain.drop_pool();
            world.until_settled();
            if (seed % 3 == 2) world.restart();
        }
        world.lose(0, seed);
        world.until_settled();
        SignedWei receipts;
        const auto state = world.ledger().load_state();
        REQUIRE(state.ok());
        for (stipend::ledger::PayoutId id = 1; id < state->payouts.front().next_payout; ++id) {
            receipts = *receipts.plus(paid_by_receipt(world, id, *key));
        }
        const auto received = world.chain.received(World::address(1));
        CHECK(!received.zero());
        CHECK(receipts.text() == received.text());
        const auto statement = stipend::receipt::make_statement(
            world.ledger(), live, "orch-1", "", *stipend::receipt::parse_month("2027-01"), receipt_test::start_ns);
        REQUIRE(statement.ok());
        REQUIRE(statement->has_value());
        CHECK((*statement)->paid_wei.text() == received.text());
        CHECK((*statement)->closing.text() == world.owed(1));
    }
}
