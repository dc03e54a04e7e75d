#include "host/registry/registration_store.hpp"

#include <cstring>

#include "host/base/sha256.hpp"
#include "stipend/hex.hpp"

namespace stipend::registry {
namespace {

constexpr sqlite::PrivateTables tables{.name = "registry", .version = 1, .sql = R"(
CREATE TABLE registration(
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, endpoint TEXT NOT NULL,
    service_addresses TEXT NOT NULL, capabilities TEXT NOT NULL, payout_address TEXT NOT NULL,
    payout_proven INTEGER NOT NULL, worker_key TEXT NOT NULL, state INTEGER NOT NULL, ended_itself INTEGER NOT NULL,
    secret BLOB NOT NULL, calls INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    approved_at INTEGER) STRICT;
CREATE INDEX registration_by_state ON registration(state, approved_at);
CREATE TABLE mark(mark TEXT PRIMARY KEY, id TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX mark_by_id ON mark(id);
CREATE TABLE audit(
    number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL, what TEXT NOT NULL,
    id TEXT NOT NULL, from_text TEXT NOT NULL, to_text TEXT NOT NULL) STRICT;
CREATE INDEX audit_by_id ON audit(id, number);
CREATE TABLE once(
    number INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,
    answer TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE(scope, key)) STRICT;
PRAGMA user_version = 1;
)"};

constexpr std::string_view columns =
    "id, endpoint, service_addresses, capabilities, payout_address, payout_proven, worker_key, state, ended_itself, "
    "secret, calls, created_at, updated_at, approved_at, number";

// Values without line breaks, as `normalised` leaves them.
std::string joined(const std::vector<std::string>& values) {
    std::string out;
    for (const auto& value : values) out.append(out.empty() ? "" : "\n").append(value);
    return out;
}
std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        out.emplace_back(line);
    }
    return out;
}

Result<Registration> read_row(sqlite::Statement& row) {
    Registration out;
    out.stated.id = row.text();
    out.stated.endpoint = row.text();
    out.stated.service_addresses = split(row.text());
    out.stated.capabilities = split(row.text());
    out.stated.payout_address = row.text();
    out.payout_proven = row.flag();
    out.stated.worker_key = row.text();
    const auto state = row.i64();
    out.ended_itself = row.flag();
    const auto secret = row.blob();
    out.calls = row.i64();
    out.created_at = row.i64();
    out.updated_at = row.i64();
    out.approved_at = row.maybe<stipend_unix_ns>();
    out.number = row.i64();
    const bool known = state >= 0 && state <= static_cast<std::int64_t>(RegistrationState::removed);
    if (row.malformed() || !known || (!secret.empty() && secret.size() != sizeof(Sha256))) {
        return fail(STIPEND_E_INTERNAL, "registry: the registration of ", out.stated.id, " is damaged");
    }
    out.state = static_cast<RegistrationState>(state);
    if (!secret.empty()) {
        out.secret.emplace();
        std::memcpy(out.secret->data(), secret.data(), secret.size());
    }
    return out;
}

}  // namespace

Result<std::unique_ptr<RegistrationStore>> RegistrationStore::open(const std::filesystem::path& file) {
    std::unique_ptr<RegistrationStore> self(new RegistrationStore);
    STIPEND_TRY(sqlite::open_private(self->database_, file, tables));
    // Added later; an earlier program does not miss it.
    STIPEND_TRY(
        self->database_.run("CREATE TABLE IF NOT EXISTS pending_change(id TEXT PRIMARY KEY, payout_address TEXT NOT "
                            "NULL, worker_key TEXT NOT "
                            "NULL, asked_at INTEGER NOT NULL, effective_at INTEGER NOT NULL, asked_by TEXT NOT NULL) "
                            "STRICT, WITHOUT ROWID;"));
    STIPEND_TRY(self->make_invitation_table());
    return self;
}

Result<std::optional<Registration>> RegistrationStore::read(std::string_view id) {
    STIPEND_LET(statement, database_.prepare(cat("SELECT ", columns, " FROM registration WHERE id = ?")));
    STIPEND_LET(found, statement.bind_text(id).next());
    if (!found) return std::optional<Registration>();
    STIPEND_LET(out, read_row(statement));
    return std::optional(std::move(out));
}

Result<std::vector<Registration>> RegistrationStore::select(std::string_view where) {
    STIPEND_LET(statement, database_.prepare(cat("SELECT ", columns, " FROM registration WHERE ", where)));
    std::vector<Registration> out;
    for (;;) {
        STIPEND_LET(found, statement.next());
        if (!found) return out;
        STIPEND_LET(row, read_row(statement));
        out.push_back(std::move(row));
    }
}

// "the endpoint" where another id has one of its marks; empty: none has.
Result<std::string> RegistrationStore::taken_mark(const Stated& stated) {
    STIPEND_LET(statement, database_.prepare("SELECT 1 FROM mark WHERE mark = ? AND id <> ?"));
    for (const auto& mark : marks_of(stated)) {
        STIPEND_LET(found, statement.bind_text(mark).bind_text(stated.id).next());
        if (found) {
            return std::string(mark.starts_with("address")  ? "the endpoint"
                               : mark.starts_with("payout") ? "the payout address"
                                                            : "the worker's key");
        }
    }
    return std::string();
}

