// Invitations: an administrator makes one, a newcomer registers by it, and is approved at its first proof where it says
// so.
#include <algorithm>
#include <array>

#include "host/auth/checked.hpp"
#include "host/base/printable.hpp"
#include "host/config/url.hpp"
#include "host/engine/registrar.hpp"
#include "host/http/manager_url.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

using registry::Invitation;

constexpr std::size_t max_invite_bytes = 512;
constexpr std::int64_t usual_invitation_ns = ns_per_s * s_per_day;
constexpr std::int64_t least_invitation_ns = ns_per_s * 60;
constexpr std::int64_t longest_invitation_ns = ns_per_s * s_per_day * 30;

// A member that is a text, or missing: empty then.
Result<std::string> invite_text(const Json& body, std::string_view name) {
    const auto* value = body.find(name);
    if (value == nullptr || value->is(Json::Kind::null)) return std::string();
    if (value->is(Json::Kind::string) && value->text().size() <= max_invite_bytes) return value->text();
    return fail(STIPEND_E_INVALID, "\"", name, "\": want a text of at most ", max_invite_bytes, " bytes");
}

Result<std::int64_t> life_of_invitation(const Json& body) {
    STIPEND_LET(text, invite_text(body, "expires_in"));
    if (text.empty()) return usual_invitation_ns;
    const auto life = parse_duration(text);
    if (life && *life >= least_invitation_ns && *life <= longest_invitation_ns) return *life;
    return fail(STIPEND_E_INVALID, "\"expires_in\": got \"", printable_line(clip(text, 32)),
                "\", want a time such as 24h, from 1m to 30d");
}

// An address of all interfaces is none at which others reach it.
bool is_of_all_interfaces(std::string_view origin) {
    static constexpr std::array<std::string_view, 2> hosts{"://0.0.0.0:", "://[::]:"};
    return std::ranges::any_of(hosts, [&](std::string_view host) { return origin.find(host) != std::string::npos; });
}

Result<std::string> manager_of_invitation(const Json& body, const std::string& own_origin) {
    STIPEND_LET(text, invite_text(body, "manager_url"));
    const bool stated = !text.empty();
    const auto origin = config::read_origin(stated ? text : own_origin);
    const bool sent_safely = origin && http::check_manager_url(*origin, false);
    if (sent_safely && !is_of_all_interfaces(*origin)) return *origin;
    return fail(STIPEND_E_INVALID, "\"manager_url\": got ", stated ? "\"" : "none, and the API's own is \"",
                printable_line(clip(stated ? text : own_origin, 128)),
                "\", want the address at which orchestrators reach this manager, such as https://payer.example:8010");
}

Json invitation_json(const Invitation& one, stipend_unix_ns now) {
    const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    const auto time = [](const std::optional<stipend_unix_ns>& at) { return at ? Json(utc_text(*at)) : Json(); };
    return Json::object()
        .append("id", one.id)
        .append("state", registry::name_of(one.state(now)))
        .append("manager_url", one.terms.manager)
        .append("capability", or_null(one.terms.capability))
        .append("network", or_null(one.terms.network))
        .append("approve", one.terms.approve)
        .append("made_by", one.made_by)
        .append("made_at", utc_text(one.made_at))
        .append("expires_at", utc_text(one.expires_at))
        .append("used_by", or_null(one.used_by))
        .append("used_at", time(one.used_at))
        .append("approved_at", time(one.approved_at))
        .append("revoked_at", time(one.revoked_at));
}

}  // namespace

Result<Json> invitations_json(registry::RegistrationStore& store, stipend_unix_ns now) {
    STIPEND_LET(all, store.invitations());
    auto list = Json::array();
    for (const auto& one : all) list.push(invitation_json(one, now));
    return list;
}

Result<Json> Registrar::make_invitation(const Json& body, const std::string& by) {
    registry::InvitationTerms terms;
    STIPEND_SET(terms.manager, manager_of_invitation(body, parts_.origin));
    STIPEND_SET(terms.capability, invite_text(body, "capability"));
    STIPEND_SET(terms.network, invite_text(body, "network"));
    STIPEND_TRY(parts_.known_terms(terms.capability, terms.network));
    const auto* approve = body.find("approve");
    if (approve != nullptr && !approve->is(Json::Kind::boolean)) {
        return fail(STIPEND_E_INVALID, "\"approve\": want true or false");
    }
    terms.approve = approve != nullptr && approve->truth();
    STIPEND_LET(life_ns, life_of_invitation(body));
    const auto now = parts_.clock->now();
    STIPEND_LET(made, parts_.store->invite(terms, by, now + life_ns, now));
    parts_.log(cat("registration: invitation ", made.invitation.id, " made, until ", utc_text(now + life_ns), ", by ",
                   printable_line(by)));
    return Json::object()
        .append("invitation", invitation_json(made.invitation, now))
        .append("token", made.text)
        .append("command", cat("stipend worker join ", terms.manager, " --token-file FILE"));
}

