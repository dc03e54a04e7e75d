#include "host/ledger/objections.hpp"

#include <algorithm>

#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"
#include "host/ledger/sqlite_ledger.hpp"

namespace stipend::ledger {
namespace {

// "o.orchestrator, o.epoch": columns of one of several tables.
template <Listed Row>
std::string columns_of(std::string_view table) {
    std::string out;
    const Row row{};
    flat_fields(
        row, [&](const Field& field, const auto&) { out += cat(out.empty() ? "" : ", ", table, ".", field.column); });
    return out;
}

Result<std::optional<OpenObjections>> next_open(sqlite::Statement& rows) {
    STIPEND_LET(more, rows.next());
    if (!more) return std::optional<OpenObjections>();
    OpenObjections out;
    out.orchestrator = rows.i64();
    out.count = rows.as<std::uint64_t>();
    out.epoch = rows.as<std::uint64_t>();
    return std::optional(out);
}

}  // namespace

std::string select_objections(std::string_view rest) {
    return cat("SELECT o.seq, n.key, ", columns_of<Objection>("o"),
               ", o.answered IS NOT NULL, ifnull(a.orchestrator, 0), ifnull(a.epoch, 0), ifnull(a.adjustment, ''), "
               "ifnull(a.reason, ''), ifnull(a.by, ''), ifnull(a.at, 0), ifnull(p.usd_e8, 0), ifnull(p.wei, "
               "zeroblob(32)) FROM objection o JOIN orchestrator n ON n.id = o.orchestrator "
               "LEFT JOIN objection_answer a ON a.seq = o.answered "
               "LEFT JOIN adjustment p ON p.key = a.adjustment WHERE n.ns = ?1 ",
               rest);
}

Result<std::optional<ObjectionLine>> next_objection(sqlite::Database& database, sqlite::Statement& rows) {
    STIPEND_LET(more, rows.next());
    if (!more) return std::optional<ObjectionLine>();
    ObjectionLine out;
    out.seq = rows.i64();
    out.key = rows.text();
    out.objection = read_row<Objection>(rows);
    const bool answered = rows.flag();
    auto answer = read_row<ObjectionAnswer>(rows);
    out.usd = Usd::of_e8(rows.i64());
    out.wei = SignedWei::from_bytes(rows.bytes32());
    if (rows.malformed() || broken_invariant(out.objection) || (answered && broken_invariant(answer))) {
        return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": objection seq ", out.seq,
                    " is damaged: run `stipend ledger verify` for details");
    }
    if (answered) out.answer = std::move(answer);
    return std::optional(std::move(out));
}

Result<std::vector<OpenObjections>> load_open_objections(sqlite::Database& database, std::int64_t ns) {
    std::vector<OpenObjections> out;
    STIPEND_LET(rows, database.prepare("SELECT o.orchestrator, count(*), min(o.epoch) FROM objection o JOIN "
                                       "orchestrator n ON n.id = o.orchestrator WHERE o.answered IS NULL AND n.ns = ? "
                                       "GROUP BY o.orchestrator ORDER BY o.orchestrator"));
    rows.bind(ns);
    for (;;) {
        STIPEND_LET(one, next_open(rows));
        if (!one) return out;
        out.push_back(*one);
    }
}

Result<std::optional<ObjectionLine>> SqliteLedger::objection(OrchestratorId orchestrator, std::uint64_t epoch) {
    STIPEND_LET(rows, database_.prepare(select_objections("AND o.orchestrator = ?2 AND o.epoch = ?3")));
    rows.bind(ns_).bind(orchestrator).bind(epoch);
    return next_objection(database_, rows);
}

Result<std::optional<ObjectionPlace>> SqliteLedger::objections(const ObjectionFilter& filter,
                                                               const ObjectionSink& sink) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    std::uint64_t passed = 0;
    ObjectionPlace last;
    Seq at = filter.at.value_or(filter.open ? 0 : INT64_MAX);
    // Rationale: with these the indexes lead to where the part begins.
    const auto* const whose = filter.orchestrator ? "AND o.orchestrator = ?3 " : "AND ?3 IS NULL ";
    for (bool open = filter.open;; open = false, at = INT64_MAX) {
        const auto rest = open ? cat("AND o.answered IS NULL AND o.seq > ?2 ", whose, "ORDER BY o.seq")
                               : cat("AND o.answered IS NOT NULL AND o.seq < ?2 ", whose, "ORDER BY o.seq DESC");
        STIPEND_LET(rows, database_.prepare(select_objections(rest)));
        rows.bind(ns_).bind(at).bind(filter.orchestrator);
        for (;;) {
            STIPEND_LET(line, next_objection(database_, rows));
            if (!line) break;
            if (passed == filter.limit) return std::optional(last);
            ++passed;
            last = {.open = open, .at = line->seq};
            STIPEND_TRY(sink(*line));
        }
        if (!open) return std::optional<ObjectionPlace>();
    }
}

Result<ObjectionCounts> SqliteLedger::objection_counts(OrchestratorId orchestrator, stipend_unix_ns since) {
    ObjectionCounts out;
    STIPEND_LET(open, database_.number("SELECT count(*) FROM objection WHERE answered IS NULL"));
    out.open = static_cast<std::uint64_t>(open);
    STIPEND_LET(recent, database_.prepare("SELECT count(*) FROM objection WHERE orchestrator = ? AND at >= ?"));
    STIPEND_LET(counted, recent.bind(orchestrator).bind(since).next());
    if (counted) out.of_since = recent.as<std::uint64_t>();
    STIPEND_LET(of, database_.prepare("SELECT orchestrator, count(*), min(epoch) FROM objection WHERE orchestrator = ? "
                                      "AND answered IS NULL GROUP BY orchestrator"));
    of.bind(orchestrator);
    STIPEND_SET(out.open_of, next_open(of));
    return out;
}

Result<void> SqliteLedger::export_objections(const DecisionFilter& filter, const ObjectionSink& sink) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(rows, database_.prepare(select_objections(
                          "AND o.seq > ?2 AND (?3 IS NULL OR o.orchestrator = ?3) AND (?4 IS NULL OR o.at >= ?4) "
                          "AND (?5 IS NULL OR o.at < ?5) ORDER BY o.seq LIMIT ?6")));
    rows.bind(ns_).bind(filter.after).bind(filter.orchestrator).bind(filter.from).bind(filter.to);
    rows.bind(static_cast<std::int64_t>(std::min<std::uint64_t>(filter.limit, INT64_MAX)));
    for (;;) {
        STIPEND_LET(line, next_objection(database_, rows));
        if (!line) return {};
        STIPEND_TRY(sink(*line));
    }
}

}  // namespace stipend::ledger
