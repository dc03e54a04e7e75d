// What receipts and statements are made of: payouts, and the account between two of them.
#include "host/ledger/sqlite_ledger.hpp"

#include "host/ledger/account_rows.hpp"
#include "host/ledger/archive_files.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"
#include "host/ledger/networks.hpp"
#include "stipend/duration.hpp"

namespace stipend::ledger {
namespace {

// The times of an account follow their order, but for a clock that was set back between two runs.
constexpr std::int64_t anchor_slack_ns = ns_per_day;

template <class Row>
Result<Row> sound_fact(const sqlite::Database& database, sqlite::Statement& rows, PayoutId payout) {
    auto row = read_row<Row>(rows);
    if (!rows.malformed() && !broken_invariant(row)) return row;
    return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": a row of payout ", payout,
                " is damaged: run `stipend ledger verify` for details");
}

// What is recorded of the payout that `rows` has: seq, its columns, state, slot.
Result<PayoutFacts> read_facts(sqlite::Database& database, sqlite::Statement& rows, std::string key) {
    PayoutFacts out{.key = std::move(key)};
    out.seq = rows.i64();
    STIPEND_SET(out.row, sound_fact<Payout>(database, rows, 0));
    out.state = static_cast<PayoutState>(rows.as<std::uint8_t>());
    const SlotId bound_to = rows.i64();
    const auto id = out.row.id;
    STIPEND_LET(steps, database.prepare(cat("SELECT seq, ", columns<PayoutStep>(),
                                            " FROM payout_step WHERE payout = ? ORDER BY seq DESC LIMIT 1")));
    STIPEND_LET(stepped, steps.bind(id).next());
    if (stepped) {
        out.last_seq = steps.i64();
        STIPEND_SET(out.last, sound_fact<PayoutStep>(database, steps, id));
    }
    if (bound_to == 0) return out;
    STIPEND_LET(slots, database.prepare(cat("SELECT ", columns<Slot>(), " FROM slot WHERE id = ?")));
    STIPEND_LET(has_slot, slots.bind(bound_to).next());
    if (has_slot) {
        STIPEND_SET(out.slot, sound_fact<Slot>(database, slots, id));
    }
    STIPEND_LET(ends, database.prepare(cat("SELECT ", columns<SlotEnd>(), " FROM slot_end WHERE slot = ?")));
    STIPEND_LET(has_end, ends.bind(bound_to).next());
    if (has_end) {
        STIPEND_SET(out.end, sound_fact<SlotEnd>(database, ends, id));
    }
    return out;
}

std::string select_payouts(std::string_view rest) {
    return cat("SELECT seq, ", columns<Payout>(), ", state, slot FROM payout WHERE ", rest);
}

Result<Network> network_by(sqlite::Database& database, std::int64_t ns, NetworkId id) {
    STIPEND_LET(networks, load_networks(database, ns));
    for (auto& one : networks) {
        if (one.id == id) return std::move(one);
    }
    return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": network ", id,
                " is missing: run `stipend ledger verify` for details");
}

Result<std::string> key_by(sqlite::Database& database, OrchestratorId id) {
    STIPEND_LET(rows, database.prepare("SELECT key FROM orchestrator WHERE id = ?"));
    STIPEND_LET(found, rows.bind(id).next());
    return found ? rows.text() : std::string();
}

// The hash of the chain at that place, from the file that holds it; zero where that is an archive which is not found.
Result<Hash> hash_at(sqlite::Database& main, Seq seq, std::int64_t busy_timeout_ms) {
    static constexpr std::string_view select = "SELECT hash FROM audit WHERE seq = ?";
    STIPEND_LET(rows, main.prepare(select));
    STIPEND_LET(found, rows.bind(seq).next());
    if (found) return rows.bytes32();
    STIPEND_LET(archives, recorded_archives(main, {}));
    for (const auto& archive : archives) {
        if (archive.path.empty() || seq < archive.facts.first || seq > archive.facts.last) continue;
        sqlite::Database file;
        STIPEND_TRY(file.open(archive.path.string(), SQLITE_OPEN_READONLY, busy_timeout_ms));
        STIPEND_LET(archived, file.prepare(select));
        STIPEND_LET(there, archived.bind(seq).next());
        if (there) return archived.bytes32();
    }
    return Hash{};
}

// The place and the amount of one payout; place 0: there is none.
struct Anchor {
    Seq seq = 0;
    SignedWei wei = {};
};
Result<Anchor> anchor_of(sqlite::Statement& rows) {
    STIPEND_LET(found, rows.next());
    if (!found) return Anchor{};
    const auto seq = rows.i64();
    return Anchor{seq, SignedWei::from_bytes(rows.bytes32())};
}

