#include "host/api/registration_routes.hpp"

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
    add("DELETE", "/api/v1/livepeer/orchestrators/{id}", Permission::orchestrators_approve, false,
        &Registrations::remove);
    return out;
}

}  // namespace stipend::api
