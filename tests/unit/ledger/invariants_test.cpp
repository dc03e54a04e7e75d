#include "host/ledger/invariants.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <random>

#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

SignedWei wei(std::string_view text) {
    return *SignedWei::parse(text);
}

// Two debts and the expense of both, for the decisions 10 to 12.
Journal balanced() {
    return {
        .ref = 10,
        .kind = JournalKind::decisions,
        .last = 12,
        .entries = {
            {.account = -1, .wei = wei("-30")}, {.account = 1, .wei = wei("10")}, {.account = 2, .wei = wei("20")}}};
}

Journal adjusted(std::string_view amount) {
    const auto debt = wei(amount);
    return {.ref = 10,
            .kind = JournalKind::adjustment,
            .last = 10,
            .entries = {{.account = -1, .wei = *debt.negated()}, {.account = 1, .wei = debt}}};
}

// The invariant that `change` breaks; empty if none.
template <class Row, class Change>
std::string broken(Row row, Change&& change) {
    change(row);
    return broken_invariant(row).value_or("");
}

// The tables of a database, each with one of its rows, and their columns.
const std::vector<std::pair<std::string, std::string>>& tables() {
    static const std::vector<std::pair<std::string, std::string>> all = {
        {"audit", "seq = (SELECT max(seq) FROM audit)"},
        {"decision", "seq = (SELECT max(seq) FROM decision)"},
        {"journal", "ref = (SELECT max(ref) FROM journal)"},
        {"entry", "journal = (SELECT max(journal) FROM entry) AND account > 0"},
        {"engine_state", "orchestrator = 3"},
        {"orchestrator", "id = 3"},
        {"generation", "id = 1"},
        {"gap", "seq = (SELECT max(seq) FROM gap)"},
        {"adjustment", "key = 'adjust-1'"},
        {"account", "id = 1"},
        {"price", "network = 0"},
        {"carried", "account = 1"},
        {"archive", "seq = (SELECT max(seq) FROM archive)"}};
    return all;
}

// Every read returns a value or an error, whatever the file holds.
void read_all(const std::filesystem::path& path) {
    const auto ledger = open(path, reader());
    if (!ledger) return;
    static_cast<void>((*ledger)->verify({}));
    static_cast<void>((*ledger)->load_state());
    static_cast<void>((*ledger)->balances());
    static_cast<void>((*ledger)->unpaid({}, 100));
    static_cast<void>((*ledger)->stats());
    static_cast<void>((*ledger)->export_decisions({}, [](const DecisionLine&) -> Result<void> { return {}; }));
}

}  // namespace

TEST_CASE("a journal sums to zero") {
    CHECK(!broken_invariant(balanced()));
    CHECK(broken(balanced(), [](Journal& j) { j.entries[1].wei = wei("11"); }) == "does not sum to zero: 1 wei");
    CHECK(broken(balanced(), [](Journal& j) { j.entries.pop_back(); }) == "does not sum to zero: -20 wei");
    CHECK(broken(balanced(), [](Journal& j) { j.entries.clear(); }).empty());
    CHECK(broken(balanced(), [](Journal& j) {
              j.kind = JournalKind::decisions;
              j.entries = {{.account = 1, .wei = SignedWei::highest()}, {.account = 2, .wei = SignedWei::highest()}};
          }) == "has a sum that leaves its range");
}

TEST_CASE("a journal of decisions only raises debts, one entry for each account") {
    CHECK(broken(balanced(), [](Journal& j) {
              j.entries = {{.account = -1, .wei = wei("30")}, {.account = 1, .wei = wei("-30")}};
          }) == "has an entry with the wrong sign: account -1, 30 wei");
    // The accounts of expenses are below 0.
    CHECK(broken(balanced(), [](Journal& j) {
              j.entries = {{.account = 0, .wei = wei("-30")}, {.account = 1, .wei = wei("30")}};
          }) == "has an entry with the wrong sign: account 0, -30 wei");
    CHECK(broken(balanced(), [](Journal& j) { j.entries[1].wei = {}; }) == "has an entry of zero: account 1");
    CHECK(broken(balanced(), [](Journal& j) { j.entries[2].account = 1; }) == "repeats account 1");
    CHECK(broken(balanced(), [](Journal& j) { j.last = 9; }) == "covers no rows of the chain: [10, 9]");
    CHECK(broken(balanced(), [](Journal& j) { j.ref = 0; }) == "covers no rows of the chain: [0, 12]");
    CHECK(broken(balanced(), [](Journal& j) { j.entries.resize(max_journal_entries + 1); }) ==
          "has 65602 entries, want at most 65601");
}

