#include "host/engine/registrar.hpp"

#include <algorithm>
#include <limits>

#include "host/auth/checked.hpp"
#include "host/auth/key_text.hpp"
#include "host/base/printable.hpp"
#include "host/base/sha256.hpp"
#include "host/base/time.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

using registry::Fault;
using registry::Outcome;

constexpr std::size_t max_field_bytes = 2048;
constexpr std::size_t max_by_bytes = 128;
constexpr std::size_t secret_digits = 64;
constexpr std::int64_t retry_full_s = 600;

// A secret of 256 random bits is not guessed, so that failures count by network alone: by id, they would keep the
// orchestrator itself out.
auth::ThrottleLimits throttle_limits() {
    auth::ThrottleLimits out;
    out.account = {.free_failures = std::numeric_limits<std::uint32_t>::max(), .longest_s = 1};
    return out;
}

Result<registry::Stated> stated_of(const api::Request& request) {
    registry::Stated out;
    STIPEND_SET(out.id, request.text("orchestrator_id", max_field_bytes));
    STIPEND_SET(out.endpoint, request.text("endpoint", max_field_bytes));
    STIPEND_SET(out.capabilities, request.texts("capabilities", registry::max_capabilities, max_field_bytes, true));
    STIPEND_SET(out.payout_address, request.text("eth_address", max_field_bytes));
    STIPEND_SET(out.service_addresses,
                request.texts("service_addresses", registry::max_service_addresses, max_field_bytes, false));
    STIPEND_SET(out.worker_key, request.text_or_none("worker_key", max_field_bytes));
    return out;
}

// The hash of the secret that a newcomer made for itself; nothing where the host is to make one.
Result<std::optional<Sha256>> proposed_of(const api::Request& request) {
    STIPEND_LET(secret, request.text_or_none("secret", max_field_bytes));
    if (secret.empty()) return std::optional<Sha256>();
    // Without the text itself.
    if (secret.size() != secret_digits || !auth::is_lower_hex(secret)) {
        return fail(STIPEND_E_INVALID, "\"secret\": got ", secret.size(), " bytes, want ", secret_digits,
                    " random hex digits in lower case");
    }
    return std::optional(sha256(secret));
}

registry::Actor actor_of(const api::Principal& principal) {
    const bool approves = principal.may(auth::Permission::orchestrators_approve);
    return {approves ? registry::Rank::approver : registry::Rank::registrar, cat("account:", principal.name)};
}

std::string_view message_of(registry::RegistrationState state) {
    switch (state) {
        case registry::RegistrationState::approved:
            return "registered, and approved";
        case registry::RegistrationState::disconnected:
            return "registered, and disconnected by an administrator";
        default:
            return "registered; an administrator has to approve it";
    }
}

Json registration_json(const registry::Registration& one) {
    auto services = Json::array();
    for (const auto& address : one.stated.service_addresses) services.push(address);
    auto capabilities = Json::array();
    for (const auto& name : one.stated.capabilities) capabilities.push(name);
    const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    return Json::object()
        .append("orchestrator_id", one.stated.id)
        .append("state", registry::name_of(one.state))
        .append("endpoint", one.stated.endpoint)
        .append("service_addresses", std::move(services))
        .append("capabilities", std::move(capabilities))
        .append("eth_address", or_null(one.stated.payout_address))
        .append("payout_proven", one.payout_proven)
        .append("worker_key", or_null(one.stated.worker_key))
        .append("has_secret", one.secret.has_value())
        .append("registered", one.calls)
        .append("created_at", utc_text(one.created_at))
        .append("updated_at", utc_text(one.updated_at))
        .append("approved_at", one.approved_at ? Json(utc_text(*one.approved_at)) : Json());
}

api::Reply refusal_of(const Outcome& outcome) {
    switch (outcome.fault) {
        case Fault::denied:
            return api::problem(401, auth::refused_answer);
        case Fault::unknown:
            return api::problem(404, outcome.why);
        case Fault::invalid:
            return api::problem(422, outcome.why);
        case Fault::taken:
            return api::problem(409, outcome.why);
        case Fault::restricted:
            return api::problem(403, outcome.why);
        default:
            return api::problem_later(429, outcome.why, retry_full_s);
    }
}

