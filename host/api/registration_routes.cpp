#include "host/api/registration_routes.hpp"

#include <algorithm>

#include "host/auth/checked.hpp"
#include "host/base/sha256.hpp"

namespace stipend::api {

std::vector<ApiRoute> registration_routes(Registrations& registrations) {
    using auth::Permission;
    std::vector<ApiRoute> out;
    const auto add = [&](std::string method, std::string path, std::optional<Permission> permission, bool by_secret,
                         Reply (Registrations::*call)(const Request&)) {
        out.push_back(
            {.method = std::move(method),
             .path = std::move(path),
             .permission = permission,
             .rate = RateClass::write,
             .handler = [&registrations, call](const Request& request) { return (registrations.*call)(request); },
             .by_secret = by_secret});
    };
    add("POST", "/api/v1/livepeer/orchestrators/register", Permission::orchestrators_register, true,
        &Registrations::enroll);
    add("POST", "/api/v1/livepeer/orchestrators/{id}/approve", Permission::orchestrators_approve, false,
        &Registrations::approve);
    add("POST", "/api/v1/livepeer/orchestrators/{id}/disconnect", Permission::orchestrators_disconnect, true,
        &Registrations::disconnect);
    add("POST", "/api/v1/livepeer/orchestrators/{id}/secret", Permission::orchestrators_approve, true,
        &Registrations::rotate);
    add("POST", "/api/v1/livepeer/orchestrators/{id}/proof", std::nullopt, true, &Registrations::prove);
    add("POST", "/api/v1/livepeer/orchestrators/{id}/payout-address/challenge", std::nullopt, true,
        &Registrations::payout_challenge);
    add("POST", "/api/v1/livepeer/orchestrators/{id}/payout-address", std::nullopt, true, &Registrations::prove_payout);
    add("DELETE", "/api/v1/livepeer/orchestrators/{id}/pending-change", Permission::orchestrators_approve, true,
        &Registrations::cancel_change);
    add("DELETE", "/api/v1/livepeer/orchestrators/{id}", Permission::orchestrators_approve, false,
        &Registrations::remove);
    constexpr const char* invitations_path = "/api/v1/livepeer/orchestrators/invitations";
    add("POST", invitations_path, Permission::orchestrators_approve, false, &Registrations::invite);
    add("GET", invitations_path, Permission::orchestrators_approve, false, &Registrations::invitations);
    out.back().rate = RateClass::read;
    add("DELETE", "/api/v1/livepeer/orchestrators/invitations/{id}", Permission::orchestrators_approve, false,
        &Registrations::revoke_invitation);
    add("GET", "/api/v1/livepeer/orchestrators/invitation", std::nullopt, true, &Registrations::invitation);
    return out;
}

bool still_owner(Registrations& registrations, const Principal& principal) {
    if (principal.secret) return registrations.owns(principal.orchestrator, *principal.secret);
    const auto owned = registrations.owned_by(principal.wallet);
    return owned && std::find(owned->begin(), owned->end(), principal.orchestrator) != owned->end();
}

void open_to_owners(std::vector<ApiRoute>& routes, Registrations& registrations) {
    for (auto& route : routes) {
        if (!route.own) continue;
        route.by_secret = true;
        route.handler = [&registrations, of_any = std::move(route.handler)](const Request& request) {
            if (request.principal && request.principal->orchestrator.empty()) return of_any(request);
            const auto in_path = request.path.find("id");
            const auto in_query = request.query.find("orchestrator");
            const bool named = in_path != request.path.end() || in_query != request.query.end();
            const auto id = in_path != request.path.end() ? in_path->second : named ? in_query->second : std::string();
            Request own = request;
            if (request.principal) {
                const auto still = [&registrations, principal = *request.principal] {
                    return still_owner(registrations, principal);
                };
                if (id != request.principal->orchestrator)
                    return problem(403, "this login is for another orchestrator");
                if (!still()) return problem(401, auth::refused_answer);
                own.may_still = [before = request.may_still, still] { return before() && still(); };
                return of_any(own);
            }
            if (auto refusal = registrations.refuse_other(request, id)) return std::move(*refusal);
            own.may_still = [&registrations, id, secret = sha256(request.credential)] {
                return registrations.owns(id, secret);
            };
            return of_any(own);
        };
    }
}

}  // namespace stipend::api
