// The fees of jobs: what a ledger holds of them, what it rejects, and what `verify` finds.
#include "host/ledger/fees.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "host/ledger/canonical.hpp"
#include "host/ledger/decision_json.hpp"
#include "host/ledger/invariants.hpp"
#include "stipend/hex.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

constexpr std::int64_t day_ns = 1440 * minute_ns;

SignedWei wei_of(std::string_view text) {
    return *SignedWei::parse(text);
}

// Makes fees as the engine does: each follows from the one before it.
class Fees {
  public:
    Fee next(FeeKind kind, std::string_view amount, OrchestratorId id = 1, stipend_unix_ns at = start_ns) {
        FeeState& state = states_[id];
        const auto step = fee_step(state, kind, wei_of(amount), fee_day(at));
        if (!step) FAIL(step.error().message);
        state = step->after;
        return {.kind = kind,
                .orchestrator = id,
                .epoch = 1,
                .attempt = 1,
                .at = at,
                .wei = wei_of(amount),
                .moved = step->moved,
                .after = step->after};
    }
    FeeState& state(OrchestratorId id = 1) { return states_[id]; }

  private:
    std::map<OrchestratorId, FeeState> states_;
};

void must_write(Ledger& ledger, std::vector<Fee> fees) {
    const auto done = ledger.commit({.fees = std::move(fees)});
    if (!done) FAIL(done.error().message);
}

std::string rejected(Ledger& ledger, Fee fee) {
    const auto before = ledger.head()->seq;
    const auto done = ledger.commit({.fees = {std::move(fee)}});
    REQUIRE(!done.ok());
    CHECK(ledger.head()->seq == before);
    CHECK(!ledger.failed());
    return done.error().message;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// Fees of two orchestrators between decisions: reserved and closed, added, unreserved, open.
void fill_with_fees(Ledger& ledger) {
    Engine engine(ledger, 3);
    Fees fees;
    must_write(ledger, {fees.next(FeeKind::reserved, "500"), fees.next(FeeKind::reserved, "70", 2)});
    engine.run(1);
    must_write(ledger, {fees.next(FeeKind::closed, "200"), fees.next(FeeKind::added, "70", 2)});
    must_write(ledger, {fees.next(FeeKind::unreserved, "9"), fees.next(FeeKind::closed, "140", 2)});
    engine.run(1);
    must_write(ledger, {fees.next(FeeKind::reserved, "5")});
}

}  // namespace

TEST_CASE("a reservation counts on its day, and a closing takes back what the job did not cost") {
    Fees fees;
    Fee fee = fees.next(FeeKind::reserved, "100");
    CHECK(fee.moved == wei_of("100"));
    fee = fees.next(FeeKind::added, "100");
    CHECK(fees.state().open_wei == wei_of("200"));
    CHECK(fees.state().day_wei == wei_of("200"));
    fee = fees.next(FeeKind::closed, "130");
    CHECK(fee.moved == wei_of("-70"));
    CHECK(fees.state().day_wei == wei_of("130"));
    CHECK(fees.state().total_wei == wei_of("130"));
    CHECK(fees.state().open_wei.zero());
    // Of a job that was never closed, all stays counted.
    fee = fees.next(FeeKind::reserved, "50");
    fee = fees.next(FeeKind::reserved, "10");
    fee = fees.next(FeeKind::closed, "0");
    CHECK(fees.state().total_wei == wei_of("180"));
    fee = fees.next(FeeKind::unreserved, "7");
    CHECK(fees.state().day_wei == wei_of("187"));
}

TEST_CASE("of a job over midnight, the cost counts on the later day as far as its reservations reach") {
    Fees fees;
    const auto tomorrow = start_ns + day_ns;
    Fee fee = fees.next(FeeKind::reserved, "100");
    fee = fees.next(FeeKind::added, "100", 1, tomorrow);
    CHECK(fees.state().day == fee_day(tomorrow));
    CHECK(fees.state().day_wei == wei_of("100"));
    CHECK(fees.state().open_wei == wei_of("200"));
    fee = fees.next(FeeKind::closed, "130", 1, tomorrow);
    CHECK(fees.state().day_wei == wei_of("100"));
    CHECK(fees.state().total_wei == wei_of("130"));
    // A closing on the next day lowers the day of the reservation.
    fee = fees.next(FeeKind::reserved, "60", 1, tomorrow);
    fee = fees.next(FeeKind::closed, "10", 1, tomorrow + day_ns);
    CHECK(fees.state().day == fee_day(tomorrow));
    CHECK(fees.state().day_wei == wei_of("110"));
}

