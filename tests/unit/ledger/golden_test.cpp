// Bytes that must never change: the chain, the tables, archives and exports.
#include <doctest/doctest.h>

#include "host/ledger/canonical.hpp"
#include "host/ledger/decision_json.hpp"
#include "host/ledger/demand_rule.hpp"
#include "stipend/hex.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

// All rows of all tables and the statements that made these, as text. Times of creation are left out.
// Of the tables of the first two versions of the schema.
std::string dump(const std::filesystem::path& path) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    std::string out;
    const auto rows = [&](const std::string& sql, auto&& each) {
        sqlite3_stmt* statement = nullptr;
        REQUIRE(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            std::string line;
            for (int i = 0; i < sqlite3_column_count(statement); ++i) {
                const auto* text = sqlite3_column_text(statement, i);
                line += cat(text == nullptr ? "" : reinterpret_cast<const char*>(text), "|");
            }
            each(line);
        }
        sqlite3_finalize(statement);
    };
    rows(
        "SELECT sql FROM sqlite_schema WHERE tbl_name NOT IN ('fee_state', 'state_before', 'pardon', 'manual_payment', "
        "'answered_request', 'objection', 'objection_answer', 'payout', 'slot', 'attempt', 'payout_step', 'slot_end', "
        "'demand') AND name != 'audit_orchestrator' "
        "ORDER BY name",
        [&](const std::string& line) { out += line + "\n"; });
    std::vector<std::string> tables;
    rows(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('meta', 'fee_state', 'state_before', "
        "'pardon', 'manual_payment', 'answered_request', 'objection', 'objection_answer', 'payout', 'slot', "
        "'attempt', 'payout_step', 'slot_end', 'demand') "
        "ORDER BY name",
        [&](const std::string& line) { tables.push_back(line.substr(0, line.size() - 1)); });
    for (const auto& table : tables) {
        std::string columns;
        rows("SELECT 'quote(' || name || ')' FROM pragma_table_info('" + table + "')", [&](const std::string& line) {
            columns += (columns.empty() ? "" : ",") + line.substr(0, line.size() - 1);
        });
        out += table + "\n";
        rows(cat("SELECT ", columns, " FROM ", table, " ORDER BY 1, 2"),
             [&](const std::string& line) { out += line + "\n"; });
    }
    sqlite3_close(database);
    return out;
}

}  // namespace

TEST_CASE("the bytes of a ledger with every kind of row are unchanged") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        fill_with_everything(*ledger);
        Batch batch;
        batch.observations = {{.orchestrator = 1, .target = "http", .from = 10, .to = 20, .verdict = 1}};
        REQUIRE(ledger->commit(batch).ok());
        CHECK(hex_encode(ledger->head()->hash) == "2dfbd10f24d3da4184c8ebfaeb000fa9eb263a6669b350aea2d4759e9d2846cc");
    }
    CHECK(hex_encode(keccak256(dump(path))) == "d38fe307a16d72ead47d86431b0fc714b778ee017206af7db64d16427e8d41c5");
}

TEST_CASE("the bytes of a row of demand are unchanged") {
    const DemandRules rules{.every_ns = 300,
                            .target_ppm = 2'000'000,
                            .floor_ppm = 800'000,
                            .ceiling_ppm = 1'500'000,
                            .damping_ppm = 250'000,
                            .step_ppm = 100'000};
    const auto row =
        next_demand(rules, {}, nullptr, {.from = 100, .at = 400, .asked = 26, .failed = 2, .waiting = 2, .up = 10});
    CHECK(demand_body(row, "dry-run:42161") ==
          R"({"from":100,"at":400,"asked":26,"failed":2,"waiting":2,"up":10,"supply":10,"every_ns":300,)"
          R"("target_ppm":2000000,"floor_ppm":800000,"ceiling_ppm":1500000,"damping_ppm":250000,"step_ppm":100000,)"
          R"("before_ppm":1000000,"least_ppm":1000000,"most_ppm":1000000,"factor_ppm":1075000,)"
          R"("namespace":"dry-run:42161"})");
}

TEST_CASE("the digest of an archive is unchanged") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    fill_with_everything(*ledger);
    Engine engine(*ledger);
    engine.run(3);
    const auto report = ledger->archive(start_ns + 3 * minute_ns, folder / "first.db");
    REQUIRE(report.ok());
    CHECK(hex_encode(report->digest) == "67f45706bb14218337877cd989bd0b0e9d7708f54a3d49e371edda1c7481a072");
}

TEST_CASE("the body of an archive's row is unchanged, and names a signer only where there is one") {
    ArchiveFacts facts{
        .file = "first.db", .first = 1, .last = 9, .previous = {}, .head = {1}, .closing = {2}, .signer = {3}};
    const std::string zeros(62, '0');
    const auto unsigned_body = R"({"file":"first.db","first":1,"last":9,"previous":"00)" + zeros + R"(","head":"01)" +
                               zeros + R"(","closing":"02)" + zeros + R"(","digest":"04)" + zeros + "\"";
    CHECK(archive_body(facts, Hash{4}) == unsigned_body + R"(,"signer":"03)" + zeros + "\"}");
    facts.signer = {};
    CHECK(archive_body(facts, Hash{4}) == unsigned_body + "}");
}

