// Read-only queries, and the plugins' key-value pairs.
#include <algorithm>
#include <unordered_map>

#include "host/base/time.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/demand.hpp"
#include "host/ledger/invariants.hpp"
#include "host/ledger/marks.hpp"
#include "host/ledger/networks.hpp"
#include "host/ledger/objections.hpp"
#include "host/ledger/payouts.hpp"
#include "host/ledger/schema.hpp"
#include "host/ledger/sqlite_ledger.hpp"
#include "stipend/duration.hpp"

namespace stipend::ledger {
namespace {

Result<std::optional<Generation>> last_generation(sqlite::Database& database) {
    STIPEND_LET(rows,
                database.prepare(cat("SELECT ", columns<Generation>(), " FROM generation ORDER BY id DESC LIMIT 1")));
    STIPEND_LET(found, rows.next());
    return found ? std::optional(read_row<Generation>(rows)) : std::nullopt;
}

Result<std::vector<Price>> last_prices(sqlite::Database& database) {
    STIPEND_LET(rows, database.prepare(cat("SELECT ", columns<Price>(), " FROM price ORDER BY network")));
    std::vector<Price> out;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        out.push_back(read_row<Price>(rows));
    }
}

// What is owed on other networks than the present ones.
Result<void> load_other_debts(sqlite::Database& database, const std::vector<Network>& networks,
                              std::vector<Balance>& out) {
    STIPEND_LET(rows, database.prepare("SELECT orchestrator, network, owed FROM debt WHERE owed != zeroblob(32) "
                                       "ORDER BY orchestrator, network"));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        const OrchestratorId id = rows.i64();
        const auto network = std::ranges::find(networks, rows.i64(), &Network::id);
        const auto owed = SignedWei::from_bytes(rows.bytes32());
        const auto own = std::ranges::lower_bound(out, id, {}, &Balance::orchestrator);
        if (own == out.end() || own->orchestrator != id) continue;  // of another namespace
        if (network == networks.end() || rows.malformed()) {
            return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": balance of ", own->key, " is damaged");
        }
        own->others.push_back({.network = *network, .owed = owed});
    }
}

Result<void> load_orchestrators(sqlite::Database& database, std::int64_t ns, std::vector<OrchestratorRecord>& out) {
    STIPEND_LET(rows,
                database.prepare(cat(
                    "SELECT ", columns<Orchestrator>(), ", ", columns<EngineState>(),
                    ", owed, policy, policy_memory FROM orchestrator JOIN engine_state ON orchestrator = id LEFT JOIN "
                    "(SELECT id AS publication, policy, memory_version AS policy_memory FROM generation) "
                    "ON publication = memory_generation WHERE ns = ? ORDER BY id")));
    rows.bind(ns);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        OrchestratorRecord record;
        record.row = read_row<Orchestrator>(rows);
        record.state = read_row<EngineState>(rows);
        record.owed = SignedWei::from_bytes(rows.bytes32());
        if (rows.malformed() || broken_invariant(record.state)) {
            return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": state of orchestrator ", record.row.id, " (",
                        record.row.key, ") is damaged: run `stipend ledger verify` for details");
        }
        record.memory_policy = rows.text();
        record.memory_version = rows.as<std::uint32_t>();
        out.push_back(std::move(record));
    }
}

Result<void> load_open_gaps(sqlite::Database& database, std::vector<OrchestratorRecord>& records) {
    std::unordered_map<OrchestratorId, OrchestratorRecord*> by_id;
    for (auto& record : records) by_id.emplace(record.row.id, &record);
    STIPEND_LET(rows, database.prepare(cat("SELECT ", columns<Gap>(), " FROM gap WHERE to_at IS NULL")));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        Gap gap = read_row<Gap>(rows);
        const auto found = by_id.find(gap.orchestrator);
        if (found != by_id.end()) found->second->open_gap = std::move(gap);
    }
}

// Of the namespace, by orchestrator.
Result<std::vector<OrchestratorFees>> load_fees(sqlite::Database& database, std::int64_t ns) {
    std::vector<OrchestratorFees> out;
    STIPEND_LET(rows, database.prepare(cat("SELECT orchestrator, ", columns<FeeState>(),
                                           " FROM fee_state JOIN (SELECT id, ns FROM orchestrator) o "
                                           "ON o.id = orchestrator WHERE o.ns = ? ORDER BY orchestrator")));
    rows.bind(ns);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        OrchestratorFees& one = out.emplace_back();
        one.orchestrator = rows.i64();
        one.state = read_row<FeeState>(rows);
        if (rows.malformed() || broken_invariant(one.state)) {
            return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": fees of orchestrator ", one.orchestrator,
                        " are damaged: run `stipend ledger verify` for details");
        }
    }
}

