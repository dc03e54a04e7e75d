// Objections to decisions, and what is answered.
#include <doctest/doctest.h>

#include "host/ledger/decision_json.hpp"
#include "ledger_fixture.hpp"

using namespace stipend;
using namespace stipend::ledger;
using namespace ledger_test;

namespace {

Batch of(const Objection& row) {
    Batch out;
    out.objections.push_back(row);
    return out;
}

Batch of(const ObjectionAnswer& row) {
    Batch out;
    out.objection_answers.push_back(row);
    return out;
}

std::vector<std::string> in_parts(Ledger& ledger, std::optional<OrchestratorId> one, std::uint64_t limit) {
    std::vector<std::string> out;
    ObjectionFilter filter{.orchestrator = one, .limit = limit};
    for (;;) {
        const auto next = ledger.objections(filter, [&](const ObjectionLine& line) -> Result<void> {
            out.push_back(cat(line.key, "/", line.objection.epoch, line.answer ? " answered" : ""));
            return {};
        });
        REQUIRE(next.ok());
        if (!*next) return out;
        filter.open = (*next)->open;
        filter.at = (*next)->at;
    }
}

}  // namespace

TEST_CASE("open objections are listed first, the oldest first, then the answered ones, the newest first") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(3);
    for (const std::uint64_t epoch : {1, 2, 3}) {
        REQUIRE(ledger->commit(of(objection(1, epoch))).ok());
        REQUIRE(ledger->commit(of(objection(2, epoch))).ok());
    }
    REQUIRE(ledger->commit(of(answer_to(1, 2))).ok());
    REQUIRE(ledger->commit(of(answer_to(2, 1))).ok());
    REQUIRE(ledger->commit(of(answer_to(1, 1))).ok());
    const auto name = [](OrchestratorId id) { return orchestrator(id).row.key; };
    const std::vector<std::string> all{cat(name(2), "/2"),          cat(name(1), "/3"),
                                       cat(name(2), "/3"),          cat(name(1), "/2 answered"),
                                       cat(name(2), "/1 answered"), cat(name(1), "/1 answered")};
    const std::vector<std::string> own{cat(name(1), "/3"), cat(name(1), "/2 answered"), cat(name(1), "/1 answered")};
    for (const std::uint64_t limit : {1, 2, 3, 4, 100}) {
        CHECK(in_parts(*ledger, {}, limit) == all);
        CHECK(in_parts(*ledger, 1, limit) == own);
    }
    const auto counts = ledger->objection_counts(2, objection(2, 1).at);
    REQUIRE(counts.ok());
    CHECK((counts->open == 3 && counts->of_since == 3));
    REQUIRE(counts->open_of);
    CHECK((counts->open_of->count == 2 && counts->open_of->epoch == 2));
    CHECK(ledger->objection_counts(2, objection(2, 1).at + 1)->of_since == 0);
    const auto state = ledger->load_state();
    REQUIRE(state.ok());
    REQUIRE(state->objections.size() == 2);
    CHECK((state->objections[0].orchestrator == 1 && state->objections[0].count == 1));
    std::vector<std::uint64_t> exported;
    REQUIRE(ledger
                ->export_objections({.orchestrator = 1},
                                    [&](const ObjectionLine& line) -> Result<void> {
                                        exported.push_back(line.objection.epoch);
                                        return {};
                                    })
                .ok());
    CHECK(exported == std::vector<std::uint64_t>{1, 2, 3});
    CHECK(findings(*ledger).empty());
}

TEST_CASE("a decision has one objection, and that one answer") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(1);
    CHECK(ledger->commit(of(objection(1, 2))).error().status == STIPEND_E_INVALID);  // not decided
    CHECK(ledger->commit(of(objection(3, 1))).error().status == STIPEND_E_INVALID);  // no such orchestrator
    CHECK(ledger->commit(of(answer_to(1, 1))).error().status == STIPEND_E_CONFLICT);
    REQUIRE(ledger->commit(of(objection(1, 1))).ok());
    CHECK(ledger->commit(of(objection(1, 1))).error().status == STIPEND_E_CONFLICT);
    auto paid_for = answer_to(1, 1);
    paid_for.adjustment = "nowhere";
    CHECK(ledger->commit(of(paid_for)).error().status == STIPEND_E_INVALID);
    REQUIRE(ledger->commit(of(answer_to(1, 1))).ok());
    auto other = answer_to(1, 1);
    other.reason = "another";
    CHECK(!ledger->commit(of(other)).ok());
    CHECK(ledger->objection(1, 1)->value().answer == answer_to(1, 1));
    CHECK(!ledger->objection(2, 1)->has_value());
    auto too_long = objection(2, 1);
    too_long.text = std::string(max_objection_bytes + 1, 'x');
    CHECK(ledger->commit(of(too_long)).error().status == STIPEND_E_LIMIT);
    too_long.text.clear();
    CHECK(ledger->commit(of(too_long)).error().status == STIPEND_E_INVALID);
    CHECK(findings(*ledger).empty());
}

TEST_CASE("an answer that pays does so in its own transaction, and a reader sees both as they were") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 1);
    engine.run(1);
    const auto before = ledger->balances()->front().owed;
    REQUIRE(ledger->commit(of(objection(1, 1))).ok());
    Batch batch;
    batch.adjustments.push_back({.key = "objection:1:1",
                                 .orchestrator = 1,
                                 .from = start_ns,
                                 .to = start_ns + minute_ns,
                                 .wei = *SignedWei::parse("5000000000000000"),
                                 .usd = Usd::of_e8(10 * e8),
                                 .reason = "an objection",
                                 .by = "api:admin@example.com",
                                 .at = start_ns + 31 * minute_ns});
    batch.objection_answers.push_back(answer_to(1, 1));
    batch.objection_answers.front().adjustment = "objection:1:1";
    REQUIRE(ledger->commit(batch).ok());
    CHECK(ledger->balances()->front().owed == *before.plus(*SignedWei::parse("5000000000000000")));
    std::vector<std::string> seen;
    REQUIRE(ledger
                ->changes(0, 1000,
                          [&](const Change& change) {
                              if (change.kind != Change::Kind::objection) return;
                              const auto json = objection_json(change.objection);
                              seen.push_back(json.find("state")->text() + json.find("amount_usd")->dump());
                          })
                .ok());
    CHECK(seen == std::vector<std::string>{"opennull", "answered\"10\""});
    CHECK(findings(*ledger).empty());
}
