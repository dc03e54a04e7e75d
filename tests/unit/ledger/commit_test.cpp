#include <doctest/doctest.h>

#include "host/base/time.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

bool same(const EngineState& a, const EngineState& b) {
    return a.epoch == b.epoch && a.due_at == b.due_at && a.interval_ns == b.interval_ns &&
           a.last_decided_at == b.last_decided_at && a.consecutive_failures == b.consecutive_failures &&
           a.suspended == b.suspended && a.known == b.known && a.checks_total == b.checks_total &&
           a.checks_ok == b.checks_ok && a.generation == b.generation && a.memory_generation == b.memory_generation &&
           std::equal(std::begin(a.memory.bytes), std::end(a.memory.bytes), std::begin(b.memory.bytes)) &&
           a.day == b.day && a.day_usd == b.day_usd;
}

std::string owed(Ledger& ledger, OrchestratorId id) {
    const auto balances = ledger.balances();
    REQUIRE(balances.ok());
    for (const auto& balance : *balances) {
        if (balance.orchestrator == id) return balance.owed.text();
    }
    return "nothing";
}

// The message of a commit that must be refused; the ledger is as it was before it, and still writes.
std::string refused(Ledger& ledger, const Batch& batch, stipend_status status) {
    const auto before = ledger.head();
    const auto done = ledger.commit(batch);
    REQUIRE(!done.ok());
    CHECK(done.error().status == status);
    CHECK(*ledger.head() == *before);
    CHECK(!ledger.failed());
    CHECK(findings(ledger).empty());
    return done.error().message;
}

bool says(const std::string& message, const char* text) {
    return message.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("the engine's state is restored after a restart") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    EngineState third;
    {
        const auto ledger = must_open(path);
        fill_with_everything(*ledger);
        third = ledger->load_state()->orchestrators.at(2).state;
    }
    const auto ledger = must_open(path, reader());
    const auto state = ledger->load_state();
    REQUIRE(state.ok());
    REQUIRE(state->orchestrators.size() == 3);
    CHECK(state->next_orchestrator == 4);
    CHECK(state->next_generation == 2);
    CHECK(state->generation->config == generation(1).config);
    CHECK(state->prices.front().usd_per_eth_e8 == 2000 * e8);
    CHECK(state->head == *ledger->head());
    const OrchestratorRecord& first = state->orchestrators[0];
    CHECK(first.row.key == "orch-1");
    CHECK(first.state.epoch == 2);
    CHECK(first.memory_policy == "stipend.payment");
    CHECK(first.memory_version == 2);
    CHECK(!first.open_gap);
    CHECK(state->orchestrators[1].open_gap->cause == "the gateway does not answer");
    CHECK(state->orchestrators[2].row.address == "https://orch-3.example:9995");
    CHECK(state->orchestrators[2].state.suspended);
    CHECK(same(state->orchestrators[2].state, third));
}

TEST_CASE("a state is read back as it was written, field by field") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 1);
    Batch batch = engine.cycle();
    EngineState& after = batch.decisions[0].after;
    after.interval_ns = 17;
    after.checks_total = 1'000'000'007;
    after.checks_ok = 12;
    after.generation = 1;
    after.memory.bytes[127] = 255;
    after.day_usd = Usd::of_e8(12'345);
    engine.must_commit(batch);
    CHECK(same(ledger->load_state()->orchestrators[0].state, after));
}

TEST_CASE("a decision is exported as it was written") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 3);
    const Batch batch = engine.cycle();
    engine.must_commit(batch);
    std::vector<Decision> got;
    Seq last = 0;
    REQUIRE(ledger
                ->export_decisions({},
                                   [&](const DecisionLine& line) -> Result<void> {
                                       CHECK(line.seq > last);
                                       last = line.seq;
                                       CHECK(line.key == cat("orch-", line.decision.orchestrator));
                                       got.push_back(line.decision);
                                       return {};
                                   })
                .ok());
    REQUIRE(got.size() == 3);
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == batch.decisions[i].decision);
}