Result<void> RegistrationStore::put(const Registration& registration, std::string_view actor, std::string_view what,
                                    std::string_view from, std::string_view to) {
    const auto& stated = registration.stated;
    const auto services = joined(stated.service_addresses);
    const auto capabilities = joined(stated.capabilities);
    const auto secret = registration.secret ? auth::text_of(*registration.secret) : std::string_view();
    STIPEND_LET(upsert, database_.prepare(
                            "INSERT INTO registration(id, endpoint, service_addresses, capabilities, payout_address, "
                            "payout_proven, worker_key, state, ended_itself, secret, calls, created_at, updated_at, "
                            "approved_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
                            "ON CONFLICT(id) DO UPDATE SET endpoint = ?2, service_addresses = ?3, capabilities = ?4, "
                            "payout_address = ?5, payout_proven = ?6, worker_key = ?7, state = ?8, ended_itself = ?9, "
                            "secret = ?10, calls = ?11, created_at = ?12, updated_at = ?13, approved_at = ?14"));
    upsert.bind_text(stated.id).bind_text(stated.endpoint).bind_text(services).bind_text(capabilities);
    upsert.bind_text(stated.payout_address).bind(registration.payout_proven ? 1 : 0).bind_text(stated.worker_key);
    upsert.bind(static_cast<std::int64_t>(registration.state)).bind(registration.ended_itself ? 1 : 0);
    upsert.bind_blob(auth::bytes_of(secret)).bind(registration.calls).bind(registration.created_at);
    STIPEND_TRY(upsert.bind(registration.updated_at).bind(registration.approved_at).run());
    STIPEND_LET(clear, database_.prepare("DELETE FROM mark WHERE id = ?"));
    STIPEND_TRY(clear.bind_text(stated.id).run());
    if (registration.state != RegistrationState::removed) {
        STIPEND_LET(insert, database_.prepare("INSERT INTO mark VALUES(?, ?)"));
        for (const auto& mark : marks_of(stated)) {
            // An address can be stated by any peer: only its wallet's signature keeps it from others.
            if (mark.starts_with("payout") && !registration.payout_proven) continue;
            STIPEND_TRY(insert.bind_text(mark).bind_text(stated.id).run());
        }
    }
    if (what.empty()) return {};
    return note(registration.updated_at, actor, what, stated.id, from, to);
}

Result<void> RegistrationStore::note(stipend_unix_ns at, std::string_view actor, std::string_view what,
                                     std::string_view id, std::string_view from, std::string_view to) {
    STIPEND_LET(audit, database_.prepare(
                           "INSERT INTO audit(at, actor, what, id, from_text, to_text) VALUES(?, ?, ?, ?, ?, ?)"));
    audit.bind(at).bind_text(actor).bind_text(what).bind_text(id);
    STIPEND_TRY(audit.bind_text(from).bind_text(to).run());
    STIPEND_LET(trim, database_.prepare(
                          "DELETE FROM audit WHERE id = ?1 AND number <= (SELECT number FROM audit WHERE id = ?1 ORDER "
                          "BY number DESC LIMIT 1 OFFSET ?2)"));
    return trim.bind_text(id).bind(max_audit_each).run();
}

template <class Change>
Result<Outcome> RegistrationStore::change(std::string_view id, const Actor& actor, std::string_view what,
                                          stipend_unix_ns now, Change apply) {
    const std::lock_guard lock(mutex_);
    return write([&]() -> Result<Outcome> {
        STIPEND_LET(before, read(id));
        if (!before || before->state == RegistrationState::removed) {
            return refused(Fault::unknown, "no such registration");
        }
        Outcome out;
        out.registration = *before;
        out.registration.updated_at = now;
        STIPEND_TRY(apply(out));
        if (out.fault != Fault::none) return out;
        const bool paid = out.registration.state == RegistrationState::approved;
        out.terms_changed = (before->state == RegistrationState::approved) != paid ||
                            (paid && before->stated != out.registration.stated) ||
                            before->payout_proven != out.registration.payout_proven;
        const bool changed = before->state != out.registration.state || before->secret != out.registration.secret ||
                             before->payout_proven != out.registration.payout_proven;
        STIPEND_TRY(put(out.registration, actor.name, changed ? what : "", shown(*before), shown(out.registration)));
        return out;
    });
}

Result<Outcome> RegistrationStore::approve(std::string_view id, const Actor& actor, stipend_unix_ns now) {
    return change(id, actor, "approve", now, [&](Outcome& out) -> Result<void> {
        out.registration.state = RegistrationState::approved;
        out.registration.ended_itself = false;
        if (!out.registration.approved_at) out.registration.approved_at = now;
        return {};
    });
}

