// What a ledger that comes from a backup records of itself.
#include <charconv>

#include "host/ledger/backup_files.hpp"
#include "host/ledger/canonical.hpp"
#include "host/ledger/marks.hpp"
#include "host/ledger/sqlite_ledger.hpp"

namespace stipend::ledger {

Result<Restored> restored_facts(sqlite::Database& database) {
    Restored out{.at = present_ns()};
    STIPEND_SET(out.last, database.number("SELECT ifnull(max(seq), 0) FROM audit"));
    STIPEND_LET(made, get_mark(database, mark_backup));
    if (made) std::from_chars(made->data(), made->data() + made->size(), out.backup_at);
    return out;
}

Result<void> SqliteLedger::record_restored(const Restored& restored) {
    const auto body = restored_body(restored);
    Position next = position_;
    STIPEND_TRY(transact([&]() -> Result<void> {
        STIPEND_LET(seq, writer_->audit(next.head, AuditKind::restored, body));
        static_cast<void>(seq);
        STIPEND_TRY(erase_mark(database_, mark_backup));
        STIPEND_TRY(erase_mark(database_, mark_restored_accepted));
        return set_mark(database_, mark_restored, body);
    }));
    position_ = next;
    return {};
}

Result<void> SqliteLedger::mark_copy() {
    STIPEND_LET(made, get_mark(database_, mark_backup));
    if (!made && !wal_missing_) return {};
    STIPEND_LET(facts, restored_facts(database_));
    STIPEND_TRY(record_restored(facts));
    notice("a backup or a copy lies in the place of the ledger: recorded as a restoration");
    return {};
}

Result<void> SqliteLedger::accept_restored(const RestoredAccepted& accepted) {
    if (accepted.by.empty() || accepted.by.size() > max_key_bytes) {
        return fail(STIPEND_E_INVALID, "by: got ", accepted.by.size(), " bytes, want 1 to ", max_key_bytes);
    }
    const auto body = restored_accepted_body(accepted);
    Position next = position_;
    STIPEND_TRY(transact([&]() -> Result<void> {
        STIPEND_LET(mark, get_mark(database_, mark_restored));
        const auto restored = mark ? parse_restored(*mark) : std::nullopt;
        if (!restored || restored->at != accepted.restored_at) {
            return fail(STIPEND_E_CONFLICT, "ledger: ", path_.string(), ": was not restored at that time");
        }
        STIPEND_LET(seq, writer_->audit(next.head, AuditKind::restored_accepted, body));
        static_cast<void>(seq);
        return set_mark(database_, mark_restored_accepted, body);
    }));
    position_ = next;
    return {};
}

}  // namespace stipend::ledger
