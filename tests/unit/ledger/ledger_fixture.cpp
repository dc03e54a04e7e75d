#include "tests/unit/ledger/ledger_fixture.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>

namespace ledger_test {

TempFolder::TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "stipend-ledger-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
}

TempFolder::~TempFolder() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
}

OpenOptions writer(Mode mode, std::uint64_t chain_id) {
    return {.access = Access::read_write, .ns = {.mode = mode, .chain_id = chain_id}, .busy_timeout_ms = 50};
}

OpenOptions reader(Mode mode, std::uint64_t chain_id) {
    return {.access = Access::read_only, .ns = {.mode = mode, .chain_id = chain_id}, .busy_timeout_ms = 50};
}

std::unique_ptr<Ledger> must_open(const std::filesystem::path& path, const OpenOptions& options) {
    auto ledger = open(path, options);
    if (!ledger) FAIL(ledger.error().message);
    return std::move(ledger).value();
}

Generation generation(GenerationId id) {
    return {.id = id,
            .at = start_ns,
            .policy = "stipend.payment",
            .version = "0.1.0",
            .revision = 1,
            .memory_version = 2,
            .so_sha256 = std::string(64, 'a'),
            .config = R"({"tiers":"default"})",
            .terms = R"({"base_usd":"10"})"};
}

NewOrchestrator orchestrator(OrchestratorId id) {
    NewOrchestrator out;
    out.row = {.id = id,
               .key = cat("orch-", id),
               .address = cat("https://10.0.0.", id, ":9995"),
               .payout_address = "0x00000000000000000000000000000000000000aa",
               .worker_key = "",
               .retired = false,
               .first_seen_at = start_ns};
    out.state.due_at = start_ns;
    out.state.interval_ns = minute_ns;
    out.state.generation = 1;
    return out;
}

