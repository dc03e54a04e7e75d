#include "host/ledger/history.hpp"

#include <algorithm>
#include <tuple>

#include "host/ledger/columns.hpp"
#include "host/ledger/marks.hpp"

namespace stipend::ledger {
namespace {

// A reader's view of the file, and the orchestrator of that key in it.
class OneOrchestrator {
  public:
    OneOrchestrator() : snapshot_(database) {}
    sqlite::Database database;
    OrchestratorId id = 0;

    // False: there is none.
    Result<bool> find(const std::filesystem::path& file, const Namespace& ns, std::string_view key) {
        STIPEND_TRY(open_to_read(database, file.string()));
        STIPEND_TRY(snapshot_.begin("DEFERRED"));
        STIPEND_LET(rows, database.prepare("SELECT o.id FROM orchestrator o JOIN namespace n ON n.id = o.ns WHERE "
                                           "n.name = ? AND o.key = ?"));
        const auto name = ns.text();
        STIPEND_LET(found, rows.bind_text(name).bind_text(key).next());
        if (found) id = rows.i64();
        return found;
    }

  private:
    sqlite::Transaction snapshot_;
};

}  // namespace

Result<std::optional<HistoryPart>> history(const std::filesystem::path& file, const Namespace& ns,
                                           const HistoryQuery& query) {
    OneOrchestrator of;
    STIPEND_LET(found, of.find(file, ns, query.key));
    if (!found) return std::optional<HistoryPart>();
    HistoryPart out;
    // Rows about orchestrators begin with its id, and have an index: audit_orchestrator.
    const auto begins = cat("{\"id\":", of.id, ",%");
    STIPEND_LET(rows, of.database.prepare(cat(
                          "SELECT a.seq, a.kind, a.body, (SELECT d.decided_at FROM decision d WHERE d.seq < a.seq "
                          "ORDER BY d.seq DESC LIMIT 1) FROM (SELECT seq FROM audit WHERE kind = ",
                          static_cast<int>(AuditKind::orchestrator),
                          " AND body LIKE ?4 UNION SELECT seq FROM adjustment WHERE orchestrator "
                          "= ?1 UNION SELECT seq FROM pardon WHERE orchestrator = ?1 UNION SELECT seq FROM "
                          "manual_payment WHERE orchestrator = ?1 UNION SELECT seq FROM objection WHERE orchestrator "
                          "= ?1 UNION SELECT seq FROM objection_answer WHERE orchestrator = ?1) c JOIN audit a ON "
                          "a.seq = c.seq WHERE a.seq < ?2 ORDER BY a.seq DESC LIMIT ?3")));
    rows.bind(of.id).bind(query.before.value_or(INT64_MAX)).bind(query.limit + 1).bind_text(begins);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return std::optional(std::move(out));
        if (out.lines.size() == query.limit) {
            out.next = out.lines.back().seq;
            return std::optional(std::move(out));
        }
        HistoryLine line;
        line.seq = rows.i64();
        line.kind = static_cast<AuditKind>(rows.as<std::uint8_t>());
        line.body = rows.text();
        line.not_before = rows.maybe<stipend_unix_ns>();
        if (rows.malformed()) {
            return fail(STIPEND_E_INVALID, "ledger: ", of.database.path(), ": audit seq ", line.seq,
                        " is damaged: run `stipend ledger verify` for details");
        }
        out.lines.push_back(std::move(line));
    }
}

Result<std::optional<ObservedPart>> observed(const std::filesystem::path& file, const Namespace& ns,
                                             std::string_view key, stipend_unix_ns from, stipend_unix_ns to,
                                             std::uint64_t limit) {
    OneOrchestrator of;
    STIPEND_LET(found, of.find(file, ns, key));
    if (!found) return std::optional<ObservedPart>();
    ObservedPart out;
    STIPEND_LET(rows, of.database.prepare(cat("SELECT ", columns<Observation>(),
                                              " FROM observed WHERE orchestrator = ? AND to_at > ? AND from_at < ? "
                                              "ORDER BY to_at DESC LIMIT ?")));
    rows.bind(of.id).bind(from).bind(to).bind(limit + 1);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        if (out.spans.size() == limit) {
            out.complete = false;
            break;
        }
        out.spans.push_back(read_row<Observation>(rows));
    }
    std::ranges::sort(out.spans, {}, [](const Observation& one) { return std::tie(one.target, one.from); });
    return std::optional(std::move(out));
}

}  // namespace stipend::ledger