TEST_CASE("an export applies its filter and returns the error of its sink") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 3);
    engine.run(4);
    const auto count = [&](const DecisionFilter& filter) {
        int rows = 0;
        CHECK(ledger
                  ->export_decisions(filter,
                                     [&](const DecisionLine&) -> Result<void> {
                                         ++rows;
                                         return {};
                                     })
                  .ok());
        return rows;
    };
    CHECK(count({}) == 12);
    CHECK(count({.orchestrator = 2}) == 4);
    CHECK(count({.limit = 5}) == 5);
    CHECK(count({.from = start_ns + minute_ns}) == 9);
    CHECK(count({.to = start_ns + minute_ns}) == 3);
    CHECK(count({.after = ledger->head()->seq - 2}) == 2);
    const auto stopped = ledger->export_decisions(
        {}, [](const DecisionLine&) -> Result<void> { return fail(STIPEND_E_CANCELLED, "enough"); });
    CHECK(stopped.error().message == "enough");
}

TEST_CASE("a balance is the sum of decisions and adjustments") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 3);
    engine.run(2);
    CHECK(owed(*ledger, 1) == "12000000000000000");
    CHECK(owed(*ledger, 3) == "6000000000000000");  // one of its two was a skip
    Batch batch;
    batch.adjustments.push_back({.key = "a",
                                 .orchestrator = 3,
                                 .wei = *SignedWei::parse("-7000000000000000"),
                                 .reason = "late evidence",
                                 .by = "admin"});
    batch.adjustments.push_back({.key = "b", .orchestrator = 1, .reason = "excused", .by = "admin"});
    engine.must_commit(batch);
    CHECK(owed(*ledger, 3) == "-1000000000000000");
    CHECK(owed(*ledger, 1) == "12000000000000000");
    CHECK(findings(*ledger).empty());
}

TEST_CASE("an epoch is decided once: the same decision again is rejected as already decided") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 3);
    const Batch batch = engine.cycle();
    engine.must_commit(batch);
    const auto message = refused(*ledger, batch, STIPEND_E_CONFLICT);
    CHECK(says(message, "decision (orchestrator 1, epoch 1): decided already, with the same contents, at seq 8"));
}

TEST_CASE("an epoch is decided once: a different decision is rejected, and the message shows both") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 3);
    Batch batch = engine.cycle();
    engine.must_commit(batch);
    batch.decisions[0].decision.wei = Wei(7);
    batch.decisions[0].decision.tier = "good";
    const auto message = refused(*ledger, batch, STIPEND_E_CONFLICT);
    CHECK(says(message, "decided already, with other contents"));
    CHECK(says(message, "seq 8 says pay 6000000000000000 wei, tier excellent"));
    CHECK(says(message, "got pay 7 wei, tier good"));
    CHECK(owed(*ledger, 1) == "6000000000000000");
}

TEST_CASE("a decision that skips an epoch or overlaps the last period is rejected") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 1);
    engine.run(1);
    Batch skips = engine.cycle();
    skips.decisions[0].decision.epoch = skips.decisions[0].after.epoch = 3;
    CHECK(says(refused(*ledger, skips, STIPEND_E_CONFLICT), "skips an epoch: the last one is 1"));
    Batch overlaps = engine.cycle();
    overlaps.decisions[0].decision.period_from -= 1;
    CHECK(says(refused(*ledger, overlaps, STIPEND_E_CONFLICT), "overlaps the last period"));
}

TEST_CASE("one invalid row makes the whole batch fail") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 3);
    engine.run(1);
    Batch batch = engine.cycle();
    batch.prices = {Price{.usd_per_eth_e8 = 2000 * e8, .at = start_ns, .source = "fixed"}};
    batch.events.push_back({.body = "never seen"});
    batch.decisions[2].decision.epoch = batch.decisions[2].after.epoch = 7;
    static_cast<void>(refused(*ledger, batch, STIPEND_E_CONFLICT));
    CHECK(owed(*ledger, 1) == "6000000000000000");
    CHECK(ledger->load_state()->prices.empty());
    engine.run(1);  // and the next batch goes on as if nothing had been
    CHECK(findings(*ledger).empty());
}

TEST_CASE("two epochs of one orchestrator in one batch make one entry") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    Engine engine(*ledger, 1);
    Batch batch = engine.cycle();
    batch.decisions.push_back(next_decision(1, batch.decisions[0].after));
    engine.must_commit(batch);
    CHECK(number(path, "SELECT count(*) FROM entry") == 2);
    CHECK(owed(*ledger, 1) == "12000000000000000");
    CHECK(findings(*ledger).empty());
}

