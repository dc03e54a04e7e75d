// Login, renewal and logout.
#include "host/api/api_server.hpp"
#include "host/auth/checked.hpp"
#include "host/base/printable.hpp"

namespace stipend::api {

std::vector<ApiRoute> auth_routes(Access& access, const Clock& clock,
                                  const std::function<void(const std::string&)>& log) {
    const auto time = [&clock] { return AccessTime{clock.now(), clock.monotonic()}; };
    const auto reply_of = [log](const Result<Access::Login>& login, std::string_view who) {
        if (!login) {
            log(cat("access: ", login.error().message));
            return problem_of(login.error());
        }
        if (login->retry_after_s > 0) return problem_later(429, "too many requests", login->retry_after_s);
        if (!login->tokens) {
            log(cat("access: login refused: ", printable_line(clip(who, 256)), ": ", login->fault));
            return problem(401, auth::refused_answer);
        }
        return json_reply(Json::object()
                              .append("access_token", login->tokens->access)
                              .append("token_type", "bearer")
                              .append("expires_in", login->tokens->lifetime_s)
                              .append("refresh_token", login->tokens->refresh));
    };
    std::vector<ApiRoute> out;
    out.push_back({.method = "POST",
                   .path = "/api/v1/auth/login",
                   .permission = std::nullopt,
                   .rate = RateClass::login,
                   .handler = [&access, time, reply_of](const Request& request) {
                       const auto email = request.text("email", 254);
                       const auto password = request.text("password", auth::max_password_bytes);
                       if (!email) return problem_of(email.error());
                       if (!password) return problem_of(password.error());
                       return reply_of(access.login(*email, *password, request.client, time()), *email);
                   }});
    out.push_back({.method = "POST",
                   .path = "/api/v1/auth/refresh",
                   .permission = std::nullopt,
                   .rate = RateClass::write,
                   .handler = [&access, time, reply_of](const Request& request) {
                       const auto token = request.text("refresh_token", auth::max_token_bytes);
                       if (!token) return problem_of(token.error());
                       return reply_of(access.renew(*token, time()), "a refresh token");
                   }});
    out.push_back({.method = "POST",
                   .path = "/api/v1/auth/logout",
                   .permission = auth::Permission::own_read,
                   .rate = RateClass::write,
                   .handler = [&access, log](const Request& request) {
                       const auto done = access.log_out(*request.principal);
                       if (done) return Reply{.status = 204};
                       log(cat("access: ", done.error().message));
                       return problem_of(done.error());
                   }});
    return out;
}

}  // namespace stipend::api
