#include <doctest/doctest.h>

#include "host/base/time.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

struct Part {
    std::vector<std::string> lines;  // "key/epoch"
    std::vector<stipend_unix_ns> at;
    std::optional<std::int64_t> next;
};

Part recent(Ledger& ledger, const RecentFilter& filter) {
    Part out;
    auto next = ledger.recent_payments(
        filter,
        [&](const DecisionLine& line) -> Result<void> {
            out.lines.push_back(cat(line.key, "/", line.decision.epoch));
            out.at.push_back(line.decision.decided_at);
            return {};
        },
        [&](const ManualLine& line) -> Result<void> {
            out.lines.push_back(cat(line.key, " ", line.payment.id));
            out.at.push_back(line.payment.at);
            return {};
        });
    REQUIRE(next.ok());
    out.next = *next;
    return out;
}

// All parts of at most `limit`, one after the other.
std::vector<std::string> all(Ledger& ledger, RecentFilter filter) {
    std::vector<std::string> out;
    do {
        auto part = recent(ledger, filter);
        CHECK(part.lines.size() <= filter.limit);
        out.insert(out.end(), part.lines.begin(), part.lines.end());
        filter.before = part.next;
    } while (filter.before && out.size() < 1000);  // a cursor that does not go on fails the test
    return out;
}

std::string key_of(OrchestratorId id) {
    return orchestrator(id).row.key;
}

}  // namespace

TEST_CASE("the newest decisions come first, in parts without a gap or a repetition") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 3);
    engine.run(5);
    std::vector<std::string> want;
    for (int epoch = 5; epoch > 0; --epoch) {
        for (OrchestratorId id = 3; id > 0; --id) want.push_back(cat(key_of(id), "/", epoch));
    }
    for (const std::uint64_t limit : {1, 2, 4, 15, 100}) CHECK(all(*ledger, {.limit = limit}) == want);
    const std::vector<std::string> second{cat(key_of(2), "/5"), cat(key_of(2), "/4"), cat(key_of(2), "/3"),
                                          cat(key_of(2), "/2"), cat(key_of(2), "/1")};
    for (const std::uint64_t limit : {1, 2, 5, 100}) {
        CHECK(all(*ledger, {.orchestrator = 2, .limit = limit}) == second);
    }
    CHECK(recent(*ledger, {.orchestrator = 99}).lines.empty());
    CHECK(recent(*ledger, {.orchestrator = 2, .before = INT64_MIN}).lines.empty());
    CHECK(recent(*ledger, {.before = INT64_MIN}).lines.empty());
    CHECK(recent(*ledger, {.orchestrator = 2, .before = INT64_MAX}).lines.size() == 5);
}

TEST_CASE("decisions before the time that is asked for are left out") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(4);
    const auto third = recent(*ledger, {.orchestrator = 1}).at.at(1);  // of epoch 3
    const std::vector<std::string> want{cat(key_of(1), "/4"), cat(key_of(1), "/3")};
    CHECK(all(*ledger, {.orchestrator = 1, .from = third, .limit = 1}) == want);
    for (const auto& line : all(*ledger, {.from = third, .limit = 3})) {
        CHECK((line.ends_with("/4") || line.ends_with("/3")));
    }
    CHECK(all(*ledger, {.from = third, .limit = 3}).size() == 4);
    CHECK(all(*ledger, {.from = INT64_MAX, .limit = 3}).empty());
}

TEST_CASE("what was archived is not among the newest decisions") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(4);
    const auto third = recent(*ledger, {.orchestrator = 2}).at.at(1);
    REQUIRE(ledger->archive(third, folder / "old.db").ok());
    CHECK(all(*ledger, {.orchestrator = 2, .limit = 1}).size() == 2);
    CHECK(all(*ledger, {.limit = 1}).size() < 8);
}

TEST_CASE("decisions of another namespace are not shown") {
    const TempFolder folder;
    {
        const auto ledger = must_open(folder / "ledger.db", writer(Mode::dry_run));
        Engine engine(*ledger, 2);
        engine.run(2);
    }
    const auto ledger = must_open(folder / "ledger.db", writer(Mode::live));
    CHECK(all(*ledger, {.limit = 3}).empty());
    CHECK(recent(*ledger, {.orchestrator = 1}).lines.empty());
}