TEST_CASE("an inconsistent batch is rejected before anything is written") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 1);
    const auto with = [&](auto&& change) {
        Batch batch = engine.cycle();
        change(batch.decisions[0]);
        return batch;
    };
    const auto invalid = STIPEND_E_INVALID;
    static_cast<void>(refused(*ledger, with([](Decided& d) { d.after.due_at += 1; }), invalid));
    static_cast<void>(refused(*ledger, with([](Decided& d) { d.after.epoch += 1; }), invalid));
    static_cast<void>(refused(*ledger, with([](Decided& d) { d.after.last_decided_at += 1; }), invalid));
    static_cast<void>(refused(*ledger, with([](Decided& d) { d.after.consecutive_failures += 1; }), invalid));
    static_cast<void>(refused(*ledger, with([](Decided& d) { d.decision.action = Action::skip; }), invalid));
    static_cast<void>(refused(*ledger, with([](Decided& d) { d.decision.uptime_ppm = 1'000'001; }), invalid));
    static_cast<void>(refused(*ledger, with([](Decided& d) { d.decision.period_from = INT64_MAX; }), invalid));
    static_cast<void>(refused(*ledger, with([](Decided& d) { d.decision.generation = 2; }), invalid));
    static_cast<void>(
        refused(*ledger, with([](Decided& d) { d.decision.evidence.body_head.assign(129, 'x'); }), STIPEND_E_LIMIT));
    static_cast<void>(refused(
        *ledger, with([](Decided& d) { d.decision.wei = *Wei::parse("1" + std::string(77, '0')); }), STIPEND_E_LIMIT));
}

TEST_CASE("a balance never overflows") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 1);
    Batch most;
    most.adjustments.push_back(
        {.key = "most", .orchestrator = 1, .wei = SignedWei::highest(), .reason = "all there is", .by = "test"});
    engine.must_commit(most);
    const auto done = ledger->commit(engine.cycle());
    REQUIRE(!done.ok());
    CHECK(says(done.error().message, "a balance leaves its range"));
    CHECK(owed(*ledger, 1) == SignedWei::highest().text());
}

TEST_CASE("ids of orchestrators and generations are consecutive, and keys are unique and never change") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    Batch batch;
    batch.added.push_back(orchestrator(4));
    CHECK(says(refused(*ledger, batch, STIPEND_E_INVALID), "got id 4, want 3"));
    batch.added[0] = orchestrator(3);
    batch.added[0].row.key = "orch-2";
    CHECK(says(refused(*ledger, batch, STIPEND_E_CONFLICT), "got id 3, has id 2"));
    Batch generations;
    generations.generations.push_back(generation(3));
    CHECK(says(refused(*ledger, generations, STIPEND_E_INVALID), "got id 3, want 2"));
    Batch renamed;
    renamed.changed.push_back(orchestrator(2).row);
    renamed.changed[0].key = "orch-9";
    CHECK(says(refused(*ledger, renamed, STIPEND_E_CONFLICT), "its key never changes"));
}

TEST_CASE("at most one gap is open, and it does not end before it began") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 1);
    Batch close;
    close.gaps_closed.push_back({.orchestrator = 1, .to = start_ns});
    CHECK(says(refused(*ledger, close, STIPEND_E_CONFLICT), "none is open"));
    Batch open;
    open.gaps_opened.push_back({.orchestrator = 1, .from = start_ns + 1, .cause = "test"});
    engine.must_commit(open);
    CHECK(says(refused(*ledger, open, STIPEND_E_CONFLICT), "one is open already"));
    CHECK(says(refused(*ledger, close, STIPEND_E_CONFLICT), "ends before it begins"));
    close.gaps_closed[0].to = start_ns + minute_ns;
    close.gaps_closed[0].usd = Usd::of_e8(42);
    engine.must_commit(close);
    const auto gaps = ledger->unpaid({}, 10);
    REQUIRE(gaps->size() == 1);
    CHECK(gaps->at(0).to == start_ns + minute_ns);
    CHECK(gaps->at(0).usd == Usd::of_e8(42));
}

