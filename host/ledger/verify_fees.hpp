// The fees of one file, in chain order.
#pragma once

#include "host/ledger/verify.hpp"

namespace stipend::ledger {

struct Verifier::FeeRows {
    bool more = false;
    Seq seq = 0;
    OrchestratorId orchestrator = 0;
    SignedWei moved = {};

    Result<void> open(sqlite::Database& file, Seq after) {
        STIPEND_LET(prepared, file.prepare("SELECT seq, body FROM audit WHERE seq > ? AND kind = ? ORDER BY seq"));
        rows_ = std::move(prepared);
        rows_.bind(after).bind(static_cast<int>(AuditKind::fee));
        return advance();
    }
    // A body that is not that of a fee is a finding of the walk; it moves nothing here.
    Result<void> advance() {
        STIPEND_LET(found, rows_.next());
        more = found;
        if (!found) return {};
        seq = rows_.i64();
        const auto fee = parse_fee(rows_.text());
        orchestrator = fee ? fee->orchestrator : 0;
        moved = fee ? fee->moved : SignedWei();
        return {};
    }
    // Passes over those before `ref`, each of which is in no journal.
    template <class Missed>
    Result<void> skip_to(Seq ref, Missed&& missed) {
        while (more && seq < ref) {
            missed(seq);
            STIPEND_TRY(advance());
        }
        return {};
    }

  private:
    sqlite::Statement rows_;
};

}  // namespace stipend::ledger
