// What GET /health says of a manager's parts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stipend/abi/types.h"

namespace stipend::api {

enum class HealthState : std::uint8_t { unknown, ok, degraded, unavailable };

[[nodiscard]] constexpr std::string_view name_of(HealthState state) {
    constexpr std::array<std::string_view, 4> names{"unknown", "ok", "degraded", "unavailable"};
    return names[static_cast<std::size_t>(state)];
}

inline constexpr std::array<std::string_view, 6> health_part_names{"control", "orchestrators", "gateway",
                                                                   "ledger",  "price",         "alerts"};
inline constexpr std::size_t health_parts = health_part_names.size() + 1;  // and all together, the last one

// In the order of health_part_names.
enum HealthIndex : std::size_t { of_control, of_orchestrators, of_gateway, of_ledger, of_price, of_alerts, of_all };

struct HealthPart {
    HealthState state = HealthState::unknown;
    const char* reason = "";    // public: names no orchestrator, address or amount
    stipend_unix_ns since = 0;  // when it became so
};

using HealthReport = std::array<HealthPart, health_parts>;

}  // namespace stipend::api
