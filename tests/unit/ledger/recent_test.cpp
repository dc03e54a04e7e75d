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
    auto next = ledger.recent_decisions(filter, [&](const DecisionLine& line) -> Result<void> {
        out.lines.push_back(cat(line.key, "/", line.decision.epoch));
        out.at.push_back(line.decision.decided_at);
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
        out.lines.push_back(change.kind == Change::Kind::alert
                                ? cat(change.seq, " alert ", change.alert)
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
