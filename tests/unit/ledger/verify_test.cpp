#include <doctest/doctest.h>

#include <set>

#include "host/ledger/demand_rule.hpp"
#include "host/ledger/fees.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

constexpr DemandRules demand_rules{.every_ns = 5 * minute_ns,
                                   .target_ppm = 2'000'000,
                                   .floor_ppm = 800'000,
                                   .ceiling_ppm = 1'500'000,
                                   .damping_ppm = 500'000,
                                   .step_ppm = 400'000};

// The first cycle of ten orchestrators.
Demand demand_of(std::uint64_t asked) {
    return next_demand(
        demand_rules, {}, nullptr,
        {.from = start_ns, .at = start_ns + 5 * minute_ns, .asked = asked, .failed = 0, .waiting = 0, .up = 10});
}

// A ledger with every kind of row; each test damages a copy.
class Specimen {
  public:
    Specimen() {
        const auto ledger = must_open(folder_ / "whole.db");
        fill_with_everything(*ledger);
        const auto state = ledger->load_state();
        REQUIRE(state.ok());
        Batch pays;
        pays.payouts.reserved = {payout(1, 2, owed_to(*ledger, 2).c_str())};
        pays.payouts.slots = {slot(1, 7)};
        pays.payouts.attempts = {attempt(1, 1)};
        pays.payouts.steps = {payout_step(1, PayoutState::bound, 1), payout_step(1, PayoutState::sent, 1)};
        REQUIRE(ledger->commit(pays).ok());
        pays.payouts = {.ends = {slot_end(1, 1)}, .steps = {payout_step(1, PayoutState::paid, 1)}};
        REQUIRE(ledger->commit(pays).ok());
        Batch batch;
        Fee fee{.orchestrator = 1, .epoch = 3, .at = start_ns, .wei = *SignedWei::parse("7")};
        const auto step = fee_step({}, FeeKind::reserved, fee.wei, fee_day(fee.at));
        REQUIRE(step.ok());
        fee.after = step->after;
        fee.moved = step->moved;
        batch.fees = {fee};
        batch.payments = {paid(1, "bonus", start_ns + 20 * minute_ns)};
        batch.objections = {objection(1, 1), objection(2, 1)};
        batch.objection_answers = {answer_to(1, 1)};
        batch.pardons = {pardon_of(state->orchestrators[2])};
        const auto done = ledger->commit(batch);
        REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
        Batch move;
        move.networks = {{.id = 1,
                          .chain_id = 42161,
                          .token = "0x" + std::string(40, 'a'),
                          .decimals = 6,
                          .symbol = "USDC",
                          .at = start_ns}};
        move.changed = {state->orchestrators[0].row};
        move.changed.front().network = 1;
        move.prices = {Price{.usd_per_eth_e8 = 100'000'000, .at = start_ns, .source = "fixed", .network = 1}};
        move.demands = {demand_of(30)};
        move.events = {{.kind = EventKind::alert, .body = "the last row"}};
        const auto moved = ledger->commit(move);
        REQUIRE_MESSAGE(moved.ok(), (moved.ok() ? "" : moved.error().message));
    }
    // The findings for a copy on which `sql` was run.
    std::string after(const std::string& sql) {
        const auto copy = folder_ / "copy.db";
        for (const char* name : {"copy.db", "copy.db-wal", "copy.db-shm"}) std::filesystem::remove(folder_ / name);
        std::filesystem::copy_file(folder_ / "whole.db", copy);
        tamper(copy, sql);
        const auto ledger = must_open(copy, reader());
        return findings(*ledger);
    }
    [[nodiscard]] std::filesystem::path path() const { return folder_ / "whole.db"; }

  private:
    TempFolder folder_;
};

std::vector<std::string> texts(const std::filesystem::path& path, const std::string& sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    std::vector<std::string> out;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        out.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return out;
}

// A value of the same type that is not `column`.
std::string other_value(const std::string& column, const std::string& type) {
    if (type == "TEXT") return "ifnull(" + column + ", '') || 'x'";
    if (type == "BLOB") {
        // The last byte of a hash or an amount becomes another; an empty memory becomes one byte.
        return "CASE WHEN length(" + column + ") = 0 THEN x'01' WHEN substr(" + column + ", -1) = x'05' THEN substr(" +
               column + ", 1, length(" + column + ") - 1) || x'06' ELSE CAST(substr(" + column + ", 1, length(" +
               column + ") - 1) || x'05' AS BLOB) END";
    }
    return "ifnull(" + column + ", 0) + 1000";
}

}  // namespace

