#include "host/ledger/demand.hpp"

#include <algorithm>

#include "host/ledger/columns.hpp"
#include "host/ledger/demand_rule.hpp"
#include "host/ledger/invariants.hpp"
#include "stipend/duration.hpp"

namespace stipend::ledger {
namespace {

Error demand_damaged(const sqlite::Database& database, Seq seq) {
    return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": demand seq ", seq,
                " is damaged: run `stipend ledger verify` for details");
}

}  // namespace

Result<std::vector<Demand>> load_demands(sqlite::Database& database, std::int64_t ns) {
    STIPEND_LET(
        rows, database.prepare(cat("SELECT seq, ", columns<Demand>(), " FROM demand WHERE ns = ? ORDER BY seq DESC")));
    rows.bind(ns);
    std::vector<Demand> out;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        const Seq seq = rows.i64();
        out.push_back(read_row<Demand>(rows));
        if (rows.malformed() || broken_invariant(out.back())) return demand_damaged(database, seq);
        if (out.back().at <= out.front().at - ns_per_day) break;
    }
    std::reverse(out.begin(), out.end());
    return out;
}

Result<DemandFactors> DemandFactors::load(sqlite::Database& database, std::int64_t ns) {
    DemandFactors out;
    STIPEND_LET(rows, database.prepare("SELECT seq, factor_ppm FROM demand WHERE ns = ? ORDER BY seq"));
    rows.bind(ns);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        const Seq seq = rows.i64();
        out.factors_.emplace_back(seq, rows.as<std::uint32_t>());
        if (rows.malformed()) return demand_damaged(database, seq);
    }
}

std::uint32_t DemandFactors::at(Seq seq) const {
    const auto behind = std::ranges::upper_bound(factors_, seq, {}, &std::pair<Seq, std::uint32_t>::first);
    return behind == factors_.begin() ? 0 : std::prev(behind)->second;
}

}  // namespace stipend::ledger