TEST_CASE("amounts out of range and closings of nothing have no step") {
    const FeeState none;
    CHECK(fee_step(none, FeeKind::reserved, wei_of("-1"), 1).error().status == STIPEND_E_LIMIT);
    CHECK(fee_step(none, FeeKind::reserved, *max_fee().plus(wei_of("1")), 1).error().status == STIPEND_E_LIMIT);
    CHECK(fee_step(none, FeeKind::closed, wei_of("0"), 1).error().status == STIPEND_E_INVALID);
    CHECK(fee_step(none, FeeKind::added, wei_of("1"), 1).error().status == STIPEND_E_INVALID);
    const auto open = fee_step(none, FeeKind::reserved, max_fee(), 1);
    REQUIRE(open.ok());
    CHECK(!fee_step(open->after, FeeKind::closed, *max_fee().plus(wei_of("1")), 1).ok());
}

TEST_CASE("a ledger without fees has no accounts for them, and gets them with the first") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    Engine(*ledger, 1).run(1);
    CHECK(number(path, "SELECT count(*) FROM account WHERE id < 0") == 1);
    const auto other = must_open(path, reader());
    CHECK(other->export_fees({}, [](const FeeLine&) -> Result<void> { return {}; }).ok());
    Fees fees;
    const Fee fee = fees.next(FeeKind::reserved, "100", 9);
    CHECK(has(rejected(*ledger, fee), "orchestrator 9: not one of live:42161"));
    CHECK(number(path, "SELECT count(*) FROM account WHERE id < 0") == 1);
    must_write(*ledger, {fees.next(FeeKind::reserved, "100")});
    CHECK(number(path, "SELECT count(*) FROM account WHERE id < 0") == 3);
    CHECK((*other->balances())[0].fees == wei_of("100"));
    CHECK(findings(*other).empty());
}

TEST_CASE("fees are in the state, the balances and the export, and survive a restart") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    fill_with_fees(*must_open(path));
    const auto ledger = must_open(path);
    const auto state = ledger->load_state();
    REQUIRE(state.ok());
    REQUIRE(state->fees.size() == 2);
    CHECK(state->fees[0].orchestrator == 1);
    CHECK(state->fees[0].state.day_wei == wei_of("214"));
    CHECK(state->fees[0].state.open_wei == wei_of("5"));
    CHECK(state->fees[1].state.total_wei == wei_of("140"));
    const auto balances = ledger->balances();
    REQUIRE(balances.ok());
    CHECK((*balances)[0].fees == wei_of("214"));
    CHECK((*balances)[1].fees == wei_of("140"));
    CHECK((*balances)[2].fees.zero());
    std::string text;
    const auto sink = [&](const FeeLine& line) -> Result<void> {
        text += fee_json(line).dump() + "\n";
        return {};
    };
    REQUIRE(ledger->export_fees({.orchestrator = 2}, sink).ok());
    CHECK(
        text ==
        R"({"fee":"reserved","epoch":1,"orchestrator":"orch-2","attempt":1,"at":"2027-01-15T08:00:00.000Z","wei":"70","moved_wei":"70","day_wei":"70","total_wei":"70"})"
        "\n"
        R"({"fee":"added","epoch":1,"orchestrator":"orch-2","attempt":1,"at":"2027-01-15T08:00:00.000Z","wei":"70","moved_wei":"70","day_wei":"140","total_wei":"140"})"
        "\n"
        R"({"fee":"closed","epoch":1,"orchestrator":"orch-2","attempt":1,"at":"2027-01-15T08:00:00.000Z","wei":"140","moved_wei":"0","day_wei":"140","total_wei":"140"})"
        "\n");
    const auto report = ledger->verify({});
    REQUIRE(report.ok());
    CHECK(report->clean());
    CHECK(report->fees == 7);
    // A restart does not close: a closing may follow only what is open in the ledger.
    Fees fees;
    fees.state() = state->fees[0].state;
    must_write(*ledger, {fees.next(FeeKind::closed, "3")});
    CHECK((*ledger->balances())[0].fees == wei_of("212"));
    CHECK(findings(*ledger).empty());
}

