// The parts of gaps that no adjustment covers.
#include <algorithm>
#include <unordered_map>

#include "host/base/time.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/sqlite_ledger.hpp"

namespace stipend::ledger {
namespace {

struct Times {
    stipend_unix_ns from = 0;
    stipend_unix_ns to = 0;
};
using TimesOf = std::unordered_map<OrchestratorId, std::vector<Times>>;  // ascending by `from`

Result<TimesOf> adjusted_times(sqlite::Database& database, std::optional<OrchestratorId> orchestrator) {
    TimesOf out;
    STIPEND_LET(rows, database.prepare("SELECT orchestrator, from_at, to_at FROM adjustment "
                                       "WHERE ?1 IS NULL OR orchestrator = ?1 ORDER BY from_at"));
    rows.bind(orchestrator);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        auto& times = out[rows.i64()];
        const stipend_unix_ns from = rows.i64();
        times.push_back({from, rows.i64()});
    }
}

std::optional<Usd> share(const Gap& gap, const Times& piece) {
    if (!gap.usd || !gap.to || *gap.to == gap.from) return gap.usd;
    const auto product = static_cast<__int128>(gap.usd->count_e8()) * (piece.to - piece.from);
    return Usd::of_e8(static_cast<std::int64_t>(product / (*gap.to - gap.from)));
}

// Appends the parts of the gap that `adjusted` does not cover.
void cut(const Gap& gap, const std::vector<Times>& adjusted, std::vector<Gap>& out) {
    const auto add = [&](stipend_unix_ns from, std::optional<stipend_unix_ns> to) {
        if (to && floor_ms(*to) <= floor_ms(from)) return;  // as text it would be empty
        auto& piece = out.emplace_back(gap);
        piece.from = from;
        piece.to = to;
        if (to) piece.usd = share(gap, {from, *to});
    };
    auto at = gap.from;
    for (const auto& times : adjusted) {
        if (times.to <= at) continue;
        if (gap.to && times.from >= *gap.to) break;
        if (times.from > at) add(at, times.from);
        at = times.to;
    }
    if (!gap.to || at < *gap.to) add(at, gap.to);
}

}  // namespace

Result<std::vector<Gap>> SqliteLedger::unpaid(std::optional<OrchestratorId> orchestrator, std::uint64_t limit) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    STIPEND_LET(adjusted, adjusted_times(database_, orchestrator));
    std::vector<Gap> out;
    STIPEND_LET(rows, database_.prepare(cat("SELECT ", columns<Gap>(),
                                            ", o.key FROM gap JOIN (SELECT id, key, ns FROM orchestrator) o "
                                            "ON o.id = orchestrator WHERE o.ns = ?1 "
                                            "AND (?2 IS NULL OR orchestrator = ?2) ORDER BY seq DESC")));
    rows.bind(ns_).bind(orchestrator);
    while (out.size() < limit) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        Gap gap = read_row<Gap>(rows);
        gap.key = rows.text();
        cut(gap, adjusted[gap.orchestrator], out);
    }
    if (out.size() > limit) out.resize(limit);
    return out;
}

}  // namespace stipend::ledger
