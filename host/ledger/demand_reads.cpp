// Passes the factors of demand to a reader.
#include "host/ledger/sqlite_ledger.hpp"

#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"

namespace stipend::ledger {

Result<void> SqliteLedger::demands(const DemandFilter& filter, const DemandSink& sink) {
    STIPEND_LET(rows, database_.prepare(cat("SELECT seq, ", columns<Demand>(),
                                            " FROM demand WHERE ns = ? AND seq > ? AND at >= ? AND at < ? ORDER BY "
                                            "seq LIMIT ?")));
    rows.bind(ns_).bind(filter.after).bind(filter.from).bind(filter.to).bind(filter.limit);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        const Seq seq = rows.i64();
        const auto row = read_row<Demand>(rows);
        if (rows.malformed() || broken_invariant(row)) {
            return fail(STIPEND_E_INVALID, "ledger: ", database_.path(), ": demand seq ", seq,
                        " is damaged: run `stipend ledger verify` for details");
        }
        STIPEND_TRY(sink(DemandLine{seq, row}));
    }
}

}  // namespace stipend::ledger
