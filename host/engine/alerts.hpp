// The alerts that are active. Each one is raised once and resolved once.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "stipend/abi/host.h"

namespace stipend::engine {

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
        return active_.try_emplace(alert.id, alert).second;
    }
    // True where it was active.
    bool resolve(const std::string& id) { return active_.erase(id) != 0; }
    [[nodiscard]] bool active(const std::string& id) const { return active_.contains(id); }
    [[nodiscard]] const std::map<std::string, Alert>& all() const { return active_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    std::map<std::string, Alert> active_;
    std::uint64_t dropped_ = 0;
};

}  // namespace stipend::engine