Decided next_decision(OrchestratorId id, const EngineState& before, bool good) {
    Decided out;
    Decision& d = out.decision;
    d.orchestrator = id;
    d.epoch = before.epoch + 1;
    d.due_at = before.due_at;
    d.period_from = before.last_decided_at == 0 ? before.due_at - minute_ns : before.last_decided_at;
    d.decided_at = before.due_at + 1'500'000'000 + id;
    d.job = good ? Job::ok : Job::failed;
    if (good) d.uptime_ppm = 990'000;
    d.coverage_ppm = 1'000'000;
    d.action = good ? Action::pay : Action::skip;
    d.tier = good ? "excellent" : "offline";
    d.multiplier_ppm = good ? 1'200'000 : 0;
    d.usd = Usd::of_e8(good ? 12 * e8 : 0);
    if (good) d.wei = Wei(6'000'000'000'000'000);
    d.delay_ns = good ? 0 : 10 * minute_ns;
    d.consecutive_failures = good ? 0 : before.consecutive_failures + 1;
    d.suspended = before.suspended;
    d.penalty_ns = good ? 0 : 2 * minute_ns;
    d.next_at = d.due_at + minute_ns + d.delay_ns + d.penalty_ns;
    d.reason = good ? "" : "the job failed: connection refused";
    d.generation = 1;
    d.evidence = {.http_status = good ? 200 : 503,
                  .served_by = cat("https://10.0.0.", id, ":9995"),
                  .latency_ns = 12'345'678,
                  .window_s = 60,
                  .body_hash = {1, 2, 3},
                  .body_head = R"({"status":"success","agent_id":"orch-1","overall_uptime_percentage":99.0,)"};
    EngineState& s = out.after;
    s = before;
    s.epoch = d.epoch;
    s.due_at = d.next_at;
    s.last_decided_at = d.decided_at;
    s.consecutive_failures = d.consecutive_failures;
    s.known = true;
    s.checks_total += 1;
    s.checks_ok += good ? 1 : 0;
    s.memory_generation = 1;
    s.memory.bytes[0] = static_cast<std::uint8_t>(d.epoch);
    s.memory.bytes[7] = 9;
    s.day = d.decided_at / (1440 * minute_ns);
    s.day_usd = before.day == s.day ? *before.day_usd.plus(d.usd) : d.usd;
    return out;
}

Engine::Engine(Ledger& ledger, OrchestratorId count) : ledger_(ledger) {
    Batch batch;
    batch.generations.push_back(generation(1));
    for (OrchestratorId id = 1; id <= count; ++id) {
        batch.added.push_back(orchestrator(id));
        states_.push_back(batch.added.back().state);
    }
    must_commit(batch);
}

Engine::Engine(Ledger& ledger) : ledger_(ledger) {
    const auto state = ledger.load_state();
    if (!state) FAIL(state.error().message);
    for (const auto& record : state->orchestrators) states_.push_back(record.state);
}

Batch Engine::cycle() {
    Batch batch;
    for (OrchestratorId id = 1; id <= count(); ++id) {
        const EngineState& before = state(id);
        batch.decisions.push_back(next_decision(id, before, id % 3 != 0 || before.epoch % 2 != 0));
    }
    return batch;
}

Result<void> Engine::commit(const Batch& batch) {
    STIPEND_TRY(ledger_.commit(batch));
    for (const auto& decided : batch.decisions) state(decided.decision.orchestrator) = decided.after;
    return {};
}

void Engine::must_commit(const Batch& batch) {
    const auto done = commit(batch);
    if (!done) FAIL(done.error().message);
}

void Engine::run(int cycles) {
    for (int i = 0; i < cycles; ++i) must_commit(cycle());
}

void fill_with_everything(Ledger& ledger) {
    Engine engine(ledger, 3);
    Batch first = engine.cycle();
    first.decisions[2].decision.suspended = first.decisions[2].after.suspended = true;
    engine.must_commit(first);
    Batch batch;
    batch.gaps_opened = {{.orchestrator = 1, .from = start_ns + minute_ns, .cause = "the gateway does not answer"},
                         {.orchestrator = 2, .from = start_ns + minute_ns, .cause = "the gateway does not answer"}};
    batch.changed.push_back(orchestrator(3).row);
    batch.changed.back().address = "https://orch-3.example:9995";
    batch.prices = {Price{.usd_per_eth_e8 = 2000 * e8, .at = start_ns, .source = "fixed"}};
    batch.events.push_back({.kind = EventKind::alert, .body = R"({"version":"0.1.0"})"});
    engine.must_commit(batch);
    Batch second = engine.cycle();
    second.gaps_closed = {{.orchestrator = 1, .to = start_ns + 2 * minute_ns, .usd = Usd::of_e8(12 * e8)}};
    second.decisions.pop_back();  // the third stays suspended
    engine.must_commit(second);
    Batch third;
    third.adjustments.push_back({.key = "adjust-1",
                                 .orchestrator = 1,
                                 .from = start_ns + minute_ns,
                                 .to = start_ns + 2 * minute_ns,
                                 .wei = *SignedWei::parse("6000000000000000"),
                                 .usd = Usd::of_e8(12 * e8),
                                 .reason = "our gateway was down",
                                 .by = "admin",
                                 .at = start_ns + 3 * minute_ns});
    third.events.push_back({.kind = EventKind::alert, .body = "the gateway is back"});
    engine.must_commit(third);
}

Pardoned pardon_of(const OrchestratorRecord& record) {
    Pardoned out{.row = {.orchestrator = record.row.id,
                         .epoch = record.state.epoch,
                         .from = start_ns,
                         .to = start_ns + 10 * minute_ns,
                         .checks = 1,
                         .failures_before = record.state.consecutive_failures,
                         .failures_after = 0,
                         .suspended_before = record.state.suspended,
                         .suspended_after = false,
                         .due_before = record.state.due_at,
                         .due_after = record.state.due_at,
                         .reason = "the resolver of the payer was down",
                         .by = "admin",
                         .at = start_ns + 20 * minute_ns},
                 .after = record.state};
    out.after.consecutive_failures = 0;
    out.after.suspended = false;
    return out;
}

Objection objection(OrchestratorId id, std::uint64_t epoch) {
    return {.orchestrator = id,
            .epoch = epoch,
            .text = cat("=we were up in ", epoch, " \x1b[2J\xe2\x82\xac"),
            .by = "secret",
            .at = start_ns + 30 * minute_ns};
}

ObjectionAnswer answer_to(OrchestratorId id, std::uint64_t epoch) {
    return {.orchestrator = id,
            .epoch = epoch,
            .adjustment = {},
            .reason = "your worker was down",
            .by = "api:admin@example.com",
            .at = start_ns + 31 * minute_ns};
}

ManualPayment paid(OrchestratorId id, const char* name, stipend_unix_ns at) {
    return {.id = name,
            .orchestrator = id,
            .usd = Usd::of_e8(20 * e8),
            .wei = *SignedWei::parse("10000000000000000"),
            .stated = Stated::usd,
            .usd_per_eth_e8 = 2000 * e8,
            .rate_at = at,
            .rate_source = "fixed",
            .call_type = "bonus",
            .reference = "invoice 7",
            .metadata = "{}",
            .by = "api:ann",
            .at = at};
}

Payout payout(PayoutId id, OrchestratorId to, const char* wei) {
    return {.id = id,
            .orchestrator = to,
            .to = cat("0x", std::string(40, static_cast<char>('0' + to))),
            .wei = *SignedWei::parse(wei),
            .at = start_ns};
}

Slot slot(SlotId id, std::uint64_t nonce, std::uint32_t payouts) {
    return {.id = id, .payer = cat("0x", std::string(40, 'a')), .nonce = nonce, .payouts = payouts, .at = start_ns};
}

Attempt attempt(SlotId slot, std::uint8_t id, bool gives_up) {
    Attempt out{.slot = slot, .raw = cat("bytes ", static_cast<int>(id)), .gas = 21'000, .gives_up = gives_up};
    out.id.fill(id);
    out.tip_wei = *SignedWei::parse("1");
    out.cap_wei = *SignedWei::parse("10");
    out.at = start_ns;
    return out;
}

PayoutStep payout_step(PayoutId payout, PayoutState state, SlotId slot) {
    using enum PayoutState;
    PayoutStep out{.payout = payout, .state = state, .slot = slot, .at = start_ns};
    if (state == mined || state == confirmed || state == paid) {
        out.block_hash.fill(9);
        out.block = 100;
    }
    if (state == held || state == returned || state == frozen) out.reason = "a reason";
    return out;
}

SlotEnd slot_end(SlotId slot, std::uint8_t id, bool executed) {
    SlotEnd out{.slot = slot, .executed = executed, .at = start_ns};
    out.id.fill(id);
    if (id == 0) return out;
    out.block_hash.fill(9);
    out.block = 100;
    out.fee_wei = *SignedWei::parse("210000");
    return out;
}

std::string owed_to(Ledger& ledger, OrchestratorId id) {
    const auto state = ledger.load_state();
    REQUIRE(state.ok());
    return state->orchestrators.at(static_cast<std::size_t>(id - 1)).owed.text();
}

std::string findings(Ledger& ledger, const VerifyOptions& options) {
    const auto report = ledger.verify(options);
    if (!report) return report.error().message;
    std::string out;
    for (const auto& finding : report->findings) out += cat(finding.row, ": ", finding.what, "\n");
    CHECK(out.empty() == report->clean());
    return out;
}

void tamper(const std::filesystem::path& path, const std::string& sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    char* error = nullptr;
    sqlite3_exec(database, "PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
    sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error);
    const std::string message = error == nullptr ? "" : error;
    sqlite3_free(error);
    sqlite3_close(database);
    if (!message.empty()) FAIL(sql << ": " << message);
}

std::string text_of(const std::filesystem::path& path, const std::string& sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    std::string out = "none";
    if (sqlite3_step(statement) == SQLITE_ROW) {
        out = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return out;
}

std::int64_t number(const std::filesystem::path& path, const std::string& sql) {
    const std::string text = text_of(path, sql);
    return text == "none" ? -1 : std::stoll(text);
}

}  // namespace ledger_test
