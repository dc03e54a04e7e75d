// Sessions of browsers: a login that is proven by a cookie, for pages that the host serves itself.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/api/api_server.hpp"
#include "host/api/registration_routes.hpp"

namespace stipend::api {

// What a session is, as its page gets it: its principal, what it may do, and its token against forged requests.
[[nodiscard]] Json session_json(const Principal& principal, std::string_view cookie, stipend_unix_ns now);
// The answer to a login, with the cookie. A session that the request has is ended.
[[nodiscard]] Reply begin_session_reply(Access& access, const Request& request, const BrowserSession& session,
                                        AccessTime now);

// /api/v1/auth/session. Without `registrations`, no orchestrator has a secret. All outlive the routes.
[[nodiscard]] std::vector<ApiRoute> session_routes(Access& access, const Clock& clock, Registrations* registrations,
                                                   const std::function<void(const std::string&)>& log);

}  // namespace stipend::api
