#include "host/runtime/service_manager.hpp"

#include <systemd/sd-daemon.h>

#include <ctime>
#include <string>

namespace stipend::runtime::service_manager {

void ready(std::string_view status) {
    ::sd_notify(0, (status.empty() ? std::string("READY=1") : "READY=1\nSTATUS=" + std::string(status)).c_str());
}

void reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto us = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
    ::sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us)).c_str());
}

void stopping() {
    ::sd_notify(0, "STOPPING=1");
}
void watchdog() {
    ::sd_notify(0, "WATCHDOG=1");
}

std::int64_t watchdog_interval_ns() {
    std::uint64_t us = 0;
    return ::sd_watchdog_enabled(0, &us) > 0 ? static_cast<std::int64_t>(us) * 1000 : 0;
}

}  // namespace stipend::runtime::service_manager