Result<Outcome> RegistrationStore::disconnect(std::string_view id, const Actor& actor, stipend_unix_ns now) {
    return change(id, actor, "disconnect", now, [&](Outcome& out) -> Result<void> {
        // One that was disconnected by an administrator does not make itself one that comes back.
        if (out.registration.state == RegistrationState::disconnected && actor.rank == Rank::peer) return {};
        out.registration.state = RegistrationState::disconnected;
        out.registration.ended_itself = actor.rank == Rank::peer;
        return {};
    });
}

Result<Outcome> RegistrationStore::remove(std::string_view id, const Actor& actor, stipend_unix_ns now) {
    return change(id, actor, "remove", now, [&](Outcome& out) -> Result<void> {
        out.registration.state = RegistrationState::removed;
        out.registration.ended_itself = false;
        out.registration.secret.reset();
        STIPEND_TRY(forget_invitations(id));
        return drop_change(id);
    });
}

Result<Outcome> RegistrationStore::rotate(std::string_view id, const Actor& actor, bool revoke, stipend_unix_ns now) {
    return change(id, actor, revoke ? "revoke secret" : "new secret", now, [&](Outcome& out) -> Result<void> {
        if (revoke) {
            out.registration.secret.reset();
        } else {
            STIPEND_SET(out.secret, make_secret(out.registration));
        }
        return {};
    });
}

Result<Outcome> RegistrationStore::prove_payout(std::string_view id, std::string_view address, stipend_unix_ns now) {
    const Actor wallet{Rank::peer, cat("wallet:", address)};
    return change(id, wallet, "prove payout address", now, [&](Outcome& out) -> Result<void> {
        if (out.registration.stated.payout_address != address) return {};
        STIPEND_LET(taken, taken_mark(out.registration.stated));
        if (!taken.empty()) {
            out = refused(Fault::taken, cat("another orchestrator has ", taken, " already"));
            return {};
        }
        out.registration.payout_proven = true;
        return {};
    });
}

Result<Outcome> RegistrationStore::hand_over_payout(std::string_view id, std::string_view from, const std::string& to,
                                                    stipend_unix_ns now) {
    const Actor wallet{Rank::peer, cat("wallet:", from)};
    return change(id, wallet, "hand over payout address", now, [&](Outcome& out) -> Result<void> {
        auto& registration = out.registration;
        if (registration.stated.payout_address != from || !registration.payout_proven) {
            out = refused(Fault::invalid, "the payout address that was proven is another one by now");
            return {};
        }
        registration.stated.payout_address = to;
        registration.payout_proven = false;
        return drop_change(id);  // its wallet is not lost
    });
}

Result<bool> RegistrationStore::owns(std::string_view id, const Sha256& secret) {
    const std::lock_guard lock(mutex_);
    STIPEND_LET(found, read(id));
    return found && same_secret(found->secret, secret);
}

Result<std::optional<Registration>> RegistrationStore::find(std::string_view id) {
    const std::lock_guard lock(mutex_);
    return read(id);
}

Result<std::vector<Registration>> RegistrationStore::approved() {
    const std::lock_guard lock(mutex_);
    STIPEND_LET(out, select("state = 1 ORDER BY id"));
    STIPEND_TRY(add_invited_terms(out));
    return out;
}

Result<std::map<std::string, std::string>> RegistrationStore::proven_addresses() {
    const std::lock_guard lock(mutex_);
    STIPEND_LET(rows, database_.prepare("SELECT id, CASE WHEN payout_proven = 1 THEN payout_address ELSE '' END FROM "
                                        "registration"));
    std::map<std::string, std::string> out;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        auto id = rows.text();
        out.emplace(std::move(id), rows.text());
    }
}

Result<std::vector<Registration>> RegistrationStore::pending(stipend_unix_ns since) {
    const std::lock_guard lock(mutex_);
    return select(
        cat("(state IN (0, 2) AND approved_at IS NULL) OR (state = 1 AND approved_at >= ", since, ") ORDER BY number"));
}

Result<std::vector<Registration>> RegistrationStore::proven_by(std::string_view address) {
    if (address.size() != 42 || !address.starts_with("0x") || !is_hex(address.substr(2))) {
        return fail(STIPEND_E_INVALID, "not an address");
    }
    const std::lock_guard lock(mutex_);
    return select(cat("payout_proven = 1 AND state <> 3 AND payout_address = '", address, "' ORDER BY id"));
}

Result<std::vector<Registration>> RegistrationStore::all() {
    const std::lock_guard lock(mutex_);
    return select("state <> 3 ORDER BY id");
}

Result<std::vector<RegistrationStore::AuditRow>> RegistrationStore::audit(std::string_view id) {
    const std::lock_guard lock(mutex_);
    STIPEND_LET(statement, database_.prepare("SELECT number, at, actor, what, id, from_text, to_text FROM audit "
                                             "WHERE id = ? ORDER BY number"));
    statement.bind_text(id);
    std::vector<AuditRow> out;
    for (;;) {
        STIPEND_LET(found, statement.next());
        if (!found) return out;
        auto& row = out.emplace_back();
        row.number = statement.i64();
        row.at = statement.i64();
        row.actor = statement.text();
        row.what = statement.text();
        row.id = statement.text();
        row.from = statement.text();
        row.to = statement.text();
    }
}

}  // namespace stipend::registry
