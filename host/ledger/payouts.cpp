#include "host/ledger/payouts.hpp"

#include <algorithm>

#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"
#include "host/ledger/networks.hpp"
#include "stipend/duration.hpp"

namespace stipend::ledger {
namespace {

template <class Row>
Result<Row> sound_row(const sqlite::Database& database, sqlite::Statement& rows, std::string_view what) {
    auto row = read_row<Row>(rows);
    if (!rows.malformed() && !broken_invariant(row)) return row;
    return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": a ", what,
                " is damaged: run `stipend ledger verify` for details");
}

Result<void> load_payouts(sqlite::Database& database, std::int64_t ns, NetworkId network,
                          std::vector<OpenPayout>& out) {
    STIPEND_LET(rows, database.prepare(cat("SELECT ", columns<Payout>(),
                                           ", state, slot FROM payout WHERE state NOT IN (7, 8) AND network = ? AND "
                                           "orchestrator IN (SELECT o.id FROM orchestrator o WHERE o.ns = ?) "
                                           "ORDER BY id")));
    STIPEND_LET(steps,
                database.prepare("SELECT reason, at FROM payout_step WHERE payout = ? ORDER BY seq DESC LIMIT 1"));
    rows.bind(network).bind(ns);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        OpenPayout one;
        STIPEND_SET(one.row, sound_row<Payout>(database, rows, "payout"));
        one.state = static_cast<PayoutState>(rows.as<std::uint8_t>());
        one.slot = rows.i64();
        one.changed_at = one.row.at;
        STIPEND_LET(stepped, steps.bind(one.row.id).next());
        if (stepped) {
            one.reason = steps.text();
            one.changed_at = steps.i64();
        }
        steps.reset();
        out.push_back(std::move(one));
    }
}

Result<std::vector<Attempt>> attempts_of(sqlite::Database& database, SlotId slot) {
    STIPEND_LET(rows,
                database.prepare(cat("SELECT ", columns<Attempt>(), " FROM attempt WHERE slot = ? ORDER BY seq")));
    rows.bind(slot);
    std::vector<Attempt> out;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        STIPEND_LET(one, sound_row<Attempt>(database, rows, "signed attempt"));
        out.push_back(std::move(one));
    }
}

Result<std::vector<Slot>> slots_where(sqlite::Database& database, std::string_view rest) {
    STIPEND_LET(rows, database.prepare(cat("SELECT ", columns<Slot>(), " FROM slot WHERE ", rest)));
    std::vector<Slot> out;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        STIPEND_LET(one, sound_row<Slot>(database, rows, "slot"));
        out.push_back(std::move(one));
    }
}

// Of the last day on which something was bound.
Result<std::vector<BoundDay>> load_bound(sqlite::Database& database, NetworkId network) {
    STIPEND_LET(rows, database.prepare(
                          "SELECT s.at / ?1, p.to_address, p.wei FROM payout p JOIN slot s ON s.id = p.slot "
                          "WHERE s.network = ?2 AND s.at / ?1 = (SELECT max(at) / ?1 FROM slot WHERE network = ?2) "
                          "ORDER BY p.to_address"));
    rows.bind(ns_per_day).bind(network);
    std::vector<BoundDay> out;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        const auto day = rows.i64();
        auto to = rows.text();
        const auto wei = SignedWei::from_bytes(rows.bytes32());
        if (out.empty() || out.back().to != to) out.push_back({.day = day, .to = std::move(to)});
        STIPEND_SET(out.back().wei, out.back().wei.plus(wei));
    }
}

// On the days with payouts before the last one, the newest first.
Result<std::vector<SignedWei>> load_past_days(sqlite::Database& database, NetworkId network) {
    STIPEND_LET(rows, database.prepare(
                          "SELECT s.at / ?1, p.wei FROM payout p JOIN slot s ON s.id = p.slot WHERE s.network = ?2 AND "
                          "s.at / ?1 IN (SELECT DISTINCT t.at / ?1 FROM slot t JOIN payout q ON q.slot = t.id WHERE "
                          "t.network = ?2 ORDER BY 1 DESC LIMIT ?3 OFFSET 1) ORDER BY 1 DESC"));
    rows.bind(ns_per_day).bind(network).bind(max_past_days);
    std::vector<SignedWei> out;
    std::int64_t day = 0;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        if (const auto own = rows.i64(); out.empty() || own != day) {
            day = own;
            out.emplace_back();
        }
        STIPEND_SET(out.back(), out.back().plus(SignedWei::from_bytes(rows.bytes32())));
    }
}

