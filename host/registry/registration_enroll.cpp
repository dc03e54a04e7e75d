// Registrations: new ones, and again.
#include <string>

#include "host/registry/registration_store.hpp"

namespace stipend::registry {

Result<Outcome> RegistrationStore::enroll(const Enrollment& enrollment, stipend_unix_ns now) {
    const std::lock_guard lock(mutex_);
    return write([&] { return enroll_within(enrollment, now); });
}

Result<Outcome> RegistrationStore::enroll_within(const Enrollment& enrollment, stipend_unix_ns now) {
    const auto& id = enrollment.stated.id;
    STIPEND_LET(before, read(id));
    const bool peer = enrollment.actor.rank == Rank::peer;
    const bool owner =
        peer && before &&
        (same_secret(before->secret, enrollment.secret) ||
         ((enrollment.common || enrollment.invitation) && same_secret(before->secret, enrollment.proposed)));
    std::optional<Invitation> invitation;
    if (enrollment.invitation) STIPEND_SET(invitation, read_invitation_of(*enrollment.invitation));
    if (peer && !owner && !enrollment.common && !invitation) return refused(Fault::denied, "wrong secret");
    if (enrollment.invitation && !invitation) return refused(Fault::denied, "no such invitation");
    if (invitation) {
        if (auto refusal = refuse_invited(enrollment, *invitation, owner, now)) return std::move(*refusal);
    }
    const auto by = owner        ? "orchestrator:" + id
                    : invitation ? cat("invitation ", invitation->id, " of ", invitation->made_by)
                    : peer       ? std::string("newcomer")
                                 : enrollment.actor.name;
    STIPEND_LET(repeated, repetition(enrollment, by, now));
    if (repeated) return std::move(*repeated);
    const bool there = before && before->state != RegistrationState::removed;
    if (there && peer && !owner) {
        return refused(Fault::taken, "this id is registered: only its own secret, or an administrator, changes it");
    }
    // Its history, and what it is owed, would pass to another.
    if (!there && peer && (before || enrollment.has_history)) {
        return refused(Fault::taken, "this id was in use before: only an administrator registers it again");
    }
    STIPEND_LET(taken, taken_mark(enrollment.stated));
    if (!taken.empty()) return refused(Fault::taken, cat("another orchestrator has ", taken, " already"));
    STIPEND_LET(outcome,
                there ? update(enrollment, by, owner, std::move(*before), now) : create(enrollment, by, before, now));
    if (outcome.fault != Fault::none) return outcome;
    if (invitation) STIPEND_TRY(take_invitation(*invitation, id, now));
    if (enrollment.answer) outcome.answer = enrollment.answer(outcome);
    STIPEND_TRY(remember(enrollment, by, outcome, now));
    return outcome;
}

Result<Outcome> RegistrationStore::create(const Enrollment& enrollment, const std::string& by,
                                          const std::optional<Registration>& before, stipend_unix_ns now) {
    const bool approved = enrollment.actor.rank == Rank::approver;
    STIPEND_LET(all, database_.number("SELECT count(*) FROM registration"));
    STIPEND_LET(unapproved,
                database_.number("SELECT count(*) FROM registration WHERE state IN (0, 2) AND approved_at IS NULL"));
    if (static_cast<std::size_t>(all) >= max_registrations ||
        (!approved && static_cast<std::size_t>(unapproved) >= max_unapproved)) {
        return refused(Fault::full, "too many orchestrators wait for approval");
    }
    Outcome out;
    out.created = true;
    auto& made = out.registration;
    made.stated = enrollment.stated;
    made.state = approved ? RegistrationState::approved : RegistrationState::unapproved;
    made.calls = before ? before->calls + 1 : 1;
    made.created_at = made.updated_at = now;
    if (approved) made.approved_at = now;
    out.terms_changed = approved;
    if (enrollment.proposed) {
        made.secret = enrollment.proposed;
    } else {
        STIPEND_SET(out.secret, make_secret(made));
    }
    STIPEND_TRY(put(made, by, "register", before ? shown(*before) : std::string(), shown(made)));
    return out;
}

Result<Outcome> RegistrationStore::update(const Enrollment& enrollment, const std::string& by, bool owner,
                                          Registration before, stipend_unix_ns now) {
    if (enrollment.proposed && !same_secret(before.secret, enrollment.proposed)) {
        return refused(Fault::invalid, "\"secret\": this id has another one; POST .../{id}/secret makes a new one");
    }
    Outcome out;
    out.registration = before;
    auto& next = out.registration;
    next.stated = enrollment.stated;
    next.updated_at = now;
    ++next.calls;
    const bool other_payout = before.stated.payout_address != next.stated.payout_address;
    // By a secret that leaked, pay would go elsewhere.
    if (owner && other_payout && before.approved_at && !before.stated.payout_address.empty()) {
        return refused(Fault::restricted, "\"eth_address\": only an administrator changes it once it is approved");
    }
    const auto wanted = next;  // for the record, also where a part of it waits
    if (!owner) out.pending = put_off(by, before, next.stated, now);
    if (next.stated.payout_address != before.stated.payout_address) next.payout_proven = false;
    if (out.pending) STIPEND_TRY(keep_change(*out.pending));
    if (enrollment.actor.rank == Rank::approver) {
        next.state = RegistrationState::approved;
        next.ended_itself = false;
        if (!next.approved_at) next.approved_at = now;
    } else if (owner && next.state == RegistrationState::disconnected && next.ended_itself) {
        next.state = next.approved_at ? RegistrationState::approved : RegistrationState::unapproved;
        next.ended_itself = false;
    }
    const bool changed = before.stated != next.stated || before.state != next.state;
    out.terms_changed =
        changed && (before.state == RegistrationState::approved || next.state == RegistrationState::approved);
    const auto* what = out.pending ? "ask for change" : changed ? "update" : "";
    STIPEND_TRY(put(next, by, what, shown(before), shown(out.pending ? wanted : next)));
    return out;
}

Result<std::optional<Outcome>> RegistrationStore::repetition(const Enrollment& enrollment, const std::string& scope,
                                                             stipend_unix_ns now) {
    if (!enrollment.once) return std::optional<Outcome>();
    STIPEND_LET(select, database_.prepare("SELECT body, answer, at FROM once WHERE scope = ? AND key = ?"));
    STIPEND_LET(found, select.bind_text(scope).bind_text(enrollment.once->key).next());
    if (!found) return std::optional<Outcome>();
    const auto body = select.bytes32();
    auto answer = select.text();
    if (select.i64() < now - once_ns) return std::optional<Outcome>();
    if (body != enrollment.once->body) {
        return std::optional(refused(Fault::invalid, "Idempotency-Key: it came before with another body"));
    }
    return std::optional(Outcome{.replayed = true, .answer = std::move(answer)});
}

Result<void> RegistrationStore::remember(const Enrollment& enrollment, const std::string& scope, const Outcome& outcome,
                                         stipend_unix_ns now) {
    if (!enrollment.once) return {};
    STIPEND_LET(forget,
                database_.prepare("DELETE FROM once WHERE at < ?1 OR number <= (SELECT max(number) FROM once) - ?2 "
                                  "OR (scope = ?3 AND key = ?4)"));
    forget.bind(now - once_ns).bind(max_once).bind_text(scope).bind_text(enrollment.once->key);
    STIPEND_TRY(forget.run());
    STIPEND_LET(insert, database_.prepare("INSERT INTO once(scope, key, body, answer, at) VALUES(?, ?, ?, ?, ?)"));
    insert.bind_text(scope).bind_text(enrollment.once->key).bind_blob(enrollment.once->body);
    return insert.bind_text(outcome.answer).bind(now).run();
}

}  // namespace stipend::registry
