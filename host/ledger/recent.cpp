// The newest decisions, for those who poll: each call reads a bounded number of rows, so that it neither takes long nor
// holds the WAL.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "host/ledger/canonical.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"
#include "host/ledger/sqlite_ledger.hpp"
#include "stipend/duration.hpp"

namespace stipend::ledger {
namespace {

constexpr std::uint64_t most_rows = 10'000;  // looked at by one call
constexpr std::uint64_t checks_of_latency = 10;
constexpr std::int64_t longest_latency_ns = ns_per_day;  // no job takes as long; ten of them fit in a sum
// Across orchestrators the times of decisions follow their order, but for a clock that was set back between two runs.
constexpr std::int64_t clock_slack_ns = ns_per_day;

Result<StoredDecision> sound(sqlite::Database& database, sqlite::Statement& rows) {
    auto stored = read_decision(rows);
    if (stored.malformed || broken_invariant(stored.decision)) {
        return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": decision seq ", stored.seq,
                    " is damaged: run `stipend ledger verify` for details");
    }
    return stored;
}

// The last epoch that was decided; nothing for an orchestrator that is not of the namespace.
Result<std::optional<std::int64_t>> last_epoch(sqlite::Database& database, std::int64_t ns, OrchestratorId id) {
    STIPEND_LET(rows,
                database.prepare("SELECT s.epoch FROM engine_state s JOIN orchestrator o ON o.id = s.orchestrator "
                                 "WHERE s.orchestrator = ? AND o.ns = ?"));
    STIPEND_LET(found, rows.bind(id).bind(ns).next());
    return found ? std::optional(rows.i64()) : std::nullopt;
}

class KeyReader {
  public:
    static Result<KeyReader> make(sqlite::Database& database, std::int64_t ns) {
        STIPEND_LET(select, database.prepare("SELECT key FROM orchestrator WHERE id = ? AND ns = ?"));
        return KeyReader(std::move(select), ns);
    }
    // Nothing for one of another namespace.
    Result<std::optional<std::string>> key_of(OrchestratorId id) {
        STIPEND_LET(found, select_.bind(id).bind(ns_).next());
        auto key = found ? std::optional(select_.text()) : std::nullopt;
        select_.reset();
        return key;
    }

  private:
    KeyReader(sqlite::Statement select, std::int64_t ns) : select_(std::move(select)), ns_(ns) {}
    sqlite::Statement select_;
    std::int64_t ns_;
};

using Next = std::optional<std::int64_t>;

// By the epochs, each of which the index finds at once; the cursor is an epoch.
Result<Next> recent_of_one(sqlite::Database& database, std::int64_t ns, const RecentFilter& filter,
                           const DecisionSink& sink) {
    const auto id = *filter.orchestrator;
    STIPEND_LET(last, last_epoch(database, ns, id));
    if (!last) return Next();
    STIPEND_LET(keys, KeyReader::make(database, ns));
    STIPEND_LET(key, keys.key_of(id));
    STIPEND_LET(rows, database.prepare(select_decisions("WHERE epoch = ? AND orchestrator = ?")));
    auto epoch = *last;
    if (filter.before && *filter.before <= epoch) epoch = std::max<std::int64_t>(*filter.before, 1) - 1;
    for (std::uint64_t passed = 0; epoch > 0; --epoch, ++passed) {
        if (passed == filter.limit) return Next(epoch + 1);
        STIPEND_LET(found, rows.bind(epoch).bind(id).next());
        if (!found) return Next();  // archived, as are those before
        STIPEND_LET(stored, sound(database, rows));
        rows.reset();
        if (filter.from && stored.decision.decided_at < *filter.from) return Next();
        STIPEND_TRY(sink(DecisionLine{stored.seq, *key, std::move(stored.decision)}));
    }
    return Next();
}

Result<Next> recent_of_all(sqlite::Database& database, std::int64_t ns, const RecentFilter& filter,
                           const DecisionSink& sink) {
    STIPEND_LET(keys, KeyReader::make(database, ns));
    STIPEND_LET(rows, database.prepare(select_decisions("WHERE seq < ? ORDER BY seq DESC")));
    rows.bind(filter.before.value_or(INT64_MAX));
    std::uint64_t passed = 0;
    Next last;
    for (std::uint64_t looked = 0; looked < most_rows && passed < filter.limit; ++looked) {
        STIPEND_LET(more, rows.next());
        if (!more) return Next();
        STIPEND_LET(stored, sound(database, rows));
        last = stored.seq;
        const auto at = stored.decision.decided_at;
        if (filter.from && at < *filter.from) {
            if (*filter.from - at > clock_slack_ns) return Next();
            continue;
        }
        STIPEND_LET(key, keys.key_of(stored.decision.orchestrator));
        if (!key) continue;
        ++passed;
        STIPEND_TRY(sink(DecisionLine{stored.seq, *key, std::move(stored.decision)}));
    }
    return last;
}

}  // namespace

