// What a pardon is computed from.
#include <algorithm>

#include "host/base/time.hpp"
#include "host/ledger/columns.hpp"
#include "host/ledger/demand.hpp"
#include "host/ledger/sqlite_ledger.hpp"

namespace stipend::ledger {
namespace {

Result<std::vector<Pardon>> pardons_of(sqlite::Database& database, OrchestratorId orchestrator) {
    std::vector<Pardon> out;
    STIPEND_LET(rows, database.prepare(cat("SELECT ", columns<Pardon>(),
                                           " FROM pardon WHERE orchestrator = ? "
                                           "ORDER BY seq")));
    rows.bind(orchestrator);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        out.push_back(read_row<Pardon>(rows));
    }
}

// The last decisions, newest first, back to `from`. The key leads with the epoch, so each is looked up by itself.
Result<std::vector<Decision>> decisions_since(sqlite::Database& database, std::int64_t ns, OrchestratorId orchestrator,
                                              std::uint64_t last, stipend_unix_ns from) {
    std::vector<Decision> out;
    STIPEND_LET(factors, DemandFactors::load(database, ns));
    STIPEND_LET(find, database.prepare(select_decisions("WHERE epoch = ? AND orchestrator = ?")));
    for (auto epoch = last; epoch > 0; --epoch) {
        STIPEND_LET(found, find.bind(epoch).bind(orchestrator).next());
        if (!found) return out;
        auto stored = read_decision(find);
        find.reset();
        if (stored.decision.due_at < from) return out;
        if (out.size() == max_pardon_history) {
            return fail(STIPEND_E_LIMIT, "more than ", max_pardon_history, " checks since ", utc_text(from),
                        ": too long ago to be pardoned");
        }
        stored.decision.demand_ppm = factors.at(stored.seq);
        out.push_back(std::move(stored.decision));
    }
    return out;
}

Result<void> read_before(sqlite::Database& database, PardonHistory& out) {
    const auto& first = out.decisions.front();
    STIPEND_LET(rows, database.prepare(cat("SELECT ", columns<EngineState>(),
                                           ", policy, policy_memory FROM state_before LEFT JOIN "
                                           "(SELECT id AS publication, policy, memory_version AS policy_memory FROM "
                                           "generation) ON publication = memory_generation "
                                           "WHERE orchestrator = ? AND epoch = ?")));
    STIPEND_LET(found, rows.bind(first.orchestrator).bind(first.epoch - 1).next());
    if (!found) {
        return fail(STIPEND_E_INVALID, "the state before epoch ", first.epoch,
                    " is not stored: an earlier version decided it, or what was before it is archived");
    }
    out.before = read_row<EngineState>(rows);
    out.memory_policy = rows.text();
    out.memory_version = rows.as<std::uint32_t>();
    return {};
}

}  // namespace

Result<PardonHistory> SqliteLedger::pardon_history(OrchestratorId orchestrator, stipend_unix_ns from,
                                                   stipend_unix_ns to) {
    sqlite::Transaction snapshot(database_);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    PardonHistory out;
    STIPEND_SET(out.pardons, pardons_of(database_, orchestrator));
    // From the newest to the oldest: one that bears on these checks may be born on by an older one.
    auto since = from;
    auto bears = out.pardons.end();
    while (bears != out.pardons.begin() && std::prev(bears)->at > since) {
        --bears;
        since = std::min(since, bears->from);
    }
    out.pardons.erase(out.pardons.begin(), bears);
    STIPEND_LET(last, database_.prepare("SELECT epoch FROM engine_state WHERE orchestrator = ?"));
    STIPEND_LET(known, last.bind(orchestrator).next());
    if (!known) return fail(STIPEND_E_INVALID, "ledger: ", path_.string(), ": no orchestrator ", orchestrator);
    STIPEND_SET(out.decisions, decisions_since(database_, ns_, orchestrator, last.as<std::uint64_t>(), since));
    std::reverse(out.decisions.begin(), out.decisions.end());
    const auto first = std::find_if(out.decisions.begin(), out.decisions.end(), can_be_pardoned);
    out.decisions.erase(out.decisions.begin(), first);
    const bool any = std::any_of(out.decisions.begin(), out.decisions.end(), [&](const Decision& d) {
        return d.due_at >= from && d.due_at < to && can_be_pardoned(d) && !out.is_pardoned(d);
    });
    if (!any) out.decisions.clear();
    if (out.decisions.empty()) return out;
    STIPEND_TRY(read_before(database_, out));
    STIPEND_LET(adjusted, database_.prepare("SELECT max(to_at) FROM adjustment WHERE orchestrator = ?"));
    STIPEND_LET(answered, adjusted.bind(orchestrator).next());
    if (answered) out.adjusted_to = adjusted.maybe<stipend_unix_ns>();
    return out;
}

}  // namespace stipend::ledger