namespace {

// Two orchestrators with a gap of ten seconds each.
struct Gaps {
    TempFolder folder;
    std::unique_ptr<Ledger> ledger = must_open(folder / "ledger.db");
    Engine engine{*ledger, 2};
    stipend_unix_ns from = floor_ms(start_ns) + 123'456'789;
    stipend_unix_ns to = from + 10'000'000'000;

    Gaps() {
        Batch open;
        Batch close;
        for (const OrchestratorId one : {1, 2}) {
            open.gaps_opened.push_back({.orchestrator = one, .from = from, .cause = "test"});
            close.gaps_closed.push_back({.orchestrator = one, .to = to, .usd = Usd::of_e8(1000)});
        }
        engine.must_commit(open);
        engine.must_commit(close);
    }

    void adjust(stipend_unix_ns begin, stipend_unix_ns end) {
        Batch batch;
        batch.adjustments.push_back({.key = cat(begin, " to ", end),
                                     .orchestrator = 1,
                                     .from = begin,
                                     .to = end,
                                     .reason = "test",
                                     .by = "me"});
        engine.must_commit(batch);
    }

    std::vector<Gap> unpaid() {
        auto found = ledger->unpaid(1, 10);
        REQUIRE(found.ok());
        return *found;
    }
};

}  // namespace

TEST_CASE("a gap is paid once an adjustment covers it to the millisecond") {
    Gaps gaps;
    REQUIRE(gaps.unpaid().size() == 1);
    gaps.adjust(floor_ms(gaps.from), floor_ms(gaps.to));
    CHECK(gaps.unpaid().empty());
    const auto others = gaps.ledger->unpaid({}, 10);
    REQUIRE(others->size() == 1);
    CHECK(others->front().orchestrator == 2);
    CHECK(others->front().key == orchestrator(2).row.key);
}

TEST_CASE("the parts of a gap that adjustments leave stay unpaid, each with its share of the amount") {
    Gaps gaps;
    const auto begin = floor_ms(gaps.from);
    const auto second = [&](int n) { return begin + n * stipend_unix_ns{1'000'000'000}; };
    gaps.adjust(second(6), second(8));
    gaps.adjust(second(2), second(7));
    gaps.adjust(second(-5), begin);
    gaps.adjust(gaps.to, gaps.to + 1'000'000'000);
    const auto unpaid = gaps.unpaid();
    REQUIRE(unpaid.size() == 2);
    CHECK(unpaid[0].from == gaps.from);
    CHECK(unpaid[0].to == second(2));
    CHECK(unpaid[0].usd == Usd::of_e8(199));
    CHECK(unpaid[1].from == second(8));
    CHECK(unpaid[1].to == gaps.to);
    CHECK(unpaid[1].usd == Usd::of_e8(200));
    gaps.adjust(begin, second(2));
    gaps.adjust(second(8), floor_ms(gaps.to));
    CHECK(gaps.unpaid().empty());
}

TEST_CASE("the rest of an open gap has no end") {
    Gaps gaps;
    gaps.adjust(floor_ms(gaps.from), floor_ms(gaps.to));
    Batch open;
    const auto from = gaps.to + 1'000'000'000;
    open.gaps_opened.push_back({.orchestrator = 1, .from = from, .cause = "test"});
    gaps.engine.must_commit(open);
    gaps.adjust(from, from + 5);
    const auto unpaid = gaps.unpaid();
    REQUIRE(unpaid.size() == 1);
    CHECK(unpaid[0].from == from + 5);
    CHECK(!unpaid[0].to);
}

TEST_CASE("the key of an adjustment cannot be used again") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 1);
    Batch batch;
    batch.adjustments.push_back(
        {.key = "a", .orchestrator = 1, .wei = *SignedWei::parse("5"), .reason = "test", .by = "me"});
    engine.must_commit(batch);
    CHECK(says(refused(*ledger, batch, STIPEND_E_CONFLICT), "adjustment \"a\": recorded already, at seq 4"));
    batch.adjustments[0].key = "b";
    batch.adjustments[0].reason = "";
    CHECK(says(refused(*ledger, batch, STIPEND_E_INVALID), "wants a key and a reason"));
}

TEST_CASE("a dry run has a namespace of its own") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto dry = must_open(path, writer(Mode::dry_run));
        Engine(*dry, 2).run(1);
    }
    const auto live = must_open(path, writer(Mode::live));
    auto state = live->load_state();
    CHECK(state->orchestrators.empty());
    CHECK(state->next_orchestrator == 3);
    CHECK(live->balances()->empty());
    Batch batch;
    NewOrchestrator added = orchestrator(3);
    added.row.key = "orch-1";  // the same name in another namespace is another orchestrator
    batch.added.push_back(added);
    batch.decisions.push_back(next_decision(3, added.state));
    REQUIRE(live->commit(batch).ok());
    Batch foreign;
    foreign.decisions.push_back(next_decision(1, orchestrator(1).state));
    CHECK(says(refused(*live, foreign, STIPEND_E_INVALID), "orchestrator 1: not one of live:42161"));
    CHECK(findings(*live).empty());
}