TEST_CASE("a standing is what is owed, and the last decision") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 3);
    const std::vector<OrchestratorId> ids{3, 1};
    auto none = ledger->standings(ids);
    REQUIRE(none.ok());
    REQUIRE(none->size() == 2);
    CHECK(!none->front().last);
    CHECK(none->front().owed.zero());
    CHECK(!none->front().latency_ns);
    engine.run(12);
    const auto found = ledger->standings(ids);
    REQUIRE(found.ok());
    const auto balances = ledger->balances();
    REQUIRE(balances.ok());
    CHECK((*found)[0].owed == (*balances)[2].owed);
    CHECK((*found)[1].owed == (*balances)[0].owed);
    CHECK((*found)[0].last->orchestrator == 3);
    CHECK((*found)[0].last->epoch == 12);
    CHECK((*found)[1].latency_ns.has_value());
}

namespace {

struct Seen {
    std::vector<std::string> lines;
    ChangesRead read;
};

Seen changes(Ledger& ledger, Seq after, std::uint64_t limit) {
    Seen out;
    const auto read = ledger.changes(after, limit, [&](const Change& change) {
        out.lines.push_back(change.kind == Change::Kind::alert ? cat(change.seq, " alert ", change.alert)
                            : change.kind == Change::Kind::manual
                                ? cat(change.seq, " ", change.manual.key, " ", change.manual.payment.id)
                                : cat(change.seq, " ", change.line.key, "/", change.line.decision.epoch, " ",
                                      change.failures_before, change.suspended_before ? " suspended" : ""));
    });
    REQUIRE(read.ok());
    out.read = *read;
    return out;
}

}  // namespace

TEST_CASE("changes are decisions and alerts in the order of the chain, in parts without a gap or a repetition") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(2);
    Batch batch;
    batch.events.push_back({EventKind::alert, "gateway: it is down"});
    REQUIRE(ledger->commit(batch).ok());
    engine.run(1);
    const auto end = ledger->head()->seq;
    const auto whole = changes(*ledger, 0, 1000);
    CHECK(whole.read.last == end);
    CHECK(!whole.read.lost);
    CHECK(whole.lines.size() == 2 * 3 + 1);
    CHECK(whole.lines[4].ends_with(" alert gateway: it is down"));
    for (const std::uint64_t limit : {1, 3, 7}) {
        std::vector<std::string> lines;
        for (Seq after = 0; after < end;) {
            const auto part = changes(*ledger, after, limit);
            REQUIRE(part.read.last > after);
            CHECK(part.read.last <= after + static_cast<Seq>(limit));
            CHECK(!part.read.lost);
            lines.insert(lines.end(), part.lines.begin(), part.lines.end());
            after = part.read.last;
        }
        CHECK(lines == whole.lines);
    }
    CHECK(changes(*ledger, end, 10).lines.empty());
    CHECK(changes(*ledger, end, 10).read.last == end);
}

TEST_CASE("changes that were archived are lost, and those of another namespace are left out") {
    const TempFolder folder;
    {
        const auto ledger = must_open(folder / "ledger.db", writer(Mode::dry_run));
        Engine engine(*ledger, 2);
        engine.run(4);
        const auto third = recent(*ledger, {.orchestrator = 2}).at.at(1);
        REQUIRE(ledger->archive(third, folder / "old.db").ok());
        const auto left = changes(*ledger, 0, 1000);
        CHECK(left.read.lost);
        CHECK(left.lines.size() < 8);
        CHECK(!left.lines.empty());
    }
    const auto ledger = must_open(folder / "ledger.db", writer(Mode::live));
    CHECK(changes(*ledger, 0, 1000).lines.empty());
}

namespace {

Batch of(const ManualPayment& payment) {
    Batch out;
    out.payments.push_back(payment);
    return out;
}

}  // namespace

