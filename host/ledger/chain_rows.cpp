// Rows of the chain as they are hashed, from the archives and then from the main file.
#include <algorithm>

#include "host/ledger/canonical.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/sqlite_ledger.hpp"

namespace stipend::ledger {
namespace {

Result<void> pass_rows(sqlite::Database& file, Seq after, Seq last, const ChainSink& sink) {
    STIPEND_LET(rows, file.prepare("SELECT seq, kind, body, hash FROM audit WHERE seq > ? AND seq <= ? ORDER BY seq"));
    STIPEND_LET(decisions, file.prepare(select_decisions("WHERE seq > ? AND seq <= ? ORDER BY seq")));
    rows.bind(after).bind(last);
    decisions.bind(after).bind(last);
    std::string encoded;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        ChainRow row{.seq = rows.i64(), .kind = static_cast<AuditKind>(rows.as<std::uint8_t>())};
        const auto body = rows.text();
        row.hash = rows.bytes32();
        row.body = body;
        bool damaged = rows.malformed();
        if (row.kind == AuditKind::decision) {
            STIPEND_LET(found, decisions.next());
            const auto stored = found ? read_decision(decisions) : StoredDecision();
            damaged = damaged || stored.malformed || stored.seq != row.seq;
            encode_decision(encoded, stored.decision, stored.state_digest);
            row.body = encoded;
        }
        if (damaged) {
            return fail(STIPEND_E_INVALID, "ledger: ", file.path(), ": audit seq ", row.seq,
                        " is damaged: run `stipend ledger verify` for details");
        }
        STIPEND_TRY(sink(row));
    }
}

}  // namespace

Result<void> SqliteLedger::chain(Seq after, Seq last, const ChainSink& sink) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    return in_files(
        after, [&](sqlite::Database& file, Seq begin) { return pass_rows(file, std::max(begin, after), last, sink); });
}

Result<std::optional<Ledger::DecisionPlace>> SqliteLedger::place_of(std::string_view key, std::uint64_t epoch) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(known, database_.prepare("SELECT id, seq FROM orchestrator WHERE ns = ? AND key = ?"));
    STIPEND_LET(is_known, known.bind(ns_).bind_text(key).next());
    if (!is_known) return std::optional<DecisionPlace>();
    const OrchestratorId id = known.i64();
    DecisionPlace out{.decision = 0, .orchestrator = known.i64()};
    STIPEND_TRY(in_files(0, [&](sqlite::Database& file, Seq) -> Result<void> {
        STIPEND_LET(rows, file.prepare("SELECT seq FROM decision WHERE epoch = ? AND orchestrator = ?"));
        STIPEND_LET(found, rows.bind(epoch).bind(id).next());
        if (found) out.decision = rows.i64();
        return {};
    }));
    return out.decision == 0 ? std::nullopt : std::optional(out);
}

}  // namespace stipend::ledger
