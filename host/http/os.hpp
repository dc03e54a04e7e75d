// Small helpers over the operating system.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "stipend/result.hpp"

namespace stipend::http {

// "what: reason" of the system call that just failed.
[[nodiscard]] inline Error last_os_error(std::string_view what) {
    const int code = errno;
    return fail(STIPEND_E_UNAVAILABLE, what, ": ", std::generic_category().message(code));
}

[[nodiscard]] inline std::int64_t monotonic_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

}  // namespace stipend::http