// Of the namespace, on the last day that has any.
Result<std::vector<ManualDay>> load_manual(sqlite::Database& database, std::int64_t ns) {
    std::vector<ManualDay> out;
    STIPEND_LET(rows, database.prepare("SELECT p.orchestrator, p.usd_e8, p.at FROM manual_payment p "
                                       "JOIN orchestrator o ON o.id = p.orchestrator WHERE o.ns = ?1 AND p.at >= "
                                       "(SELECT ifnull(max(q.at), 0) FROM manual_payment q JOIN orchestrator r "
                                       "ON r.id = q.orchestrator WHERE r.ns = ?1) - ?2 ORDER BY p.seq"));
    rows.bind(ns).bind(ns_per_day);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        const OrchestratorId id = rows.i64();
        const auto usd = Usd::of_e8(rows.i64());
        if (usd.negative()) {
            return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": a manual payment to orchestrator ", id,
                        " is damaged: run `stipend ledger verify` for details");
        }
        out.push_back({.orchestrator = id, .day = rows.i64() / ns_per_day, .usd = usd});
    }
}

}  // namespace

Result<std::optional<AnsweredRequest>> SqliteLedger::answered_request(std::string_view principal,
                                                                      std::string_view route, std::string_view key) {
    STIPEND_LET(rows, database_.prepare(cat("SELECT ", columns<AnsweredRequest>(),
                                            " FROM answered_request WHERE principal = ? AND route = ? AND key = ?")));
    STIPEND_LET(found, rows.bind_text(principal).bind_text(route).bind_text(key).next());
    return found ? std::optional(read_row<AnsweredRequest>(rows)) : std::nullopt;
}

Result<std::vector<Network>> SqliteLedger::networks() {
    return load_networks(database_, ns_);
}

Result<State> SqliteLedger::load_state() {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    State out;
    STIPEND_TRY(load_orchestrators(database_, ns_, out.orchestrators));
    STIPEND_TRY(load_open_gaps(database_, out.orchestrators));
    STIPEND_SET(out.fees, load_fees(database_, ns_));
    STIPEND_SET(out.manual, load_manual(database_, ns_));
    STIPEND_SET(out.objections, load_open_objections(database_, ns_));
    STIPEND_SET(out.networks, load_networks(database_, ns_));
    STIPEND_LET(position, read_position());
    if (__builtin_add_overflow(position.last_orchestrator, 1, &out.next_orchestrator) ||
        __builtin_add_overflow(position.last_generation, 1, &out.next_generation) ||
        position.last_payout == INT64_MAX || position.last_slot == INT64_MAX) {
        return fail(STIPEND_E_INVALID, "ledger: ", path_.string(),
                    ": the last id leaves no next one: it is damaged: run `stipend ledger verify` for details");
    }
    for (const auto& network : out.networks) {
        STIPEND_LET(open, load_open_payouts(database_, ns_, network.id));
        open.next_payout = position.last_payout + 1;
        open.next_slot = position.last_slot + 1;
        out.payouts.push_back(std::move(open));
    }
    out.head = position.head;
    STIPEND_LET(generation, last_generation(database_));
    out.generation = std::move(generation);
    STIPEND_SET(out.prices, last_prices(database_));
    STIPEND_SET(out.demands, load_demands(database_, ns_));
    STIPEND_LET(restored, get_mark(database_, mark_restored));
    if (restored) out.restored = parse_restored(*restored);
    STIPEND_LET(accepted, get_mark(database_, mark_restored_accepted));
    if (accepted) out.restored_accepted = parse_restored_accepted(*accepted);
    return out;
}

Result<Head> SqliteLedger::head() {
    STIPEND_LET(rows, database_.prepare("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"));
    STIPEND_LET(found, rows.next());
    if (!found) return Head{};
    Head out;
    out.seq = rows.i64();
    out.hash = rows.bytes32();
    if (rows.malformed()) {
        return fail(STIPEND_E_INVALID, "ledger: ", path_.string(), ": audit seq ", out.seq, ": its hash is damaged");
    }
    return out;
}

Result<Stats> SqliteLedger::stats() {
    Stats out;
    STIPEND_LET(pages, database_.number("PRAGMA page_count"));
    STIPEND_LET(size, database_.number("PRAGMA page_size"));
    out.database_bytes = static_cast<std::uint64_t>(pages * size);
    STIPEND_LET(unused, database_.number("PRAGMA freelist_count"));
    out.free_bytes = static_cast<std::uint64_t>(unused * size);
    STIPEND_LET(span, database_.number("SELECT ifnull((SELECT decided_at FROM decision ORDER BY seq DESC LIMIT 1) - "
                                       "(SELECT decided_at FROM decision ORDER BY seq LIMIT 1), 0)"));
    out.span_ns = span;
    std::error_code none;
    const auto wal = std::filesystem::file_size(path_.string() + "-wal", none);
    out.wal_bytes = none ? 0 : wal;
    STIPEND_LET(end, head());
    out.seq = end.seq;
    return out;
}