TEST_CASE("a journal of an adjustment has two entries and may lower a debt") {
    CHECK(!broken_invariant(adjusted("5")));
    CHECK(!broken_invariant(adjusted("-5")));
    CHECK(broken(adjusted("5"), [](Journal& j) { j.last = 11; }) == "covers no rows of the chain: [10, 11]");
    CHECK(broken(adjusted("5"), [](Journal& j) { j.entries.push_back({.account = 2, .wei = wei("1")}); }) ==
          "has 3 entries, want at most 2");
}

TEST_CASE("a decision agrees with itself and with the state that it leaves") {
    const Decided good = next_decision(1, orchestrator(1).state);
    CHECK(!broken_invariant(good));
    const auto decided = [&](auto&& change) { return broken(good, change); };
    CHECK(decided([](Decided& d) { d.decision.epoch = d.after.epoch = 0; }) == "epochs begin with 1");
    CHECK(decided([](Decided& d) { d.decision.period_from = INT64_MAX; }).starts_with("the period ends before"));
    CHECK(decided([](Decided& d) { d.decision.uptime_ppm = 1'000'001; }) == "more than all of the period");
    CHECK(decided([](Decided& d) { d.decision.coverage_ppm = 1'000'001; }) == "more than all of the period");
    CHECK(decided([](Decided& d) { d.decision.usd = Usd::of_e8(-1); }) == "negative pay, delay or penalty");
    CHECK(decided([](Decided& d) { d.decision.delay_ns = -1; }) == "negative pay, delay or penalty");
    CHECK(decided([](Decided& d) { d.decision.penalty_ns = -1; }) == "negative pay, delay or penalty");
    CHECK(decided([](Decided& d) { d.decision.action = Action::skip; }).starts_with("a skip owes nothing"));
    CHECK(decided([](Decided& d) { ++d.after.epoch; }) == "state after it: got epoch 2");
    CHECK(decided([](Decided& d) { ++d.after.due_at; }).starts_with("state after it: got due_at"));
    CHECK(decided([](Decided& d) { ++d.after.last_decided_at; }).starts_with("state after it: got last_decided_at"));
    CHECK(decided([](Decided& d) { d.after.suspended = true; }) == "state after it: failures or suspension differ");
    CHECK(decided([](Decided& d) { d.after.interval_ns = -1; }) ==
          "state after it: interval: got -1 ns, want 0 or more");
}

TEST_CASE("a state counts no more good checks than checks, and nothing below zero") {
    const EngineState good = orchestrator(1).state;
    CHECK(!broken_invariant(good));
    CHECK(broken(good, [](EngineState& s) { s.epoch = UINT64_MAX; }).starts_with("epoch out of range"));
    CHECK(broken(good, [](EngineState& s) { s.checks_ok = 1; }) == "checks: got 1 good of 0");
    CHECK(broken(good, [](EngineState& s) { s.checks_total = UINT64_MAX; }).starts_with("checks: got 0 good of"));
    CHECK(broken(good, [](EngineState& s) { s.interval_ns = -1; }) == "interval: got -1 ns, want 0 or more");
    CHECK(broken(good, [](EngineState& s) { s.day_usd = Usd::of_e8(-1); }) ==
          "usage of the day: got -0.00000001 USD, want 0 or more");
}

TEST_CASE("an epoch follows the last one, and its period does not overlap the last") {
    const Decision first = next_decision(1, orchestrator(1).state).decision;
    CHECK(!broken_succession({}, first));
    CHECK(broken_succession({.epoch = 1}, first) == "does not follow epoch 1");
    CHECK(!broken_succession({.epoch = 0, .decided_at = first.period_from}, first));
    CHECK(broken_succession({.epoch = 0, .decided_at = first.period_from + 1}, first)
              ->starts_with("its period overlaps the last"));
}

