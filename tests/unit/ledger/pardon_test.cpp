#include <doctest/doctest.h>

#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

Result<void> try_pardon(Ledger& ledger, const Pardoned& pardoned) {
    Batch batch;
    batch.pardons = {pardoned};
    return ledger.commit(batch);
}

std::string refusal(const std::function<void(Pardoned&)>& change) {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    fill_with_everything(*ledger);
    auto state = ledger->load_state();
    REQUIRE(state.ok());
    auto pardoned = pardon_of(state->orchestrators[2]);
    change(pardoned);
    const auto done = try_pardon(*ledger, pardoned);
    CHECK(findings(*ledger).empty());
    return done ? "" : done.error().message;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a pardon changes the state and no decision, and is verified") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    fill_with_everything(*ledger);
    const auto before = ledger->load_state();
    REQUIRE(before.ok());
    REQUIRE(before->orchestrators[2].state.suspended);
    REQUIRE(try_pardon(*ledger, pardon_of(before->orchestrators[2])).ok());
    const auto after = ledger->load_state();
    REQUIRE(after.ok());
    CHECK(!after->orchestrators[2].state.suspended);
    CHECK(after->orchestrators[2].state.consecutive_failures == 0);
    CHECK(after->orchestrators[2].owed == before->orchestrators[2].owed);
    const auto history = ledger->pardon_history(3, start_ns, start_ns + 10 * minute_ns);
    REQUIRE(history.ok());
    REQUIRE(history->pardons.size() == 1);
    CHECK(history->pardons[0].reason == "the resolver of the payer was down");
    CHECK(ledger->pardon_history(2, start_ns, start_ns + 10 * minute_ns)->pardons.empty());
    CHECK(findings(*ledger).empty());
    Engine(*ledger).run(2);
    CHECK(findings(*ledger).empty());
}

TEST_CASE("a pardon that takes nothing back, or gives something, is rejected") {
    CHECK(has(refusal([](Pardoned& p) { p.row.checks = 0; }), "pardons no check"));
    CHECK(has(refusal([](Pardoned& p) { p.row.reason.clear(); }), "wants a reason"));
    CHECK(has(refusal([](Pardoned& p) { p.row.to = p.row.from; }), "its time ends before it begins"));
    CHECK(has(refusal([](Pardoned& p) { p.row.failures_after = p.after.consecutive_failures = 99; }),
              "counts more failures than before"));
    CHECK(has(refusal([](Pardoned& p) {
                  p.row.suspended_before = false;
                  p.row.suspended_after = p.after.suspended = true;
              }),
              "suspends"));
    CHECK(has(refusal([](Pardoned& p) { p.row.due_after = p.after.due_at = p.row.due_before + 1; }),
              "due later than before"));
    CHECK(has(refusal([](Pardoned& p) {
                  p.row.at = p.row.due_before;
                  p.row.due_after = p.after.due_at = p.row.at - 1;
              }),
              "due before it was made"));
    CHECK(has(refusal([](Pardoned& p) { p.after.suspended = true; }), "another one than the row says"));
    CHECK(has(refusal([](Pardoned& p) { p.row.epoch = p.after.epoch = 7; }), "epoch 7 is not its last one"));
    CHECK(has(refusal([](Pardoned& p) { p.row.orchestrator = 9; }), "orchestrator 9: not one of"));
    CHECK(refusal([](Pardoned&) {}).empty());
}

TEST_CASE("what a pardon is computed from begins with the first check that can be pardoned") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine engine(*ledger, 3);
        engine.run(5);  // every third decision of the odd epochs failed
        bool any = false;
        for (OrchestratorId id = 1; id <= 3; ++id) {
            const auto history = ledger->pardon_history(id, start_ns, start_ns + 10 * minute_ns);
            REQUIRE(history.ok());
            if (history->decisions.empty()) continue;
            any = true;
            CHECK(can_be_pardoned(history->decisions.front()));
            CHECK(history->before.epoch + 1 == history->decisions.front().epoch);
            CHECK(history->decisions.back().epoch == 5);
        }
        CHECK(any);
        CHECK(!ledger->pardon_history(9, start_ns, start_ns + minute_ns).ok());
        const auto later = ledger->pardon_history(1, start_ns + 60 * minute_ns, start_ns + 61 * minute_ns);
        REQUIRE(later.ok());
        CHECK(later->decisions.empty());
    }
    // As an earlier version of the program leaves it.
    tamper(path, "DELETE FROM state_before");
    const auto ledger = must_open(path);
    CHECK(findings(*ledger).empty());
    bool refused = false;
    for (OrchestratorId id = 1; id <= 3; ++id) {
        const auto history = ledger->pardon_history(id, start_ns, start_ns + 10 * minute_ns);
        if (history) continue;
        refused = true;
        CHECK(has(history.error().message, "is not stored"));
    }
    CHECK(refused);
}