Result<std::vector<Balance>> SqliteLedger::balances() {
    std::vector<Balance> out;
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(fees, load_fees(database_, ns_));
    STIPEND_LET(networks, load_networks(database_, ns_));
    auto next_fee = fees.begin();
    STIPEND_LET(rows, database_.prepare("SELECT o.id, o.key, s.owed, o.network FROM orchestrator o JOIN engine_state s "
                                        "ON s.orchestrator = o.id WHERE o.ns = ? ORDER BY o.id"));
    rows.bind(ns_);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        Balance balance;
        balance.orchestrator = rows.i64();
        balance.key = rows.text();
        balance.owed = SignedWei::from_bytes(rows.bytes32());
        const auto network = std::ranges::find(networks, rows.i64(), &Network::id);
        if (rows.malformed() || network == networks.end()) {
            return fail(STIPEND_E_INVALID, "ledger: ", path_.string(), ": balance of ", balance.key, " is damaged");
        }
        balance.network = *network;
        if (next_fee != fees.end() && next_fee->orchestrator == balance.orchestrator) {
            balance.fees = (next_fee++)->state.total_wei;
        }
        out.push_back(std::move(balance));
    }
    STIPEND_TRY(load_other_debts(database_, networks, out));
    return out;
}

Result<std::vector<Observation>> SqliteLedger::observations(OrchestratorId orchestrator, stipend_unix_ns from,
                                                            stipend_unix_ns to) {
    std::vector<Observation> out;
    STIPEND_LET(rows, database_.prepare(cat("SELECT ", columns<Observation>(),
                                            " FROM observed WHERE orchestrator = ? "
                                            "AND to_at > ? AND from_at < ? ORDER BY target, from_at")));
    rows.bind(orchestrator).bind(from).bind(to);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        out.push_back(read_row<Observation>(rows));
    }
}

Result<void> SqliteLedger::kv_put(std::string_view instance, std::string_view key, std::string_view value,
                                  const KvQuota& quota) {
    const auto rejected = [&](auto&&... what) {
        return fail(STIPEND_E_LIMIT, "ledger: key \"", key.substr(0, max_key_bytes), "\" of plugin ", instance, ": ",
                    what...);
    };
    if (key.empty() || key.size() > max_key_bytes)
        return rejected("got ", key.size(), " bytes, want 1 to ", max_key_bytes);
    if (value.size() > quota.value_bytes) {
        return rejected("value too large: got ", value.size(), " bytes, want at most ", quota.value_bytes);
    }
    return transact([&]() -> Result<void> {
        STIPEND_LET(usage,
                    database_.prepare("SELECT count(*), ifnull(sum(length(CAST(key AS BLOB)) + length(value)), 0)"
                                      " FROM kv WHERE instance = ? AND key <> ?"));
        STIPEND_LET(counted, usage.bind_text(instance).bind_text(key).next());
        const std::uint64_t keys = (counted ? usage.as<std::uint64_t>() : 0) + 1;
        const std::uint64_t bytes = (counted ? usage.as<std::uint64_t>() : 0) + key.size() + value.size();
        if (keys > quota.keys) return rejected("too many keys: want at most ", quota.keys);
        if (bytes > quota.total_bytes) {
            return rejected("too much in all: got ", bytes, " bytes, want at most ", quota.total_bytes);
        }
        STIPEND_LET(put, database_.prepare("INSERT OR REPLACE INTO kv VALUES(?, ?, ?)"));
        const std::span data(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
        return put.bind_text(instance).bind_text(key).bind_blob(data).run();
    });
}

Result<std::optional<std::string>> SqliteLedger::kv_get(std::string_view instance, std::string_view key) {
    STIPEND_LET(get, database_.prepare("SELECT value FROM kv WHERE instance = ? AND key = ?"));
    STIPEND_LET(found, get.bind_text(instance).bind_text(key).next());
    return found ? std::optional(get.blob()) : std::nullopt;
}

Result<void> SqliteLedger::kv_erase(std::string_view instance, std::string_view key) {
    return transact([&]() -> Result<void> {
        STIPEND_LET(erase, database_.prepare("DELETE FROM kv WHERE instance = ? AND key = ?"));
        return erase.bind_text(instance).bind_text(key).run();
    });
}

}  // namespace stipend::ledger
