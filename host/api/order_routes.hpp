// The routes by which an administrator corrects what was decided, or pays beside it: adjustments, pardons, payments;
// and the one that distributes calls.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "host/api/api_server.hpp"
#include "host/api/order_key.hpp"

namespace stipend::api {

// A job that an account has orchestrators do.
struct CallOrder {
    enum class Strategy : std::uint8_t { round_robin, least_loaded, capabilities };
    std::string type;
    std::string payload;  // a JSON object
    Strategy strategy = Strategy::round_robin;
    std::string strategy_name;
    bool restricted = false;                 // to `orchestrators`
    std::vector<std::string> orchestrators;  // ids
    std::vector<std::string> capabilities;   // of that strategy: each has all of them
    std::string by;
};
struct Distributed {
    enum class Is : std::uint8_t { queued, unknown, none_connected, too_wide, too_often } is = Is::none_connected;
    Json answer = {};                // queued: what the client gets
    std::string why = {};            // of the others
    std::int64_t retry_after_s = 0;  // too_often
};

// What a manager does for an order, in the form of the command line's: {"orchestrator" or "all","from","to","reason",
// "by","usd","dry_run"}, or for a manual payment that of the API's body and "by". Durable before they return, with the
// answer by the order's key: the same order again gets it, and changes nothing. INVALID: the key had another body. They
// may block for as long as the ledger does, and are not called concurrently. INVALID: the order is at fault. CONFLICT:
// it was carried out before. LIMIT: by a limit of the day. UNAVAILABLE: not now, as without an accepted rate.
struct Orders {
    std::function<Result<Json>(const Json&, const OrderKey&)> adjust = {};
    std::function<Result<Json>(const Json&, const OrderKey&)> pardon = {};
    // Nothing: there is no such recipient.
    std::function<Result<std::optional<Json>>(const Json&, const OrderKey&)> pay = {};
    // Durable is only the answer, and only where the order has a key.
    std::function<Result<Distributed>(const CallOrder&, const OrderKey&)> distribute = {};
};

[[nodiscard]] std::vector<ApiRoute> order_routes(Orders orders);

}  // namespace stipend::api
