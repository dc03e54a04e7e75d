#include "host/api/target_routes.hpp"

namespace stipend::api {
namespace {

constexpr const char* target_path = "/api/v1/livepeer/orchestrators/{id}/alert-target";
constexpr const char* confirm_path = "/api/v1/livepeer/orchestrators/{id}/alert-target/confirm";
constexpr std::uint64_t max_target_body = 8 << 10;

bool is_staff(const Request& request) {
    return request.principal && request.principal->orchestrator.empty();
}

}  // namespace

// The routes let staff through, since they are among those that an orchestrator reaches for itself.
std::vector<ApiRoute> alert_target_routes(AlertTargets& targets) {
    using auth::Permission;
    std::vector<ApiRoute> out;
    const auto add = [&](const char* method, const char* path, Handler handler) {
        out.push_back({.method = method,
                       .path = path,
                       .permission = Permission::payments_read,
                       .rate = std::string_view(method) == "GET" ? RateClass::read : RateClass::write,
                       .handler = std::move(handler),
                       .own = true,
                       .max_body_bytes = max_target_body});
    };
    const auto by_itself = [&targets](Reply (AlertTargets::*call)(const Request&)) {
        return [&targets, call](const Request& request) {
            if (is_staff(request)) {
                return problem(403, "only the orchestrator itself sets it: by its secret, or a login of its wallet");
            }
            return (targets.*call)(request);
        };
    };
    add("GET", target_path, [&targets](const Request& request) { return targets.show(request); });
    add("PUT", target_path, by_itself(&AlertTargets::set));
    add("DELETE", target_path, [&targets](const Request& request) {
        if (is_staff(request) && !request.principal->may(Permission::orchestrators_approve)) {
            return problem(403, "this account may read, but not remove: that wants orchestrators:approve");
        }
        return targets.remove(request);
    });
    add("POST", confirm_path, by_itself(&AlertTargets::confirm));
    return out;
}

}  // namespace stipend::api