TEST_CASE("a ledger with every kind of row verifies, and the report counts it") {
    Specimen specimen;
    const auto ledger = must_open(specimen.path(), reader());
    const auto report = ledger->verify({});
    REQUIRE(report.ok());
    CHECK(report->clean());
    CHECK(report->complete());
    CHECK(report->decisions == 5);
    CHECK(report->orchestrators == 3);
    CHECK(report->journals == 8);
    CHECK(report->head == *ledger->head());
    CHECK(report->audit_rows == static_cast<std::uint64_t>(report->head.seq));
}

TEST_CASE("a value changed in any column of any table is found, and its row named") {
    Specimen specimen;
    // Not part of the chain, or checked by open.
    const std::set<std::string> unproven{"meta", "observed", "kv", "answered_request"};
    for (const auto& table : texts(specimen.path(), "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
        if (unproven.contains(table) || table == "archive" || table == "carried") continue;
        const auto columns =
            texts(specimen.path(), "SELECT name || ' ' || type FROM pragma_table_info('" + table + "')");
        for (const auto& column : columns) {
            const auto space = column.find(' ');
            const std::string name = column.substr(0, space);
            const std::string rows = table == "state_before" ? "epoch = (SELECT max(epoch) FROM state_before)"
                                     : table == "network_of" || table == "debt" ? "orchestrator = 1"
                                     : table == "entry"
                                         ? "journal = (SELECT max(ref) FROM journal WHERE kind <> 3) AND account > 0"
                                         : stipend::cat("rowid = (SELECT max(rowid) FROM ", table, ")");
            const std::string sql = stipend::cat("PRAGMA ignore_check_constraints = ON; UPDATE ", table, " SET ", name,
                                                 " = ", other_value(name, column.substr(space + 1)), " WHERE ", rows);
            CAPTURE(sql);
            const std::string found = specimen.after(sql);
            CHECK(!found.empty());
            // The first finding is about that table, or about what its row is the proof of.
            CAPTURE(found);
            const std::string shown = table == "engine_state"       ? "state of"
                                      : table == "manual_payment"   ? "manual payment"
                                      : table == "objection_answer" ? "objection answer"
                                      : table == "payout_step"      ? "payout"
                                      : table == "slot_end"         ? "slot"
                                      : table == "network_of"       ? "network of"
                                                                    : table;
            if (name != "seq" && table != "audit" && table != "namespace") {
                CHECK(found.find(shown) != std::string::npos);
            }
        }
    }
}

TEST_CASE("a row deleted from any table is found") {
    Specimen specimen;
    for (const auto* table :
         {"audit",      "decision", "journal", "orchestrator", "engine_state",   "generation", "gap",
          "adjustment", "account",  "price",   "pardon",       "manual_payment", "objection",  "objection_answer",
          "payout",     "slot",     "attempt", "payout_step",  "slot_end",       "network",    "demand"}) {
        CAPTURE(table);
        CHECK(
            !specimen.after(cat("DELETE FROM ", table, " WHERE rowid = (SELECT min(rowid) FROM ", table, ")")).empty());
    }
    CHECK(!specimen.after("DELETE FROM entry WHERE account = 1").empty());
    CHECK(!specimen.after("DELETE FROM network_of").empty());
    CHECK(!specimen.after("DELETE FROM debt").empty());
}

TEST_CASE("a row inserted into any table is found") {
    Specimen specimen;
    for (const auto* sql :
         {"INSERT INTO decision SELECT seq + 100, orchestrator, epoch + 100, due_at, period_from, decided_at, job, "
          "uptime_ppm, coverage_ppm, action, tier, multiplier_ppm, usd_e8, wei, delay_ns, penalty_ns, next_at, "
          "consecutive_failures, suspended, reason, generation, http_status, served_by, latency_ns, window_s, "
          "body_hash, "
          "body_head, state_digest FROM decision LIMIT 1",
          "INSERT INTO entry VALUES(999, 1, zeroblob(32))",
          "INSERT INTO journal VALUES(999, 2, 999)",
          "INSERT INTO adjustment SELECT 999, 'forged', orchestrator, from_at, to_at, wei, usd_e8, reason, by, at FROM "
          "adjustment",
          "INSERT INTO manual_payment SELECT 999, 'forged', orchestrator, usd_e8, wei, stated, usd_per_eth_e8, "
          "rate_at, "
          "rate_source, call_type, reference, metadata, by, at, decimals FROM manual_payment",
          "INSERT INTO pardon SELECT 999, orchestrator, epoch, from_at, to_at, checks, failures_before, "
          "failures_after, "
          "suspended_before, suspended_after, due_before, due_after, reason, by, at, state_digest FROM pardon",
          "INSERT INTO state_before SELECT orchestrator, 77, due_at, interval_ns, last_decided_at, "
          "consecutive_failures, "
          "suspended, known, checks_total, checks_ok, generation, memory_generation, memory, day, day_usd_e8 FROM "
          "engine_state WHERE orchestrator = 1",
          "INSERT INTO objection VALUES(999, 3, 1, 'forged', 'secret', 1, NULL)",
          "INSERT INTO objection_answer VALUES(999, 2, 1, '', 'forged', 'api:admin', 1)",
          "INSERT INTO payout SELECT 999, 9, 1, to_address, wei, at, state, slot, network FROM payout",
          "INSERT INTO slot SELECT 999, 9, payer, 8, 0, at, 1, network, chain_id FROM slot",
          "INSERT INTO attempt SELECT 999, slot, zeroblob(32), raw, tip_wei, cap_wei, gas, gives_up, at FROM attempt",
          "INSERT INTO payout_step SELECT 999, payout, state, slot, block_hash, block, reason, by, at FROM payout_step "
          "LIMIT 1",
          "INSERT INTO slot_end SELECT 999, 9, id, block_hash, block, fee_wei, executed, at, by FROM slot_end",
          "INSERT INTO gap VALUES(999, 3, 1, NULL, 'forged', NULL, NULL)",
          "INSERT INTO generation SELECT 9, 999, at, policy, version, revision, memory_version, so_sha256, config, "
          "terms "
          "FROM generation",
          "INSERT INTO orchestrator SELECT 9, ns, 'forged', address, payout_address, worker_key, retired, "
          "first_seen_at, "
          "seq, network FROM orchestrator WHERE id = 1",
          "INSERT INTO network SELECT 2, ns, chain_id, '0x', decimals, symbol, at, space, coin_space, 999 FROM network",
          "INSERT INTO demand SELECT 999, ns, from_at, at, asked, failed, waiting, up, supply, every_ns, target_ppm, "
          "floor_ppm, ceiling_ppm, damping_ppm, step_ppm, before_ppm, least_ppm, most_ppm, factor_ppm FROM demand",
          "INSERT INTO network_of VALUES(1, 999, 0)",
          "INSERT INTO debt SELECT 1, network + 1, owed FROM debt",
          "INSERT INTO account VALUES(9, 1, 'owed:forged')",
          "INSERT INTO carried VALUES(1, 0, zeroblob(32))"}) {
        CAPTURE(sql);
        CHECK(!specimen.after(sql).empty());
    }
}

TEST_CASE("a body in the audit row of a decision is found") {
    Specimen specimen;
    CHECK(specimen.after("UPDATE audit SET body = '{}' WHERE seq = 9").starts_with("audit seq 9: is of a decision"));
}

TEST_CASE("a decision whose audit row is of another kind has none") {
    Specimen specimen;
    const std::string found = specimen.after("UPDATE audit SET kind = 2 WHERE seq = 9");
    CHECK(found.find("decision seq 9 (orch-2, epoch 1): has no audit row") != std::string::npos);
    CHECK(found.find("decision seq 8 (orch-1, epoch 1): has no audit row") == std::string::npos);
}

TEST_CASE("a debt without an account of expenses cannot be summed") {
    Specimen specimen;
    const std::string found = specimen.after("UPDATE orchestrator SET ns = 99 WHERE id = 1");
    CHECK(found.find("debt of orchestrator 1: cannot be summed: 6000000000000000 wei") != std::string::npos);
    CHECK(found.find("debt of orchestrator 2: cannot be summed") == std::string::npos);
}

TEST_CASE("a row that is gone, or refers to nothing, is named as such") {
    Specimen specimen;
    CHECK(specimen.after("DELETE FROM price").find("price: its row is missing\n") != std::string::npos);
    CHECK(specimen.after("UPDATE decision SET generation = 9 WHERE seq = 8")
              .find("decision seq 8 (orch-1, epoch 1): generation 9 was not installed before it\n") !=
          std::string::npos);
    const auto pardon = number(specimen.path(), "SELECT seq FROM pardon");
    CHECK(specimen.after("UPDATE pardon SET orchestrator = 99")
              .find(cat("pardon seq ", pardon, ": belongs to no known orchestrator\n")) != std::string::npos);
}

TEST_CASE("the state of an unknown orchestrator hides no missing one") {
    Specimen specimen;
    const std::string found = specimen.after("UPDATE engine_state SET orchestrator = 99 WHERE orchestrator = 2");
    CHECK(found.find("state of orchestrator 99 (unknown): belongs to no orchestrator\n") != std::string::npos);
    CHECK(found.find("state of orchestrator 2 (orch-2): its row is missing\n") != std::string::npos);
}

TEST_CASE("a malformed row makes none of the rows after it malformed") {
    Specimen specimen;
    const std::string found =
        specimen.after("PRAGMA ignore_check_constraints = ON; UPDATE orchestrator SET retired = 7 WHERE id = 1");
    CHECK(found.find("orchestrator 1 (orch-1): `retired` is neither 0 nor 1\n") != std::string::npos);
    CHECK(found.find("orchestrator 2 (orch-2)") == std::string::npos);
    CHECK(found.find("orchestrator 3 (orch-3)") == std::string::npos);
}

TEST_CASE("only the changed row is reported") {
    Specimen specimen;
    const std::string found = specimen.after("UPDATE decision SET tier = 'good' WHERE orchestrator = 2 AND epoch = 1");
    CHECK(found.starts_with("decision seq 9 (orch-2, epoch 1): hash differs: got "));
    CHECK(std::ranges::count(found, '\n') == 1);
}

TEST_CASE("an amount raised in the decision and its entries is found by the chain") {
    Specimen specimen;
    const std::string more = "x'" + std::string(62, '0') + "ff'";
    const std::string found =
        specimen.after("UPDATE decision SET wei = " + more + " WHERE seq = 8; UPDATE entry SET wei = " + more +
                       " WHERE journal = 8 AND account = 1;");
    CHECK(found.find("decision seq 8 (orch-1, epoch 1): hash differs") != std::string::npos);
    CHECK(found.find("journal 8: does not sum to zero") != std::string::npos);
    CHECK(found.find("debt of orchestrator 1 on network 0: owed: got") != std::string::npos);
}

TEST_CASE("an older version of a row that is restored is found") {
    Specimen specimen;
    const std::string found = specimen.after(
        "UPDATE orchestrator SET address = 'https://10.0.0.3:9995', seq = (SELECT min(seq) FROM audit WHERE kind = 2 "
        "AND "
        "body LIKE '%orch-3%') WHERE id = 3");
    CHECK(found.find("orchestrator 3 (orch-3): was last changed at seq") != std::string::npos);
}

TEST_CASE("a truncated chain is found by an exported head") {
    Specimen specimen;
    Head exported;
    {
        const auto ledger = must_open(specimen.path(), reader());
        exported = *ledger->head();
        CHECK(findings(*ledger, {.expected_head = exported}).empty());
    }
    tamper(specimen.path(), "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)");
    const auto ledger = must_open(specimen.path(), reader());
    CHECK(findings(*ledger).empty());  // the last row was an alert: the chain alone is consistent
    const std::string found = findings(*ledger, {.expected_head = exported});
    CHECK(found.find("the chain does not pass through the head that was exported") != std::string::npos);
}

TEST_CASE("verify reads one snapshot while the host writes") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    Engine engine(*ledger, 40);
    engine.run(500 / 40);
    const auto other = must_open(path, reader());
    VerifyOptions options;
    int calls = 0;
    options.progress = [&](std::uint64_t done, std::uint64_t all) {
        CHECK(done <= all);
        ++calls;
        engine.run(1);
    };
    for (int i = 0; i < 420; ++i) engine.run(1);  // beyond one step of the progress
    CHECK(findings(*other, options).empty());
    CHECK(calls > 0);
}