TEST_CASE("a continued observation is one row, and old ones are pruned") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 1);
    Batch batch;
    batch.observations = {{.orchestrator = 1, .target = "http", .from = 10, .to = 20, .verdict = 1},
                          {.orchestrator = 1, .target = "http", .from = 20, .to = 30, .verdict = 2}};
    engine.must_commit(batch);
    batch.observations = {{.orchestrator = 1, .target = "http", .from = 20, .to = 90, .verdict = 2}};
    engine.must_commit(batch);
    const auto all = ledger->observations(1, 0, 100);
    REQUIRE(all->size() == 2);
    CHECK(all->at(1).to == 90);
    CHECK(ledger->observations(1, 0, 20)->size() == 1);
    Batch forget;
    forget.forget_observations_before = 50;
    engine.must_commit(forget);
    CHECK(ledger->observations(1, 0, 100)->size() == 1);
}

TEST_CASE("observations of a host's own services have no orchestrator") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Batch batch;
    batch.observations = {{.orchestrator = 0, .target = "redis_scb", .from = 10, .to = 20, .verdict = 1}};
    CHECK(ledger->commit(batch).ok());
    REQUIRE(ledger->observations(0, 0, 100)->size() == 1);
    CHECK(findings(*ledger).empty());
    batch.observations[0].orchestrator = 1;  // not added
    CHECK(says(refused(*ledger, batch, STIPEND_E_INVALID), "orchestrator 1: not one of"));
}

TEST_CASE("the figures of a ledger are those of its file") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    Engine(*must_open(path), 2).run(3);  // closed again: all is in the file
    const auto ledger = must_open(path, reader());
    const auto stats = ledger->stats();
    REQUIRE(stats.ok());
    CHECK(stats->database_bytes == std::filesystem::file_size(path));
    CHECK(stats->span_ns == 2 * minute_ns + 1);  // from the first orchestrator to the second
    CHECK(stats->seq == ledger->head()->seq);
}

TEST_CASE("a plugin's quota is enforced, and a rejected value leaves the old one") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    const KvQuota quota{.keys = 2, .value_bytes = 10, .total_bytes = 16};
    REQUIRE(ledger->kv_put("price", "a", std::string("1\0 2", 4), quota).ok());
    CHECK(*ledger->kv_get("price", "a") == std::string("1\0 2", 4));
    CHECK(!*ledger->kv_get("price", "b"));
    CHECK(!*ledger->kv_get("other", "a"));
    CHECK(ledger->kv_put("price", "a", "01234567890", quota).error().status == STIPEND_E_LIMIT);
    CHECK(*ledger->kv_get("price", "a") == std::string("1\0 2", 4));
    REQUIRE(ledger->kv_put("price", "b", "0123456789", quota).ok());
    CHECK(ledger->kv_put("price", "c", "", quota).error().message ==
          "ledger: key \"c\" of plugin price: too many keys: "
          "want at most 2");
    CHECK(ledger->kv_put("price", "a", "0123456789", quota).error().status == STIPEND_E_LIMIT);
    REQUIRE(ledger->kv_erase("price", "b").ok());
    CHECK(ledger->kv_put("price", "a", "0123456789", quota).ok());
    CHECK(ledger->kv_put("price", "", "x", quota).error().status == STIPEND_E_LIMIT);
}
