#include "host/ledger/span_facts.hpp"

#include <algorithm>

#include "host/base/sqlite.hpp"
#include "host/ledger/marks.hpp"

namespace stipend::ledger {
namespace {

// Appends what `take` makes of each row.
template <class Row, class Take>
Result<void> collect_rows(sqlite::Statement& rows, const std::string& file, std::string_view what,
                          std::vector<Row>& out, Take take) {
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        if (out.size() == max_span_facts) {
            return fail(STIPEND_E_LIMIT, "ledger: ", file, ": more than ", max_span_facts, " ", what,
                        " in this span: ask for a shorter one");
        }
        out.push_back(take(rows));
        if (rows.malformed()) {
            return fail(STIPEND_E_INVALID, "ledger: ", file, ": one of the ", what,
                        " is damaged: run `stipend ledger verify` for details");
        }
    }
}

constexpr std::string_view of_namespace = " WHERE orchestrator IN (SELECT id FROM orchestrator WHERE ns = ?) ";

Result<void> collect_gaps(sqlite::Database& database, std::int64_t ns, stipend_unix_ns from, stipend_unix_ns to,
                          SpanFacts& out) {
    STIPEND_LET(rows, database.prepare(cat("SELECT orchestrator, from_at, to_at, cause FROM gap", of_namespace,
                                           "AND from_at < ? AND (to_at IS NULL OR to_at > ?) ORDER BY seq")));
    rows.bind(ns).bind(to).bind(from);
    return collect_rows(rows, database.path(), "gaps", out.gaps, [to](sqlite::Statement& row) {
        SpanFacts::Unmeasured gap{.orchestrator = row.i64(), .from = row.i64()};
        const auto end = row.maybe<std::int64_t>();
        gap.to = end.value_or(std::max(to, gap.from));
        gap.cause = row.text();
        return gap;
    });
}

Result<void> collect_pardons(sqlite::Database& database, std::int64_t ns, stipend_unix_ns to, SpanFacts& out) {
    STIPEND_LET(rows, database.prepare(cat("SELECT orchestrator, epoch, from_at, to_at FROM pardon", of_namespace,
                                           "AND from_at < ? ORDER BY seq")));
    rows.bind(ns).bind(to);
    return collect_rows(rows, database.path(), "pardons", out.pardons, [](sqlite::Statement& row) {
        SpanFacts::TakenBack pardon{.orchestrator = row.i64()};
        pardon.epoch = row.as<std::uint64_t>();
        pardon.from = row.i64();
        pardon.to = row.i64();
        return pardon;
    });
}

Result<void> collect_apart(sqlite::Database& database, std::int64_t ns, stipend_unix_ns from, stipend_unix_ns to,
                           bool manual, SpanFacts& out) {
    const auto* table = manual ? "manual_payment" : "adjustment";
    STIPEND_LET(rows, database.prepare(cat("SELECT orchestrator, at, usd_e8 FROM ", table, of_namespace,
                                           "AND at >= ? AND at < ? ORDER BY seq")));
    rows.bind(ns).bind(from).bind(to);
    return collect_rows(rows, database.path(), manual ? "manual payments" : "adjustments", out.apart,
                        [manual](sqlite::Statement& row) {
                            SpanFacts::Apart one{.orchestrator = row.i64(), .at = row.i64()};
                            one.usd = Usd::of_e8(row.i64());
                            one.manual = manual;
                            return one;
                        });
}

}  // namespace

Result<SpanFacts> span_facts(const std::filesystem::path& file, const Namespace& ns, stipend_unix_ns from,
                             stipend_unix_ns to) {
    sqlite::Database database;
    STIPEND_TRY(open_to_read(database, file.string()));
    sqlite::Transaction snapshot(database);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    SpanFacts out;
    STIPEND_LET(find, database.prepare("SELECT id FROM namespace WHERE name = ?"));
    const auto name = ns.text();
    STIPEND_LET(found, find.bind_text(name).next());
    if (!found) return out;
    const auto id = find.i64();
    find.reset();
    STIPEND_LET(accounts, database.prepare("SELECT id, key, first_seen_at, retired FROM orchestrator WHERE ns = ? "
                                           "ORDER BY id"));
    accounts.bind(id);
    STIPEND_TRY(collect_rows(accounts, database.path(), "orchestrators", out.accounts, [](sqlite::Statement& row) {
        SpanFacts::Account one{.id = row.i64()};
        one.key = row.text();
        one.first_seen_at = row.i64();
        one.retired = row.flag();
        return one;
    }));
    STIPEND_TRY(collect_gaps(database, id, from, to, out));
    STIPEND_TRY(collect_pardons(database, id, to, out));
    STIPEND_TRY(collect_apart(database, id, from, to, false, out));
    STIPEND_TRY(collect_apart(database, id, from, to, true, out));
    return out;
}

}  // namespace stipend::ledger
