// The alerts that are active. Each one is raised once and resolved once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "host/alert/labels.hpp"
#include "stipend/abi/host.h"
#include "stipend/result.hpp"

namespace stipend::engine {

using alert::payee_alerts;
using alert::payee_of_alert;

// The ids of the alerts about a dispatcher: that what it goes through cannot be used, and that it breaks its contract.
[[nodiscard]] inline std::string gateway_alert(std::string_view dispatcher) {
    return dispatcher.empty() ? "gateway" : cat("gateway:", dispatcher);
}
[[nodiscard]] inline std::string dispatcher_alert(std::string_view dispatcher) {
    return dispatcher.empty() ? "plugin:dispatch" : cat("plugin:dispatch:", dispatcher);
}

struct Alert {
    std::string id;  // the same while the same thing is wrong: "gateway", "suspended:orch-1"
    std::int32_t severity = STIPEND_ALERT_WARNING;
    std::string text;
    stipend_unix_ns at = 0;
    bool resolved = false;
};

// The active alerts. Bounded: beyond the bound new ones are counted, not kept.
class AlertBook {
  public:
    static constexpr std::size_t max_active = 10'000;

    // True where it is new, and so is to be reported.
    bool raise(const Alert& alert) {
        if (active_.size() >= max_active && !active_.contains(alert.id)) {
            ++dropped_;
            return false;
        }
        if (!active_.try_emplace(alert.id, alert).second) return false;
        if (alert.severity == STIPEND_ALERT_CRITICAL) ++critical_;
        return true;
    }
    // True where it was active.
    bool resolve(const std::string& id) {
        const auto found = active_.find(id);
        if (found == active_.end()) return false;
        if (found->second.severity == STIPEND_ALERT_CRITICAL) --critical_;
        active_.erase(found);
        return true;
    }
    [[nodiscard]] bool active(const std::string& id) const { return active_.contains(id); }
    [[nodiscard]] const std::map<std::string, Alert>& all() const { return active_; }
    // How many of them are critical.
    [[nodiscard]] std::size_t critical() const { return critical_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    std::map<std::string, Alert> active_;
    std::size_t critical_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace stipend::engine
