// Notifications to the service manager (systemd). Elsewhere they do nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace stipend::runtime::service_manager {

// Empty: the status stays as it is.
void ready(std::string_view status);
void reloading();
void stopping();
void watchdog();
// How often the watchdog must be fed, in nanoseconds; 0: there is none.
[[nodiscard]] std::int64_t watchdog_interval_ns();

}  // namespace stipend::runtime::service_manager
