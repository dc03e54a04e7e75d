// Payouts as they are read: what is owed, what became of it, and what is recorded of one.
#include "host/ledger/sqlite_ledger.hpp"

#include <algorithm>

#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"
#include "host/ledger/networks.hpp"
#include "host/ledger/payouts.hpp"

namespace stipend::ledger {
namespace {

Error damaged(const sqlite::Database& database, std::string_view what) {
    return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": ", what,
                " is damaged: run `stipend ledger verify` for details");
}

// The rows of `what` that the statement gives.
template <class Row>
Result<std::vector<Row>> rows_of(const sqlite::Database& database, sqlite::Statement& from, std::string_view what) {
    std::vector<Row> out;
    for (;;) {
        STIPEND_LET(more, from.next());
        if (!more) return out;
        auto row = read_row<Row>(from);
        if (from.malformed() || broken_invariant(row)) return damaged(database, what);
        out.push_back(std::move(row));
    }
}

// Reads the columns of `payout_columns`.
Result<PayoutLine> read_line(const sqlite::Database& database, const std::vector<Network>& networks,
                             sqlite::Statement& from) {
    PayoutLine out;
    out.row = read_row<Payout>(from);
    out.state = static_cast<PayoutState>(from.as<std::uint8_t>());
    out.slot = from.i64();
    out.key = from.text();
    const auto network = std::ranges::find(networks, out.row.network, &Network::id);
    if (from.malformed() || broken_invariant(out.row) || network == networks.end()) {
        return damaged(database, "a payout");
    }
    out.network = *network;
    return out;
}

std::string payout_columns() {
    return cat("SELECT ", columns<Payout>(),
               ", state, slot, (SELECT key FROM orchestrator o WHERE o.id = orchestrator) ",
               "FROM payout WHERE orchestrator IN (SELECT o.id FROM orchestrator o WHERE o.ns = ?1) ");
}

}  // namespace

Result<std::optional<PayoutLine>> payout_at(sqlite::Database& database, std::int64_t ns, Seq seq) {
    STIPEND_LET(at, database.prepare(cat("SELECT ", columns<PayoutStep>(), " FROM payout_step WHERE seq = ?")));
    STIPEND_LET(steps, rows_of<PayoutStep>(database, at.bind(seq), "a step of a payout"));
    const PayoutId id = steps.empty() ? 0 : steps.front().payout;  // 0: there is none
    STIPEND_LET(rows, database.prepare(cat(payout_columns(), "AND (id = ?2 OR seq = ?3)")));
    STIPEND_LET(found, rows.bind(ns).bind(id).bind(seq).next());
    if (!found) return std::optional<PayoutLine>();
    STIPEND_LET(networks, load_networks(database, ns));
    STIPEND_LET(line, read_line(database, networks, rows));
    line.state = steps.empty() ? PayoutState::reserved : steps.front().state;
    line.slot = steps.empty() ? 0 : steps.front().slot;
    if (!steps.empty()) line.last = std::move(steps.front());
    return std::optional(std::move(line));
}

Result<std::vector<Debt>> SqliteLedger::debts(const DebtFilter& filter) {
    // Amounts above 0 are those whose first bit is not set. Of one orchestrator, what was reserved last has the last
    // place in the chain.
    STIPEND_LET(
        rows, database_.prepare(
                  "SELECT o.id, d.owed, coalesce((SELECT p.at FROM payout p WHERE p.orchestrator = o.id AND "
                  "p.network = ?2 ORDER BY p.seq DESC LIMIT 1), o.first_seen_at) FROM orchestrator o JOIN "
                  "(SELECT s.orchestrator, s.owed FROM engine_state s JOIN orchestrator q ON q.id = s.orchestrator "
                  "WHERE q.network = ?2 UNION ALL SELECT orchestrator, owed FROM debt WHERE network = ?2) d ON "
                  "d.orchestrator = o.id WHERE o.ns = ?1 AND d.owed < x'80' AND d.owed > zeroblob(32) ORDER BY o.id"));
    rows.bind(ns_).bind(filter.network);
    std::vector<Debt> out;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        Debt one;
        one.orchestrator = rows.i64();
        one.owed = SignedWei::from_bytes(rows.bytes32());
        one.since = rows.i64();
        if (rows.malformed()) return damaged(database_, cat("what orchestrator ", one.orchestrator, " is owed"));
        if (one.owed < filter.at_least && one.since > filter.or_before) continue;
        out.push_back(std::move(one));
    }
}

Result<OpenPayouts> SqliteLedger::open_payouts(NetworkId network) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    return load_open_payouts(database_, ns_, network);
}