Result<registry::Outcome> Registrar::end_invitation(std::string_view id, const std::string& by) {
    STIPEND_LET(outcome, parts_.store->revoke_invitation(id, by, parts_.clock->now()));
    if (outcome.fault == registry::Fault::none) {
        parts_.log(cat("registration: invitation ", printable_line(clip(id, 64)), " revoked, by ", printable_line(by)));
    }
    return outcome;
}

api::Reply Registrar::invite(const api::Request& request) {
    const auto made = make_invitation(request.body, cat("account:", request.principal->name));
    if (made) return api::json_reply(*made);
    if (made.error().status == STIPEND_E_INVALID) return api::problem(422, made.error().message);
    if (made.error().status == STIPEND_E_LIMIT) return api::problem_later(429, made.error().message, 600);
    return reply_of(made.error());
}

api::Reply Registrar::invitations(const api::Request& /*request*/) {
    auto list = invitations_json(*parts_.store, parts_.clock->now());
    if (!list) return reply_of(list.error());
    return api::json_reply(Json::object().append("invitations", std::move(*list)));
}

api::Reply Registrar::revoke_invitation(const api::Request& request) {
    const auto outcome = end_invitation(request.path.at("id"), cat("account:", request.principal->name));
    if (!outcome || outcome->fault != registry::Fault::none) return reply_of(outcome);
    return {.status = 204};
}

Registrar::Proof Registrar::check_invitation(const api::Request& request, const auth::InvitationText& text) {
    if (const auto wait_s = begin_attempt(request); wait_s > 0) {
        return {.refusal = api::problem_later(429, "too many requests", wait_s)};
    }
    const auto found = parts_.store->invitation_of(text);
    if (!found) return {.refusal = reply_of(found.error())};
    if (!*found) {
        parts_.log(cat("registration: refused from ", request.client.text(), ": no such invitation: ", text.id));
        return {.refusal = api::problem(401, auth::refused_answer)};
    }
    succeeded(request);
    return {};
}

// What a newcomer reads before it changes anything on its own machine.
api::Reply Registrar::invitation(const api::Request& request) {
    const auto text = auth::parse_invitation(request.credential);
    if (!text) {
        const auto wait_s = begin_attempt(request);
        return wait_s > 0 ? api::problem_later(429, "too many requests", wait_s)
                          : api::problem(401, auth::refused_answer);
    }
    auto proof = check_invitation(request, *text);
    if (proof.refusal) return std::move(*proof.refusal);
    const auto found = parts_.store->invitation_of(*text);
    if (!found) return reply_of(found.error());
    if (!*found) return api::problem(401, auth::refused_answer);
    const auto& one = **found;
    const auto or_null = [](const std::string& name) { return name.empty() ? Json() : Json(name); };
    return api::json_reply(Json::object()
                               .append("id", one.id)
                               .append("state", registry::name_of(one.state(parts_.clock->now())))
                               .append("manager_url", one.terms.manager)
                               .append("capability", or_null(one.terms.capability))
                               .append("network", or_null(one.terms.network))
                               .append("approve", one.terms.approve)
                               .append("expires_at", utc_text(one.expires_at))
                               .append("used_by", or_null(one.used_by)));
}

registry::Registration Registrar::approve_invited(registry::Registration registration, stipend_unix_ns now) {
    if (registration.state != registry::RegistrationState::unapproved) return registration;
    const auto configured = parts_.configured();
    if (configured && !configured->taken(registration.stated).empty()) return registration;
    auto outcome = parts_.store->approve_invited(registration.stated.id, now);
    if (!outcome) {
        parts_.log(outcome.error().message);
        return registration;
    }
    if (outcome->fault != registry::Fault::none) return registration;
    note(*outcome, "approved", "its invitation");
    return std::move(outcome->registration);
}

}  // namespace stipend::engine
