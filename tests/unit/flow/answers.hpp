// Answers of the API, for tests.
#pragma once

#include <string>

#include "stipend/json.hpp"

namespace stipend::flow {

inline Json standing(const std::string& id, int epoch, const std::string& owed, const std::string& uptime = "100") {
    return Json::object()
        .append("orchestrator_id", id)
        .append("status", "connected")
        .append("owed_wei", owed)
        .append("asset", "ETH")
        .append("decimals", 18)
        .append("consecutive_failures", 0)
        .append("suspended", false)
        .append("held", false)
        .append("epoch", epoch)
        .append("next_due", "2026-11-22T06:01:00.000Z")
        .append("last_tier", "excellent")
        .append("last_uptime_percent", Json::of_number(uptime));
}

inline Json decision(const std::string& id, int epoch, const std::string& uptime = "100",
                     const std::string& multiplier = "1", const std::string& action = "pay") {
    return Json::object()
        .append("orchestrator", id)
        .append("epoch", epoch)
        .append("action", action)
        .append("tier", "excellent")
        .append("multiplier", multiplier)
        .append("job", "ok")
        .append("uptime_percent", uptime == "null" ? Json() : Json::of_number(uptime))
        .append("coverage_percent", Json::of_number("97.5"))
        .append("penalty_seconds", 0)
        .append("amount_usd", "0.0025")
        .append("amount_wei", "1250000000000");
}

inline Json payout(const std::string& id, int number, const std::string& amount, const std::string& state,
                   const std::string& asset = "ETH") {
    return Json::object()
        .append("payout", number)
        .append("orchestrator", id)
        .append("amount_wei", amount)
        .append("asset", asset)
        .append("token", Json())
        .append("decimals", 18)
        .append("chain_id", 42161)
        .append("state", state);
}

}  // namespace stipend::flow
