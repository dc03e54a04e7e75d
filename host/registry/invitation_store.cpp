// Invitations in the registration store: each is taken once, in the transaction of the registration that it allows.
#include <algorithm>

#include "host/registry/registration_store.hpp"

namespace stipend::registry {
namespace {

constexpr std::string_view invitation_columns =
    "id, manager, capability, network, approve, made_by, made_at, expires_at, used_by, used_at, approved_at, "
    "revoked_at";
constexpr std::string_view audit_of_all = "invitations";  // with a blank before it, which no id has

Result<Invitation> read_invitation(sqlite::Statement& row) {
    Invitation out;
    out.id = row.text();
    out.terms.manager = row.text();
    out.terms.capability = row.text();
    out.terms.network = row.text();
    out.terms.approve = row.flag();
    out.made_by = row.text();
    out.made_at = row.i64();
    out.expires_at = row.i64();
    out.used_by = row.text();
    out.used_at = row.maybe<stipend_unix_ns>();
    out.approved_at = row.maybe<stipend_unix_ns>();
    out.revoked_at = row.maybe<stipend_unix_ns>();
    if (row.malformed()) return fail(STIPEND_E_INTERNAL, "registry: the invitation ", out.id, " is damaged");
    return out;
}

std::string shown_invitation(const Invitation& one) {
    const auto or_none = [](const std::string& text) { return text.empty() ? std::string_view("-") : text; };
    return cat(one.id, " ", one.terms.manager, " ", or_none(one.terms.capability), " ", or_none(one.terms.network), " ",
               one.terms.approve ? "approve" : "-", " ", or_none(one.used_by));
}

}  // namespace

std::string_view name_of(InvitationState state) {
    static constexpr std::string_view names[] = {"open", "used", "expired", "revoked"};
    return names[static_cast<std::size_t>(state)];
}

InvitationState Invitation::state(stipend_unix_ns now) const {
    if (!used_by.empty()) return InvitationState::used;
    if (revoked_at) return InvitationState::revoked;
    return now >= expires_at ? InvitationState::expired : InvitationState::open;
}

// Added later; an earlier program does not miss it.
Result<void> RegistrationStore::make_invitation_table() {
    return database_.run(
        "CREATE TABLE IF NOT EXISTS invitation(id TEXT PRIMARY KEY, hash BLOB NOT NULL, manager TEXT NOT NULL, "
        "capability TEXT NOT NULL, network TEXT NOT NULL, approve INTEGER NOT NULL, made_by TEXT NOT NULL, made_at "
        "INTEGER NOT NULL, expires_at INTEGER NOT NULL, used_by TEXT NOT NULL, used_at INTEGER, approved_at INTEGER, "
        "revoked_at INTEGER) STRICT, WITHOUT ROWID; "
        "CREATE INDEX IF NOT EXISTS invitation_by_user ON invitation(used_by, used_at);");
}

Result<MadeInvitation> RegistrationStore::invite(const InvitationTerms& terms, const std::string& by,
                                                 stipend_unix_ns expires_at, stipend_unix_ns now) {
    STIPEND_LET(made, auth::make_invitation(terms.manager));
    const std::lock_guard lock(mutex_);
    return write([&]() -> Result<MadeInvitation> {
        STIPEND_LET(
            forget,
            database_.prepare("DELETE FROM invitation WHERE used_by = '' AND (revoked_at IS NOT NULL OR expires_at <= "
                              "?1) AND id NOT IN (SELECT id FROM invitation WHERE used_by = '' AND (revoked_at IS NOT "
                              "NULL OR expires_at <= ?1) ORDER BY made_at DESC, id LIMIT ?2)"));
        STIPEND_TRY(forget.bind(now).bind(max_ended_invitations - 1).run());
        STIPEND_LET(open, database_.prepare("SELECT count(*) FROM invitation WHERE used_by = '' AND revoked_at IS NULL "
                                            "AND expires_at > ?"));
        STIPEND_LET(found, open.bind(now).next());
        if (found && open.i64() >= static_cast<std::int64_t>(max_open_invitations)) {
            return fail(STIPEND_E_LIMIT, max_open_invitations,
                        " invitations are open, want fewer: revoke some, or wait until they expire");
        }
        open.reset();
        Invitation one{.id = made.id, .terms = terms, .made_by = by, .made_at = now, .expires_at = expires_at};
        STIPEND_LET(insert, database_.prepare(cat("INSERT INTO invitation(", invitation_columns,
                                                  ", hash) VALUES(?, ?, ?, ?, ?, ?, ?, ?, '', NULL, NULL, NULL, ?)")));
        insert.bind_text(one.id).bind_text(terms.manager).bind_text(terms.capability).bind_text(terms.network);
        insert.bind(terms.approve ? 1 : 0).bind_text(by).bind(now).bind(expires_at).bind_blob(made.hash);
        STIPEND_TRY(insert.run());
        STIPEND_TRY(note(now, by, "invite", invitation_audit(), "", shown_invitation(one)));
        return MadeInvitation{.invitation = std::move(one), .text = std::string(made.text.view())};
    });
}

std::string RegistrationStore::invitation_audit() {
    return cat(" ", audit_of_all);
}

Result<std::vector<Invitation>> RegistrationStore::invitations() {
    const std::lock_guard lock(mutex_);
    STIPEND_LET(statement, database_.prepare(cat("SELECT ", invitation_columns,
                                                 " FROM invitation ORDER BY used_by <> '', made_at DESC, id LIMIT ?")));
    statement.bind(max_listed_invitations);
    std::vector<Invitation> out;
    for (;;) {
        STIPEND_LET(found, statement.next());
        if (!found) return out;
        STIPEND_LET(row, read_invitation(statement));
        out.push_back(std::move(row));
    }
}

Result<std::optional<Invitation>> RegistrationStore::read_invitation_of(const auth::InvitationText& text) {
    STIPEND_LET(statement,
                database_.prepare(cat("SELECT ", invitation_columns, ", hash FROM invitation WHERE id = ?")));
    STIPEND_LET(found, statement.bind_text(text.id).next());
    if (!found) return std::optional<Invitation>();
    STIPEND_LET(row, read_invitation(statement));
    if (!auth::equal_in_constant_time(statement.bytes32(), text.hash)) return std::optional<Invitation>();
    return std::optional(std::move(row));
}

Result<std::optional<Invitation>> RegistrationStore::invitation_of(const auth::InvitationText& text) {
    const std::lock_guard lock(mutex_);
    return read_invitation_of(text);
}

Result<Outcome> RegistrationStore::revoke_invitation(std::string_view id, const std::string& by, stipend_unix_ns now) {
    const std::lock_guard lock(mutex_);
    return write([&]() -> Result<Outcome> {
        STIPEND_LET(select, database_.prepare(cat("SELECT ", invitation_columns, " FROM invitation WHERE id = ?")));
        STIPEND_LET(found, select.bind_text(id).next());
        if (!found) return refused(Fault::unknown, "no such invitation");
        STIPEND_LET(one, read_invitation(select));
        select.reset();
        if (one.approved_at || (!one.used_by.empty() && !one.terms.approve)) {
            return refused(Fault::taken, cat("it was used by ", one.used_by, ": disconnect or remove that one"));
        }
        if (one.revoked_at) return Outcome{};
        STIPEND_LET(revoke, database_.prepare("UPDATE invitation SET revoked_at = ? WHERE id = ?"));
        STIPEND_TRY(revoke.bind(now).bind_text(id).run());
        STIPEND_TRY(note(now, by, "revoke invitation", invitation_audit(), shown_invitation(one), ""));
        return Outcome{};
    });
}

// Why the newcomer is refused; nothing: it joins by it, or has joined by it before.
std::optional<Outcome> RegistrationStore::refuse_invited(const Enrollment& enrollment, const Invitation& invitation,
                                                         bool owner, stipend_unix_ns now) {
    const auto& stated = enrollment.stated;
    if (!enrollment.proposed) {
        return refused(Fault::invalid, "\"secret\": missing; by an invitation, a newcomer states its own");
    }
    switch (invitation.state(now)) {
        case InvitationState::used:
            if (invitation.used_by == stated.id && owner) break;
            return refused(Fault::taken, "this invitation was used already, by another orchestrator or another key");
        case InvitationState::expired:
            return refused(Fault::restricted, "this invitation has expired: ask for another one");
        case InvitationState::revoked:
            return refused(Fault::restricted, "this invitation was revoked: ask for another one");
        case InvitationState::open:
            break;
    }
    const auto& wanted = invitation.terms.capability;
    if (!wanted.empty() && std::ranges::find(stated.capabilities, wanted) == stated.capabilities.end()) {
        return refused(Fault::invalid, cat("\"capabilities\": this invitation is for ", wanted));
    }
    return std::nullopt;
}

Result<void> RegistrationStore::take_invitation(const Invitation& invitation, const std::string& id,
                                                stipend_unix_ns now) {
    if (!invitation.used_by.empty()) return {};
    STIPEND_LET(take,
                database_.prepare("UPDATE invitation SET used_by = ?, used_at = ? WHERE id = ? AND used_by = ''"));
    STIPEND_LET(taken, take.bind_text(id).bind(now).bind_text(invitation.id).run_counted());
    if (taken != 1) return fail(STIPEND_E_INTERNAL, "registry: the invitation ", invitation.id, " is gone");
    auto used = invitation;
    used.used_by = id;
    return note(now, cat("orchestrator:", id), "use invitation", invitation_audit(), shown_invitation(invitation),
                shown_invitation(used));
}

Result<Outcome> RegistrationStore::approve_invited(std::string_view id, stipend_unix_ns now) {
    const std::lock_guard lock(mutex_);
    return write([&]() -> Result<Outcome> {
        STIPEND_LET(select, database_.prepare(cat("SELECT ", invitation_columns,
                                                  " FROM invitation WHERE used_by = ? AND approve = 1 AND approved_at "
                                                  "IS NULL AND revoked_at IS NULL ORDER BY used_at DESC LIMIT 1")));
        STIPEND_LET(found, select.bind_text(id).next());
        if (!found) return refused(Fault::unknown, "no invitation approves it");
        STIPEND_LET(invitation, read_invitation(select));
        select.reset();
        STIPEND_LET(before, read(id));
        if (!before || before->state != RegistrationState::unapproved) {
            return refused(Fault::restricted, "an administrator has decided about it");
        }
        Outcome out{.registration = *before, .terms_changed = true};
        auto& next = out.registration;
        next.state = RegistrationState::approved;
        next.updated_at = now;
        if (!next.approved_at) next.approved_at = now;
        STIPEND_LET(approved, database_.prepare("UPDATE invitation SET approved_at = ? WHERE id = ?"));
        STIPEND_TRY(approved.bind(now).bind_text(invitation.id).run());
        STIPEND_TRY(put(next, cat("invitation ", invitation.id, " of ", invitation.made_by), "approve", shown(*before),
                        shown(next)));
        return out;
    });
}

Result<void> RegistrationStore::forget_invitations(std::string_view id) {
    STIPEND_LET(forget, database_.prepare("DELETE FROM invitation WHERE used_by = ?"));
    return forget.bind_text(id).run();
}

// The last one that it used counts.
Result<void> RegistrationStore::add_invited_terms(std::vector<Registration>& registrations) {
    STIPEND_LET(rows, database_.prepare("SELECT used_by, capability, network FROM invitation WHERE used_by <> '' AND "
                                        "(capability <> '' OR network <> '') ORDER BY used_at"));
    std::map<std::string, std::pair<std::string, std::string>, std::less<>> terms;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        auto id = rows.text();
        auto capability = rows.text();
        terms.insert_or_assign(std::move(id), std::pair(std::move(capability), rows.text()));
    }
    if (terms.empty()) return {};
    for (auto& one : registrations) {
        if (const auto found = terms.find(one.stated.id); found != terms.end()) {
            one.capability = found->second.first;
            one.network = found->second.second;
        }
    }
    return {};
}

}  // namespace stipend::registry