TEST_CASE("the body of a fee is unchanged, and only its own text is read") {
    Fees fees;
    const Fee fee = fees.next(FeeKind::reserved, "1000000000000000000");
    const std::string body = fee_body(fee);
    CHECK(
        body ==
        R"({"kind":"reserved","orchestrator":1,"epoch":1,"attempt":1,"at":1800000000000000000,"wei":"1000000000000000000","moved":"1000000000000000000","day":20833,"day_wei":"1000000000000000000","open_wei":"1000000000000000000","open_day_wei":"1000000000000000000","total_wei":"1000000000000000000"})");
    CHECK(parse_fee(body) == fee);
    CHECK(!parse_fee(body + " "));
    CHECK(!parse_fee("{}"));
    CHECK(!parse_fee("[]"));
    CHECK(!parse_fee("nothing"));
    for (const auto& [from, to] : {std::pair{"\"epoch\":1", "\"epoch\":1.0"},
                                   {"\"attempt\":1", "\"attempt\":-1"},
                                   {"\"attempt\":1", "\"attempt\":4294967296"},
                                   {"reserved", "Reserved"},
                                   {"\"wei\":\"1", "\"wei\":\"01"}}) {
        std::string changed = body;
        changed.replace(changed.find(from), std::string_view(from).size(), to);
        CHECK(!parse_fee(changed));
    }
}

TEST_CASE("a fee that does not follow from the state before it is rejected, and nothing is written") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine(*ledger, 1).run(1);
    Fees fees;
    must_write(*ledger, {fees.next(FeeKind::reserved, "100")});
    Fees closed = fees;
    const Fee good = closed.next(FeeKind::closed, "40");
    const auto with = [&](auto&& change) {
        Fee fee = good;
        change(fee);
        return rejected(*ledger, fee);
    };
    CHECK(has(with([](Fee& f) { f.wei = wei_of("101"); }), "closes at 101 wei of 100 reserved"));
    CHECK(has(with([](Fee& f) { f.wei = wei_of("-1"); }), "amount out of range"));
    CHECK(has(with([](Fee& f) { f.moved = wei_of("-61"); }), "moves -61 wei, want -60"));
    CHECK(has(with([](Fee& f) { f.moved = wei_of("1"); }), "moves 1 wei, want 0 or less"));
    CHECK(has(with([](Fee& f) { f.after.day_wei = wei_of("39"); }), "does not follow"));
    CHECK(has(with([](Fee& f) { f.after.total_wei = wei_of("41"); }), "does not follow"));
    CHECK(has(with([](Fee& f) { f.after.open_wei = wei_of("1"); }), "leaves 1 wei reserved"));
    CHECK(has(with([](Fee& f) { f.epoch = 0; }), "epoch out of range"));
    must_write(*ledger, {good});
    CHECK(has(rejected(*ledger, good), "closes at 40 wei of 0 reserved"));
    // By a state that the ledger does not hold, the same reservation counts twice.
    CHECK(has(rejected(*ledger, fees.next(FeeKind::added, "100")), "adds to a reservation, and there is none"));
    CHECK(findings(*ledger).empty());
}

