#include "host/api/session_routes.hpp"

#include <algorithm>

#include "host/api/browser.hpp"
#include "host/auth/checked.hpp"
#include "host/base/printable.hpp"
#include "host/base/sha256.hpp"
#include "stipend/duration.hpp"

namespace stipend::api {
namespace {

constexpr const char* session_path = "/api/v1/auth/session";
constexpr std::size_t max_email_bytes = 254;
constexpr std::size_t max_id_bytes = 512;
constexpr std::size_t max_secret_bytes = 512;

class SessionDesk {
  public:
    SessionDesk(Access& access, const Clock& clock, Registrations* registrations,
                std::function<void(const std::string&)> log)
        : access_(access), clock_(clock), registrations_(registrations), log_(std::move(log)) {}

    Reply begin(const Request& request) {
        const auto has = [&request](std::string_view name) { return request.body.find(name) != nullptr; };
        const bool account = has("email") || has("password");
        const bool owner = has("orchestrator") || has("secret");
        if (account && owner) return problem(422, "want either email and password, or orchestrator and secret");
        return owner ? by_secret(request) : by_password(request);
    }

    Reply show(const Request& request) {
        if (!is_valid(request)) return problem(401, auth::refused_answer);
        return json_reply(session_json(*request.principal, request.session, clock_.now()));
    }

    Reply end(const Request& request) {
        if (!request.principal->session) return problem(401, auth::refused_answer);
        if (const auto done = access_.log_out(*request.principal); !done) return failed(done.error());
        return {.status = 204, .headers = set_session_cookie("", request.https)};
    }

  private:
    [[nodiscard]] AccessTime time() const { return {clock_.now(), clock_.monotonic()}; }
    Reply failed(const Error& error) {
        log_(cat("access: ", error.message));
        return problem_of(error);
    }
    bool is_valid(const Request& request) {
        const auto& principal = *request.principal;
        if (!principal.session) return false;
        if (principal.orchestrator.empty()) return true;
        return registrations_ != nullptr && still_owner(*registrations_, principal);
    }

    Reply by_password(const Request& request) {
        const auto email = request.text("email", max_email_bytes);
        const auto password = request.text("password", auth::max_password_bytes);
        if (!email) return problem_of(email.error());
        if (!password) return problem_of(password.error());
        const auto login = access_.login(*email, *password, request.client, time(), LoginKind::session);
        if (!login) return failed(login.error());
        if (login->retry_after_s > 0) return problem_later(429, "too many requests", login->retry_after_s);
        if (!login->session) {
            log_(cat("access: login refused: ", printable_line(clip(*email, max_email_bytes)), ": ", login->fault));
            return problem(401, auth::refused_answer);
        }
        return begin_session_reply(access_, request, *login->session, time());
    }

    // Failures are throttled as those of any request with that secret.
    Reply by_secret(const Request& request) {
        const auto id = request.text("orchestrator", max_id_bytes);
        const auto secret = request.text("secret", max_secret_bytes);
        if (!id) return problem_of(id.error());
        if (!secret) return problem_of(secret.error());
        if (registrations_ == nullptr) return problem(401, auth::refused_answer);
        Request of_it = request;
        of_it.credential = *secret;
        if (auto refusal = registrations_->refuse_other(of_it, *id)) return std::move(*refusal);
        const auto session = access_.begin_owner_session(*id, "", sha256(*secret), time());
        if (!session) return failed(session.error());
        return begin_session_reply(access_, request, *session, time());
    }

    Access& access_;
    const Clock& clock_;
    Registrations* const registrations_;
    const std::function<void(const std::string&)> log_;
};

}  // namespace

Json session_json(const Principal& principal, std::string_view cookie, stipend_unix_ns now) {
    auto permissions = Json::array();
    for (const auto& row : auth::permission_table) {
        if (principal.may(row.permission)) permissions.push(std::string(row.name));
    }
    return Json::object()
        .append("principal", principal.name)
        .append("role", auth::name_of(principal.role))
        .append("permissions", std::move(permissions))
        .append("orchestrator", principal.orchestrator.empty() ? Json() : Json(principal.orchestrator))
        .append("csrf_token", csrf_token(cookie))
        .append("expires_in", std::max<std::int64_t>(principal.session_until - now, 0) / ns_per_s);
}

Reply begin_session_reply(Access& access, const Request& request, const BrowserSession& session, AccessTime now) {
    if (!request.session.empty()) {
        const auto before = access.verify_session(request.session, now);
        // One that cannot be ended now expires by itself.
        if (before && before->principal) static_cast<void>(access.log_out(*before->principal));
    }
    auto out = json_reply(session_json(session.principal, session.cookie, now.wall));
    out.headers = set_session_cookie(session.cookie, request.https);
    return out;
}

std::vector<ApiRoute> session_routes(Access& access, const Clock& clock, Registrations* registrations,
                                     const std::function<void(const std::string&)>& log) {
    const auto desk = std::make_shared<SessionDesk>(access, clock, registrations, log);
    const auto route = [&](const char* method, std::optional<auth::Permission> permission, RateClass rate,
                           Reply (SessionDesk::*call)(const Request&)) {
        return ApiRoute{.method = method,
                        .path = session_path,
                        .permission = permission,
                        .rate = rate,
                        .handler = [desk, call](const Request& request) { return ((*desk).*call)(request); }};
    };
    return {route("POST", std::nullopt, RateClass::login, &SessionDesk::begin),
            route("GET", auth::Permission::own_read, RateClass::read, &SessionDesk::show),
            route("DELETE", auth::Permission::own_read, RateClass::write, &SessionDesk::end)};
}

}  // namespace stipend::api