// The answer to a change that is not a registration.
Json answer_of(const Outcome& outcome) {
    auto out = Json::object()
                   .append("success", true)
                   .append("orchestrator_id", outcome.registration.stated.id)
                   .append("state", registry::name_of(outcome.registration.state));
    if (!outcome.secret.empty()) out.append("secret", outcome.secret);
    return out;
}

std::string local_name(const Json& body) {
    const auto* by = body.find("by");
    const bool named = by != nullptr && by->is(Json::Kind::string);
    return cat("local:", named ? clip(by->text(), max_by_bytes) : std::string_view());
}

struct Order {
    std::string action, id;
    registry::Actor actor;
};
Result<Order> order_of(const Json& body) {
    const auto text = [&](std::string_view name) {
        const auto* value = body.find(name);
        return value != nullptr && value->is(Json::Kind::string) ? value->text() : std::string();
    };
    Order out{text("action"), text("id"), {registry::Rank::approver, local_name(body)}};
    if (out.id.empty()) return fail(STIPEND_E_INVALID, "the id is missing");
    return out;
}

Result<Outcome> carry_out_order(registry::RegistrationStore& store, const Order& order, stipend_unix_ns now) {
    const auto outcome = [&]() -> Result<Outcome> {
        if (order.action == "approve") return store.approve(order.id, order.actor, now);
        if (order.action == "disconnect") return store.disconnect(order.id, order.actor, now);
        if (order.action == "remove") return store.remove(order.id, order.actor, now);
        if (order.action == "rotate") return store.rotate(order.id, order.actor, false, now);
        if (order.action == "revoke") return store.rotate(order.id, order.actor, true, now);
        if (order.action == "cancel-change") return store.cancel_change(order.id, order.actor, now);
        return fail(STIPEND_E_INVALID, "unknown action: got \"", clip(order.action, 32), "\"");
    }();
    if (!outcome) return outcome;
    if (outcome->fault != Fault::none) return fail(STIPEND_E_INVALID, outcome->why, ": ", clip(order.id, 128));
    return outcome;
}

}  // namespace

Json change_json(const std::optional<registry::PendingChange>& change) {
    if (!change) return {};
    const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    return Json::object()
        .append("payout_address", or_null(change->payout_address))
        .append("worker_key", or_null(change->worker_key))
        .append("asked_at", utc_text(change->asked_at))
        .append("asked_by", change->by)
        .append("effective_at", utc_text(change->effective_at));
}

Registrar::Registrar(RegistrarParts parts)
    : parts_(std::move(parts)), common_hash_(sha256(parts_.common_secret)), throttle_(throttle_limits()) {}

void Registrar::note(const Outcome& outcome, std::string_view what, std::string_view by) {
    parts_.log(cat("registration: ", what, ": ", outcome.registration.stated.id, " (",
                   registry::name_of(outcome.registration.state), "), by ", printable_line(by)));
    if (outcome.terms_changed) parts_.changed();
}

// What the store fails at is this host's own, whatever the status of the error.
api::Reply Registrar::reply_of(const Result<Outcome>& outcome) {
    if (!outcome) {
        parts_.log(outcome.error().message);
        if (outcome.error().status == STIPEND_E_BUSY) return api::problem_of(outcome.error());
        return api::problem(500, "the host failed; its log says why");
    }
    if (outcome->fault != Fault::none) return refusal_of(*outcome);
    return api::json_reply(answer_of(*outcome));
}