TEST_CASE("amounts of a fee and of the state after it agree") {
    Fees fees;
    const Fee good = fees.next(FeeKind::reserved, "100");
    CHECK(!broken_invariant(good));
    const auto reason = [&](auto&& change) {
        Fee fee = good;
        change(fee);
        return broken_invariant(fee).value_or("");
    };
    CHECK(reason([](Fee& f) { f.wei = {}; }).starts_with("moves 100 wei, want 0"));
    CHECK(reason([](Fee& f) { f.moved = wei_of("99"); }) == "moves 99 wei, want 100 and more than 0");
    CHECK(reason([](Fee& f) { f.after.open_wei = {}; }) == "leaves 0 wei reserved");
    CHECK(reason([](Fee& f) { f.after.day_wei = wei_of("-1"); }) == "state after it: an amount below zero: -1 wei");
    CHECK(reason([](Fee& f) {
              f.after.open_day_wei = wei_of("101");
          }).starts_with("state after it: reserved on the day"));
    CHECK(
        reason([](Fee& f) { f.after.total_wei = wei_of("99"); }).starts_with("state after it: more than was counted"));
    const Journal journal{
        .ref = 3, .kind = JournalKind::fees, .last = 4, .entries = {{-3, wei_of("-5")}, {-2, wei_of("5")}}};
    CHECK(!broken_invariant(journal));
    Journal owed = journal;
    for (const std::int64_t account : {0, 1}) {
        owed.entries[1].account = account;
        CHECK(broken_invariant(owed) == cat("has an entry that is no fee: account ", account));
    }
}

TEST_CASE("a change in any part of the fees is found") {
    const TempFolder folder;
    fill_with_fees(*must_open(folder / "whole.db"));
    const auto after = [&](const std::string& sql) {
        const auto copy = folder / "copy.db";
        for (const char* name : {"copy.db", "copy.db-wal", "copy.db-shm"}) std::filesystem::remove(folder / name);
        std::filesystem::copy_file(folder / "whole.db", copy);
        tamper(copy, sql);
        return findings(*must_open(copy, reader()));
    };
    REQUIRE(after("SELECT 1").empty());
    const std::string more = "x'" + std::string(62, '0') + "ff'";
    for (const auto* column : {"day_wei", "open_wei", "open_day_wei", "total_wei"}) {
        CAPTURE(column);
        CHECK(has(after(cat("UPDATE fee_state SET ", column, " = ", more, " WHERE orchestrator = 1")),
                  "fee_state of orchestrator 1 (orch-1): is not the state that seq"));
    }
    CHECK(has(after(cat("UPDATE fee_state SET total_wei = ", more, " WHERE orchestrator = 1")),
              "account expense:fees of live:42161: got 354 wei, and -354 in gateway:prepaid; the states sum to 395"));
    CHECK(has(after("UPDATE fee_state SET day = day + 1 WHERE orchestrator = 2"), "fee_state of orchestrator 2"));
    CHECK(has(after("UPDATE fee_state SET seq = seq - 1 WHERE orchestrator = 2"), "was last set at seq"));
    CHECK(has(after("UPDATE fee_state SET day_wei = x'01' WHERE orchestrator = 2"), "an amount is not 32 bytes"));
    CHECK(has(after("DELETE FROM fee_state WHERE orchestrator = 2"), "fee_state: got 1 rows, want one for each of 2"));
    CHECK(has(after(cat("INSERT INTO fee_state VALUES(3, 1, ", more, ", zeroblob(32), zeroblob(32), ", more, ", 99)")),
              "fee_state of orchestrator 3 (orch-3): has no audit row"));
    CHECK(has(after("UPDATE audit SET body = replace(body, '\"wei\":\"500\"', '\"wei\":\"400\"') WHERE kind = 13"),
              "hash differs"));
    CHECK(has(after("UPDATE audit SET body = '{}' WHERE kind = 13"), "its body is not that of a fee"));
    CHECK(has(after("DELETE FROM journal WHERE kind = 3"), "is in no journal"));
    CHECK(has(after("UPDATE journal SET last = last - 1 WHERE kind = 3 AND last > ref"), "is in no journal"));
    CHECK(has(after("UPDATE journal SET kind = 2 WHERE kind = 3"), "belongs to no adjustment"));
    CHECK(has(after(cat("UPDATE entry SET wei = ", more,
                        " WHERE account = (SELECT id FROM account WHERE name = "
                        "'expense:fees')")),
              "does not sum to zero"));
    CHECK(has(after("DELETE FROM entry WHERE account < -1"), "is missing: want"));
    CHECK(has(after("UPDATE account SET name = 'gateway:other' WHERE name = 'gateway:prepaid'"),
              "is not what its orchestrator or namespace wants"));
    CHECK(!after("DELETE FROM account WHERE name = 'expense:fees'").empty());
}

