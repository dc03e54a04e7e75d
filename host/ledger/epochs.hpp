// Where the decisions of one orchestrator lie: places in the chain rise with epochs.
#pragma once

#include "host/base/sqlite.hpp"
#include "host/ledger/row_types.hpp"

namespace stipend::ledger {

// The last epoch up to `last` whose decision lies before that place, or is not in this file: those that are not are
// older, in an archive. 0: none.
[[nodiscard]] inline Result<std::int64_t> epoch_before(sqlite::Database& file, OrchestratorId orchestrator, Seq place,
                                                       std::int64_t last) {
    STIPEND_LET(rows, file.prepare("SELECT seq FROM decision WHERE epoch = ? AND orchestrator = ?"));
    std::int64_t before = 0;
    for (auto behind = last; before < behind;) {
        const auto middle = before + (behind - before + 1) / 2;
        STIPEND_LET(found, rows.bind(middle).bind(orchestrator).next());
        const bool is_before = !found || rows.i64() < place;
        rows.reset();
        (is_before ? before : behind) = is_before ? middle : middle - 1;
    }
    return before;
}

}  // namespace stipend::ledger
