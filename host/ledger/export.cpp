// Exports decisions and fees in ledger order, from the archives and then from the main file.
#include <unordered_map>

#include "host/ledger/archive_files.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/demand.hpp"
#include "host/ledger/invariants.hpp"
#include "host/ledger/schema.hpp"
#include "host/ledger/sqlite_ledger.hpp"

namespace stipend::ledger {
namespace {

using Keys = std::unordered_map<OrchestratorId, std::string>;

Result<Keys> keys_of(sqlite::Database& database, std::int64_t ns) {
    Keys out;
    STIPEND_LET(rows, database.prepare("SELECT id, key FROM orchestrator WHERE ns = ?"));
    rows.bind(ns);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        const OrchestratorId id = rows.i64();
        out.emplace(id, rows.text());
    }
}

class Exporter {
  public:
    Exporter(const Keys& keys, const DecisionFilter& filter, const DecisionSink& sink, DemandFactors factors = {})
        : keys_(keys), filter_(filter), sink_(sink), factors_(std::move(factors)), left_(filter.limit) {}

    // Exports the decisions of one file with a seq above `after`.
    Result<void> run(sqlite::Database& database, Seq after) {
        // A condition that is not there costs nothing on each of a million rows.
        std::string where = "WHERE seq > ?";
        if (filter_.orchestrator) where += " AND orchestrator = ?";
        if (filter_.from) where += " AND decided_at >= ?";
        if (filter_.to) where += " AND decided_at < ?";
        where += " ORDER BY seq";
        STIPEND_LET(rows, database.prepare(filter_.brief ? select_brief_decisions(where) : select_decisions(where)));
        rows.bind(std::max(after, filter_.after));
        if (filter_.orchestrator) rows.bind(*filter_.orchestrator);
        if (filter_.from) rows.bind(*filter_.from);
        if (filter_.to) rows.bind(*filter_.to);
        while (left_ > 0) {
            STIPEND_LET(more, rows.next());
            if (!more) return {};
            StoredDecision stored = filter_.brief ? read_brief_decision(rows) : read_decision(rows);
            const auto key = keys_.find(stored.decision.orchestrator);
            if (key == keys_.end()) continue;  // of another namespace
            if (stored.malformed || broken_invariant(stored.decision)) {
                return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": decision seq ", stored.seq,
                            " is damaged: run `stipend ledger verify` for details");
            }
            stored.decision.demand_ppm = factors_.at(stored.seq);
            --left_;
            STIPEND_TRY(sink_(DecisionLine{stored.seq, key->second, std::move(stored.decision)}));
        }
        return {};
    }

    // Exports the fees of one file, as above.
    Result<void> run_fees(sqlite::Database& database, Seq after, const FeeSink& sink) {
        STIPEND_LET(rows, database.prepare("SELECT seq, body FROM audit WHERE seq > ? AND kind = ? ORDER BY seq"));
        rows.bind(std::max(after, filter_.after)).bind(static_cast<int>(AuditKind::fee));
        while (left_ > 0) {
            STIPEND_LET(more, rows.next());
            if (!more) return {};
            const Seq seq = rows.i64();
            const auto fee = parse_fee(rows.text());
            if (!fee || broken_invariant(*fee)) {
                return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": fee seq ", seq,
                            " is damaged: run `stipend ledger verify` for details");
            }
            const auto key = keys_.find(fee->orchestrator);
            if (key == keys_.end() || fee->orchestrator != filter_.orchestrator.value_or(fee->orchestrator) ||
                fee->at < filter_.from.value_or(fee->at) || (filter_.to && fee->at >= *filter_.to)) {
                continue;
            }
            --left_;
            STIPEND_TRY(sink(FeeLine{seq, key->second, *fee}));
        }
        return {};
    }

  private:
    const Keys& keys_;
    const DecisionFilter& filter_;
    const DecisionSink& sink_;
    const DemandFactors factors_;
    std::uint64_t left_;
};

}  // namespace