TEST_CASE("a batch makes as many rows of the chain as are counted for it") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 3);
    CHECK(ledger->head()->seq == 1 + 2 * 3);
    Batch batch = engine.cycle();
    batch.gaps_opened = {{.orchestrator = 1, .from = start_ns, .cause = "test"}};
    batch.prices = {Price{.usd_per_eth_e8 = 1, .at = 1, .source = "test"}};
    batch.events.resize(2);
    batch.observations = {{.orchestrator = 1, .target = "http", .from = 1, .to = 2, .verdict = 1}};
    CHECK(audit_rows(batch) == 3 + 1 + 1 + 2);
    const auto before = ledger->head()->seq;
    engine.must_commit(batch);
    CHECK(ledger->head()->seq == before + audit_rows(batch));
}

TEST_CASE("a state that breaks an invariant is an error when it is loaded, and a finding") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine(*ledger, 1).run(1);
    }
    tamper(path, "UPDATE engine_state SET checks_ok = checks_total + 1");
    const auto ledger = must_open(path, reader());
    const auto state = ledger->load_state();
    REQUIRE(!state.ok());
    CHECK(state.error().status == STIPEND_E_INVALID);
    CHECK(state.error().message.find("state of orchestrator 1 (orch-1) is damaged") != std::string::npos);
    CHECK(findings(*ledger).find("state of orchestrator 1 (orch-1): checks: got 2 good of 1") != std::string::npos);
}

TEST_CASE("a decision that breaks an invariant ends an export with an error, and is a finding") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine(*ledger, 1).run(1);
    }
    tamper(path, "UPDATE decision SET penalty_ns = -1");
    const auto ledger = must_open(path, reader());
    const auto done = ledger->export_decisions({}, [](const DecisionLine&) -> Result<void> { return {}; });
    REQUIRE(!done.ok());
    CHECK(done.error().message.find("decision seq 4 is damaged") != std::string::npos);
    CHECK(findings(*ledger).find("negative pay, delay or penalty") != std::string::npos);
}

TEST_CASE("entries that do not sum to zero are not archived") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine(*ledger, 2).run(3);
    }
    tamper(path, "UPDATE entry SET wei = zeroblob(32) WHERE account = 1");
    const auto ledger = must_open(path);
    const auto report = ledger->archive(start_ns + 2 * minute_ns, folder / "first.db");
    REQUIRE(!report.ok());
    CHECK(report.error().status == STIPEND_E_INVALID);
    CHECK(report.error().message.find("do not sum to zero") != std::string::npos);
    CHECK(!std::filesystem::exists(folder / "first.db"));
}

TEST_CASE("extreme values in any column cause errors or findings, never an abort") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        fill_with_everything(*ledger);
        Engine engine(*ledger);
        engine.run(3);
        REQUIRE(ledger->archive(start_ns + 3 * minute_ns, folder / "first.db").ok());
    }
    const auto copy = folder / "copy.db";
    const std::vector<std::pair<std::string, std::vector<std::string>>> values = {
        {"INTEGER", {"-9223372036854775808", "9223372036854775807", "0", "-1"}},
        {"BLOB", {"x''", "x'" + std::string(64, 'f') + "'", "x'80" + std::string(62, '0') + "'", "zeroblob(1000)"}},
        {"TEXT", {"''", "'{}'", "'{\"orchestrator\":-9223372036854775808,\"id\":1e400}'"}}};
    for (const auto& [table, row] : tables()) {
        for (const auto& [type, list] : values) {
            const auto names = text_of(path, cat("SELECT ifnull(group_concat(name), '') FROM pragma_table_info('",
                                                 table, "') WHERE type = '", type, "'"));
            for (std::size_t from = 0; from < names.size();) {
                const auto to = std::min(names.find(',', from), names.size());
                for (const auto& value : list) {
                    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
                    tamper(copy, cat("PRAGMA ignore_check_constraints = ON; UPDATE OR IGNORE ", table, " SET ",
                                     names.substr(from, to - from), " = ", value, " WHERE ", row));
                    read_all(copy);
                }
                from = to + 1;
            }
        }
    }
}

TEST_CASE("damaged bytes anywhere in the file cause errors or findings, never an abort") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        fill_with_everything(*ledger);
    }
    const auto copy = folder / "copy.db";
    const auto size = std::filesystem::file_size(path);
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
        {
            std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
            for (int byte = 0; byte < 8; ++byte) {
                file.seekp(static_cast<std::streamoff>(100 + random() % (size - 100)));
                file.put(static_cast<char>(random()));
            }
        }
        read_all(copy);
    }
}