api::Reply Registrar::enroll(const api::Request& request) {
    registry::Enrollment enrollment;
    std::string by = "a peer";
    if (request.principal) {
        enrollment.actor = actor_of(*request.principal);
        by = enrollment.actor.name;
    } else {
        enrollment.invitation = auth::parse_invitation(request.credential);
        if (enrollment.invitation) by = cat("the invitation ", enrollment.invitation->id);
        const auto* id = request.body.find("orchestrator_id");
        const bool is_text = id != nullptr && id->is(Json::Kind::string);
        auto proof = enrollment.invitation
                         ? check_invitation(request, *enrollment.invitation)
                         : check_secret(request, is_text ? std::string_view(id->text()) : std::string_view(), true);
        if (proof.refusal) return std::move(*proof.refusal);
        enrollment.common = proof.common;
        enrollment.secret = sha256(request.credential);
    }
    const auto proposed = proposed_of(request);
    if (!proposed) return api::problem_of(proposed.error());
    enrollment.proposed = *proposed;
    auto stated = stated_of(request);
    if (!stated) return api::problem_of(stated.error());
    stated = registry::normalised(std::move(*stated), parts_.allowed);
    if (!stated) return api::problem_of(stated.error());
    enrollment.stated = std::move(*stated);
    const auto& id = enrollment.stated.id;
    if (const auto configured = parts_.configured()) {
        if (const auto what = configured->taken(enrollment.stated); !what.empty()) {
            return api::problem(409, cat("an orchestrator of the configuration has ", what, " already"));
        }
    }
    if (enrollment.common || enrollment.invitation) {
        const auto known = parts_.has_history(id);
        if (!known) return api::problem_of(known.error());
        enrollment.has_history = *known;
    }
    if (!request.idempotency_key.empty()) {
        enrollment.once = registry::Once{.key = "register " + request.idempotency_key, .body = request.body_hash};
    }
    std::string challenge;
    {
        const std::lock_guard lock(mutex_);
        auto issued = challenges_.issue(id, parts_.clock->now());
        if (!issued) return api::problem(500, "the host failed; its log says why");
        challenge = std::move(*issued);
    }
    const auto answer = [&](const Outcome& outcome) {
        return Json::object()
            .append("success", true)
            .append("orchestrator_id", id)
            .append("challenge", challenge)
            .append("message", message_of(outcome.registration.state))
            .append("state", registry::name_of(outcome.registration.state))
            .append("pending_change", change_json(outcome.pending));
    };
    enrollment.answer = [&](const Outcome& outcome) { return answer(outcome).dump(); };
    const auto outcome = parts_.store->enroll(enrollment, parts_.clock->now());
    if (!outcome || outcome->fault != Fault::none) return reply_of(outcome);
    if (outcome->replayed) {
        return {.status = 200, .headers = "Idempotent-Replayed: true\r\n", .body = outcome->answer + "\n"};
    }
    note(*outcome, outcome->created ? "registered" : "registered again", by);
    if (outcome->pending) parts_.pending_changed();
    auto body = answer(*outcome);
    if (!outcome->secret.empty()) body.append("secret", outcome->secret);
    return api::json_reply(body);
}

Result<Outcome> Registrar::carry_out(Kind kind, std::string_view id, const registry::Actor& actor) {
    const auto now = parts_.clock->now();
    switch (kind) {
        case Kind::approve:
            return parts_.store->approve(id, actor, now);
        case Kind::disconnect:
            return parts_.store->disconnect(id, actor, now);
        case Kind::remove:
            return parts_.store->remove(id, actor, now);
        case Kind::rotate:
            return parts_.store->rotate(id, actor, false, now);
        case Kind::revoke:
            return parts_.store->rotate(id, actor, true, now);
        case Kind::cancel_change:
            break;
    }
    return parts_.store->cancel_change(id, actor, now);
}