TEST_CASE("manual payments are owed, and listed among the decisions in the order of the chain") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(2);
    const auto before = (*ledger->balances())[1].owed;
    REQUIRE(ledger->commit(of(paid(2, "first", start_ns))).ok());
    CHECK(*before.plus(*SignedWei::parse("10000000000000000")) == (*ledger->balances())[1].owed);
    engine.run(1);
    REQUIRE(ledger->commit(of(paid(2, "second", start_ns))).ok());
    const std::vector<std::string> own{cat(key_of(2), " second"), cat(key_of(2), "/3"), cat(key_of(2), " first"),
                                       cat(key_of(2), "/2"), cat(key_of(2), "/1")};
    for (const std::uint64_t limit : {1, 2, 3, 100}) {
        CHECK(all(*ledger, {.orchestrator = 2, .limit = limit}) == own);
        CHECK(all(*ledger, {.limit = limit}).size() == 8);
        CHECK(all(*ledger, {.orchestrator = 1, .limit = limit}).size() == 3);
    }
    std::vector<std::string> exported;
    REQUIRE(ledger
                ->export_payments({.orchestrator = 2},
                                  [&](const ManualLine& line) -> Result<void> {
                                      exported.push_back(line.payment.id);
                                      return {};
                                  })
                .ok());
    CHECK(exported == std::vector<std::string>{"first", "second"});
    CHECK(findings(*ledger).empty());
    CHECK(changes(*ledger, 0, 1000).lines.back().ends_with(" second"));
    CHECK(ledger->commit(of(paid(2, "first", start_ns))).error().status == STIPEND_E_CONFLICT);
    const auto state = ledger->load_state();
    REQUIRE(state.ok());
    CHECK(state->manual.size() == 2);
}

TEST_CASE("a manual payment that is not what its rate makes of it is refused, and found where it was edited") {
    const TempFolder folder;
    {
        const auto ledger = must_open(folder / "ledger.db");
        Engine engine(*ledger, 2);
        engine.run(1);
        auto wrong = paid(1, "wrong", start_ns);
        wrong.wei = *SignedWei::parse("10000000000000001");
        CHECK(ledger->commit(of(wrong)).error().status == STIPEND_E_INVALID);
        auto in_wei = wrong;
        in_wei.stated = Stated::wei;
        in_wei.usd = Usd::of_e8(20 * e8 + 1);  // rounded up
        CHECK(ledger->commit(of(in_wei)).ok());
        REQUIRE(ledger->commit(of(paid(1, "good", start_ns))).ok());
        CHECK(findings(*ledger).empty());
    }
    for (const auto* sql : {"UPDATE manual_payment SET wei = x'0000000000000000000000000000000000000000000000000023"
                            "86f26fc10001' WHERE id = 'good'",
                            "UPDATE manual_payment SET usd_e8 = 1 WHERE id = 'good'",
                            "UPDATE manual_payment SET reference = 'other' WHERE id = 'good'",
                            "UPDATE manual_payment SET orchestrator = 2 WHERE id = 'good'",
                            "DELETE FROM manual_payment WHERE id = 'good'"}) {
        CAPTURE(sql);
        const TempFolder copy;
        std::filesystem::copy_file(folder / "ledger.db", copy / "ledger.db");
        tamper(copy / "ledger.db", sql);
        const auto ledger = must_open(copy / "ledger.db");
        CHECK(!findings(*ledger).empty());
    }
}

TEST_CASE("the answer of a request is there with what it did, once for its principal, route and key") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 1);
    engine.run(1);
    auto batch = of(paid(1, "first", start_ns));
    batch.answered.push_back({.principal = "ann", .route = "POST /pay", .key = "k", .body_hash = {7}, .answer = "{}"});
    REQUIRE(ledger->commit(batch).ok());
    const auto found = ledger->answered_request("ann", "POST /pay", "k");
    REQUIRE(found.ok());
    CHECK(*found == batch.answered.front());
    CHECK(!*ledger->answered_request("bob", "POST /pay", "k"));
    CHECK(!*ledger->answered_request("ann", "POST /other", "k"));
    batch.payments.front().id = "second";
    const auto again = ledger->commit(batch);
    CHECK(again.error().status == STIPEND_E_CONFLICT);
    CHECK(all(*ledger, {.orchestrator = 1, .limit = 10}).size() == 2);  // nothing of it was written
    batch.payments.clear();
    batch.answered.front().answer = "other";
    CHECK(ledger->commit(batch).ok());
    CHECK((*ledger->answered_request("ann", "POST /pay", "k"))->answer == "{}");
}