Result<std::vector<RecordedArchive>> recorded_archives(sqlite::Database& database,
                                                       const std::vector<std::filesystem::path>& given) {
    std::vector<RecordedArchive> out;
    STIPEND_LET(rows, database.prepare(cat("SELECT seq, ", columns<ArchiveFacts>(), " FROM archive ORDER BY seq")));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        RecordedArchive archive;
        archive.seq = rows.i64();
        archive.facts = read_row<ArchiveFacts>(rows);
        const std::filesystem::path recorded(archive.facts.file);
        std::vector<std::filesystem::path> candidates;
        for (const auto& file : given) {
            if (file.filename() == recorded.filename()) candidates.push_back(file);
        }
        candidates.push_back(recorded);
        candidates.push_back(std::filesystem::path(database.path()).parent_path() / recorded.filename());
        for (const auto& candidate : candidates) {
            std::error_code none;
            if (!archive.path.empty() || !std::filesystem::is_regular_file(candidate, none)) continue;
            archive.path = candidate;
        }
        out.push_back(std::move(archive));
    }
}

Result<Seq> archived_through(sqlite::Database& database) {
    return database.number("SELECT ifnull(max(last), 0) FROM archive");
}

Result<void> SqliteLedger::in_files(Seq after, const std::function<Result<void>(sqlite::Database&, Seq)>& run) {
    STIPEND_LET(archives, recorded_archives(database_, {}));
    for (const auto& archive : archives) {
        if (archive.path.empty() || archive.facts.last <= after) continue;
        sqlite::Database file;
        STIPEND_TRY(file.open(archive.path.string(), SQLITE_OPEN_READONLY, options_.busy_timeout_ms));
        STIPEND_TRY(run(file, Seq{0}));
    }
    STIPEND_LET(through, archived_through(database_));
    return run(database_, through);
}

template <class Export>
Result<void> SqliteLedger::export_files(const DecisionFilter& filter, Export&& run) {
    if (filter.archives) return in_files(filter.after, run);
    STIPEND_LET(through, archived_through(database_));
    return run(database_, through);
}

Result<void> SqliteLedger::export_decisions(const DecisionFilter& filter, const DecisionSink& sink) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(keys, keys_of(database_, ns_));
    STIPEND_LET(factors, DemandFactors::load(database_, ns_));
    Exporter exporter(keys, filter, sink, std::move(factors));
    return export_files(filter, [&](sqlite::Database& file, Seq after) { return exporter.run(file, after); });
}

Result<void> SqliteLedger::export_fees(const DecisionFilter& filter, const FeeSink& sink) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(keys, keys_of(database_, ns_));
    const DecisionSink none;
    Exporter exporter(keys, filter, none);
    return export_files(filter,
                        [&](sqlite::Database& file, Seq after) { return exporter.run_fees(file, after, sink); });
}

Result<void> SqliteLedger::export_payments(const DecisionFilter& filter, const ManualSink& sink) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(rows, database_.prepare(cat("SELECT seq, key, ", columns<ManualPayment>(), manual_payments_of,
                                            "AND seq > ?2 AND (?3 IS NULL OR orchestrator = ?3) AND (?4 IS NULL OR "
                                            "at >= ?4) AND (?5 IS NULL OR at < ?5) ORDER BY seq LIMIT ?6")));
    rows.bind(ns_).bind(filter.after).bind(filter.orchestrator).bind(filter.from).bind(filter.to);
    rows.bind(static_cast<std::int64_t>(std::min<std::uint64_t>(filter.limit, INT64_MAX)));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        const Seq seq = rows.i64();
        const auto key = rows.text();
        STIPEND_LET(payment, sound_payment(database_, rows, seq));
        STIPEND_TRY(sink(ManualLine{seq, key, std::move(payment)}));
    }
}

}  // namespace stipend::ledger
