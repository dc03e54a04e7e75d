// The newest decisions and manual payments, for those who poll: each call reads a bounded number of rows, so that it
// neither takes long nor holds the WAL.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "host/ledger/canonical.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/epochs.hpp"
#include "host/ledger/invariants.hpp"
#include "host/ledger/objections.hpp"
#include "host/ledger/payouts.hpp"
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

// Decisions, the newest first, behind a place of the chain.
class NewestDecisions {
  public:
    std::optional<StoredDecision> row;

    static Result<NewestDecisions> make(sqlite::Database& database, std::int64_t ns, const RecentFilter& filter) {
        const bool of_one = filter.orchestrator.has_value();
        const auto* rest = of_one ? "WHERE epoch = ? AND orchestrator = ?" : "WHERE seq < ? ORDER BY seq DESC";
        STIPEND_LET(rows, database.prepare(select_decisions(rest)));
        NewestDecisions out(database, std::move(rows), filter.orchestrator);
        const auto before = filter.before.value_or(INT64_MAX);
        if (of_one) {
            STIPEND_LET(last, last_epoch(database, ns, *filter.orchestrator));
            out.epoch_ = last.value_or(0);
            if (filter.before) {
                STIPEND_SET(out.epoch_, epoch_before(database, *filter.orchestrator, before, out.epoch_));
            }
        } else {
            out.rows_.bind(before);
        }
        STIPEND_TRY(out.advance());
        return out;
    }
    Result<void> advance() {
        row.reset();
        if (of_ && epoch_ <= 0) return {};
        if (of_) rows_.bind(epoch_--).bind(*of_);
        STIPEND_LET(found, rows_.next());
        if (!found) return end(), Result<void>();  // of one: it is archived, as are those before
        STIPEND_SET(row, sound(*database_, rows_));
        if (of_) rows_.reset();
        return {};
    }
    void end() {
        row.reset();
        epoch_ = 0;
    }

  private:
    NewestDecisions(sqlite::Database& database, sqlite::Statement rows, std::optional<OrchestratorId> of)
        : database_(&database), rows_(std::move(rows)), of_(of) {}

    sqlite::Database* database_;
    sqlite::Statement rows_;
    std::optional<OrchestratorId> of_;
    std::int64_t epoch_ = 0;  // of one: the next to look at
};

// The same of manual payments.
class NewestPayments {
  public:
    struct Row {
        Seq seq = 0;
        std::string key;
        ManualPayment payment;
    };
    std::optional<Row> row;

    static Result<NewestPayments> make(sqlite::Database& database, std::int64_t ns, const RecentFilter& filter) {
        STIPEND_LET(rows,
                    database.prepare(cat("SELECT seq, key, ", columns<ManualPayment>(), manual_payments_of,
                                         "AND seq < ?2 AND (?3 IS NULL OR orchestrator = ?3) ORDER BY seq DESC")));
        NewestPayments out(database, std::move(rows));
        out.rows_.bind(ns).bind(filter.before.value_or(INT64_MAX)).bind(filter.orchestrator);
        STIPEND_TRY(out.advance());
        return out;
    }
    Result<void> advance() {
        row.reset();
        STIPEND_LET(found, rows_.next());
        if (!found) return {};
        const Seq seq = rows_.i64();
        auto key = rows_.text();
        STIPEND_LET(payment, sound_payment(*database_, rows_, seq));
        row = Row{seq, std::move(key), std::move(payment)};
        return {};
    }

  private:
    NewestPayments(sqlite::Database& database, sqlite::Statement rows) : database_(&database), rows_(std::move(rows)) {}

    sqlite::Database* database_;
    sqlite::Statement rows_;
};

}  // namespace

Result<std::optional<Seq>> SqliteLedger::recent_payments(const RecentFilter& filter, const DecisionSink& to_decisions,
                                                         const ManualSink& to_manual) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(keys, KeyReader::make(database_, ns_));
    STIPEND_LET(decisions, NewestDecisions::make(database_, ns_, filter));
    STIPEND_LET(manual, NewestPayments::make(database_, ns_, filter));
    // The times of one orchestrator's decisions follow their order.
    const auto slack = filter.orchestrator ? 0 : clock_slack_ns;
    std::uint64_t passed = 0;
    std::optional<Seq> last;
    for (std::uint64_t looked = 0; looked < most_rows && passed < filter.limit; ++looked) {
        if (!decisions.row && !manual.row) return std::optional<Seq>();
        if (manual.row && (!decisions.row || manual.row->seq > decisions.row->seq)) {
            auto& [seq, key, payment] = *manual.row;
            last = seq;
            if (payment.at >= filter.from.value_or(payment.at)) {
                ++passed;
                STIPEND_TRY(to_manual(ManualLine{seq, key, std::move(payment)}));
            }
            STIPEND_TRY(manual.advance());
            continue;
        }
        auto& stored = *decisions.row;
        last = stored.seq;
        const auto at = stored.decision.decided_at;
        if (filter.from && at < *filter.from) {
            if (*filter.from - at > slack) {
                decisions.end();
                continue;
            }
        } else {
            STIPEND_LET(key, keys.key_of(stored.decision.orchestrator));
            if (key) {
                ++passed;
                STIPEND_TRY(to_decisions(DecisionLine{stored.seq, *key, std::move(stored.decision)}));
            }
        }
        STIPEND_TRY(decisions.advance());
    }
    return last;
}

Result<ChangesRead> SqliteLedger::changes(Seq after, std::uint64_t limit,
                                          const std::function<void(const Change&)>& sink) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(keys, KeyReader::make(database_, ns_));
    STIPEND_LET(chain, database_.prepare("SELECT seq, kind, body FROM audit WHERE seq > ? ORDER BY seq LIMIT ?"));
    STIPEND_LET(decisions, database_.prepare(select_decisions("WHERE seq = ?")));
    STIPEND_LET(payments,
                database_.prepare(cat("SELECT key, ", columns<ManualPayment>(), manual_payments_of, "AND seq = ?2")));
    STIPEND_LET(objections, database_.prepare(select_objections("AND (o.seq = ?2 OR o.answered = ?2)")));
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
        if (kind == static_cast<std::int64_t>(AuditKind::manual_payment)) {
            STIPEND_LET(there, payments.bind(ns_).bind(seq).next());
            if (!there) continue;  // of another namespace
            const auto key = payments.text();
            STIPEND_LET(payment, sound_payment(database_, payments, seq));
            payments.reset();
            sink({.kind = Change::Kind::manual, .seq = seq, .manual = {seq, key, std::move(payment)}});
        }
        const bool objected = kind == static_cast<std::int64_t>(AuditKind::objection);
        if (objected || kind == static_cast<std::int64_t>(AuditKind::objection_answer)) {
            STIPEND_LET(line, next_objection(database_, objections.bind(ns_).bind(seq)));
            objections.reset();
            if (!line) continue;  // of another namespace
            // As it was then.
            if (objected) *line = {.seq = line->seq, .key = line->key, .objection = std::move(line->objection)};
            sink({.kind = Change::Kind::objection, .seq = seq, .objection = std::move(*line)});
        }
        if (kind == static_cast<std::int64_t>(AuditKind::payout) ||
            kind == static_cast<std::int64_t>(AuditKind::payout_step)) {
            STIPEND_LET(line, payout_at(database_, ns_, seq));
            if (line) sink({.kind = Change::Kind::payout, .seq = seq, .payout = std::move(*line)});
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