Result<void> SqliteLedger::payouts(const PayoutFilter& filter, const PayoutSink& sink) {
    STIPEND_LET(rows, database_.prepare(cat(payout_columns(),
                                            "AND (?2 IS NULL OR orchestrator = ?2) AND (?3 IS NULL OR id < ?3) AND "
                                            "(?4 = 0 OR state NOT IN (7, 8)) AND (?6 IS NULL OR network = ?6) "
                                            "ORDER BY id DESC LIMIT ?5")));
    rows.bind(ns_).bind(filter.orchestrator).bind(filter.before).bind(filter.open ? 1 : 0);
    rows.bind(static_cast<std::int64_t>(std::min<std::uint64_t>(filter.limit, INT64_MAX))).bind(filter.network);
    STIPEND_LET(networks, load_networks(database_, ns_));
    STIPEND_LET(last, database_.prepare(cat("SELECT ", columns<PayoutStep>(),
                                            " FROM payout_step WHERE payout = ? ORDER BY seq DESC LIMIT 1")));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        STIPEND_LET(line, read_line(database_, networks, rows));
        STIPEND_LET(steps, rows_of<PayoutStep>(database_, last.bind(line.row.id), "a step of a payout"));
        last.reset();
        if (!steps.empty()) line.last = std::move(steps.front());
        STIPEND_TRY(sink(line));
    }
}

Result<std::optional<PayoutHistory>> SqliteLedger::payout(PayoutId id) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(rows, database_.prepare(cat(payout_columns(), "AND id = ?2")));
    STIPEND_LET(found, rows.bind(ns_).bind(id).next());
    if (!found) return std::optional<PayoutHistory>();
    PayoutHistory out;
    STIPEND_LET(networks, load_networks(database_, ns_));
    STIPEND_SET(out.line, read_line(database_, networks, rows));
    STIPEND_LET(steps, database_.prepare(
                           cat("SELECT ", columns<PayoutStep>(), " FROM payout_step WHERE payout = ? ORDER BY seq")));
    STIPEND_SET(out.steps, rows_of<PayoutStep>(database_, steps.bind(id), "a step of a payout"));
    if (!out.steps.empty()) out.line.last = out.steps.back();
    SlotId slot = 0;
    for (const auto& step : out.steps) slot = step.slot == 0 ? slot : step.slot;
    if (slot == 0) return std::optional(std::move(out));
    const auto of_slot = [&](std::string_view list, std::string_view rest) {
        return database_.prepare(cat("SELECT ", list, " FROM ", rest));
    };
    STIPEND_LET(slots, of_slot(columns<Slot>(), "slot WHERE id = ?"));
    STIPEND_LET(slot_rows, rows_of<Slot>(database_, slots.bind(slot), "a slot"));
    if (!slot_rows.empty()) out.slot = std::move(slot_rows.front());
    STIPEND_LET(attempts, of_slot(columns<Attempt>(), "attempt WHERE slot = ? ORDER BY seq"));
    STIPEND_SET(out.attempts, rows_of<Attempt>(database_, attempts.bind(slot), "a signed attempt"));
    STIPEND_LET(ends, of_slot(columns<SlotEnd>(), "slot_end WHERE slot = ?"));
    STIPEND_LET(end_rows, rows_of<SlotEnd>(database_, ends.bind(slot), "the end of a slot"));
    if (!end_rows.empty()) out.end = end_rows.front();
    return std::optional(std::move(out));
}

Result<std::vector<EndedSlot>> SqliteLedger::ended_slots(NetworkId network, SlotId after, stipend_unix_ns since,
                                                         std::uint64_t limit) {
    STIPEND_LET(slots, database_.prepare(
                           cat("SELECT ", columns<Slot>(),
                               " FROM slot s WHERE network = ? AND id > ? AND state = 1 AND EXISTS (SELECT 1 FROM "
                               "slot_end e JOIN attempt a ON a.id = e.id WHERE e.slot = s.id AND "
                               "e.at >= ?) ORDER BY id LIMIT ?")));
    slots.bind(network).bind(after).bind(since).bind(
        static_cast<std::int64_t>(std::min<std::uint64_t>(limit, INT64_MAX)));
    STIPEND_LET(rows, rows_of<Slot>(database_, slots, "a slot"));
    STIPEND_LET(ends, database_.prepare(cat("SELECT ", columns<SlotEnd>(), " FROM slot_end WHERE slot = ?")));
    STIPEND_LET(attempts, database_.prepare("SELECT gives_up FROM attempt WHERE id = ?"));
    STIPEND_LET(payouts, database_.prepare("SELECT state FROM payout WHERE slot = ? ORDER BY id"));
    std::vector<EndedSlot> out;
    for (auto& row : rows) {
        STIPEND_LET(end, rows_of<SlotEnd>(database_, ends.bind(row.id), "the end of a slot"));
        ends.reset();
        if (end.empty()) return damaged(database_, cat("slot ", row.id));
        EndedSlot one{.row = std::move(row), .end = std::move(end.front())};
        STIPEND_LET(found, attempts.bind_blob(one.end.id).next());
        if (!found) return damaged(database_, cat("slot ", one.row.id));
        one.gives_up = attempts.flag();
        attempts.reset();
        payouts.bind(one.row.id);
        for (;;) {
            STIPEND_LET(more, payouts.next());
            if (!more) break;
            one.paid.push_back(payouts.i64() == static_cast<int>(PayoutState::paid));
        }
        payouts.reset();
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace stipend::ledger
