// What the engine says of its parts.
#include <algorithm>
#include <span>

#include "host/engine/engine.hpp"

namespace stipend::engine {
namespace {

using api::HealthPart;
using api::HealthState;

constexpr std::int64_t long_commit_ns = 10 * ns_per_s;

HealthPart orchestrators_of(const Engine& engine) {
    if (engine.active() == 0) return {HealthState::ok, "none are configured"};
    if (engine.failing() == engine.active()) return {HealthState::degraded, "the last check of each of them failed"};
    return {HealthState::ok};
}

HealthPart gateway_of(const Engine& engine) {
    const auto& all = engine.dispatchers();
    const auto failing =
        std::ranges::count_if(all, [&](const std::string& one) { return engine.alerts().active(gateway_alert(one)); });
    if (failing == std::ssize(all)) {
        return {HealthState::unavailable, "jobs through it have no outcome: payments are on hold"};
    }
    if (failing != 0) {
        return {HealthState::degraded, "jobs by some dispatchers have no outcome: payments by them are on hold"};
    }
    if (engine.counters().outcomes == 0) return {HealthState::unknown, "no job has had an outcome since the start"};
    return {HealthState::ok};
}

HealthPart ledger_of(const Engine& engine, stipend_unix_ns now) {
    if (engine.failure()) return {HealthState::unavailable, "it failed, and takes nothing any more"};
    if (engine.alerts().active("ledger-busy")) return {HealthState::degraded, "another program holds it"};
    if (engine.stuck(now, long_commit_ns)) return {HealthState::degraded, "a transaction takes over 10 s"};
    return {HealthState::ok};
}

HealthPart price_of(const Engine& engine, stipend_unix_ns now) {
    const auto& networks = engine.networks().all();
    const auto without = static_cast<std::size_t>(
        std::ranges::count_if(networks, [now](const auto& one) { return !one.price.rate(now); }));
    if (without == 0) return {HealthState::ok};
    if (without < networks.size()) {
        return {HealthState::degraded, "no exchange rate of some networks is accepted: payments there are on hold"};
    }
    return {HealthState::unavailable, "no exchange rate is accepted: payments are on hold"};
}

HealthPart alerts_of(const Engine& engine) {
    if (engine.alerts().critical() != 0) return {HealthState::degraded, "critical alerts are raised"};
    if (!engine.alerts().all().empty()) return {HealthState::degraded, "alerts are raised"};
    return {HealthState::ok};
}

// What is not known yet is nothing wrong.
HealthPart sum_of(const api::HealthReport& parts) {
    for (const auto at : {api::of_control, api::of_ledger}) {
        if (parts[at].state == HealthState::unavailable) return {HealthState::unavailable, parts[at].reason};
    }
    for (const auto& part : std::span(parts).first(api::of_all)) {
        if (part.state == HealthState::degraded || part.state == HealthState::unavailable) {
            return {HealthState::degraded, part.reason};
        }
    }
    return {HealthState::ok};
}

}  // namespace

api::HealthReport Engine::present_health(stipend_unix_ns now) const {
    api::HealthReport out;
    out[api::of_control] =
        draining_ ? HealthPart{HealthState::unavailable, "the host is stopping"} : HealthPart{HealthState::ok};
    out[api::of_orchestrators] = orchestrators_of(*this);
    out[api::of_gateway] = gateway_of(*this);
    out[api::of_ledger] = ledger_of(*this, now);
    out[api::of_price] = price_of(*this, now);
    out[api::of_alerts] = alerts_of(*this);
    out[api::of_all] = sum_of(out);
    return out;
}

}  // namespace stipend::engine