TEST_CASE("a fee that does not follow is found although the chain was hashed anew") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    fill_with_fees(*must_open(path));
    const Seq last = must_open(path, reader())->head()->seq;
    const std::string body = text_of(path, cat("SELECT body FROM audit WHERE seq = ", last));
    Head before{.seq = last - 1, .hash = {}};
    REQUIRE(hex_decode(text_of(path, cat("SELECT lower(hex(hash)) FROM audit WHERE seq = ", last - 1)), before.hash));
    const auto forged = [&](std::initializer_list<std::pair<std::string_view, std::string_view>> changes) {
        std::string changed = body;
        for (const auto& [from, to] : changes) {
            REQUIRE(has(changed, from));
            changed.replace(changed.find(from), from.size(), to);
        }
        Keccak keccak;
        const Hash hash = row_hash(keccak, before.hash, last, AuditKind::fee, changed);
        tamper(path,
               cat("UPDATE audit SET body = '", changed, "', hash = x'", hex_encode(hash), "' WHERE seq = ", last));
        return findings(*must_open(path, reader()));
    };
    REQUIRE(forged({}).empty());
    const auto name = cat("fee seq ", last, ": ");
    CHECK(has(forged({{R"("wei":"5")", R"("wei":"4")"}, {R"("moved":"5")", R"("moved":"4")"}}),
              name + "the state after it does not follow from the one before it"));
    CHECK(
        has(forged({{"\"total_wei\":\"214\"", "\"total_wei\":\"215\""}}), name + "the state after it does not follow"));
    CHECK(has(forged({{R"("wei":"5")", R"("wei":"4")"}}), name + "moves 5 wei, want 4"));
    CHECK(has(forged({{R"("orchestrator":1)", R"("orchestrator":9)"}}), name + "belongs to no known orchestrator"));
    CHECK(has(forged({{R"("kind":"reserved")", R"("kind":"closed")"}}), name + "moves 5 wei, want 0 or less"));
}

TEST_CASE("fees in an archive verify with it and without it") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto archive = folder / "first.db";
    const auto ledger = must_open(path);
    fill_with_fees(*ledger);
    Engine engine(*ledger);
    engine.run(2);
    REQUIRE(ledger->archive(start_ns + 2 * minute_ns, archive).ok());
    CHECK(number(archive, "SELECT count(*) FROM audit WHERE kind = 13") > 0);
    CHECK(findings(*ledger).empty());
    const auto state = ledger->load_state();
    Fees fees;
    fees.state() = state->fees[0].state;
    must_write(*ledger, {fees.next(FeeKind::closed, "1")});
    CHECK(findings(*ledger).empty());
    std::size_t lines = 0;
    const auto count = [&](const FeeLine&) -> Result<void> {
        ++lines;
        return {};
    };
    REQUIRE(ledger->export_fees({}, count).ok());
    CHECK(lines == 8);
    std::filesystem::remove(archive);
    const auto report = ledger->verify({});
    REQUIRE(report.ok());
    CHECK(!report->complete());
    for (const auto& finding : report->findings) MESSAGE(finding.row << ": " << finding.what);
    CHECK(report->clean());
}

TEST_CASE("a host that is killed between reservation and closing leaves the whole reservation counted") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        const Engine engine(*ledger, 1);
    }
    for (int round = 1; round <= 3; ++round) {
        std::array<int, 2> pipe{};
        REQUIRE(::pipe(pipe.data()) == 0);
        const pid_t child = ::fork();
        if (child == 0) {
            const auto ledger = open(path, writer());
            if (!ledger) ::_exit(1);
            Fees fees;
            const auto state = (*ledger)->load_state();
            if (!state->fees.empty()) fees.state() = state->fees[0].state;
            if (!(*ledger)->commit({.fees = {fees.next(FeeKind::reserved, "1000")}})) ::_exit(2);
            if (::write(pipe[1], "r", 1) != 1) ::_exit(3);
            for (;;) ::pause();
        }
        char reserved = 0;
        REQUIRE(::read(pipe[0], &reserved, 1) == 1);
        ::kill(child, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status));
        ::close(pipe[0]);
        ::close(pipe[1]);
        const auto ledger = must_open(path);
        CHECK((*ledger->balances())[0].fees == wei_of(cat(1000 * round)));
        CHECK(findings(*ledger).empty());
    }
}