api::Reply Registrar::change(Kind kind, const api::Request& request, bool by_secret) {
    static constexpr std::string_view names[] = {"approved",   "disconnected",   "removed",
                                                 "new secret", "secret revoked", "change cancelled"};
    const auto& id = request.path.at("id");
    registry::Actor actor{registry::Rank::peer, "orchestrator:" + id};
    if (request.principal) {
        actor = actor_of(*request.principal);
    } else {
        STIPEND_ASSERT(by_secret);
        auto proof = check_secret(request, id, false);
        if (proof.refusal) return std::move(*proof.refusal);
    }
    const auto configured = parts_.configured();
    if (configured && configured->has_id(id)) {
        return api::problem(409, "this orchestrator is of the configuration, which says what becomes of it");
    }
    if (kind == Kind::approve && configured) {
        const auto found = parts_.store->find(id);
        const auto what = found && *found ? configured->taken((*found)->stated) : std::string_view();
        if (!what.empty()) return api::problem(409, cat("an orchestrator of the configuration has ", what, " already"));
    }
    const auto outcome = carry_out(kind, id, actor);
    if (outcome && outcome->fault == Fault::none) {
        note(*outcome, names[static_cast<std::size_t>(kind)], actor.name);
        if (kind == Kind::remove && parts_.connect_back) parts_.connect_back->forget(id);
        if (kind == Kind::remove || kind == Kind::cancel_change) parts_.pending_changed();
    }
    return reply_of(outcome);
}

api::Reply Registrar::approve(const api::Request& request) {
    return change(Kind::approve, request, false);
}

api::Reply Registrar::disconnect(const api::Request& request) {
    return change(Kind::disconnect, request, true);
}

api::Reply Registrar::remove(const api::Request& request) {
    return change(Kind::remove, request, false);
}

api::Reply Registrar::cancel_change(const api::Request& request) {
    return change(Kind::cancel_change, request, true);
}

api::Reply Registrar::rotate(const api::Request& request) {
    const auto* revoke = request.body.find("revoke");
    if (revoke != nullptr && !revoke->is(Json::Kind::boolean)) {
        return api::problem(422, "\"revoke\": want true or false");
    }
    return change(revoke != nullptr && revoke->truth() ? Kind::revoke : Kind::rotate, request, true);
}

Result<std::vector<std::string>> Registrar::owned_by(std::string_view wallet) {
    STIPEND_LET(found, parts_.store->proven_by(wallet));
    std::vector<std::string> out;
    for (const auto& one : found) out.push_back(one.stated.id);
    return out;
}

Result<Json> Registrar::order(const Json& body) {
    const auto* action = body.find("action");
    if (action != nullptr && action->text() == "import") return import(body);
    if (action != nullptr && action->text() == "invite") return make_invitation(body, local_name(body));
    if (action != nullptr && action->text() == "revoke-invitation") {
        STIPEND_LET(asked, order_of(body));
        STIPEND_LET(ended, end_invitation(asked.id, asked.actor.name));
        if (ended.fault != Fault::none) return fail(STIPEND_E_INVALID, ended.why, ": ", clip(asked.id, max_by_bytes));
        return Json::object().append("success", true);
    }
    STIPEND_LET(order, order_of(body));
    STIPEND_LET(outcome, carry_out_order(*parts_.store, order, parts_.clock->now()));
    note(outcome, order.action, order.actor.name);
    if (order.action == "remove" && parts_.connect_back) parts_.connect_back->forget(order.id);
    if (order.action == "remove" || order.action == "cancel-change") parts_.pending_changed();
    return answer_of(outcome);
}

Result<Json> Registrar::list() {
    return list_registrations(*parts_.store, parts_.clock->now());
}

Result<Json> order_without_host(registry::RegistrationStore& store, const Json& body, stipend_unix_ns now) {
    STIPEND_LET(order, order_of(body));
    STIPEND_LET(outcome, carry_out_order(store, order, now));
    return answer_of(outcome);
}

Result<Json> list_registrations(registry::RegistrationStore& store, stipend_unix_ns now) {
    STIPEND_LET(all, store.all());
    auto list = Json::array();
    for (const auto& one : all) list.push(registration_json(one));
    STIPEND_LET(invitations, invitations_json(store, now));
    return Json::object().append("registrations", std::move(list)).append("invitations", std::move(invitations));
}

}  // namespace stipend::engine