TEST_CASE("a factor that does not go on from the one before it, from its supply or from its failures, is found") {
    const TempFolder folder;
    const auto whole = [&](const std::function<void(Demand&)>& forge) {
        const auto path = folder / "demand.db";
        for (const char* name : {"demand.db", "demand.db-wal", "demand.db-shm"}) {
            std::filesystem::remove(folder / name);
        }
        const auto ledger = must_open(path);
        DemandWindow window;
        auto first = demand_of(30);
        first.failed = 31;
        first.factor_ppm = factor_of(first);
        window.add(first);
        auto second = next_demand(
            demand_rules, window, &first,
            {.from = first.at, .at = first.at + 5 * minute_ns, .asked = 5, .failed = 0, .waiting = 20, .up = 9});
        forge(second);
        if (second.factor_ppm != 0) second.factor_ppm = factor_of(second);
        Batch batch;
        batch.demands = {first, second};
        const auto done = ledger->commit(batch);
        REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
        return findings(*ledger);
    };
    CHECK(whole([](Demand&) {}).empty());
    CHECK(whole([](Demand& row) { row.before_ppm = 950'000; }).find("the factor before it: got 950000, want 900000") !=
          std::string::npos);
    CHECK(whole([](Demand& row) { row.supply = 9; }).find("supply: got 9, want 10") != std::string::npos);
    CHECK(whole([](Demand& row) { row.supply = 11; }).find("supply: got 11, want 10") != std::string::npos);
    CHECK(whole([](Demand& row) { row.failed = 0; }).find("failed jobs: got 0, want at least 1") != std::string::npos);
    // 1 was in force until the first one, and 0.9 is the least of the day.
    CHECK(whole([](Demand& row) {
              row.most_ppm = row.before_ppm;
          }).find("the factors of the day before: got 900000 .. 900000, want 900000 .. 1000000") != std::string::npos);
}

TEST_CASE("a factor that its own numbers do not give is not written") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "demand.db");
    Batch batch;
    batch.demands = {demand_of(30)};
    ++batch.demands.front().factor_ppm;
    const auto refused = ledger->commit(batch);
    REQUIRE(!refused.ok());
    CHECK(refused.error().status == STIPEND_E_INVALID);
    CHECK(refused.error().message.find("ledger: demand: factor: got 1250001, want 1250000") != std::string::npos);
    CHECK(ledger->load_state()->demands.empty());
}