// What is owed now on a network (`own`: the one that the orchestrator is on), and what is reserved by a payout that is
// not over.
Result<SignedWei> unpaid_now(sqlite::Database& database, OrchestratorId id, NetworkId network, NetworkId own) {
    STIPEND_LET(states,
                database.prepare(network == own ? "SELECT owed FROM engine_state WHERE orchestrator = ?"
                                                : "SELECT owed FROM debt WHERE orchestrator = ? AND network = ?"));
    states.bind(id);
    if (network != own) states.bind(network);
    STIPEND_LET(known, states.next());
    const auto owed = known ? SignedWei::from_bytes(states.bytes32()) : SignedWei();
    STIPEND_LET(open, database.prepare("SELECT wei FROM payout WHERE orchestrator = ? AND network = ? AND state NOT IN "
                                       "(7, 8)"));
    STIPEND_LET(found, open.bind(id).bind(network).next());
    return found ? owed.plus(SignedWei::from_bytes(open.bytes32())) : Result<SignedWei>(owed);
}

Result<std::vector<PayoutFacts>> payouts_between(sqlite::Database& database, const AccountRange& range,
                                                 const std::string& key) {
    STIPEND_LET(rows, database.prepare(
                          select_payouts("orchestrator = ? AND network = ? AND seq >= ? AND seq < ? ORDER BY seq")));
    rows.bind(range.orchestrator).bind(range.network).bind(range.after).bind(range.before);
    std::vector<PayoutFacts> out;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        if (out.size() == max_account_payouts) {
            return fail(STIPEND_E_LIMIT, "ledger: ", database.path(), ": got more than ", max_account_payouts,
                        " payouts of ", key, " to read at once");
        }
        STIPEND_LET(facts, read_facts(database, rows, key));
        out.push_back(std::move(facts));
    }
}

}  // namespace

Result<std::optional<PayoutFacts>> SqliteLedger::paid_by(PayoutId payout, const AccountSink& sink) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(rows, database_.prepare(select_payouts(
                          "id = ?1 AND orchestrator IN (SELECT o.id FROM orchestrator o WHERE o.ns = ?2)")));
    STIPEND_LET(found, rows.bind(payout).bind(ns_).next());
    if (!found) return std::optional<PayoutFacts>();
    STIPEND_LET(facts, read_facts(database_, rows, {}));
    STIPEND_SET(facts.key, key_by(database_, facts.row.orchestrator));
    STIPEND_SET(facts.network, network_by(database_, ns_, facts.row.network));
    if (facts.state != PayoutState::paid) return std::optional(std::move(facts));
    STIPEND_SET(facts.chain, hash_at(database_, facts.last_seq, options_.busy_timeout_ms));
    // One before it that is not paid was returned, and is paid by this one.
    STIPEND_LET(earlier, database_.prepare("SELECT max(seq) FROM payout WHERE orchestrator = ? AND network = ? AND "
                                           "seq < ? AND state = 7"));
    STIPEND_TRY(earlier.bind(facts.row.orchestrator).bind(facts.row.network).bind(facts.seq).next());
    const AccountRange range{.orchestrator = facts.row.orchestrator,
                             .after = earlier.maybe<Seq>().value_or(0),
                             .before = facts.seq,
                             .network = facts.row.network,
                             .detailed = true};
    STIPEND_TRY(AccountRows(database_, options_.busy_timeout_ms, range, sink).run());
    return std::optional(std::move(facts));
}

Result<std::optional<AccountSpan>> SqliteLedger::account(std::string_view key, std::optional<NetworkId> wanted,
                                                         stipend_unix_ns from, stipend_unix_ns to,
                                                         const AccountSink& sink) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(ids, database_.prepare("SELECT id, network FROM orchestrator WHERE ns = ? AND key = ?"));
    STIPEND_LET(found, ids.bind(ns_).bind_text(key).next());
    if (!found) return std::optional<AccountSpan>();
    const OrchestratorId id = ids.i64();
    const NetworkId own = ids.i64();
    const NetworkId network = wanted.value_or(own);
    // Behind a payout's reservation nothing is owed, and its amount is reserved; ahead of it, all of it is owed.
    STIPEND_LET(
        firsts,
        database_.prepare("SELECT seq, wei FROM payout WHERE orchestrator = ? AND network = ? AND at < ? ORDER BY seq "
                          "DESC LIMIT 1"));
    STIPEND_LET(first, anchor_of(firsts.bind(id).bind(network).bind(from - anchor_slack_ns)));
    STIPEND_LET(lasts, database_.prepare(
                           "SELECT seq, wei FROM payout WHERE orchestrator = ? AND network = ? AND at >= ? AND seq > ? "
                           "ORDER BY seq LIMIT 1"));
    STIPEND_LET(last, anchor_of(lasts.bind(id).bind(network).bind(to + anchor_slack_ns).bind(first.seq)));
    const AccountRange range{.orchestrator = id,
                             .after = first.seq,
                             .before = last.seq == 0 ? INT64_MAX : last.seq,
                             .network = network,
                             .detailed = false};
    AccountSpan out{.key = std::string(key), .unpaid_before = first.wei, .unpaid_after = last.wei};
    STIPEND_SET(out.network, network_by(database_, ns_, network));
    if (last.seq == 0) {
        STIPEND_SET(out.unpaid_after, unpaid_now(database_, id, network, own));
    }
    STIPEND_SET(out.payouts, payouts_between(database_, range, out.key));
    STIPEND_TRY(AccountRows(database_, options_.busy_timeout_ms, range, sink).run());
    return std::optional(std::move(out));
}

}  // namespace stipend::ledger
