// The routes by which an administrator corrects what was decided: adjustments and pardons.
#pragma once

#include <functional>
#include <vector>

#include "host/api/api_server.hpp"

namespace stipend::api {

// What a manager does for an order, in the form of the command line's: {"orchestrator" or "all","from","to","reason",
// "by","usd","dry_run"}. Durable before they return. They may block for as long as the ledger does, and are not called
// concurrently. INVALID: the order is at fault. CONFLICT: it was carried out before. UNAVAILABLE: no rate is accepted.
struct Orders {
    std::function<Result<Json>(const Json&)> adjust = {};
    std::function<Result<Json>(const Json&)> pardon = {};
};

[[nodiscard]] std::vector<ApiRoute> order_routes(Orders orders);

}  // namespace stipend::api
