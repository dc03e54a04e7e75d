// Changes of a payee's proven payout address, or of its worker's key, that an administrator asks for: they wait, so
// that the payee sees them, and can object.
#include "host/registry/registration_store.hpp"

namespace stipend::registry {
namespace {

constexpr std::string_view change_columns = "id, payout_address, worker_key, asked_at, effective_at, asked_by";

Result<PendingChange> read_change(sqlite::Statement& row) {
    PendingChange out;
    out.id = row.text();
    out.payout_address = row.text();
    out.worker_key = row.text();
    out.asked_at = row.i64();
    out.effective_at = row.i64();
    out.by = row.text();
    if (row.malformed()) return fail(STIPEND_E_CONFIG, "registry: a change that waits is damaged: ", out.id);
    return out;
}

std::string shown_change(const PendingChange& change) {
    return cat(change.payout_address.empty() ? "-" : change.payout_address, " ",
               change.worker_key.empty() ? "-" : change.worker_key);
}

}  // namespace

std::optional<PendingChange> RegistrationStore::put_off(const std::string& by, const Registration& before, Stated& next,
                                                        stipend_unix_ns now) const {
    if (change_delay_ns_ <= 0 || !before.approved_at) return {};
    PendingChange out{.id = before.stated.id, .asked_at = now, .effective_at = now + change_delay_ns_, .by = by};
    if (before.payout_proven && next.payout_address != before.stated.payout_address && !next.payout_address.empty()) {
        out.payout_address = std::exchange(next.payout_address, before.stated.payout_address);
    }
    if (!before.stated.worker_key.empty() && next.worker_key != before.stated.worker_key && !next.worker_key.empty()) {
        out.worker_key = std::exchange(next.worker_key, before.stated.worker_key);
    }
    if (out.payout_address.empty() && out.worker_key.empty()) return {};
    return out;
}

Result<void> RegistrationStore::keep_change(const PendingChange& change) {
    STIPEND_LET(insert, database_.prepare(cat("INSERT OR REPLACE INTO pending_change(", change_columns,
                                              ") VALUES(?, ?, ?, ?, ?, ?)")));
    insert.bind_text(change.id).bind_text(change.payout_address).bind_text(change.worker_key);
    return insert.bind(change.asked_at).bind(change.effective_at).bind_text(change.by).run();
}

Result<void> RegistrationStore::drop_change(std::string_view id) {
    STIPEND_LET(drop, database_.prepare("DELETE FROM pending_change WHERE id = ?"));
    return drop.bind_text(id).run();
}

Result<std::vector<PendingChange>> RegistrationStore::select_changes(std::string_view where) {
    STIPEND_LET(statement,
                database_.prepare(cat("SELECT ", change_columns, " FROM pending_change ", where, " ORDER BY id")));
    std::vector<PendingChange> out;
    for (;;) {
        STIPEND_LET(found, statement.next());
        if (!found) return out;
        STIPEND_LET(row, read_change(statement));
        out.push_back(std::move(row));
    }
}

Result<std::vector<PendingChange>> RegistrationStore::pending_changes() {
    const std::lock_guard lock(mutex_);
    return select_changes("");
}

Result<std::optional<PendingChange>> RegistrationStore::pending_change(std::string_view id) {
    const std::lock_guard lock(mutex_);
    STIPEND_LET(statement, database_.prepare(cat("SELECT ", change_columns, " FROM pending_change WHERE id = ?")));
    STIPEND_LET(found, statement.bind_text(id).next());
    if (!found) return std::optional<PendingChange>();
    STIPEND_LET(row, read_change(statement));
    return std::optional(std::move(row));
}

Result<Outcome> RegistrationStore::cancel_change(std::string_view id, const Actor& actor, stipend_unix_ns now) {
    const std::lock_guard lock(mutex_);
    return write([&]() -> Result<Outcome> {
        STIPEND_LET(before, read(id));
        STIPEND_LET(waiting, database_.prepare("SELECT 1 FROM pending_change WHERE id = ?"));
        STIPEND_LET(there, waiting.bind_text(id).next());
        waiting.reset();
        if (!before || !there) return refused(Fault::unknown, "no change waits");
        Outcome out{.registration = *before};
        out.registration.updated_at = now;
        STIPEND_TRY(drop_change(id));
        STIPEND_TRY(put(out.registration, actor.name, "cancel change", "", ""));
        return out;
    });
}

Result<std::vector<Outcome>> RegistrationStore::apply_changes(stipend_unix_ns now) {
    const std::lock_guard lock(mutex_);
    return write([&]() -> Result<std::vector<Outcome>> {
        std::vector<Outcome> out;
        STIPEND_LET(due, select_changes(cat("WHERE effective_at <= ", now)));
        for (const auto& change : due) {
            STIPEND_TRY(drop_change(change.id));
            STIPEND_LET(before, read(change.id));
            if (!before || before->state == RegistrationState::removed) continue;
            Outcome one{.registration = *before};
            auto& next = one.registration;
            next.updated_at = now;
            if (!change.payout_address.empty()) {
                next.stated.payout_address = change.payout_address;
                next.payout_proven = false;
            }
            if (!change.worker_key.empty()) next.stated.worker_key = change.worker_key;
            STIPEND_LET(taken, taken_mark(next.stated));
            if (!taken.empty()) {  // another took it meanwhile
                one = {.fault = Fault::taken, .why = cat("another orchestrator has ", taken), .registration = *before};
                STIPEND_TRY(put(*before, change.by, "change refused", shown_change(change), one.why));
            } else {
                one.terms_changed = next.state == RegistrationState::approved;
                STIPEND_TRY(put(next, change.by, "change in force", "", shown_change(change)));
            }
            out.push_back(std::move(one));
        }
        return out;
    });
}

}  // namespace stipend::registry