Result<std::optional<std::int64_t>> SqliteLedger::recent_decisions(const RecentFilter& filter,
                                                                   const DecisionSink& sink) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    return filter.orchestrator ? recent_of_one(database_, ns_, filter, sink)
                               : recent_of_all(database_, ns_, filter, sink);
}

Result<ChangesRead> SqliteLedger::changes(Seq after, std::uint64_t limit,
                                          const std::function<void(const Change&)>& sink) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(keys, KeyReader::make(database_, ns_));
    STIPEND_LET(chain, database_.prepare("SELECT seq, kind, body FROM audit WHERE seq > ? ORDER BY seq LIMIT ?"));
    STIPEND_LET(decisions, database_.prepare(select_decisions("WHERE seq = ?")));
    STIPEND_LET(
        before,
        database_.prepare("SELECT consecutive_failures, suspended FROM decision WHERE epoch = ? AND orchestrator = ?"));
    ChangesRead out{.last = after, .lost = false};
    chain.bind(after).bind(static_cast<std::int64_t>(limit));
    for (;;) {
        STIPEND_LET(more, chain.next());
        if (!more) return out;
        const Seq seq = chain.i64();
        const auto kind = chain.i64();
        if (out.last == after) out.lost = seq > after + 1;
        out.last = seq;
        if (kind == static_cast<std::int64_t>(AuditKind::alert)) {
            const auto text = chain.text();
            sink({.kind = Change::Kind::alert, .seq = seq, .alert = text});
        }
        if (kind != static_cast<std::int64_t>(AuditKind::decision)) continue;
        STIPEND_LET(there, decisions.bind(seq).next());
        if (!there) continue;  // `stipend ledger verify` reports it
        STIPEND_LET(stored, sound(database_, decisions));
        decisions.reset();
        const auto id = stored.decision.orchestrator;
        STIPEND_LET(key, keys.key_of(id));
        if (!key) continue;
        Change change{.kind = Change::Kind::decision, .seq = seq, .line = {seq, *key, std::move(stored.decision)}};
        const auto epoch = static_cast<std::int64_t>(change.line.decision.epoch);
        STIPEND_LET(has_before, before.bind(epoch - 1).bind(id).next());
        if (has_before) {
            change.failures_before = before.as<std::uint32_t>();
            change.suspended_before = before.i64() != 0;
        }
        before.reset();
        sink(change);
    }
}

Result<std::vector<Standing>> SqliteLedger::standings(std::span<const OrchestratorId> ids) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(states, database_.prepare("SELECT owed, epoch FROM engine_state WHERE orchestrator = ?"));
    STIPEND_LET(rows, database_.prepare(select_decisions("WHERE epoch = ? AND orchestrator = ?")));
    std::vector<Standing> out;
    out.reserve(ids.size());
    for (const auto id : ids) {
        auto& standing = out.emplace_back();
        STIPEND_LET(found, states.bind(id).next());
        if (!found) continue;
        standing.owed = SignedWei::from_bytes(states.bytes32());
        const auto last = states.i64();
        states.reset();
        std::int64_t sum = 0;
        std::int64_t answered = 0;
        for (std::uint64_t back = 0; back < checks_of_latency; ++back) {
            const auto epoch = last - static_cast<std::int64_t>(back);
            if (epoch <= 0) break;
            STIPEND_LET(there, rows.bind(epoch).bind(id).next());
            if (!there) break;
            STIPEND_LET(stored, sound(database_, rows));
            rows.reset();
            const auto& evidence = stored.decision.evidence;
            if (evidence.http_status != 0 && evidence.latency_ns >= 0 && evidence.latency_ns <= longest_latency_ns) {
                sum += evidence.latency_ns;
                ++answered;
            }
            if (back == 0) standing.last = std::move(stored.decision);
        }
        if (answered > 0) standing.latency_ns = sum / answered;
    }
    return out;
}

}  // namespace stipend::ledger
