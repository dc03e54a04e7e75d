// The routes by which an orchestrator says where its own alerts go.
#pragma once

#include <vector>

#include "host/api/api_server.hpp"

namespace stipend::api {

// Thread-safe. Calls may block for some milliseconds. The id is in the request's path; the routes have checked the
// credential, and that only those come here that may.
class AlertTargets {
  public:
    virtual ~AlertTargets() = default;
    virtual Reply show(const Request& request) = 0;
    // {"webhook"} or {"email"}. Durable when it returns.
    virtual Reply set(const Request& request) = 0;
    virtual Reply remove(const Request& request) = 0;
    // {"code"}
    virtual Reply confirm(const Request& request) = 0;
};

// `targets` outlives them.
[[nodiscard]] std::vector<ApiRoute> alert_target_routes(AlertTargets& targets);

}  // namespace stipend::api