TEST_CASE("the body of a restoration is unchanged, and only its own text is read") {
    const Restored restored{.at = 3, .last = 2, .backup_at = 1};
    const std::string body = R"({"at":3,"last":2,"backup_at":1})";
    CHECK(restored_body(restored) == body);
    CHECK(parse_restored(body) == restored);
    for (const std::string other :
         {"", "nothing", "[]", "{}", R"({"at":3,"last":2})", R"({"at":3,"last":2,"backup_at":"1"})"}) {
        CAPTURE(other);
        CHECK(!parse_restored(other));
    }
    CHECK(!parse_restored(body + " "));
}

TEST_CASE("the body that a restored ledger may pay again is unchanged, and only its own text is read") {
    const RestoredAccepted accepted{.restored_at = 3, .by = "uid 0", .compared = true, .at = 4};
    const std::string body = R"({"restored_at":3,"by":"uid 0","compared":true,"at":4})";
    CHECK(restored_accepted_body(accepted) == body);
    CHECK(parse_restored_accepted(body) == accepted);
    for (const std::string other : {R"({"restored_at":3,"by":"uid 0","compared":1,"at":4})",
                                    R"({"restored_at":3,"by":0,"compared":true,"at":4})", "{}"}) {
        CAPTURE(other);
        CHECK(!parse_restored_accepted(other));
    }
}

// Earlier versions could write these kinds.
TEST_CASE("a chain with rows of reserved kinds verifies, and a change in one is found") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine engine(*ledger, 1);
        engine.run(1);
    }
    const auto digest = "(SELECT lower(hex(state_digest)) FROM decision ORDER BY seq DESC LIMIT 1)";
    const std::vector<std::pair<int, std::string>> old_rows = {
        {3, cat("'{\"orchestrator\":1,\"state\":\"' || ", digest, " || '\",\"why\":\"paid again\"}'")},
        {9, R"('{"version":"0.1.0"}')"},
        {10, "'stopped'"}};
    for (const auto& [kind, body] : old_rows) {
        Head head;
        {
            const auto ledger = must_open(path, reader());
            head = *ledger->head();
        }
        tamper(path, cat("INSERT INTO audit VALUES(", head.seq + 1, ", ", kind, ", ", body, ", zeroblob(32))"));
        const std::string text = text_of(path, cat("SELECT body FROM audit WHERE seq = ", head.seq + 1));
        Keccak keccak;
        const Hash hash = row_hash(keccak, head.hash, head.seq + 1, static_cast<AuditKind>(kind), text);
        tamper(path, cat("UPDATE audit SET hash = x'", hex_encode(hash), "' WHERE seq = ", head.seq + 1));
        if (kind == 3) tamper(path, cat("UPDATE engine_state SET seq = ", head.seq + 1));
    }
    {
        const auto ledger = must_open(path, reader());
        CHECK(findings(*ledger).empty());
    }
    tamper(path, "UPDATE audit SET body = body || ' ' WHERE kind = 9");
    const auto ledger = must_open(path, reader());
    CHECK(findings(*ledger).starts_with("audit seq 6 (host started): hash differs"));
}

TEST_CASE("the text of an exported decision is unchanged") {
    EngineState before = orchestrator(3).state;
    CHECK(
        decision_json({.seq = 1, .key = "orch-3", .decision = next_decision(3, before, false).decision}).dump() ==
        R"({"epoch":1,"orchestrator":"orch-3","decided_at":"2027-01-15T08:00:01.500Z","job":"failed","uptime_percent":null,"coverage_percent":100,"action":"skip","tier":"offline","multiplier":"0","amount_usd":"0","amount_wei":"0","delay_seconds":600,"penalty_seconds":120,"next_at":"2027-01-15T08:13:00.000Z","consecutive_failures":1,"reason":"the job failed: connection refused","generation":1,"evidence":{"http_status":503,"served_by":"https://10.0.0.3:9995","latency_ms":12.345678,"window_seconds":60,"body_keccak256":"0102030000000000000000000000000000000000000000000000000000000000","body_head":"{\"status\":\"success\",\"agent_id\":\"orch-1\",\"overall_uptime_percentage\":99.0,"}})");
    Decision d = next_decision(1, orchestrator(1).state).decision;
    d.evidence.body_head = "a\xff\x01\tb\n";
    d.evidence.latency_ns = 1;
    d.multiplier_ppm = 1'234'567;
    d.delay_ns = 1'999'999'999;
    d.usd = Usd::of_e8(1);
    d.coverage_ppm = 1;
    CHECK(
        decision_json({.seq = 1, .key = "k\"", .decision = d}).dump() ==
        R"({"epoch":1,"orchestrator":"k\"","decided_at":"2027-01-15T08:00:01.500Z","job":"ok","uptime_percent":99,"coverage_percent":0.0001,"action":"pay","tier":"excellent","multiplier":"1.234567","amount_usd":"0.00000001","amount_wei":"6000000000000000","delay_seconds":1,"penalty_seconds":0,"next_at":"2027-01-15T08:01:00.000Z","consecutive_failures":0,"reason":"","generation":1,"evidence":{"http_status":200,"served_by":"https://10.0.0.1:9995","latency_ms":0.000001,"window_seconds":60,"body_keccak256":"0102030000000000000000000000000000000000000000000000000000000000","body_head":"a??\tb\n"}})");
}
