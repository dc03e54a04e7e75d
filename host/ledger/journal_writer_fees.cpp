// Writes the fees of jobs.
#include <algorithm>

#include "host/ledger/columns.hpp"
#include "host/ledger/journal_writer.hpp"
#include "host/ledger/schema.hpp"

namespace stipend::ledger {

// The account of that name, made at its first use.
Result<std::int64_t> JournalWriter::account_of(std::int64_t space, std::string_view name) {
    STIPEND_LET(add, database_.prepare("INSERT OR IGNORE INTO account SELECT min(0, ifnull(min(id), 0)) - 1, ?, ? "
                                       "FROM account"));
    STIPEND_TRY(add.bind(space).bind_text(name).run());
    STIPEND_LET(get, database_.prepare("SELECT id FROM account WHERE ns = ? AND name = ?"));
    STIPEND_LET(exists, get.bind(space).bind_text(name).next());
    if (!exists) return fail(STIPEND_E_INTERNAL, "ledger: ", database_.path(), ": no account ", name);
    return get.i64();
}

// One journal for all, since a closing often follows its reservation in the next transaction.
Result<void> JournalWriter::add_fees(const std::vector<Fee>& fees) {
    STIPEND_LET(expense, account_of(ns_.id, "expense:fees"));
    STIPEND_LET(prepaid, account_of(ns_.id, "gateway:prepaid"));
    const auto& state = columns<FeeState>();
    STIPEND_LET(find, database_.prepare(cat("SELECT ", state, " FROM fee_state WHERE orchestrator = ?")));
    STIPEND_LET(put, database_.prepare(cat("INSERT OR REPLACE INTO fee_state(orchestrator, seq, ", state,
                                           ") VALUES(?, ?, ", placeholders(state), ")")));
    Journal journal{.ref = at_.head.seq + 1, .kind = JournalKind::fees, .last = 0};
    SignedWei moved;
    for (const auto& fee : fees) {
        STIPEND_TRY(add_fee(fee, find, put));
        STIPEND_SET(moved, moved.plus(fee.moved));
    }
    journal.last = at_.head.seq;
    if (!moved.zero()) {
        STIPEND_LET(from_prepaid, moved.negated());
        journal.entries = {{.account = expense, .wei = moved}, {.account = prepaid, .wei = from_prepaid}};
        std::ranges::sort(journal.entries, {}, &Entry::account);
    }
    return write_journal(journal);
}

Result<void> JournalWriter::add_fee(const Fee& fee, sqlite::Statement& find, sqlite::Statement& put) {
    STIPEND_ASSERT(!broken_invariant(fee));  // check_batch rejects such a batch
    STIPEND_TRY(check_in_namespace(fee.orchestrator));
    STIPEND_LET(exists, find.bind(fee.orchestrator).next());
    const FeeState before = exists ? read_row<FeeState>(find) : FeeState();
    find.reset();
    if (const auto broken = broken_succession(before, fee)) {
        return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": fee (orchestrator ", fee.orchestrator,
                    ", epoch ", fee.epoch, ", attempt ", fee.attempt, "): ", *broken);
    }
    STIPEND_LET(seq, audit(AuditKind::fee, fee_body(fee)));
    bind_row(put.bind(fee.orchestrator).bind(seq), fee.after);
    return put.run();
}

}  // namespace stipend::ledger