// What a person has not released since: a payment that was executed as a failure, and a payee that a batch did not pay.
// A batch that failed as a whole is not the fault of one payee.
Result<void> load_failures(sqlite::Database& database, std::int64_t ns, NetworkId network, OpenPayouts& out) {
    STIPEND_LET(rows, database.prepare(
                          "SELECT orchestrator, id FROM (SELECT p.orchestrator, p.id, max(t.seq) AS seq FROM payout p "
                          "JOIN payout_step t ON t.payout = p.id AND t.state = 8 JOIN slot s ON s.id = p.slot "
                          "JOIN slot_end e ON e.slot = p.slot JOIN attempt a ON a.id = e.id "
                          "JOIN orchestrator o ON o.id = p.orchestrator AND o.ns = ?1 "
                          "WHERE p.network = ?2 AND p.state = 8 AND p.slot != 0 AND a.gives_up = 0 AND (s.payouts = 1 "
                          "OR e.executed = 1) "
                          "GROUP BY p.orchestrator) failed WHERE NOT EXISTS (SELECT 1 FROM payout q JOIN payout_step r "
                          "ON r.payout = q.id WHERE q.orchestrator = failed.orchestrator AND q.network = ?2 AND "
                          "r.state = 1 AND r.by != '' "
                          "AND r.seq > failed.seq) ORDER BY orchestrator"));
    rows.bind(ns).bind(network);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        const OrchestratorId orchestrator = rows.i64();
        out.failed.push_back({.orchestrator = orchestrator, .payout = rows.i64()});
    }
    STIPEND_LET(reverts,
                database.prepare("SELECT count(*) FROM slot_end e JOIN attempt a ON a.id = e.id "
                                 "JOIN slot s ON s.id = e.slot WHERE s.network = ?1 AND "
                                 "e.executed = 0 AND a.gives_up = 0 AND e.seq > ifnull((SELECT max(t.seq) FROM "
                                 "payout_step t JOIN payout p ON p.id = t.payout WHERE p.network = ?1 AND "
                                 "t.state = 1 AND t.by != ''), 0)"));
    reverts.bind(network);
    STIPEND_TRY(reverts.next());
    out.reverts = reverts.as<std::uint64_t>();
    STIPEND_LET(released, database.prepare("SELECT max(t.at) FROM payout_step t JOIN payout p ON p.id = t.payout WHERE "
                                           "p.network = ?1 AND t.state = 1 AND t.by != ''"));
    released.bind(network);
    STIPEND_TRY(released.next());
    out.released_day = released.maybe<std::int64_t>().value_or(0) / ns_per_day;
    return {};
}

}  // namespace

Result<OpenPayouts> load_open_payouts(sqlite::Database& database, std::int64_t ns, NetworkId network) {
    STIPEND_LET(networks, load_networks(database, ns));
    const auto own = std::ranges::find(networks, network, &Network::id);
    if (own == networks.end()) {
        return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": there is no network ", network);
    }
    OpenPayouts out{.network = network, .chain_id = own->chain_id};
    STIPEND_TRY(load_payouts(database, ns, network, out.payouts));
    STIPEND_LET(open, slots_where(database, cat("state = 0 AND network = ", network, " ORDER BY id")));
    for (auto& row : open) {
        STIPEND_LET(attempts, attempts_of(database, row.id));
        out.slots.push_back({.row = std::move(row), .attempts = std::move(attempts)});
    }
    STIPEND_SET(out.last_slots, slots_where(database, cat("chain_id = ", own->chain_id,
                                                          " AND id IN (SELECT id FROM slot s WHERE state != 2 AND "
                                                          "nonce = (SELECT max(nonce) FROM slot t WHERE "
                                                          "t.payer = s.payer AND t.chain_id = s.chain_id AND "
                                                          "t.state != 2)) ORDER BY payer")));
    STIPEND_SET(out.bound, load_bound(database, network));
    STIPEND_SET(out.past_days, load_past_days(database, network));
    STIPEND_TRY(load_failures(database, ns, network, out));
    return out;
}

}  // namespace stipend::ledger
